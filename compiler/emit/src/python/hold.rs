//! A permit, or a connection, over several steps; and blocks that are one step to the journal.
//!
//! It knows how both are spelled; what an atomic block leaves in the journal the runtime decides.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Hold, Step};
use conductor_protocol::types::Type;

use super::blocks::or_pass;
use super::codecs::{Way, apply};
use super::scope::Var;
use super::tree::{Function, Item, Param, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, never_complete};

/// What an atomic block leaves: a variable, its type and where it stands in what is recorded.
struct Left {
    var: Var,
    ty: Type,
    recorded: Py,
}

impl<'a> Workflow<'a> {
    /// A permit over several steps. Those inside that use a resource with a client take none of their own.
    pub fn hold(&mut self, step: &'a Step, hold: &'a Hold) -> Result<Vec<Stmt>, EmitError> {
        if hold.atomic && self.is_durable() {
            return self.atomic(step, hold);
        }
        let Some((pool, lends)) = self.pool(hold) else { return self.steps(&hold.steps) };
        let body = self.nested(&hold.steps)?;
        let mut context = if self.is_durable() {
            Py::call("run.hold", vec![pool])
        } else {
            let holding = self.file.import_from("._conductor.held", "Holding");
            Py::call(holding, vec![pool])
        };
        if lends {
            context = context.with("lends", Py::atom("True"));
        }
        Ok(vec![Stmt::With { context, name: None, body: or_pass(body) }])
    }

    /// The permits of what is held, and whether it has connections to lend.
    fn pool(&mut self, hold: &Hold) -> Option<(Py, bool)> {
        let resource = self.file.package.resources.known.get(hold.resource.as_str()).copied()?;
        let pool = super::resources::shared_permits(&mut self.file, &hold.resource);
        Some((pool, resource.kind.has_client()))
    }

    /// One step to the journal: what is inside is plain code, and what it leaves is recorded at its end.
    fn atomic(&mut self, step: &'a Step, hold: &'a Hold) -> Result<Vec<Stmt>, EmitError> {
        let vars = self.left(Region::Step(step));
        let reads = self.scope.flow.reads(Region::Step(step));
        let name = self.file.names.fresh(&format!("_{}", step.id));
        let needs_run = self.scope.flow.uses_run_id(Region::Step(step));
        let mut args = self.args(false, self.scope.flow.is_repeated(step), &reads);
        // Inside nothing is recorded: it is told the run's id only, where that is asked for.
        args[0] = Py::atom("run.id");
        args.drain(..usize::from(!needs_run));
        let left = self.atomic_function(step, hold, &name, &reads, vars)?;
        let mut call = Py::call("run.atomic", vec![self.key(&step.id), Py::call(name, args)]);
        if let Some((pool, lends)) = self.pool(hold) {
            call = call.with("pool", pool);
            if lends {
                call = call.with("lends", Py::atom("True"));
            }
        }
        if !step.critical {
            call = call.with("critical", Py::atom("False"));
        }
        if left.is_empty() {
            return Ok(vec![Stmt::Expr(call.awaited())]);
        }
        let mut all = vec![call.awaited().assigned("recorded")];
        for Left { var, ty, recorded } in left {
            let value = if self.scope.is_recorded(&var) {
                self.recorded(&ty, recorded)
            } else {
                apply(&mut self.file, Way::Decode, &ty, recorded)
            };
            all.push(value.assigned(self.scope.name(&var)));
        }
        Ok(all)
    }

    /// The function of what is inside, which gives what is recorded.
    fn atomic_function(
        &mut self,
        step: &'a Step,
        hold: &'a Hold,
        name: &str,
        reads: &[Var],
        vars: Vec<Var>,
    ) -> Result<Vec<Left>, EmitError> {
        let needs_run = self.scope.flow.uses_run_id(Region::Step(step));
        let is_repeated = self.scope.flow.is_repeated(step);
        let outer = self.enter(step, false);
        self.scope.enter_atomic(step);
        let params: Vec<Param> = self.params(needs_run, is_repeated, reads, self.scope.flow.at(step));
        let written = self.atomic_body(step, hold, vars);
        self.scope.leave_atomic();
        self.leave(outer);
        let (body, left) = written?;
        self.functions.push(Item::Function(Function {
            is_async: true,
            name: name.to_owned(),
            params,
            keyword_only: false,
            returns: "dict[str, object]".to_owned(),
            doc: vec![super::blocks::block_doc(step)],
            body,
        }));
        Ok(left)
    }

    fn atomic_body(
        &mut self,
        step: &'a Step,
        hold: &'a Hold,
        vars: Vec<Var>,
    ) -> Result<(Vec<Stmt>, Vec<Left>), EmitError> {
        let mut body = self.steps(&hold.steps)?;
        if never_complete(&hold.steps) {
            body.extend(super::blocks::not_reached(&body));
            return Ok((body, Vec::new()));
        }
        let own = Var::Step(step.id.clone());
        let end = self.scope.flow.at_end_of(step, 0);
        let recorded = Py::atom("recorded");
        let (mut last, mut results, mut left) = (Py::atom("None"), Vec::new(), Vec::new());
        for var in vars {
            let Var::Step(id) = &var else { continue };
            let made = hold.steps.last().filter(|_| var == own);
            let ty = made.map_or_else(|| self.scope.flow.ty(&var, end), |step| step.ty.clone());
            let read = made.map_or(id, |step| &step.id).clone();
            self.here = end;
            let value = self.translate(&Expr { ty: ty.clone(), node: Node::Step(read) })?;
            let encoded = apply(&mut self.file, Way::Encode, &ty, value);
            if made.is_some() {
                last = encoded;
                left.push(Left { ty, recorded: recorded.clone().index(Py::string("last")), var });
            } else {
                let held = recorded.clone().index(Py::string("results")).index(Py::string(id));
                results.push((Py::string(id), encoded));
                left.push(Left { ty, recorded: held, var });
            }
        }
        if let Some(step) = hold.steps.last().filter(|step| step.ty != Type::Null)
            && left.iter().all(|one| one.var != own)
        {
            // Nobody reads it, but the journal says what the block came to.
            self.here = end;
            let value = self.translate(&Expr { ty: step.ty.clone(), node: Node::Step(step.id.clone()) })?;
            last = apply(&mut self.file, Way::Encode, &step.ty, value);
        }
        let pairs = vec![(Py::string("last"), last), (Py::string("results"), Py::Dict(results))];
        body.push(Stmt::Return(Some(Py::Dict(pairs))));
        Ok((body, left))
    }
}
