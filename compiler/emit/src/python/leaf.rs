//! Steps that call nothing: pauses, signals, values and exits, written where they stand.
//!
//! It knows one statement for each; what waits is the runtime's business.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Delay, Emit, OnTimeout, Step, StepKind, WaitFor};
use conductor_protocol::types::Type;

use super::blocks::or_pass;
use super::codecs::{Way, apply};
use super::literal::seconds;
use super::scope::Var;
use super::tree::{Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, may_fail};

impl<'a> Workflow<'a> {
    /// A step without a function of its own.
    pub fn leaf(&mut self, step: &'a Step) -> Result<Vec<Stmt>, EmitError> {
        let Some(when) = &step.when else { return self.leaf_inside(step) };
        let mut statements = Vec::new();
        for var in self.left(Region::Step(step)) {
            let ty = self.scope.flow.ty_after(step, &var);
            statements.extend(self.declare(&var, &ty, true));
        }
        let test = self.holds(&step.id, when)?;
        let body = or_pass(self.leaf_inside(step)?);
        let otherwise = self.skipped(step);
        statements.push(Stmt::If { test, body, otherwise });
        Ok(statements)
    }

    pub fn leaf_inside(&mut self, step: &'a Step) -> Result<Vec<Stmt>, EmitError> {
        self.here = self.scope.flow.at(step);
        match &step.kind {
            StepKind::Sleep(delay) => Ok(vec![self.sleep(step, delay)?]),
            StepKind::Set { values } => self.set(step, values),
            StepKind::Return { value } => Ok(vec![self.exit(step, value)?]),
            StepKind::Fail { error, message } => Ok(vec![self.fail(step, error, message)?]),
            StepKind::WaitFor(wait) => Ok(vec![self.wait_for(step, wait)?]),
            StepKind::Emit(emit) => Ok(vec![self.emit(step, emit)?]),
            _ => Ok(Vec::new()),
        }
    }

    fn sleep(&mut self, step: &Step, delay: &Delay) -> Result<Stmt, EmitError> {
        let time = match delay {
            Delay::Fixed { ms } => Py::atom(seconds(*ms)),
            Delay::Computed(expr) => {
                let time = self.value(&step.id, expr)?;
                if self.is_durable() { time } else { time.attr("total_seconds").called(Vec::new()) }
            }
        };
        Ok(self.pause(self.key(&step.id), time))
    }

    /// Lets time pass.
    pub fn pause(&mut self, key: Py, time: Py) -> Stmt {
        let pause = if self.is_durable() {
            Py::call("run.sleep", vec![key, time])
        } else {
            self.file.import("asyncio");
            Py::call("asyncio.sleep", vec![time])
        };
        Stmt::Expr(pause.awaited())
    }

    fn set(&mut self, step: &'a Step, values: &'a [(String, Expr)]) -> Result<Vec<Stmt>, EmitError> {
        let mut statements = Vec::new();
        for (name, expr) in values {
            let var = Var::Step(name.clone());
            let value = self.value(&step.id, expr)?;
            if self.scope.flow.is_read(&var) {
                let value = self.in_form(&var, &expr.ty, value);
                statements.push(self.assigned(&var, &expr.ty, value));
            } else if may_fail(&self.file.package.types.table, expr) {
                statements.push(Stmt::Expr(value));
            }
        }
        let flow = &self.scope.flow;
        if flow.is_kept(step) && flow.is_result_read(step) {
            self.here = flow.at_end_of(step, 0);
            let pairs = values
                .iter()
                .map(|(name, expr)| {
                    let read = Expr { ty: expr.ty.clone(), node: Node::Step(name.clone()) };
                    Ok((Py::string(name), self.translate(&read)?))
                })
                .collect::<Result<Vec<_>, EmitError>>()?;
            let var = Var::Step(step.id.clone());
            let ty = step.ty.non_null().clone();
            let value = self.in_form(&var, &ty, Py::Dict(pairs));
            statements.push(self.assigned(&var, &ty, value));
        }
        Ok(statements)
    }

