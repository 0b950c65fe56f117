//! What steps in functions of their own have made when the block around them fails: it is left in a `Left` at once.
//!
//! It knows who makes a variable and who may lose it; which blocks fail and who handles that is decided elsewhere.

use conductor_protocol::plan::{Step, StepKind};
use conductor_protocol::types::Type;

use super::blocks::{MAX_DEPTH, is_guarded};
use super::scope::Var;
use super::tree::{Arg, Param, Py, Stmt};
use super::workflow::Workflow;
use crate::flow::Region;

/// The object in which a variable is left, and how what it holds is typed.
#[derive(Debug, Clone)]
pub struct Holder {
    pub name: String,
    annotation: String,
}

impl Holder {
    pub fn value(&self) -> Py {
        Py::atom(&self.name).attr("value")
    }
}

impl<'a> Workflow<'a> {
    /// Makes the object for what functions that are called from here make of the step's variable, if any do.
    pub fn hold_left(&mut self, step: &'a Step, var: &Var, ty: &Type) -> Option<Stmt> {
        if self.frame.left.contains_key(var) || !self.is_lost_in_function(step, var, self.frame.depth) {
            return None;
        }
        let name = self.file.names.fresh(&format!("{}_left", self.scope.name(var)));
        let annotation = self.local_annotation(var, &Type::optional(ty.clone()));
        let left = self.file.import_from("._conductor.left", "Left");
        let held = format!("{left}[{annotation}]");
        let value = Py::call(left, vec![self.nothing(var)]);
        self.frame.left.insert(var.clone(), Holder { name: name.clone(), annotation });
        Some(Stmt::Assign { target: name, annotation: Some(held), value })
    }

    /// Whether a step inside that gets a function of its own makes the variable, and what follows it may fail.
    fn is_lost_in_function(&self, step: &'a Step, var: &Var, depth: usize) -> bool {
        let is_apart = matches!(step.kind, StepKind::Parallel { .. } | StepKind::Graph { .. });
        step.kind.bodies().into_iter().any(|steps| {
            let mut makers = steps.iter().filter(|step| self.scope.flow.makes(Region::Step(step), var));
            makers.any(|maker| {
                if is_apart {
                    return steps.len() > 1 || self.scope.flow.may_be_lost(maker, var);
                }
                // No kind of block stands deeper by more.
                let is_function = is_guarded(maker) || depth + 2 >= MAX_DEPTH;
                is_function && self.scope.flow.may_be_lost(maker, var)
                    || self.is_lost_in_function(maker, var, depth + 2)
            })
        })
    }

    /// The objects in which the step's own function leaves what it makes.
    pub fn left_in(&self, step: &Step) -> Vec<(Var, Holder)> {
        if is_call(step) {
            return Vec::new();
        }
        let made = self.frame.left.iter().filter(|(var, _)| self.scope.flow.makes(Region::Step(step), var));
        made.map(|(var, holder)| (var.clone(), holder.clone())).collect()
    }

    pub fn left_params(&mut self) -> Vec<Param> {
        let param = |holder: &Holder| Param {
            name: holder.name.clone(),
            annotation: format!("Left[{}]", holder.annotation),
            default: None,
        };
        self.frame.left.values().map(param).collect()
    }

    /// After a step among others: leaves what it has made, where nobody inside of it has.
    pub fn leave_at_once(&self, step: &Step, has_function: bool) -> Vec<Stmt> {
        let is_atomic = matches!(&step.kind, StepKind::Hold(hold) if hold.atomic && self.is_durable());
        if has_function && !is_atomic && !is_call(step) {
            return Vec::new();
        }
        self.frame
            .left
            .iter()
            .filter(|(var, _)| self.scope.flow.makes(Region::Step(step), var))
            .filter(|(var, _)| is_atomic || !self.is_made_inside(step, var))
            .map(|(var, holder)| self.left_at(var, holder))
            .collect()
    }

    /// At the end of the step's own function: leaves what no step inside has left.
    pub fn leave_own(&self, step: &Step) -> Vec<Stmt> {
        let own = self.frame.left.iter().filter(|(var, _)| !self.is_made_inside(step, var));
        own.map(|(var, holder)| self.left_at(var, holder)).collect()
    }

    /// Leaves those of the variables that are to be left.
    pub fn leave_all(&self, vars: &[Var]) -> Vec<Stmt> {
        let held = vars.iter().filter_map(|var| Some((var, self.frame.left.get(var)?)));
        held.map(|(var, holder)| self.left_at(var, holder)).collect()
    }

    fn is_made_inside(&self, step: &Step, var: &Var) -> bool {
        let mut bodies = 0..step.kind.bodies().len();
        bodies.any(|body| self.scope.flow.makes(Region::Body(step, body), var))
    }

    fn left_at(&self, var: &Var, holder: &Holder) -> Stmt {
        Py::atom(self.scope.name(var)).assigned(&format!("{}.value", holder.name))
    }

    /// Reads again what was left, for those who handle a failure.
    pub fn read_left<'v>(&self, vars: impl IntoIterator<Item = &'v Var>) -> Vec<Stmt> {
        let held = vars.into_iter().filter_map(|var| Some((var, self.frame.left.get(var)?)));
        held.map(|(var, holder)| holder.value().assigned(self.scope.name(var))).collect()
    }

    /// The call of a branch: one without a block inside leaves its result as soon as it has one.
    pub fn leaving(&self, branch: &Step, call: Py, vars: &[Var]) -> Py {
        match (vars, call) {
            ([var], Py::Call { callee, args }) if is_call(branch) && self.frame.left.contains_key(var) => {
                let holder = Py::atom(&self.frame.left[var].name);
                let function = Arg { name: None, value: *callee };
                let args = std::iter::once(function).chain(args).collect();
                Py::Call { callee: Box::new(holder.attr("of")), args }
            }
            (_, call) => call,
        }
    }
}

/// Its function is one call, whose result the caller leaves.
fn is_call(step: &Step) -> bool {
    matches!(step.kind, StepKind::Task(_) | StepKind::Workflow(_))
}
