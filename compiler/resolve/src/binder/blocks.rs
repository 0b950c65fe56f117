//! Blocks whose steps run in order, at once, or against each other.
//!
//! It knows what is visible after them, not what is in them.

use conductor_model::{Hold, Spanned, Step};
use conductor_protocol::plan::OnFailure;
use conductor_protocol::types::Type;

use super::{Binder, Inner};
use crate::graph as bound;
use crate::reference;
use crate::scope::Value;

impl<'a> Binder<'_, 'a> {
    pub(super) fn sequence(&mut self, steps: &'a [Step], here: usize) -> Inner {
        let steps = self.body(steps, &self.ids.place(here).children);
        let (ty, reported) = self.last(&steps);
        Inner::new(bound::StepKind::Sequence(steps), ty, reported)
    }

    pub(super) fn parallel(
        &mut self,
        branches: &'a [Step],
        max_concurrency: Option<&Spanned<u32>>,
        on_failure: Option<&Spanned<OnFailure>>,
        here: usize,
    ) -> Inner {
        let (branches, visible) = self.apart(branches, here);
        for (id, value) in visible {
            self.scope.add_step(&id, value);
        }
        let ty = record(&branches);
        let kind = bound::StepKind::Parallel {
            branches,
            max_concurrency: max_concurrency.map(|width| width.value),
            on_failure: on_failure.map_or(OnFailure::Cancel, |choice| choice.value),
        };
        Inner::new(kind, ty, self.broken)
    }

    pub(super) fn race(&mut self, branches: &'a [Step], here: usize) -> Inner {
        let (branches, visible) = self.apart(branches, here);
        let reported = visible.iter().any(|(_, value)| value.reported);
        let winners = branches.iter().filter(|branch| !branch.never_completes());
        let ty = Type::union(winners.map(|branch| branch.ty.clone()));
        Inner::new(bound::StepKind::Race(branches), ty, reported)
    }

    /// Branches, which do not see each other, and what they would leave visible.
    fn apart(&mut self, steps: &'a [Step], here: usize) -> (Vec<bound::Step>, Vec<(String, Value)>) {
        let ids = self.ids;
        let (mut branches, mut visible) = (Vec::new(), Vec::new());
        for (step, position) in steps.iter().zip(&ids.place(here).children) {
            let mark = self.scope.mark();
            branches.extend(self.step(step, *position));
            visible.extend(self.scope.withdraw(mark));
        }
        (branches, visible)
    }

    pub(super) fn hold(&mut self, hold: &'a Hold, here: usize) -> Inner {
        let (shared, findings) = (self.shared, &mut self.found.diagnostics);
        let resource = reference::resource(shared.manifest, &hold.resource, shared.sections, findings);
        let steps = self.body(&hold.steps, &self.ids.place(here).children);
        let (ty, reported) = self.last(&steps);
        let Some(resource) = resource else {
            // Reported; what is inside is bound all the same.
            self.broken = true;
            return Inner::new(bound::StepKind::Sequence(steps), ty, reported);
        };
        let kind = bound::StepKind::Hold(bound::Hold {
            resource,
            resource_span: hold.resource.span,
            atomic: hold.atomic.as_ref().is_some_and(|atomic| atomic.value),
            steps,
        });
        Inner::new(kind, ty, reported)
    }
}

/// The results of named branches by id.
pub(super) fn record(branches: &[bound::Step]) -> Type {
    let named = branches.iter().filter(|branch| !branch.anonymous);
    Type::Record(named.map(|branch| (branch.id.clone(), branch.ty.clone())).collect())
}
