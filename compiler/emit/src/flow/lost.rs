//! What a block that fails has made: its readers see that, although the block gives nothing.
//!
//! It knows where a failure may come in; how the value gets out is the emitter's business.

use conductor_protocol::plan::{Step, StepKind};

use super::{Flow, Region, Var};

impl<'a> Flow<'a> {
    /// Whether the step may fail after a step inside of it has made the variable.
    pub fn may_be_lost(&self, step: &'a Step, var: &Var) -> bool {
        match &step.kind {
            StepKind::Sequence { steps } => self.may_be_lost_among(steps, var),
            StepKind::Hold(hold) => {
                !(hold.atomic && self.plan.durable) && self.may_be_lost_among(&hold.steps, var)
            }
            StepKind::Parallel { branches: steps, .. } | StepKind::Graph { steps } => {
                steps.len() > 1 && self.makes(Region::Body(step, 0), var)
                    || self.may_be_lost_among(steps, var)
            }
            StepKind::Switch { cases } => cases.iter().any(|case| self.may_be_lost_among(&case.steps, var)),
            StepKind::Try(_) => {
                (0..step.kind.bodies().len()).any(|body| self.makes(Region::Body(step, body), var))
            }
            _ => false,
        }
    }

    fn may_be_lost_among(&self, steps: &'a [Step], var: &Var) -> bool {
        let last = steps.len().saturating_sub(1);
        let maker = steps.iter().position(|step| self.makes(Region::Step(step), var));
        maker.is_some_and(|at| at < last || self.may_be_lost(&steps[at], var))
    }

    /// Whether the part makes the variable, and something outside of the part reads it.
    pub fn makes(&self, region: Region<'_>, var: &Var) -> bool {
        self.leaves(region).contains(var)
    }
}
