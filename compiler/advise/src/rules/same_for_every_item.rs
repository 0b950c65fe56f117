//! P003: a read that is the same for every item of a map
//!
//! It knows what the call is given, not whether its answer changes meanwhile.

use std::collections::BTreeSet;

use conductor_protocol::expr::Node;
use conductor_protocol::plan::Effect;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, any_node, arguments};

pub(crate) static RULE: Rule = rule("P003", Family::Performance, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::Map(map) = &step.kind else { continue };
        let mut inside = BTreeSet::new();
        let mut pending: Vec<_> = map.steps.iter().collect();
        while let Some(inner) = pending.pop() {
            inside.insert(inner.id.as_str());
            if let StepKind::Set(values) = &inner.kind {
                inside.extend(values.iter().map(|(name, _)| name.as_str()));
            }
            pending.extend(inner.children());
        }
        let varies = |node: &Node| match node {
            Node::Variable(_) => true,
            Node::Step(id) => inside.contains(id.as_str()),
            _ => false,
        };
        for call in map.steps.iter().filter_map(|inner| subject.called(workflow, inner)) {
            let same = arguments(call.call).all(|(_, value)| !any_node(value, &varies));
            let cached = call.call.cache.is_some() || call.step.when.is_some();
            if call.task.effect == Effect::Write || !same || cached {
                continue;
            }
            let times = subject.measured.and_then(|measured| measured.times(&call.task.id.value));
            let mut finding = subject
                .found(
                    &RULE,
                    format!(
                        "`{}` is called once for each item, always with the same arguments",
                        call.step.id
                    ),
                    call.step.keyword,
                    "needs nothing of the item",
                )
                .label(step.keyword, "this map calls it for every item")
                .help("call it once before the map, and read its result in there");
            if let Some(times) = times {
                finding = finding.note(format!("measured: each call takes {}", times.shown()));
            }
            found.push(finding);
        }
    }
    found
}
