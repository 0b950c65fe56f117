//! Steps that run another workflow.
//!
//! It knows how a child is started and awaited, and what its parent makes of its output.

use conductor_protocol::plan::{Plan, Step, WorkflowCall};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::tree::{Property, Stmt, Ts};
use super::types::has_record;
use super::workflow::{Workflow, child_alias, input_name};
use crate::EmitError;
use crate::flow::Var;

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    pub fn child(&mut self, step: &'a Step, call: &'a WorkflowCall, is_read: bool) -> Result<Vec<Stmt>> {
        let target = self.file.package.plan(&call.workflow)?;
        if !target.durable {
            return self.plain_child(step, target, call, is_read);
        }
        let alias = child_alias(&target.workflow);
        self.file.import_as(&target.workflow, "workflow", &alias);
        let inputs = self.child_inputs(step, target, call)?;
        let mut args = vec![Ts::string(&step.id), Ts::name(alias), inputs];
        let mut options = Vec::new();
        if !step.critical {
            options.push(("critical", Ts::bool(false)));
        }
        if !call.barrier && self.is_durable() {
            options.push(("barrier", Ts::bool(false)));
        }
        if !options.is_empty() && !call.detach {
            args.push(Ts::object(options));
        }
        let method = if call.detach { "run.detach" } else { "run.child" };
        let started = Ts::call(method, args).awaited();
        if !is_read {
            return Ok(vec![Stmt::Expr(started)]);
        }
        let var = Var::Step(step.id.clone());
        let output = Ts::name("output");
        let value = if self.scope.is_recorded(&var) {
            self.recorded(output, &step.ty)
        } else {
            self.file.coded(Way::Decode, &step.ty, output)
        };
        Ok(vec![Stmt::constant("output", started), Stmt::Return(Some(value))])
    }

    fn child_inputs(&mut self, step: &'a Step, target: &Plan, call: &WorkflowCall) -> Result<Ts> {
        let at = self.scope.flow.at(step);
        let mut pairs = Vec::new();
        for (name, expr) in &call.args {
            let ty =
                target.inputs.iter().find(|input| input.name == *name).map_or(&expr.ty, |input| &input.ty);
            let ty = if has_record(ty) { expr.ty.clone() } else { ty.clone() };
            let value = self.evaluated(&step.id, expr, at)?;
            pairs.push(Property::Value(name.clone(), self.file.coded(Way::Encode, &ty, value)));
        }
        Ok(Ts::Object(pairs))
    }

    /// A workflow that keeps no journal is called as any function is.
    fn plain_child(
        &mut self,
        step: &'a Step,
        target: &'a Plan,
        call: &WorkflowCall,
        is_read: bool,
    ) -> Result<Vec<Stmt>> {
        let public = self.file.package.public_name(&target.workflow);
        self.file.import(&target.workflow, &public);
        let at = self.scope.flow.at(step);
        let mut pairs = Vec::new();
        for (name, expr) in &call.args {
            pairs.push(Property::Value(input_name(target, name), self.evaluated(&step.id, expr, at)?));
        }
        let signal = self.is_durable().then(|| Ts::name("signal"));
        let options =
            Ts::call("run.childOptions", [Ts::string(&step.id)].into_iter().chain(signal).collect());
        let started = Ts::name(public).called(vec![Ts::Object(pairs), options]);
        if self.is_durable() {
            return self.recorded_child(step, call, target, started, is_read);
        }
        let value = started.awaited();
        let tried = if is_read { Stmt::Return(Some(value)) } else { Stmt::Expr(value) };
        let error = Ts::name("error");
        let handler = if step.critical {
            let args = vec![Ts::string(&step.id), Ts::number(1), error];
            vec![Stmt::Throw(Ts::call("run.failed", args))]
        } else {
            let tolerated = Ts::call("run.tolerate", vec![Ts::string(&step.id), error]);
            let mut body = vec![Stmt::Expr(tolerated)];
            body.extend(is_read.then(|| Stmt::Return(Some(Ts::null()))));
            body
        };
        Ok(vec![Stmt::Try {
            body: vec![tried],
            handler: Some(("error".to_owned(), handler)),
            finally: Vec::new(),
        }])
    }

    /// One attempt in the journal, whatever the child does inside.
    fn recorded_child(
        &mut self,
        step: &'a Step,
        call: &WorkflowCall,
        target: &Plan,
        started: Ts,
        is_read: bool,
    ) -> Result<Vec<Stmt>> {
        let mut options = Vec::new();
        if call.workflow != step.id {
            options.push(("task", Ts::string(&call.workflow)));
        }
        options.extend([("effect", Ts::string("write")), ("idempotent", Ts::bool(true))]);
        if !call.barrier {
            options.push(("barrier", Ts::bool(false)));
        }
        if !step.critical {
            options.push(("critical", Ts::bool(false)));
        }
        let opened = Ts::call("run.step", vec![Ts::string(&step.id), Ts::object(options)]);
        let attempt = Ts::call("step.call", vec![Ts::arrow(&["signal"], started)]).awaited();
        let ty = if target.output.ty.is_nullable() { step.ty.clone() } else { step.ty.non_null().clone() };
        let mut tried = Vec::new();
        let encoded = if target.output.ty == Type::Null {
            tried.push(Stmt::Expr(attempt));
            Ts::null()
        } else {
            tried.push(Stmt::constant("result", attempt));
            self.file.coded(Way::Encode, &ty, Ts::name("result"))
        };
        tried.push(Stmt::Expr(Ts::call("step.succeed", vec![encoded])));
        let error = vec![Ts::name("error")];
        let handler = if step.critical {
            Stmt::Throw(Ts::call("step.failed", error))
        } else {
            Stmt::Expr(Ts::call("step.tolerate", error))
        };
        let attempt = Stmt::Try {
            body: tried,
            handler: Some(("error".to_owned(), vec![handler])),
            finally: Vec::new(),
        };
        let mut body = vec![Stmt::constant("step", opened), super::durable::attempts(attempt, true)];
        let var = Var::Step(step.id.clone());
        body.push(if is_read {
            let output = Ts::path("step.output");
            let value = if self.scope.is_recorded(&var) {
                self.recorded(output, &step.ty)
            } else {
                self.file.coded(Way::Decode, &step.ty, output)
            };
            Stmt::Return(Some(value))
        } else {
            Stmt::Expr(Ts::call("step.raiseFailure", Vec::new()))
        });
        Ok(body)
    }
}
