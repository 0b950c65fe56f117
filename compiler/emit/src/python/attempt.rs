//! `try`, `catch` and `finally` as Python's own.
//!
//! It knows that only failures of steps are caught; a cancellation, a `return` and a pause pass.

use conductor_protocol::plan::{Catch, Step, Try};
use conductor_protocol::types::Type;

use super::blocks::or_pass;
use super::scope::Var;
use super::tree::{Function, Item, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, caught};

impl<'a> Workflow<'a> {
    pub fn attempt(&mut self, step: &'a Step, block: &'a Try) -> Result<Vec<Stmt>, EmitError> {
        let outer = self.frame.left.clone();
        let mut statements = self.tried_variables(step, block);
        self.frame.depth += 1;
        let tried = self.nested(&block.steps);
        let handled = self.handlers(step, block);
        self.frame.depth -= 1;
        let (mut tried, handler, name) = {
            let (handler, name) = handled?;
            (tried?, handler, name)
        };
        tried.extend(self.own_result(step, 0, &block.steps)?);
        let mut body = or_pass(tried);
        if !block.catches.is_empty() {
            let errors = self.file.import_from("._conductor.errors", "StepFailed");
            body = vec![Stmt::Try { body, errors, name, handler, otherwise: Vec::new() }];
        }
        if block.finally.is_empty() {
            statements.extend(body);
        } else {
            let last = self.finally(step, block)?;
            statements.push(Stmt::Finally { body, last });
            statements.extend(self.surely_done(step, block));
        }
        self.frame.left = outer;
        Ok(statements)
    }

    /// What a `finally` reads pyright takes afterwards for what it may have been there.
    fn surely_done(&mut self, step: &Step, block: &Try) -> Vec<Stmt> {
        let finally = Region::Body(step, block.catches.len() + 1);
        let read = self.scope.flow.reads(finally);
        let given = self.left(finally);
        let mut statements = Vec::new();
        for var in self.left(Region::Step(step)) {
            let is_sure = !self.scope.flow.ty_after(step, &var).is_nullable();
            if !is_sure || !read.contains(&var) || given.contains(&var) {
                continue;
            }
            let name = self.scope.name(&var).to_owned();
            let done = if self.scope.is_recorded(&var) {
                self.file.import_from("._conductor.recorded", "done")
            } else {
                self.file.import_as("._conductor", "cel", "_cel");
                "_cel.present".to_owned()
            };
            statements.push(Py::call(done, vec![Py::atom(name.clone())]).assigned(&name));
        }
        statements
    }

    /// What was tried may be missing after it.
    fn tried_variables(&mut self, step: &'a Step, block: &Try) -> Vec<Stmt> {
        let mut vars = self.left(Region::Body(step, 0));
        let finally = block.catches.len() + 1;
        let last = self.left(Region::Body(step, finally));
        vars.extend(self.left(Region::Step(step)).into_iter().filter(|var| !last.contains(var)));
        let end = self.scope.flow.at_end_of(step, 0);
        let mut statements = Vec::new();
        for var in self.scope.flow.sorted(vars.into_iter().collect::<std::collections::BTreeSet<_>>()) {
            let after = self.scope.flow.ty_after(step, &var);
            let tried = self.scope.flow.ty(&var, end);
            let is_seen = self.scope.flow.leaves(Region::Body(step, 0)).contains(&var);
            let ty = if is_seen { Type::union([after, tried]) } else { after };
            let may_be_missing = is_seen || ty.is_nullable();
            let ty = if may_be_missing { Type::optional(ty) } else { ty };
            if is_seen {
                statements.extend(self.hold_left(step, &var, &ty));
            }
            statements.extend(self.declare(&var, &ty, may_be_missing));
        }
        statements
    }

