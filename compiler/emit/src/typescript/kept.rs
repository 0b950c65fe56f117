//! Results that are read although the block around them has failed: each is assigned as soon as its step has ended.
//!
//! It knows names and assignments; which blocks fail and who handles that is decided elsewhere.

use conductor_protocol::plan::{Step, StepKind};
use conductor_protocol::types::Type;

use super::names::pascal;
use super::tree::{Stmt, Ts};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{At, Region, Var};

type Result<T> = std::result::Result<T, EmitError>;

impl<'a> Workflow<'a> {
    /// What `write` writes, in which these variables are kept by these names, too.
    pub fn keeping<T>(
        &mut self,
        vars: &[(Var, String)],
        write: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let before = self.kept.len();
        self.kept.extend(vars.iter().cloned());
        let written = write(self);
        self.kept.truncate(before);
        written
    }

    /// `let kept: T | null = null`.
    pub fn keeper(&mut self, steps: &'a [Step], var: &Var, name: &str, end: At) -> Stmt {
        let ty = Type::optional(self.scope.flow.ty(var, end));
        let spelled = self.held_type(var, &ty);
        let nothing = self.absent(var);
        let makes = |step: &&Step| self.scope.leaves(Region::Step(step)).contains(var);
        let in_closure = steps.iter().find(makes).is_some_and(|step| !step.kind.bodies().is_empty());
        let name = name.to_owned();
        if in_closure && !self.scope.is_recorded(var) {
            // The compiler does not see what closures assign, and would take it for null for ever.
            return Stmt::Let { name, ty: None, value: Some(Ts::As(Box::new(nothing), spelled)) };
        }
        Stmt::Let { name, ty: Some(spelled), value: Some(nothing) }
    }

    /// The assignments after a step whose results are kept.
    pub fn keep(&self, step: &'a Step) -> Vec<Stmt> {
        if self.kept.is_empty() || matches!(step.kind, StepKind::Return { .. } | StepKind::Fail { .. }) {
            return Vec::new();
        }
        let left = self.scope.leaves(Region::Step(step));
        let kept = self.kept.iter().filter(|(var, _)| left.contains(var));
        let assign = |(var, name): &(Var, String)| {
            let value = Ts::name(self.scope.name(var));
            Stmt::Assign { target: Ts::name(name), value }
        };
        kept.map(assign).collect()
    }

    /// What the branch of a block does that gives `vars`: it keeps them before its siblings have ended.
    pub fn kept_branch(&self, call: Ts, step: &'a Step, vars: &[Var]) -> Vec<Stmt> {
        let assignments = self.keep(step);
        if assignments.is_empty() {
            return vec![Stmt::Return(Some(call))];
        }
        let mut body = vec![self.bind(call, vars)];
        body.extend(assignments);
        let mut names: Vec<Ts> = vars.iter().map(|var| Ts::name(self.scope.name(var))).collect();
        let value = if names.len() == 1 { names.pop() } else { Some(Ts::Array(names)) };
        body.push(Stmt::Return(value));
        body
    }

    /// What a block that is not critical has left when it fails, with names for it.
    pub fn kept_of_tolerated(&mut self, step: &'a Step, vars: &[Var]) -> Vec<(Var, String)> {
        let steps = match &step.kind {
            StepKind::Sequence { steps } | StepKind::Graph { steps } => steps,
            StepKind::Parallel { branches, .. } => branches,
            StepKind::Hold(hold) if !hold.atomic => &hold.steps,
            _ => return Vec::new(),
        };
        if step.critical || steps.last().is_some_and(|last| steps.len() == 1 && last.kind.bodies().is_empty())
        {
            return Vec::new();
        }
        let left = self.scope.leaves(Region::Body(step, 0));
        let own = Var::Step(step.id.clone());
        let vars: Vec<Var> = vars.iter().filter(|var| **var != own && left.contains(var)).cloned().collect();
        let name = |var: Var| {
            let name = self.file.names.fresh(&format!("kept{}", pascal(self.scope.name(&var))));
            (var, name)
        };
        vars.into_iter().map(name).collect()
    }

    /// What a block that is not critical leaves when it has failed.
    pub fn kept_or_nothing(&mut self, kept: &[(Var, String)], vars: &[Var]) -> Option<Ts> {
        let value = |var: &Var| match kept.iter().find(|(other, _)| other == var) {
            Some((_, name)) => Ts::name(name),
            None => self.absent(var),
        };
        let mut values: Vec<Ts> = vars.iter().map(value).collect();
        if values.len() > 1 { Some(Ts::Array(values)) } else { values.pop() }
    }
}
