//! R003: a payment whose failure is tolerated and that nobody looks at
//!
//! It knows what names and bodies suggest, not what a business agreed on.

use conductor_source::{Diagnostic, Severity};

use super::critical_beside_notice::is_read;
use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("R003", Family::Risk, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let tolerated =
        subject.calls().filter(|call| !call.step.critical && !is_read(call.workflow, &call.step.id));
    let found = tolerated.filter_map(|call| {
        let evidence = call.facts.money.as_ref()?;
        let id = &call.step.id;
        Some(
            subject
                .found(
                    &RULE,
                    format!("`{id}` moves money, and the run goes on as if it had when it fails"),
                    call.step.keyword,
                    "its failure is tolerated, and no step reads its result",
                )
                .note(format!("`{id}` moves money: {evidence}"))
                .help("leave `critical: false` out, or test the result before what depends on the money"),
        )
    });
    found.collect()
}
