//! Results that are read although the block around them has failed: each is assigned as soon as its step has ended.
//!
//! It knows names and assignments; which blocks fail and who handles that is decided elsewhere.

use conductor_protocol::plan::{Step, StepKind};
use conductor_protocol::types::Type;

use super::mentions;
use super::names::pascal;
use super::tree::{Arrow, Body, Function, Param, Stmt, Ts, Ty};
use super::workflow::{Workflow, is_guarded};
use crate::EmitError;
use crate::flow::{Region, Var};

type Result<T> = std::result::Result<T, EmitError>;

/// A variable that is read even where the block around fails.
#[derive(Debug, Clone)]
pub struct Kept {
    pub var: Var,
    pub name: String,
    /// Of what is kept.
    pub ty: Ty,
    /// The name is that of a function which takes the value: whoever keeps it stands outside of this function.
    pub is_told: bool,
}

impl Kept {
    /// The value is left at once.
    fn take(&self, value: Ts) -> Stmt {
        if self.is_told {
            return Stmt::Expr(Ts::name(&self.name).called(vec![value]));
        }
        Stmt::Assign { target: Ts::name(&self.name), value }
    }

    /// What a function is given that is to tell the value.
    fn taker(&self) -> Ts {
        if self.is_told {
            return Ts::name(&self.name);
        }
        let body = Body::Block(vec![self.take(Ts::name("value"))]);
        Ts::Arrow(Box::new(Arrow {
            is_async: false,
            params: vec![Param::named("value")],
            returns: None,
            body,
        }))
    }
}

impl<'a> Workflow<'a> {
    /// What `write` writes, in which these variables are kept, too.
    pub fn keeping<T>(&mut self, kept: &[Kept], write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.kept.len();
        self.kept.extend(kept.iter().cloned());
        let written = write(self);
        self.kept.truncate(before);
        written
    }

    /// The variable under a name that begins with `prefix`, null at first.
    pub fn kept(&mut self, prefix: &str, var: Var, ty: Type) -> Kept {
        let name = self.file.names.fresh(&format!("{prefix}{}", pascal(self.scope.name(&var))));
        let ty = self.held_type(&var, &Type::optional(ty));
        Kept { var, name, ty, is_told: false }
    }

    /// What the step's own function has to tell of what is kept, because the function may fail after it.
    pub fn told_by(&mut self, step: &'a Step) -> Vec<(Kept, Kept)> {
        let outer: Vec<Kept> =
            self.kept.iter().filter(|kept| self.scope.flow.may_be_lost(step, &kept.var)).cloned().collect();
        let mut inner = |outer: &Kept| {
            let name = self.file.names.fresh(&format!("keep{}", pascal(self.scope.name(&outer.var))));
            Kept { name, is_told: true, ..outer.clone() }
        };
        let told: Vec<Kept> = outer.iter().map(&mut inner).collect();
        outer.into_iter().zip(told).collect()
    }

    /// Gives a function the parameters by which it tells what is kept, and their values to its call.
    pub fn telling(&mut self, told: Vec<(Kept, Kept)>, function: &mut Function, call: &mut Ts) {
        for (outer, inner) in told {
            self.file.names.release(&inner.name);
            if !mentions::in_statements(&function.body, &inner.name) {
                continue;
            }
            self.file.runtime_type("block", "Keep");
            let ty = Ty::Generic("Keep".to_owned(), vec![inner.ty]);
            function.params.push(Param::typed(inner.name, ty));
            if let Ts::Call { args, .. } = call {
                args.push(outer.taker());
            }
        }
    }

    /// `let kept: T | null = null`.
    pub fn keeper(&mut self, kept: &Kept, in_closure: bool) -> Stmt {
        let Kept { var, name, ty, .. } = kept.clone();
        let nothing = self.absent(&var);
        if in_closure && !self.scope.is_recorded(&var) {
            // The compiler does not see what closures assign, and would take it for null for ever.
            return Stmt::Let { name, ty: None, value: Some(Ts::As(Box::new(nothing), ty)) };
        }
        Stmt::Let { name, ty: Some(ty), value: Some(nothing) }
    }