    /// The statements that handle a failure, and the name of what was raised.
    fn handlers(&mut self, step: &'a Step, block: &'a Try) -> Result<(Vec<Stmt>, String), EmitError> {
        let mut branches: Vec<(Option<Py>, Vec<Stmt>)> = Vec::new();
        let name = self.file.names.fresh("caught");
        let mut is_named = false;
        for (index, catch) in block.catches.iter().enumerate() {
            let mut body: Vec<Stmt> = self.caught(step, index, &name).into_iter().collect();
            is_named |= !body.is_empty() || !catch.errors.is_empty();
            body.extend(self.nested(&catch.steps)?);
            body.extend(self.own_result(step, index + 1, &catch.steps)?);
            branches.push((matches(catch, &name), or_pass(body)));
            if catch.errors.is_empty() {
                break;
            }
        }
        self.file.names.release(&name);
        let mut chain = vec![Stmt::Reraise];
        let left = self.read_left(&self.tried_and_read(step, block));
        for (test, body) in branches.into_iter().rev() {
            chain = match test {
                None => body,
                Some(test) => vec![Stmt::If { test, body, otherwise: chain }],
            };
        }
        chain.splice(0..0, left);
        Ok((chain, if is_named { name } else { String::new() }))
    }

    /// What was tried that those who handle a failure read, or those who come after the block.
    fn tried_and_read(&self, step: &Step, block: &Try) -> Vec<Var> {
        let after = self.left(Region::Step(step));
        let handlers = 1..=block.catches.len();
        let read: Vec<Var> =
            handlers.flat_map(|body| self.scope.flow.reads(Region::Body(step, body))).collect();
        let mut tried = self.left(Region::Body(step, 0));
        tried.retain(|var| after.contains(var) || read.contains(var));
        tried
    }

    /// The variable that is the error.
    fn caught(&mut self, step: &Step, index: usize, name: &str) -> Option<Stmt> {
        let var = self.scope.flow.bound_by(step, index)?;
        if !self.scope.flow.is_read(&var) {
            return None;
        }
        let described = Py::call(format!("{name}.described"), Vec::new());
        let value =
            if self.scope.is_recorded(&var) { self.recorded(&caught(), described) } else { described };
        Some(value.assigned(self.scope.name(&var)))
    }

    /// Whatever happened before, and whoever cancels: a function of its own, which nobody cuts short.
    fn finally(&mut self, step: &'a Step, block: &'a Try) -> Result<Vec<Stmt>, EmitError> {
        let body = block.catches.len() + 1;
        let region = Region::Body(step, body);
        let at = self.scope.flow.at_end_of(step, body);
        let vars = self.left(region);
        let reads = self.scope.flow.reads(region);
        let needs_run = self.scope.flow.uses_run_id(region);
        let is_repeated = self.scope.flow.is_repeated(step);
        let name = self.file.names.fresh(&format!("_{}_finally", step.id));
        let args = self.args(needs_run, is_repeated, &reads);
        let outer = self.enter(step, false);
        let params = self.params(needs_run, is_repeated, &reads, at);
        let written = self.steps(&block.finally);
        let result = self.block_result(step, &vars, true);
        let returns: Vec<(Var, Type)> =
            vars.iter().map(|var| (var.clone(), self.scope.flow.ty(var, at))).collect();
        let returns: Vec<String> = returns.iter().map(|(var, ty)| self.annotation(var, ty)).collect();
        self.leave(outer);
        let mut statements = written?;
        statements.extend(result);
        self.functions.push(Item::Function(Function {
            is_async: true,
            name: name.clone(),
            params,
            keyword_only: false,
            returns: match returns.as_slice() {
                [] => "None".to_owned(),
                [one] => one.clone(),
                _ => format!("tuple[{}]", returns.join(", ")),
            },
            doc: vec![format!("What is done after `{}`, however it ends.", step.id)],
            body: statements,
        }));
        let ending = if self.is_durable() {
            "run.ending".to_owned()
        } else {
            self.file.import_from("._conductor.exits", "ending")
        };
        let tried = self.left(Region::Body(step, 0));
        let mut last = self.read_left(tried.iter().filter(|var| reads.contains(var)));
        last.push(self.bind(Py::call(ending, vec![Py::call(name, args)]).awaited(), &vars));
        last.extend(self.leave_all(&vars));
        Ok(last)
    }
}

fn matches(catch: &Catch, name: &str) -> Option<Py> {
    if catch.errors.is_empty() {
        return None;
    }
    let patterns = catch.errors.iter().map(|pattern| Py::string(pattern)).collect();
    Some(Py::call(format!("{name}.is_any_of"), patterns))
}
