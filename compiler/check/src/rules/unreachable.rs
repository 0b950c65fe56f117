//! Steps, cases and handlers that never run.
//!
//! It knows what always holds or never does where the manifest writes it out; it evaluates nothing.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use conductor_model as written;

use conductor_protocol::plan::{LoopTest, OnExhausted};
use conductor_resolve::{Case, Loop, Step, StepKind, Try};
use conductor_source::{Diagnostic, Span};

use crate::flow::constant;
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    // A mistake in a step may be what makes it look as if nothing followed.
    if !context.sound {
        return Vec::new();
    }
    let written = Written::of(context);
    let mut found = Vec::new();
    for workflow in &context.graph.workflows {
        after_an_end(&workflow.steps, &mut found);
        for step in workflow.all_steps() {
            of_step(step, &written, &mut found);
        }
    }
    found
}

/// The steps as they are written, by their key words: where conditions stand. Made when it is first asked.
struct Written<'a>(LazyCell<ByKeyword<'a>, Box<dyn FnOnce() -> ByKeyword<'a> + 'a>>);

type ByKeyword<'a> = BTreeMap<Span, &'a written::Step>;

impl<'a> Written<'a> {
    fn of(context: Context<'a>) -> Written<'a> {
        Written(LazyCell::new(Box::new(move || {
            let mut by_keyword = BTreeMap::new();
            let mut pending: Vec<&written::Step> =
                context.manifest.workflows.iter().flat_map(|workflow| &workflow.steps).collect();
            while let Some(step) = pending.pop() {
                by_keyword.insert(step.keyword, step);
                pending.extend(step.children());
            }
            by_keyword
        })))
    }

    fn when(&self, step: &Step) -> Span {
        self.0
            .get(&step.keyword)
            .and_then(|written| written.when.as_ref())
            .map_or(step.keyword, |when| when.span)
    }

    /// Where the condition of a loop stands.
    fn condition(&self, step: &Step) -> Span {
        match self.0.get(&step.keyword).map(|written| &written.kind) {
            Some(written::StepKind::Loop(repeat)) => repeat.condition.span,
            _ => step.keyword,
        }
    }

    /// Where the condition of a case stands, or the case itself.
    fn case(&self, step: &Step, at: usize) -> Option<Span> {
        match self.0.get(&step.keyword).map(|written| &written.kind) {
            Some(written::StepKind::Switch(cases)) => Some(cases.get(at)?.when.as_ref()?.span),
            _ => None,
        }
    }

    /// Where a handler names its errors, else where its steps begin.
    fn handler(&self, step: &Step, at: usize) -> Option<Span> {
        match self.0.get(&step.keyword).map(|written| &written.kind) {
            Some(written::StepKind::Try(block)) => {
                let catch = block.catches.get(at)?;
                let errors = catch.errors.first().map(|error| error.span);
                errors.or(catch.steps.first().map(|first| first.keyword))
            }
            _ => None,
        }
    }
}

fn of_step(step: &Step, written: &Written<'_>, found: &mut Vec<Diagnostic>) {
    if step.when.as_ref().and_then(constant) == Some(false) {
        found.push(
            Diagnostic::warning(codes::UNREACHABLE, "the step never runs", step.keyword, "never runs")
                .label(written.when(step), "never holds")
                .help("let the step go, or give it a condition that may hold"),
        );
    }
    match &step.kind {
        StepKind::Parallel { .. } | StepKind::Race(_) => {}
        StepKind::Graph(steps) => after_a_node(steps, found),
        StepKind::Switch(cases) => {
            shadowed_cases(step, cases, written, found);
            cases.iter().for_each(|case| after_an_end(&case.steps, found));
        }
        StepKind::Try(block) => {
            shadowed_handlers(step, block, written, found);
            step.kind.bodies().into_iter().for_each(|body| after_an_end(body, found));
        }
        StepKind::Loop(repeat) => {
            if never_ends_well(repeat) && !repeat.steps.iter().any(returns) {
                found.push(endless(step, repeat, written));
            }
            after_an_end(&repeat.steps, found);
        }
        _ => step.kind.bodies().into_iter().for_each(|body| after_an_end(body, found)),
    }
}

/// Whether nothing after the step can run.
fn is_an_end(step: &Step) -> bool {
    if step.when.as_ref().is_some_and(|when| constant(when) != Some(true)) || !step.critical {
        return false;
    }
    step.never_completes() || matches!(&step.kind, StepKind::Loop(repeat) if never_ends_well(repeat))
}

/// One finding a list, at the first step that is never reached.
fn after_an_end(steps: &[Step], found: &mut Vec<Diagnostic>) {
    let Some(end) = steps.iter().position(is_an_end) else { return };
    if let Some(next) = steps.get(end + 1) {
        found.push(unreached(&steps[end], next, "the steps before it always end the run or fail"));
    }
}

fn unreached(end: &Step, next: &Step, why: &str) -> Diagnostic {
    let message = match next.anonymous {
        true => "a step is never reached".to_owned(),
        false => format!("the step `{}` is never reached", next.id),
    };
    Diagnostic::warning(codes::UNREACHABLE, message, next.keyword, "never runs")
        .label(end.keyword, "nothing runs after this")
        .note(why)
        .help("let the step go, move it before, or give the step that ends the run a `when`")
}

/// In a graph, what needs a step that never ends well never begins.
fn after_a_node(steps: &[Step], found: &mut Vec<Diagnostic>) {
    let ends: Vec<&Step> = steps.iter().filter(|step| is_an_end(step)).collect();
    for end in ends {
        if let Some(next) = steps.iter().find(|step| step.needs.contains(&end.id)) {
            found.push(unreached(end, next, "it needs a step that always ends the run or fails"));
        }
    }
}

/// Whether the loop can only end by a failure, or by what its steps do.
fn never_ends_well(repeat: &Loop) -> bool {
    let goes_on = match repeat.test {
        LoopTest::While => Some(true),
        LoopTest::Until => Some(false),
    };
    constant(&repeat.condition) == goes_on && repeat.on_exhausted == OnExhausted::Fail
}

fn returns(step: &Step) -> bool {
    matches!(step.kind, StepKind::Return(_) | StepKind::Fail { .. }) || step.children().any(returns)
}

fn endless(step: &Step, repeat: &Loop, written: &Written<'_>) -> Diagnostic {
    let always = match repeat.test {
        LoopTest::While => "`while` always holds",
        LoopTest::Until => "`until` never holds",
    };
    let message = format!("the loop can only fail, after {} iterations", repeat.max_iterations);
    Diagnostic::warning(codes::NEVER_ENDS_WELL, message, step.keyword, "no step inside returns")
        .label(written.condition(step), always)
        .note("`on_exhausted` is `fail`, the default")
        .help("give it a condition that can end it, or say `on_exhausted: continue`")
}

/// Cases after one that always holds, and cases whose condition an earlier one has.
fn shadowed_cases(step: &Step, cases: &[Case], written: &Written<'_>, found: &mut Vec<Diagnostic>) {
    let span = |at: usize| written.case(step, at).unwrap_or(cases[at].span);
    let mut earlier: Vec<(usize, &Case)> = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let by = earlier.iter().find(|(_, other)| match (&other.when, &case.when) {
            (Some(other), _) if constant(other) == Some(true) => true,
            (Some(other), Some(when)) => other == when,
            _ => false,
        });
        let never = case.when.as_ref().and_then(constant) == Some(false);
        match by {
            Some((first, by)) => {
                let same = by.when.as_ref().and_then(constant) != Some(true);
                let why = if same { "the same condition comes first" } else { "this always holds" };
                found.push(shadowed("the case is never chosen", span(at), span(*first), why));
            }
            None if never => found.push(
                Diagnostic::warning(codes::SHADOWED, "the case is never chosen", span(at), "never holds")
                    .label(step.keyword, "of this `switch`")
                    .help("let the case go, or give it a condition that may hold"),
            ),
            None => earlier.push((at, case)),
        }
        // Comparing each with each is for a person's switch, not for a machine's.
        if earlier.len() > 64 {
            return;
        }
    }
}

