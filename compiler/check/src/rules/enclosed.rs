//! Steps with the tightest deadline around each of them.
//!
//! It knows places and numbers, not what may stand under a deadline.

use conductor_budget::Timing;
use conductor_resolve::{Step, StepKind};
use conductor_source::Span;

use crate::Context;

/// A deadline, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit<'a> {
    pub ms: u64,
    pub span: Span,
    pub owner: &'a str,
}

/// A step where it stands.
#[derive(Clone, Copy)]
pub(super) struct Enclosed<'a> {
    pub step: &'a Step,
    pub timing: &'a Timing<'a>,
    /// The tightest deadline of the blocks and the workflow around it; the first of equal ones from outside.
    pub limit: Option<Limit<'a>>,
    /// Whether a race around it may cancel it.
    pub raced: bool,
}

/// Every step, outer ones before those inside them.
pub(super) fn enclosed<'a>(context: Context<'a>) -> Vec<Enclosed<'a>> {
    let mut found = Vec::with_capacity(context.timings.iter().map(|bounds| bounds.steps.len()).sum());
    for (workflow, bounds) in context.graph.workflows.iter().zip(context.timings) {
        let limit = workflow.deadline.as_ref().map(|deadline| Limit {
            ms: deadline.value,
            span: deadline.span,
            owner: &workflow.id.value,
        });
        let mut walk = Walk { timings: bounds.steps.iter(), found: &mut found };
        walk.steps(&workflow.steps, limit, false);
    }
    found
}

struct Walk<'a, 'f> {
    /// In the order of the walk.
    timings: std::slice::Iter<'a, Timing<'a>>,
    found: &'f mut Vec<Enclosed<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn steps(&mut self, steps: &'a [Step], limit: Option<Limit<'a>>, raced: bool) {
        for step in steps {
            let Some(timing) = self.timings.next() else { return };
            self.found.push(Enclosed { step, timing, limit, raced });
            let own = step.deadline.as_ref().map(|deadline| Limit {
                ms: deadline.value,
                span: deadline.span,
                owner: &step.id,
            });
            let tightest = match (limit, own) {
                (Some(outer), Some(own)) if own.ms < outer.ms => Some(own),
                (limit, own) => limit.or(own),
            };
            let raced = raced || matches!(step.kind, StepKind::Race(_));
            step.kind.bodies().into_iter().for_each(|body| self.steps(body, tightest, raced));
        }
    }
}