    /// Whether one of the steps makes it inside of itself.
    pub fn is_made_in_closure(&self, kept: &Kept, steps: &'a [Step]) -> bool {
        let makes = |step: &&Step| self.scope.leaves(Region::Step(step)).contains(&kept.var);
        steps.iter().find(makes).is_some_and(|step| !step.kind.bodies().is_empty())
    }

    /// What the step has made that is kept; one with a function of its own may have told that.
    fn kept_after(&self, step: &'a Step, has_function: bool) -> Vec<Kept> {
        if self.kept.is_empty() || matches!(step.kind, StepKind::Return { .. } | StepKind::Fail { .. }) {
            return Vec::new();
        }
        let left = self.scope.leaves(Region::Step(step));
        let is_left = |kept: &&Kept| {
            left.contains(&kept.var) && !(has_function && self.scope.flow.may_be_lost(step, &kept.var))
        };
        self.kept.iter().filter(is_left).cloned().collect()
    }

    /// What is done after a step whose results are kept.
    fn keep(&self, step: &'a Step, has_function: bool) -> Vec<Stmt> {
        let take = |kept: &Kept| kept.take(Ts::name(self.scope.name(&kept.var)));
        self.kept_after(step, has_function).iter().map(take).collect()
    }

    /// The same after a step among others: what stands inside of its surroundings' function has kept its results.
    pub fn keep_after(&self, step: &'a Step) -> Vec<Stmt> {
        let has_function =
            is_guarded(step) || matches!(step.kind, StepKind::Switch { .. } | StepKind::Try(_));
        let is_open = matches!(
            step.kind,
            StepKind::Sequence { .. } | StepKind::Parallel { .. } | StepKind::Graph { .. }
        );
        if is_open && !has_function { Vec::new() } else { self.keep(step, has_function) }
    }

    /// What the branch of a block does that gives `vars`: it keeps them before its siblings have ended.
    pub fn kept_branch(&mut self, call: Ts, step: &'a Step, vars: &[Var]) -> Vec<Stmt> {
        let assignments = self.keep(step, true);
        if assignments.is_empty() {
            return vec![Stmt::Return(Some(call))];
        }
        if let [_] = vars {
            let mut body = vec![self.bind(call, vars)];
            body.extend(assignments);
            body.push(Stmt::Return(vars.first().map(|var| Ts::name(self.scope.name(var)))));
            return body;
        }
        let results = self.file.names.fresh("results");
        self.file.names.release(&results);
        let part = |at: usize| Ts::Index(Box::new(Ts::name(&results)), Box::new(Ts::number(at)));
        let mut body = vec![Stmt::constant(&results, call)];
        for kept in self.kept_after(step, true) {
            let at = vars.iter().position(|var| *var == kept.var);
            body.extend(at.map(|at| kept.take(part(at))));
        }
        body.push(Stmt::Return(Some(Ts::name(results))));
        body
    }

    /// What a block that is not critical has left when it fails.
    pub fn kept_of_tolerated(&mut self, step: &'a Step, vars: &[Var]) -> Vec<Kept> {
        if step.critical {
            return Vec::new();
        }
        let own = Var::Step(step.id.clone());
        let vars: Vec<Var> = vars
            .iter()
            .filter(|var| **var != own && self.scope.flow.may_be_lost(step, var))
            .cloned()
            .collect();
        let with_type = |var: Var| {
            let ty = self.scope.flow.ty_after(step, &var);
            self.kept("kept", var, ty)
        };
        vars.into_iter().map(with_type).collect()
    }

    /// What a block that is not critical leaves when it has failed.
    pub fn kept_or_nothing(&mut self, kept: &[Kept], vars: &[Var]) -> Option<Ts> {
        let value = |var: &Var| match kept.iter().find(|kept| kept.var == *var) {
            Some(kept) => Ts::name(&kept.name),
            None => self.absent(var),
        };
        let mut values: Vec<Ts> = vars.iter().map(value).collect();
        if values.len() > 1 { Some(Ts::Array(values)) } else { values.pop() }
    }
}