/// Handlers of errors that earlier ones take, all of them.
fn shadowed_handlers(step: &Step, block: &Try, written: &Written<'_>, found: &mut Vec<Diagnostic>) {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut earlier: Vec<(BTreeSet<&str>, Span)> = Vec::new();
    for (at, catch) in block.catches.iter().enumerate() {
        let span = written.handler(step, at).unwrap_or(catch.span);
        let errors: BTreeSet<&str> = catch.errors.iter().map(String::as_str).collect();
        let all = earlier.iter().find(|(other, _)| other.is_empty());
        let some = || earlier.iter().find(|(other, _)| !other.is_disjoint(&errors));
        let is_taken = all.is_some() || (!errors.is_empty() && errors.is_subset(&taken));
        if let Some((_, by)) = all.or_else(some).filter(|_| is_taken) {
            let why = if all.is_some() { "this takes every error" } else { "this takes it" };
            found.push(shadowed("the handler never runs", span, *by, why));
        }
        taken.extend(&errors);
        earlier.push((errors, span));
    }
}

fn shadowed(message: &str, here: Span, by: Span, why: &str) -> Diagnostic {
    Diagnostic::warning(codes::SHADOWED, message, here, "an earlier one comes first")
        .label(by, why)
        .help("put it before the other one, or let it go")
}
