//! P001: reads that run one after the other although none needs another.
//!
//! It knows what is read of a step, not what a read finds out: what decides whether others may go on stays where it is.

use conductor_protocol::plan::Effect;
use conductor_resolve::{Step, Workflow};
use conductor_source::{Diagnostic, Safety, Severity, Span};

use super::{Confidence, Family, Rule, rule};
use crate::edit::Text;
use crate::measured::{Times, spoken};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("P001", Family::Performance, Severity::Advice, Confidence::High, judge);

/// What is saved below this is not worth a change, in milliseconds.
const WORTH: f64 = 2.0;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, steps) in subject.sequences() {
        if steps.iter().any(|step| !step.needs.is_empty()) {
            continue;
        }
        let mut group: Vec<Called<'_>> = Vec::new();
        let last = steps.last().map(|step| step.span);
        // The last step's result is what the list comes to, where no output says otherwise.
        let is_result = |group: &[Called<'_>]| {
            let ends = group.last().map(|call| call.step.span) == last;
            let is_body = std::ptr::eq(steps, workflow.steps.as_slice());
            ends && !(is_body && workflow.output_span != workflow.id.span)
        };
        for step in steps {
            let next = candidate(subject, workflow, step);
            let fits =
                next.is_some_and(|next| group.iter().all(|earlier| independent(subject, earlier, &next)));
            if !fits {
                found.extend(finding(subject, &group, is_result(&group)));
                group.clear();
            }
            group.extend(next);
        }
        found.extend(finding(subject, &group, is_result(&group)));
    }
    found
}

/// A read without a condition that is no gate for what follows.
fn candidate<'s>(subject: &'s Subject<'_>, workflow: &'s Workflow, step: &'s Step) -> Option<Called<'s>> {
    let call = subject.called(workflow, step)?;
    let reads = call.task.effect != Effect::Write || seems_to_read(&call);
    (reads && step.when.is_none() && call.facts.guard.is_none() && call.call.compensate.is_none())
        .then_some(call)
}

fn seems_to_read(call: &Called<'_>) -> bool {
    call.facts.read.is_some() && call.facts.write.is_none() && call.facts.notice.is_none()
}

fn independent(subject: &Subject<'_>, earlier: &Called<'_>, later: &Called<'_>) -> bool {
    let one_at_a_time = |at: &usize| {
        later.call.uses.contains(at)
            && subject.graph.resources.get(*at).and_then(|resource| resource.plan.permits()) == Some(1)
    };
    // The second of two equal calls is answered from the cache only when the first has ended.
    let cached = earlier.call.task == later.call.task && later.call.cache.is_some();
    !cached && !later.step.reads().contains(&earlier.step.id) && !earlier.call.uses.iter().any(one_at_a_time)
}

fn finding(subject: &Subject<'_>, group: &[Called<'_>], is_result: bool) -> Option<Diagnostic> {
    let (first, rest) = group.split_first()?;
    if rest.is_empty() || in_hold(subject, first) {
        return None;
    }
    let names: Vec<String> = group.iter().map(|call| format!("`{}`", call.step.id)).collect();
    let names = match names.as_slice() {
        [one, other] => format!("{one} and {other}"),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
        [] => return None,
    };
    let times: Option<Vec<Times>> =
        group.iter().map(|call| subject.measured?.times(&call.task.id.value)).collect();
    let saving = times.as_deref().map(saved);
    if saving.is_some_and(|(p50, _)| p50 < WORTH) {
        return None;
    }
    let gain = saving
        .map_or_else(String::new, |(p50, _)| format!(", which cuts the latency by about {}", spoken(p50)));
    let text = format!(
        "{names} do not depend on each other and run one after the other; they can run in parallel{gain}"
    );
    let mut finding =
        subject.found(&RULE, text, first.step.keyword, "waits for nothing that the next ones give");
    for call in rest {
        finding = finding.label(call.step.keyword, "needs nothing of what is before it");
    }
    if let (Some(times), Some((p50, p95))) = (&times, saving) {
        for (call, times) in group.iter().zip(times) {
            finding = finding.note(format!("measured: `{}` takes {}", call.step.id, times.shown()));
        }
        let range = format!(
            "saves {} where calls take as long as usual (p50), {} where they are slow (p95)",
            spoken(p50),
            spoken(p95)
        );
        finding = finding.note(range);
    }
    for call in group.iter().filter(|call| call.task.effect == Effect::Write) {
        if let Some(evidence) = &call.facts.read {
            finding = finding.note(format!("`{}` seems to be a read: {evidence}", call.step.id));
        }
    }
    let stated = group.iter().all(|call| call.task.effect != Effect::Write);
    let items: Vec<Span> = group.iter().filter_map(|call| Some(subject.written(call.step)?.span)).collect();
    let edits =
        Text::of(subject).wrapped("parallel", &items).filter(|_| items.len() == group.len() && !is_result);
    Some(match edits {
        Some(edits) => {
            let safety = if stated { Safety::Safe } else { Safety::Unsafe };
            finding.fix(format!("run {names} in parallel"), safety, edits)
        }
        None if is_result => {
            finding.help("put them into a `parallel` block, and name the result that is wanted as `output`")
        }
        None => finding.help("put them into a `parallel` block"),
    })
}

/// In order they take the sum, side by side the longest; at p50 and at p95.
fn saved(times: &[Times]) -> (f64, f64) {
    let of = |value: fn(&Times) -> f64| {
        let sum: f64 = times.iter().map(value).sum();
        sum - times.iter().map(value).fold(0.0, f64::max)
    };
    (of(|times| times.p50), of(|times| times.p95))
}

/// One connection serves one call at a time.
fn in_hold(subject: &Subject<'_>, call: &Called<'_>) -> bool {
    subject.steps().any(|(_, step)| {
        matches!(step.kind, conductor_resolve::StepKind::Hold(_))
            && step.span.file == call.step.span.file
            && step.span.start <= call.step.span.start
            && call.step.span.end <= step.span.end
    })
}
