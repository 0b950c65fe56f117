//! Iterations of a loop that no run can reach, because a deadline passes during the pauses before them.
//!
//! It does not know how often a loop will really go round.

use conductor_budget::duration;
use conductor_protocol::plan::OnExhausted;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::enclosed::{Limit, enclosed};
use crate::{Context, codes};

/// A warning where the loop was to end without a failure when its iterations are used up: that never happens.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for place in enclosed(context) {
        let (StepKind::Loop(block), step) = (&place.step.kind, place.step) else { continue };
        let own = step.deadline.as_ref().map(|deadline| Limit {
            ms: deadline.value,
            span: deadline.span,
            owner: &step.id,
        });
        let limit = match (own, place.limit) {
            (Some(own), Some(around)) if around.ms < own.ms => Some(around),
            (own, around) => own.or(around),
        };
        let (Some(limit), Some(every)) = (limit, block.every_ms.filter(|every| *every > 0)) else { continue };
        // Iteration n begins after n - 1 pauses.
        let reachable = limit.ms.div_ceil(every).max(1);
        if reachable >= u64::from(block.max_iterations) {
            continue;
        }
        let (severity, so) = match block.on_exhausted {
            OnExhausted::Continue => {
                (Severity::Warning, ", so it never goes on with `on_exhausted: continue`")
            }
            OnExhausted::Fail => (Severity::Advice, ""),
        };
        let message = format!("iteration {} of this loop can never start{so}", reachable + 1);
        let label = format!("{} iterations, {} apart", block.max_iterations, duration(every));
        found.push(
            Diagnostic::new(severity, codes::LOOP_CUT_OFF, message, step.keyword, label)
                .label(limit.span, format!("`{}` ends after {}", limit.owner, duration(limit.ms)))
                .help(format!(
                    "say `{}` or less, or make the deadline longer",
                    context.manifest.syntax.pair("max_iterations", &reachable.to_string())
                )),
        );
    }
    found
}
