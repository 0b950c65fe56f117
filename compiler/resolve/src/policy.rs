//! Policies with their defaults filled in, and the findings for those that are not defined.
//!
//! It knows neither what a policy is applied to nor whether its numbers make sense together.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Breaker, Fallback, Id, Manifest, PolicyFields, PolicyUse, Retries, Spanned};
use conductor_protocol::plan::{CircuitBreaker, Hedge, Policy, Trip};
use conductor_source::{Diagnostic, Edit, Safety, Sources, Span};
use conductor_syntax::Node;

use crate::codes;
use crate::policy_fix::definition;
use crate::sections::Sections;
use conductor_model::names::{listed, nearest};

/// A policy as a step gets it.
#[derive(Debug, Clone)]
pub(crate) struct Applied<'a> {
    /// Without the breaker's key, which is an expression of the step.
    pub policy: Policy,
    pub breaker_key: Option<&'a Node>,
    pub fallback: Option<&'a Fallback>,
    pub critical: Option<bool>,
    /// Where it is defined.
    pub span: Option<Span>,
}

/// Looks policies up and gathers the uses of undefined ones, so that each name is reported once.
pub(crate) struct Policies<'a> {
    manifest: &'a Manifest,
    defined: &'a BTreeMap<&'a str, usize>,
    undefined: BTreeMap<&'a str, BTreeSet<Span>>,
    used: BTreeSet<&'a str>,
}

