//! The Python names of a workflow's variables, and which of them hold recorded bytes.
//!
//! It knows names and how a value is read; what flows where is decided by `flow`.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Plan, Step, StepKind};

use super::names::Names;
use super::tree::Py;
use super::types::Types;
use crate::flow::Flow;
pub use crate::flow::Var;

pub struct Scope<'a> {
    pub flow: Flow<'a>,
    names: BTreeMap<Var, String>,
    /// Variables that hold recorded bytes, which each reader decodes anew.
    recorded: BTreeSet<Var>,
    /// What is made inside of the atomic block that is being written: values, of which nothing is recorded.
    plain: Option<BTreeSet<Var>>,
}

impl<'a> Scope<'a> {
    pub fn new(plan: &'a Plan, types: &Types, names: &mut Names) -> Scope<'a> {
        let flow = Flow::recording_atomic(plan);
        let mut scope = Scope { flow, names: BTreeMap::new(), recorded: BTreeSet::new(), plain: None };
        for (var, wanted) in scope.flow.variables() {
            if !matches!(var, Var::Last(_)) || scope.flow.is_read(&var) {
                scope.names.insert(var.clone(), names.fresh(&wanted));
            }
            if plan.durable && !types.is_immutable(&scope.flow.whole_ty(&var)) {
                scope.recorded.insert(var);
            }
        }
        scope.share_with_races();
        scope
    }

    /// What wins a race is handed on as it is, so that all its branches have the form of its result.
    fn share_with_races(&mut self) {
        for step in self.flow.steps() {
            if let StepKind::Race { branches } = &step.kind
                && self.recorded.contains(&Var::Step(step.id.clone()))
            {
                self.recorded.extend(branches.iter().map(|branch| Var::Step(branch.id.clone())));
            }
        }
    }

    pub fn name(&self, var: &Var) -> &str {
        self.names.get(var).map_or("", String::as_str)
    }

    /// Begins to write an atomic block.
    pub fn enter_atomic(&mut self, block: &Step) {
        self.plain = Some(self.flow.made_inside(block));
    }

    /// Ends that, or interrupts it until [`Scope::resume`] is given what this gives.
    pub fn leave_atomic(&mut self) -> Option<BTreeSet<Var>> {
        self.plain.take()
    }

    pub fn resume(&mut self, plain: Option<BTreeSet<Var>>) {
        self.plain = plain;
    }

    /// Whether what is being written is one step to the journal, inside of which nothing is recorded.
    pub fn is_atomic(&self) -> bool {
        self.plain.is_some()
    }

    /// Whether the variable holds recorded bytes that each reader decodes anew.
    pub fn is_recorded(&self, var: &Var) -> bool {
        self.recorded.contains(var) && !self.plain.as_ref().is_some_and(|plain| plain.contains(var))
    }

    /// The variable's value.
    pub fn read(&self, var: &Var) -> Py {
        let name = Py::atom(self.name(var));
        if self.is_recorded(var) { name.attr("value").called(Vec::new()) } else { name }
    }

    pub fn run_id(&self) -> Py {
        Py::atom(if self.flow.plan.durable && !self.is_atomic() { "run.id" } else { "run" })
    }
}