    /// The first assignment says the type, which a literal does not.
    pub fn assigned(&mut self, var: &Var, ty: &Type, value: Py) -> Stmt {
        let target = self.scope.name(var).to_owned();
        let is_new = self.frame.declared.insert(target.clone());
        let annotation = (is_new && !self.scope.is_recorded(var)).then(|| self.file.annotation(ty));
        Stmt::Assign { target, annotation, value }
    }

    /// Ends the workflow.
    fn exit(&mut self, step: &Step, value: &Expr) -> Result<Stmt, EmitError> {
        let output = self.plan.output.ty.clone();
        let value = self.value(&step.id, value)?;
        let value =
            if self.plan.durable { apply(&mut self.file, Way::Encode, &output, value) } else { value };
        if !self.frame.is_body {
            let error = Py::call(self.file.import_from("._conductor.exits", "Returned"), vec![value]);
            return Ok(Stmt::Raise { error, cause: None });
        }
        Ok(Stmt::Return((self.plan.durable || output != Type::Null).then_some(value)))
    }

    fn fail(&mut self, step: &Step, error: &str, message: &Expr) -> Result<Stmt, EmitError> {
        let message = self.value(&step.id, message)?;
        let failure = self.file.import_from("._conductor.errors", "Failure");
        let failure = Py::call(failure, vec![Py::string(error), message]);
        self.file.import_from("._conductor.errors", "StepFailed");
        let error = Py::call("StepFailed", vec![self.key(&step.id), Py::atom("0"), failure]);
        Ok(Stmt::Raise { error, cause: None })
    }

    fn wait_for(&mut self, step: &Step, wait: &WaitFor) -> Result<Stmt, EmitError> {
        let function = self.on_signals("wait_for");
        let mut call = Py::call(function, vec![self.key(&step.id), Py::string(&wait.signal)]);
        if wait.data != Type::Any && wait.data != Type::Null {
            let decode = self.file.codec(Way::Decode, &wait.data);
            call = call.with("check", Py::atom(decode));
        }
        if let Some(milliseconds) = wait.timeout_ms {
            call = call.with("timeout", Py::atom(seconds(milliseconds)));
        }
        if wait.on_timeout == OnTimeout::Null {
            call = call.with("on_timeout", Py::string("null"));
        }
        if !step.critical {
            call = call.with("critical", Py::atom("False"));
        }
        let call = call.awaited();
        if !self.scope.flow.is_result_read(step) || step.ty == Type::Null {
            return Ok(Stmt::Expr(call));
        }
        let var = Var::Step(step.id.clone());
        let value = if self.scope.is_recorded(&var) {
            self.recorded(&step.ty, call)
        } else {
            apply(&mut self.file, Way::Decode, &step.ty, call)
        };
        Ok(value.assigned(self.scope.name(&var)))
    }

    fn emit(&mut self, step: &Step, emit: &Emit) -> Result<Stmt, EmitError> {
        let function = self.on_signals("emit");
        let mut call = Py::call(function, vec![self.key(&step.id), Py::string(&emit.signal)]);
        if let Some(data) = &emit.data {
            let value = self.value(&step.id, data)?;
            let ty = data.ty.clone();
            call = call.with("data", apply(&mut self.file, Way::Encode, &ty, value));
        }
        if let Some(run) = &emit.run {
            call = call.with("to", self.value(&step.id, run)?);
        }
        if !emit.barrier && self.is_durable() {
            call = call.with("barrier", Py::atom("False"));
        }
        if !step.critical {
            call = call.with("critical", Py::atom("False"));
        }
        Ok(Stmt::Expr(call.awaited()))
    }

    /// A method of the run, or what does its work where no journal is kept.
    fn on_signals(&mut self, method: &str) -> String {
        if self.is_durable() {
            format!("run.{method}")
        } else {
            self.file.import_from("._conductor.signals", method)
        }
    }
}
