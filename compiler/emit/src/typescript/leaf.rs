//! Steps without steps inside that call nobody's code: values, exits, pauses and signals.
//!
//! It knows the runtime's methods for them.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Delay, Emit, OnTimeout, Step, StepKind, WaitFor};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::tree::{Stmt, Ts};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::Var;

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    /// Each value that somebody reads, and each that may fail.
    pub fn set(&mut self, step: &'a Step, values: &'a [(String, Expr)]) -> Result<Vec<Stmt>> {
        let at = self.scope.flow.at(step);
        let mut body = Vec::new();
        let whole = self.scope.flow.is_result_read(step);
        for (name, expr) in values {
            let var = Var::Step(name.clone());
            let value = self.evaluated(&step.id, expr, at)?;
            if (self.scope.flow.is_read(&var) || whole) && expr.ty != Type::Null {
                let held = self.held_value(&var, &expr.ty, value);
                body.push(Stmt::constant(self.scope.name(&var), held));
            } else if self.may_fail(expr) {
                body.push(Stmt::Expr(value));
            }
        }
        Ok(body)
    }

    /// `return` or `fail` where its condition holds.
    pub fn exit(&mut self, step: &'a Step) -> Result<Vec<Stmt>> {
        let exit = self.exit_now(step)?;
        let Some(when) = &step.when else { return Ok(exit) };
        let test = self.holds(&step.id, when, self.scope.flow.at(step))?;
        let mut body = vec![Stmt::If { test, body: exit, otherwise: Vec::new() }];
        if self.is_durable() {
            body.push(self.skipped(step));
        }
        Ok(body)
    }

    pub fn exit_now(&mut self, step: &'a Step) -> Result<Vec<Stmt>> {
        let at = self.scope.flow.at(step);
        match &step.kind {
            StepKind::Return { value } => {
                let fails = self.may_fail(value);
                let mut output =
                    if self.plan.durable { self.encoded_output(value, at)? } else { self.value(value, at)? };
                if fails {
                    output = self.guarded(&step.id, output);
                }
                if self.is_top {
                    let is_null = self.plan.output.ty == Type::Null && !self.plan.durable;
                    return Ok(vec![Stmt::Return((!is_null).then_some(output))]);
                }
                self.returns_from_within = true;
                Ok(vec![Stmt::Throw(self.on_run("returned", vec![output]))])
            }
            StepKind::Fail { error, message } => {
                let text = match message.ty {
                    Type::String => self.evaluated(&step.id, message, at)?,
                    _ => {
                        let part = Expr {
                            ty: Type::String,
                            node: conductor_protocol::expr::Node::Interpolate(vec![message.clone()]),
                        };
                        self.evaluated(&step.id, &part, at)?
                    }
                };
                let args = vec![Ts::string(&step.id), Ts::string(error), text];
                Ok(vec![Stmt::Throw(self.on_run("fail", args))])
            }
            _ => Ok(Vec::new()),
        }
    }

    pub fn sleep(&mut self, step: &'a Step, delay: &'a Delay) -> Result<Stmt> {
        let time = match delay {
            Delay::Fixed { ms } => super::policy::number(*ms),
            Delay::Computed(expr) => self.evaluated(&step.id, expr, self.scope.flow.at(step))?,
        };
        Ok(Stmt::Expr(self.on_run("sleep", vec![Ts::string(&step.id), time]).awaited()))
    }

    pub fn emit(&mut self, step: &'a Step, emit: &'a Emit) -> Result<Stmt> {
        let at = self.scope.flow.at(step);
        let mut options = vec![("signal", Ts::string(&emit.signal))];
        if let Some(data) = &emit.data {
            let value = self.evaluated(&step.id, data, at)?;
            options.push(("data", self.file.coded(Way::Encode, &data.ty, value)));
        }
        if let Some(run) = &emit.run {
            options.push(("run", self.evaluated(&step.id, run, at)?));
        }
        if !emit.barrier {
            options.push(("barrier", Ts::bool(false)));
        }
        let args = vec![Ts::string(&step.id), Ts::object(options)];
        Ok(Stmt::Expr(self.on_run("emit", args).awaited()))
    }

    /// The data that comes with a signal.
    pub fn wait_for(&mut self, step: &'a Step, wait: &'a WaitFor, is_read: bool) -> Result<Vec<Stmt>> {
        let mut options = vec![("signal", Ts::string(&wait.signal))];
        if let Some(milliseconds) = wait.timeout_ms {
            options.push(("timeout", super::policy::number(milliseconds)));
            if wait.on_timeout == OnTimeout::Null {
                options.push(("onTimeout", Ts::string("null")));
            }
        }
        let args = vec![Ts::string(&step.id), Ts::object(options)];
        let call = Ts::call("run.waitFor", args).awaited();
        if !is_read {
            return Ok(vec![Stmt::Expr(call)]);
        }
        let may_be_null = wait.on_timeout == OnTimeout::Null && wait.timeout_ms.is_some();
        let ty = if may_be_null { Type::optional(wait.data.clone()) } else { wait.data.clone() };
        let var = Var::Step(step.id.clone());
        let output = Ts::name("output");
        let value = if self.scope.is_recorded(&var) {
            self.recorded(output, &ty)
        } else {
            self.file.coded(Way::Decode, &ty, output)
        };
        Ok(vec![Stmt::constant("output", call), Stmt::Return(Some(value))])
    }
}