impl<'a> Policies<'a> {
    pub(crate) fn new(manifest: &'a Manifest, sections: &'a Sections<'a>) -> Policies<'a> {
        let defined = &sections.policies;
        Policies { manifest, defined, undefined: BTreeMap::new(), used: BTreeSet::new() }
    }

    /// The policies of tasks, also of those that no step calls.
    pub(crate) fn of_tasks(manifest: &'a Manifest, sections: &'a Sections<'a>) -> Policies<'a> {
        let mut policies = Policies::new(manifest, sections);
        for task in &manifest.tasks {
            if let Some(usage) = &task.policy {
                policies.fields(usage);
            }
        }
        policies
    }

    pub(crate) fn add(&mut self, more: Policies<'a>) {
        self.used.extend(more.used);
        for (name, uses) in more.undefined {
            self.undefined.entry(name).or_default().extend(uses);
        }
    }

    /// The fields that a use leads to and where the policy is defined; `None` where it is not.
    pub(crate) fn fields(&mut self, usage: &'a PolicyUse) -> Option<(&'a PolicyFields, Span)> {
        match usage {
            PolicyUse::Inline(fields, span) => Some((fields, *span)),
            PolicyUse::Named(id) => {
                let Some(position) = self.defined.get(id.value.as_str()) else {
                    self.undefined.entry(&id.value).or_default().insert(id.span);
                    return None;
                };
                self.used.insert(&id.value);
                self.manifest.policies.get(*position).map(|found| (&found.fields, found.id.span))
            }
        }
    }

    /// The policy of a call: the step's replaces the task's.
    pub(crate) fn applied(
        &mut self,
        step: Option<&'a PolicyUse>,
        task: Option<&'a PolicyUse>,
    ) -> Applied<'a> {
        let used = step.or(task);
        match used.and_then(|usage| self.fields(usage)) {
            Some((fields, span)) => Applied {
                policy: Policy { id: used.and_then(named), ..filled(fields) },
                breaker_key: fields.circuit_breaker.as_ref().and_then(|breaker| breaker.key.as_ref()),
                fallback: fields.fallback.as_ref(),
                critical: fields.critical.as_ref().map(|critical| critical.value),
                span: Some(span),
            },
            None => Applied {
                policy: Policy::default(),
                breaker_key: None,
                fallback: None,
                critical: None,
                span: None,
            },
        }
    }

    /// Ends the gathering: the ids in use, and a finding for each undefined policy.
    pub(crate) fn finish(self, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
        let names: Vec<&str> = self.undefined.keys().copied().collect();
        // Where something could not be read the policy may stand there.
        let lost = &self.manifest.lost.policies;
        for (name, uses) in self.undefined.iter().filter(|(name, _)| !lost.may_hold(name)) {
            diagnostics.extend(self.finding(name, uses, &names, sources));
        }
        self.used.into_iter().map(str::to_owned).collect()
    }

    fn finding(
        &self,
        name: &str,
        uses: &BTreeSet<Span>,
        undefined: &[&str],
        sources: &Sources,
    ) -> Option<Diagnostic> {
        let (first, rest) =
            uses.iter().copied().collect::<Vec<_>>().split_first().map(|(f, r)| (*f, r.to_vec()))?;
        let mut finding = Diagnostic::error(
            codes::UNDEFINED_POLICY,
            format!("the policy `{name}` is not defined"),
            first,
            "no policy has this id",
        );
        for again in rest {
            finding = finding.label(again, "used here, too");
        }
        if let Some(near) = nearest(name, self.defined.keys().copied()) {
            finding = finding.help(format!("did you mean `{near}`?")).fix(
                format!("replace it by `{near}`"),
                Safety::Unsafe,
                uses.iter().map(|span| Edit { span: *span, text: self.manifest.syntax.word(near) }).collect(),
            );
        }
        if let Some(definition) = definition(self.manifest, sources, name, undefined) {
            let names: Vec<String> = definition.names.iter().map(|name| (*name).to_owned()).collect();
            let what = if names.len() == 1 { "policy" } else { "policies" };
            finding = finding.fix(
                format!(
                    "define the {what} {}: 3 retries, exponential backoff, 30 s an attempt",
                    listed(&names)
                ),
                Safety::Safe,
                definition.edits,
            );
        }
        Some(finding)
    }
}

fn named(usage: &PolicyUse) -> Option<String> {
    match usage {
        PolicyUse::Named(id) => Some(id.value.clone()),
        PolicyUse::Inline(..) => None,
    }
}

/// The first field that means nothing for a sub-workflow.
pub(crate) fn refused_on_workflow(fields: &PolicyFields) -> Option<(&'static str, Span)> {
    fn place<T>(field: &Option<Spanned<T>>) -> Option<Span> {
        field.as_ref().map(|field| field.span)
    }
    let first = |list: &[Id]| list.first().map(|id| id.span);
    [
        ("retries", place(&fields.retries)),
        ("strategy", place(&fields.strategy)),
        ("initial", place(&fields.initial)),
        ("max_delay", place(&fields.max_delay)),
        ("multiplier", place(&fields.multiplier)),
        ("jitter", place(&fields.jitter)),
        ("retry_on", first(&fields.retry_on)),
        ("abort_on", first(&fields.abort_on)),
        ("timeout", place(&fields.timeout)),
        ("deadline", place(&fields.deadline)),
        ("rate_limit", place(&fields.rate_limit)),
        ("bulkhead", place(&fields.bulkhead)),
        ("circuit_breaker", fields.circuit_breaker.as_ref().map(|breaker| breaker.span)),
        ("hedge", fields.hedge.as_ref().map(|hedge| hedge.span)),
        ("fallback", fields.fallback.as_ref().map(Fallback::span)),
    ]
    .into_iter()
    .find_map(|(name, span)| Some((name, span?)))
}

fn filled(fields: &PolicyFields) -> Policy {
    fn value<T: Copy>(field: &Option<Spanned<T>>, default: T) -> T {
        field.as_ref().map_or(default, |field| field.value)
    }
    let texts = |list: &[Spanned<String>]| list.iter().map(|item| item.value.clone()).collect();
    let defaults = Policy::default();
    Policy {
        id: None,
        retries: match fields.retries.as_ref().map(|retries| retries.value) {
            Some(Retries::Forever) => None,
            Some(Retries::Times(times)) => Some(times),
            None => defaults.retries,
        },
        strategy: value(&fields.strategy, defaults.strategy),
        initial_ms: value(&fields.initial, defaults.initial_ms),
        max_delay_ms: value(&fields.max_delay, defaults.max_delay_ms),
        multiplier: value(&fields.multiplier, defaults.multiplier),
        jitter: value(&fields.jitter, defaults.jitter),
        retry_on: texts(&fields.retry_on),
        abort_on: texts(&fields.abort_on),
        timeout_ms: fields.timeout.as_ref().map(|timeout| timeout.value),
        deadline_ms: fields.deadline.as_ref().map(|deadline| deadline.value),
        circuit_breaker: fields.circuit_breaker.as_ref().map(breaker),
        rate_limit: fields.rate_limit.as_ref().map(|rate| rate.value),
        bulkhead: fields.bulkhead.as_ref().map(|width| width.value),
        hedge: fields
            .hedge
            .as_ref()
            .map(|hedge| Hedge { after_ms: hedge.after.value, max: value(&hedge.max, DEFAULT_HEDGES) }),
    }
}

const DEFAULT_HEDGES: u32 = 1;

fn breaker(fields: &Breaker) -> CircuitBreaker {
    fn value<T: Copy>(field: &Option<Spanned<T>>, default: T) -> T {
        field.as_ref().map_or(default, |field| field.value)
    }
    CircuitBreaker {
        trip: match &fields.failure_rate {
            Some(rate) => Trip::FailureRate(rate.value),
            None => Trip::Failures(value(&fields.failures, 5)),
        },
        window_ms: value(&fields.window, 30_000),
        min_calls: value(&fields.min_calls, 10),
        open_for_ms: value(&fields.open_for, 30_000),
        half_open_calls: value(&fields.half_open_calls, 1),
        key: None,
    }
}
