//! The names that the variables of a workflow have in its module, and how they are read.
//!
//! It knows the analysis of one Plan; it writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Plan, Step, StepKind};
use conductor_protocol::types::Type;

use super::names::{Names, camel};
use super::tree::Ts;
use super::types::Types;
use crate::flow::{Flow, Region, Var};

pub struct Scope<'a> {
    pub flow: Flow<'a>,
    pub types: &'a Types,
    durable: bool,
    names: BTreeMap<Var, String>,
    /// Steps that give a `bigint`.
    big: BTreeSet<String>,
    /// What holds a variable, where that is not its own name.
    pub held: BTreeMap<Var, Ts>,
    /// What is made inside of the atomic block that is being written: values, of which nothing is recorded.
    plain: Option<BTreeSet<Var>>,
}

impl<'a> Scope<'a> {
    pub fn new(plan: &'a Plan, types: &'a Types, names: &mut Names) -> Scope<'a> {
        let flow = Flow::recording_atomic(plan);
        let big = plan.all_steps().filter(|step| is_big(step)).map(|step| step.id.clone()).collect();
        let mut scope = Scope {
            flow,
            types,
            durable: plan.durable,
            names: BTreeMap::new(),
            big,
            held: BTreeMap::new(),
            plain: None,
        };
        for (var, wanted) in scope.flow.variables() {
            let name = names.fresh(&camel(&wanted));
            scope.names.insert(var, name);
        }
        scope
    }

    pub fn name(&self, var: &Var) -> &str {
        self.names.get(var).map_or("", String::as_str)
    }

    /// Whether the variable is what a function gives that says `bigint`.
    pub fn is_big(&self, var: &Var) -> bool {
        matches!(var, Var::Step(id) if self.big.contains(id))
    }

    /// Begins or ends the writing of an atomic block.
    pub fn set_atomic(&mut self, block: Option<&Step>) {
        self.plain = block.map(|block| self.flow.made_inside(block));
    }

    /// What undoes a step is written as a step of its own, wherever that stands.
    pub fn outside_of_atomic(&mut self) -> Option<BTreeSet<Var>> {
        self.plain.take()
    }

    pub fn back_in_atomic(&mut self, plain: Option<BTreeSet<Var>>) {
        self.plain = plain;
    }

    pub fn is_atomic(&self) -> bool {
        self.plain.is_some()
    }

    /// Whether a call that was cut off may have had a result that nobody knows.
    pub fn is_durable(&self) -> bool {
        self.durable && self.plain.is_none()
    }

    /// Whether the variable holds recorded bytes that each reader decodes anew.
    pub fn is_recorded(&self, var: &Var) -> bool {
        let is_plain = self.plain.as_ref().is_some_and(|plain| plain.contains(var));
        self.durable && !is_plain && !self.types.is_immutable(&self.flow.whole_ty(var)) && !self.is_error(var)
    }

    /// A caught error is made for its reader.
    fn is_error(&self, var: &Var) -> bool {
        matches!(var, Var::Variable(..)) && self.flow.whole_ty(var) == crate::flow::caught()
    }

    pub fn input(&self, name: &str) -> Ts {
        self.read(&Var::Input(name.to_owned()))
    }

    /// What holds the variable: a name, and what is recorded rather than its value.
    pub fn raw(&self, var: &Var) -> Ts {
        self.held.get(var).cloned().unwrap_or_else(|| Ts::name(self.name(var)))
    }

    /// The variable's value. One that is always null is never handed on.
    pub fn read(&self, var: &Var) -> Ts {
        if self.flow.whole_ty(var) == Type::Null {
            return Ts::null();
        }
        let raw = self.raw(var);
        if self.is_recorded(var) { raw.member("value").called(Vec::new()) } else { raw }
    }

    /// What the part leaves to others, null apart.
    pub fn leaves(&self, region: Region<'_>) -> Vec<Var> {
        let mut vars = self.flow.leaves(region);
        vars.retain(|var| self.flow.whole_ty(var) != Type::Null);
        vars
    }

    /// What the steps of a loop read of what the iteration before left.
    pub fn reads_inside(&self, block: &Step) -> Vec<Var> {
        self.flow.reads(Region::Body(block, 0))
    }

    /// What the part needs from others.
    pub fn reads(&self, region: Region<'_>) -> Vec<Var> {
        let mut vars = self.flow.reads(region);
        vars.retain(|var| self.flow.whole_ty(var) != Type::Null);
        vars
    }
}

/// Whether the step is a call of a function of this language that gives a whole number of any size.
fn is_big(step: &Step) -> bool {
    let StepKind::Task(call) = &step.kind else { return false };
    let big =
        call.callable.function().is_some_and(|function| function.native_returns.as_deref() == Some("bigint"));
    big && step.ty == Type::Int && call.fallback.is_none()
}
