//! Blocks that choose, repeat or handle failures: each is a function that gives what it leaves.
//!
//! It knows how their statements are put together, not what stands around them.

use conductor_protocol::plan::{Case, Loop, LoopTest, OnExhausted, Step, Try};
use conductor_protocol::types::Type;

use super::blocks::closure;
use super::kept::Kept;
use super::tree::{Operator, Stmt, Ts};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, Var};

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    /// Each case gives what it leaves.
    pub fn switch(&mut self, block: &'a Step, cases: &'a [Case], vars: &[Var]) -> Result<Vec<Stmt>> {
        let at = self.scope.flow.at(block);
        let mut branches = Vec::new();
        let mut last = None;
        for (index, case) in cases.iter().enumerate() {
            let end = self.scope.flow.at_end_of(block, index);
            let mut body = self.steps(&case.steps, end)?;
            if !body.last().is_some_and(super::workflow::ends_function) {
                body.extend(self.left(block, index, vars)?);
            }
            let body = super::blocks::collapsed(body);
            match &case.when {
                Some(when) => branches.push((self.holds(&block.id, when, at)?, body)),
                None => {
                    last = Some(body);
                    break;
                }
            }
        }
        let complete = last.is_some();
        let mut otherwise = last.unwrap_or_default();
        if branches.is_empty() {
            return Ok(otherwise);
        }
        for (test, body) in branches.into_iter().rev() {
            otherwise = vec![Stmt::If { test, body, otherwise }];
        }
        if !complete && let Some(nothing) = self.nothing(vars) {
            otherwise.push(Stmt::Return(Some(nothing)));
        }
        Ok(otherwise)
    }

    /// `for (let index = 0; condition; index += 1)` with the bound in it.
    pub fn repeat(&mut self, block: &'a Step, repeat: &'a Loop, vars: &[Var]) -> Result<Vec<Stmt>> {
        match repeat.test {
            LoopTest::While => self.while_(block, repeat, vars),
            LoopTest::Until => self.until(block, repeat, vars),
        }
    }

    /// What the iteration before came to, in a variable of the function.
    fn last(&mut self, block: &'a Step, repeat: &Loop) -> Option<(Var, Stmt)> {
        let ty = repeat.steps.last().map_or(Type::Null, |step| step.ty.clone());
        let var = self.scope.flow.last_of(block).filter(|_| ty != Type::Null)?;
        let spelled = self.held_type(&var, &Type::optional(ty));
        let nothing = self.absent(&var);
        let name = self.scope.name(&var).to_owned();
        Some((var, Stmt::Let { name, ty: Some(spelled), value: Some(nothing) }))
    }

    /// The steps of one iteration, and what its last step came to.
    fn iteration(&mut self, block: &'a Step, repeat: &'a Loop) -> Result<(Vec<Stmt>, Option<Ts>)> {
        let end = self.scope.flow.at_end_of(block, 0);
        let turn = self.file.names.fresh("turn");
        self.run.clone_from(&turn);
        let mut steps = self.steps(&repeat.steps, end)?;
        self.run = "run".to_owned();
        self.file.names.release(&turn);
        let ends = steps.last().is_some_and(super::workflow::ends_function);
        let last = repeat.steps.last().filter(|step| !ends && step.ty != Type::Null);
        let result = match (last, self.scope.flow.last_of(block)) {
            (Some(step), Some(var)) => Some(self.handed(&var, &step.id, &step.ty.clone(), end)?),
            _ => None,
        };
        if super::mentions::in_statements(&steps, &turn) {
            let args = vec![Ts::string(&block.id), Ts::name("index")];
            steps.insert(0, Stmt::constant(&turn, Ts::call("run.iteration", args)));
        }
        Ok((steps, result))
    }

    fn while_(&mut self, block: &'a Step, repeat: &'a Loop, vars: &[Var]) -> Result<Vec<Stmt>> {
        let mut body = Vec::new();
        let is_read = self.scope.flow.last_of(block).is_some_and(|last| self.scope.flow.is_read(&last));
        let last = self.last(block, repeat).filter(|_| is_read || !vars.is_empty());
        let holder = last.as_ref().map(|(var, _)| Ts::name(self.scope.name(var)));
        body.extend(last.map(|(_, declared)| declared));
        let test = self.holds(&block.id, &repeat.condition, self.scope.flow.at(block))?;
        let exhausted = self.exhausted(block, repeat, holder.clone(), vars);
        let mut each = vec![reached(Ts::name("index"), Ts::number(repeat.max_iterations), exhausted)];
        each.extend(pause(block, repeat, true));
        let (steps, result) = self.iteration(block, repeat)?;
        each.extend(steps);
        if let (Some(holder), Some(result)) = (holder.clone(), result) {
            each.push(Stmt::Assign { target: holder, value: result });
        }
        body.push(Stmt::Count { name: "index".to_owned(), from: 0, test: Some(test), body: each });
        body.extend(self.loop_result(block, holder, vars));
        Ok(body)
    }

    fn until(&mut self, block: &'a Step, repeat: &'a Loop, vars: &[Var]) -> Result<Vec<Stmt>> {
        let mut body = Vec::new();
        let read_inside = self.scope.reads_inside(block);
        let last = self.last(block, repeat).filter(|(var, _)| read_inside.contains(var));
        let holder = last.as_ref().map(|(var, _)| Ts::name(self.scope.name(var)));
        body.extend(last.map(|(_, declared)| declared));
        let (mut each, result) = self.iteration(block, repeat)?;
        if !each.last().is_some_and(super::workflow::ends_function) {
            if let (Some(var), Some(result)) = (self.scope.flow.last_of(block), &result) {
                // In the condition it is what this iteration came to.
                self.scope.held.insert(var, result.clone());
            }
            let end = self.scope.flow.at_end_of(block, 0);
            let done = self.holds(&block.id, &repeat.condition, end)?;
            let leave = self.loop_result(block, result.clone(), vars).unwrap_or(Stmt::Return(None));
            each.push(Stmt::If { test: done, body: vec![leave], otherwise: Vec::new() });
            let next = Ts::binary(Operator::Add, Ts::name("index"), Ts::number(1));
            let exhausted = self.exhausted(block, repeat, result.clone(), vars);
            each.push(reached(next, Ts::number(repeat.max_iterations), exhausted));
            if let (Some(holder), Some(result)) = (holder, result) {
                each.push(Stmt::Assign { target: holder, value: result });
            }
            each.extend(pause(block, repeat, false));
        }
        body.push(Stmt::Count { name: "index".to_owned(), from: 0, test: None, body: each });
        Ok(body)
    }

    /// What is done where the bound is reached.
    fn exhausted(&mut self, block: &Step, repeat: &Loop, result: Option<Ts>, vars: &[Var]) -> Stmt {
        match repeat.on_exhausted {
            OnExhausted::Fail => {
                let args = vec![Ts::string(&block.id), Ts::number(repeat.max_iterations)];
                Stmt::Throw(Ts::call("run.exhausted", args))
            }
            OnExhausted::Continue => self.loop_result(block, result, vars).unwrap_or(Stmt::Return(None)),
        }
    }

    /// `return` of what the last iteration came to.
    fn loop_result(&mut self, block: &Step, result: Option<Ts>, vars: &[Var]) -> Option<Stmt> {
        let own = Var::Step(block.id.clone());
        if !vars.contains(&own) {
            return None;
        }
        let ty = self.scope.flow.ty(&own, self.end);
        let is_held = matches!(&result, Some(Ts::Name(name)) if self.scope.flow.last_of(block).is_some_and(|last| self.scope.name(&last) == name));
        let Some(value) = result else { return Some(Stmt::Return(Some(self.absent(&own)))) };
        // The checker knows that there was an iteration.
        if ty.is_nullable() || !is_held {
            return Some(Stmt::Return(Some(value)));
        }
        Some(Stmt::Return(Some(self.surely(&own, &ty, value))))
    }

    /// What holds the variable where it is known not to be null any more.
    fn surely(&mut self, var: &Var, ty: &Type, value: Ts) -> Ts {
        if self.scope.is_recorded(var) {
            let spelled = self.held_type(var, ty);
            return Ts::As(Box::new(value), spelled);
        }
        self.file.import_all("_conductor/cel", "cel");
        Ts::call("cel.present", vec![value])
    }

    /// What was tried, the handlers of its failure, and what comes after in any case.
    pub fn attempt(&mut self, block: &'a Step, attempt: &'a Try, vars: &[Var]) -> Result<Vec<Stmt>> {
        let seen = self.seen_by_handlers(block, attempt);
        let mut all = Vec::new();
        for kept in &seen {
            let in_closure = !attempt.finally.is_empty() || self.is_made_in_closure(kept, &attempt.steps);
            all.push(self.keeper(kept, in_closure));
        }
        let mut tried = self.tried(block, attempt, &seen, vars)?;
        for Kept { var, name, .. } in &seen {
            self.scope.held.insert(var.clone(), Ts::name(name));
        }
        if !attempt.catches.is_empty() {
            let handler = self.handlers(block, attempt, vars)?;
            tried = vec![Stmt::Try {
                body: tried,
                handler: Some(("error".to_owned(), handler)),
                finally: Vec::new(),
            }];
        }
        if attempt.finally.is_empty() {
            all.append(&mut tried);
            return Ok(all);
        }
        self.finally(block, attempt, tried, vars, &mut all)?;
        Ok(all)
    }

    /// What is tried and read by those who handle its failure, with names that they share.
    fn seen_by_handlers(&mut self, block: &'a Step, attempt: &Try) -> Vec<Kept> {
        let left = self.scope.leaves(Region::Body(block, 0));
        let others = 1..=attempt.catches.len() + 1;
        let read: Vec<Var> = others.flat_map(|body| self.scope.reads(Region::Body(block, body))).collect();
        let seen: Vec<Var> = left.into_iter().filter(|var| read.contains(var)).collect();
        let end = self.scope.flow.at_end_of(block, 0);
        let with_type = |var: Var| {
            let ty = self.scope.flow.ty(&var, end);
            self.kept("tried", var, ty)
        };
        seen.into_iter().map(with_type).collect()
    }

    fn tried(&mut self, block: &'a Step, attempt: &'a Try, seen: &[Kept], vars: &[Var]) -> Result<Vec<Stmt>> {
        let end = self.scope.flow.at_end_of(block, 0);
        let mut body = self.keeping(seen, |workflow| workflow.steps(&attempt.steps, end))?;
        if !body.last().is_some_and(super::workflow::ends_function) {
            body.extend(self.left(block, 0, vars)?);
        }
        // A promise that is returned from here would fail outside.
        Ok(super::blocks::collapsed(body))
    }

    /// The first catch whose patterns match the failure.
    fn handlers(&mut self, block: &'a Step, attempt: &'a Try, vars: &[Var]) -> Result<Vec<Stmt>> {
        let mut handler = vec![Stmt::Throw(Ts::name("error"))];
        for (index, catch) in attempt.catches.iter().enumerate().rev() {
            let var = self.scope.flow.bound_by(block, index);
            let name = var.as_ref().map_or("caught", |var| self.scope.name(var)).to_owned();
            let end = self.scope.flow.at_end_of(block, index + 1);
            let mut body = self.steps(&catch.steps, end)?;
            if !body.last().is_some_and(super::workflow::ends_function) {
                body.extend(self.left(block, index + 1, vars)?);
            }
            let body = super::blocks::collapsed(body);
            let mut args = vec![Ts::name("error")];
            if !catch.errors.is_empty() {
                args.push(Ts::Array(catch.errors.iter().map(Ts::string).collect()));
            }
            let caught = Ts::call("run.caught", args);
            let missed = Ts::binary(Operator::Equal, Ts::name(name.clone()), Ts::null());
            let mut all = vec![Stmt::constant(&name, caught)];
            if vars.is_empty() && !body.last().is_some_and(super::workflow::ends_function) {
                all.push(Stmt::If { test: missed, body: handler, otherwise: body });
            } else {
                all.push(Stmt::If { test: missed, body: handler, otherwise: Vec::new() });
                all.extend(body);
            }
            handler = all;
        }
        Ok(handler)
    }

    /// `run.ensure`: what comes after runs whatever happened.
    fn finally(
        &mut self,
        block: &'a Step,
        attempt: &'a Try,
        tried: Vec<Stmt>,
        vars: &[Var],
        all: &mut Vec<Stmt>,
    ) -> Result<()> {
        let body = attempt.catches.len() + 1;
        let end = self.scope.flow.at_end_of(block, body);
        let after = self.scope.leaves(Region::Body(block, body));
        let after: Vec<Var> = vars.iter().filter(|var| after.contains(var)).cloned().collect();
        let mut cleanup = Vec::new();
        let mut given = Vec::new();
        for var in &after {
            let ty = self.scope.flow.ty(var, end);
            let last = self.kept("final", var.clone(), ty);
            all.push(self.keeper(&last, true));
            given.push(last);
        }
        cleanup.extend(self.steps(&attempt.finally, end)?);
        let ends = cleanup.last().is_some_and(super::workflow::ends_function);
        for Kept { var, name, .. } in given.iter().filter(|_| !ends) {
            cleanup.push(Stmt::Assign { target: Ts::name(name), value: self.scope.raw(var) });
        }
        let args = vec![Ts::string(&block.id), closure(tried), closure(cleanup)];
        let call = Ts::call("run.ensure", args).awaited();
        if after.is_empty() {
            all.push(if vars.is_empty() { Stmt::Expr(call) } else { Stmt::Return(Some(call)) });
            return Ok(());
        }
        // What comes after is known when all is over.
        let result = self.bind(call, vars);
        all.push(result);
        let mut values = Vec::new();
        for var in vars {
            let ty = self.scope.flow.ty_after(block, var);
            values.push(match given.iter().find(|last| last.var == *var) {
                Some(last) if ty.is_nullable() => Ts::name(&last.name),
                Some(last) => self.surely(var, &ty, Ts::name(&last.name)),
                None => Ts::name(self.scope.name(var)),
            });
        }
        all.push(Stmt::Return(Some(if values.len() == 1 { values.remove(0) } else { Ts::Array(values) })));
        Ok(())
    }
}

/// `if (index >= limit) { ... }`.
fn reached(index: Ts, limit: Ts, then: Stmt) -> Stmt {
    let test = Ts::binary(Operator::GreaterOrEqual, index, limit);
    Stmt::If { test, body: vec![then], otherwise: Vec::new() }
}

/// The pause between two iterations; `before`: at the beginning of the second.
fn pause(block: &Step, repeat: &Loop, before: bool) -> Option<Stmt> {
    let milliseconds = super::policy::number(repeat.every_ms?);
    let index = Ts::name("index");
    let ended = if before {
        Ts::Binary { op: Operator::Subtract, left: Box::new(index.clone()), right: Box::new(Ts::number(1)) }
    } else {
        index.clone()
    };
    let call = Stmt::Expr(Ts::call("run.pause", vec![Ts::string(&block.id), ended, milliseconds]).awaited());
    if !before {
        return Some(call);
    }
    let test = Ts::binary(Operator::Greater, index, Ts::number(0));
    Some(Stmt::If { test, body: vec![call], otherwise: Vec::new() })
}
