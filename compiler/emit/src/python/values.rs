//! The values of a workflow's variables: plain, or recorded bytes that each reader decodes.
//!
//! It knows how a variable is declared and assigned; which step makes it is decided elsewhere.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Step, StepKind};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::scope::Var;
use super::tree::{Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::Source;

impl<'a> Workflow<'a> {
    /// The result of a block that others read as a variable, although it is made of those of its steps.
    pub fn kept(&mut self, step: &'a Step) -> Result<Vec<Stmt>, EmitError> {
        let is_made = matches!(
            step.kind,
            StepKind::Sequence { .. }
                | StepKind::Parallel { .. }
                | StepKind::Graph { .. }
                | StepKind::Hold(_)
        );
        // An atomic block gives what it recorded.
        let is_made =
            is_made && !matches!(&step.kind, StepKind::Hold(hold) if hold.atomic && self.is_durable());
        let flow = &self.scope.flow;
        if !is_made || !flow.is_kept(step) || !flow.is_result_read(step) || *step.ty.non_null() == Type::Null
        {
            return Ok(Vec::new());
        }
        let var = Var::Step(step.id.clone());
        // Without what a skip or a tolerated failure makes of it; but a last step may give null by itself.
        let is_last_null = |steps: &[Step]| steps.last().is_some_and(|last| last.ty.is_nullable());
        let is_nullable = match &step.kind {
            StepKind::Sequence { steps } => is_last_null(steps),
            StepKind::Hold(hold) => is_last_null(&hold.steps),
            _ => false,
        };
        let value = match &step.kind {
            StepKind::Parallel { branches: steps, .. } | StepKind::Graph { steps } => {
                self.here = flow.at_end_of(step, 0);
                let ty = step.ty.non_null().clone();
                let named = steps.iter().filter(|branch| !branch.anonymous);
                let pairs = named
                    .map(|branch| {
                        let node = conductor_protocol::expr::Node::Step(branch.id.clone());
                        let value = self.translate(&Expr { ty: branch.ty.clone(), node })?;
                        Ok((Py::string(&branch.id), value))
                    })
                    .collect::<Result<Vec<_>, EmitError>>()?;
                self.in_form(&var, &ty, Py::Dict(pairs))
            }
            _ => self.last(step, 0, &var)?,
        };
        let ty = if is_nullable { &step.ty } else { step.ty.non_null() }.clone();
        Ok(vec![self.assigned(&var, &ty, value)])
    }

    /// The result of the last step of one of a block's lists, in the form in which `var` has it.
    pub fn last(&mut self, block: &'a Step, body: usize, var: &Var) -> Result<Py, EmitError> {
        let bodies = block.kind.bodies();
        let last = bodies.get(body).and_then(|steps| steps.last());
        self.here = self.scope.flow.at_end_of(block, body);
        match last {
            Some(last) => self.result(&last.id, &last.ty.clone(), var),
            None => Ok(self.nothing(var)),
        }
    }

    /// The result of a step that is seen here, in the form in which `var` has it.
    pub fn result(&mut self, id: &str, ty: &Type, var: &Var) -> Result<Py, EmitError> {
        if *ty == Type::Null {
            return Ok(self.nothing(var));
        }
        let mut source = self.scope.flow.source(id, self.here);
        while let Source::Of(last) = source {
            source = self.scope.flow.source(&last.id, self.here);
        }
        match source {
            Source::Null => return Ok(self.nothing(var)),
            Source::Var(read) if self.scope.is_recorded(var) && self.scope.is_recorded(&read) => {
                return Ok(Py::atom(self.scope.name(&read)));
            }
            _ => {}
        }
        let value = self
            .translate(&Expr { ty: ty.clone(), node: conductor_protocol::expr::Node::Step(id.to_owned()) })?;
        Ok(self.in_form(var, ty, value))
    }

    /// A value as the variable holds it.
    pub fn in_form(&mut self, var: &Var, ty: &Type, value: Py) -> Py {
        if !self.scope.is_recorded(var) {
            return value;
        }
        let json = apply(&mut self.file, Way::Encode, ty, value);
        self.recorded(ty, json)
    }

    /// JSON as a variable that is decoded by each reader.
    pub fn recorded(&mut self, ty: &Type, json: Py) -> Py {
        self.file.import_from("._conductor.recorded", "Recorded");
        let decode = self.file.codec(Way::Decode, ty);
        Py::call("Recorded", vec![json, Py::atom(decode)])
    }

    /// What the variable is where its step was not reached.
    pub fn nothing(&mut self, var: &Var) -> Py {
        if self.scope.is_recorded(var) {
            return Py::atom(self.file.import_from("._conductor.recorded", "NOTHING"));
        }
        Py::atom("None")
    }

    /// Declares a variable that is assigned in several places, or perhaps in none.
    pub fn declare(&mut self, var: &Var, ty: &Type, may_be_missing: bool) -> Option<Stmt> {
        let target = self.scope.name(var).to_owned();
        let is_new = self.frame.declared.insert(target.clone());
        if !is_new {
            return may_be_missing.then(|| self.nothing(var).assigned(&target));
        }
        let annotation = self.local_annotation(var, ty);
        Some(if may_be_missing {
            let value = self.nothing(var);
            Stmt::Assign { target, annotation: Some(annotation), value }
        } else {
            Stmt::Declare { target, annotation }
        })
    }

    /// Members are told apart, so that type checkers see which one was assigned.
    pub fn local_annotation(&mut self, var: &Var, ty: &Type) -> String {
        if !self.scope.is_recorded(var) {
            return self.file.annotation(ty);
        }
        let members: Vec<Type> = match ty {
            // Of a union a way may bring some members and null.
            Type::Optional(inner) if !matches!(**inner, Type::Union(_)) => {
                vec![(**inner).clone(), Type::Null]
            }
            other => vec![other.clone()],
        };
        self.file.import_from("._conductor.recorded", "Recorded");
        let all = members.iter().map(|member| format!("Recorded[{}]", self.file.annotation(member)));
        all.collect::<Vec<_>>().join(" | ")
    }
}
