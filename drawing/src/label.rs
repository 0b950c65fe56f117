//! What is written in a box.
//!
//! It knows words and how wide they are, not where the box stands.

use conductor_protocol::plan::{
    Case, Catch, Delay, Fallback, LoopTest, OnFailure, Policy, Step, StepKind, TaskCall, Trip, WaitFor,
};
use conductor_protocol::spell;

/// Columns of text in a box; what is longer is cut.
const COLUMNS: usize = 44;

/// The words of one box.
#[derive(Debug, Clone, Default)]
pub(crate) struct Label {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    /// All of it, where something was cut.
    pub(crate) tip: String,
}

impl Label {
    pub(crate) fn new(title: String, lines: Vec<String>) -> Label {
        let short = Label {
            title: cut(&title),
            lines: lines.iter().map(|line| cut(line)).collect(),
            tip: String::new(),
        };
        let tip = std::iter::once(title).chain(lines).collect::<Vec<_>>().join("\n");
        Label { tip, ..short }
    }

    /// The widest line, in columns.
    pub(crate) fn columns(&self) -> usize {
        let lines = self.lines.iter().map(|line| columns(line));
        lines.chain([columns(&self.title)]).max().unwrap_or(0)
    }
}

/// Of a step, whatever it is.
pub(crate) fn of(step: &Step) -> Label {
    let name = if step.anonymous { "" } else { step.id.as_str() };
    let mut lines: Vec<String> =
        step.when.iter().map(|when| format!("if {}", spell::expression(when))).collect();
    let own = match &step.kind {
        StepKind::Task(call) => {
            lines.push(call.callable.to_string());
            task(call)
        }
        StepKind::Workflow(call) => {
            let how = if call.detach { "starts" } else { "runs" };
            vec![format!("{how} workflow {}", call.workflow)]
        }
        StepKind::Sleep(Delay::Fixed { ms }) => vec![format!("sleeps {}", duration(*ms))],
        StepKind::Sleep(Delay::Computed(until)) => vec![format!("sleeps {}", spell::value(until))],
        StepKind::WaitFor(wait) => vec![waits(wait)],
        StepKind::Emit(emit) => vec![format!("sends signal {}", emit.signal)],
        StepKind::Set { values } => {
            values.iter().map(|(name, value)| format!("{name} = {}", spell::value(value))).collect()
        }
        StepKind::Return { value } => vec![format!("returns {}", spell::value(value))],
        StepKind::Fail { error, .. } => vec![format!("fails with {error}")],
        _ => Vec::new(),
    };
    lines.extend(own);
    lines.extend(step.deadline_ms.map(|ms| format!("deadline {}", duration(ms))));
    lines.extend((!step.critical).then(|| "not critical".to_owned()));
    let title = match block(step) {
        Some(words) if name.is_empty() => words,
        Some(words) => format!("{name}: {words}"),
        None if step.anonymous => step.kind.keyword().to_owned(),
        None => name.to_owned(),
    };
    Label::new(title, lines)
}

/// What a block does with what is in it.
fn block(step: &Step) -> Option<String> {
    let at_once = |limit: Option<u32>| limit.map(|limit| format!(", {limit} at a time")).unwrap_or_default();
    Some(match &step.kind {
        StepKind::Parallel { max_concurrency, on_failure, .. } => {
            let waits = if *on_failure == OnFailure::Wait { ", waits for all" } else { "" };
            format!("parallel{}{waits}", at_once(*max_concurrency))
        }
        StepKind::Graph { .. } => "graph".to_owned(),
        StepKind::Race { .. } => "race".to_owned(),
        StepKind::Map(map) => {
            format!(
                "for each {} in {}{}",
                map.variable,
                spell::expression(&map.over),
                at_once(map.max_concurrency)
            )
        }
        StepKind::Switch { .. } => "switch".to_owned(),
        StepKind::Loop(repeat) => {
            let test = if repeat.test == LoopTest::While { "while" } else { "until" };
            let every = repeat.every_ms.map(|ms| format!(", every {}", duration(ms))).unwrap_or_default();
            let (condition, most) = (spell::expression(&repeat.condition), repeat.max_iterations);
            format!("{test} {condition}{every}, {most} times at most")
        }
        StepKind::Try(_) => "try".to_owned(),
        StepKind::Hold(hold) => {
            format!("{} {}", if hold.atomic { "holds, atomically," } else { "holds" }, hold.resource)
        }
        StepKind::Sequence { .. } => String::new(),
        _ => return None,
    })
    .map(|words: String| if words.is_empty() { "sequence".to_owned() } else { words })
}

/// Of a case of a `switch`.
pub(crate) fn case(case: &Case) -> Label {
    let title =
        case.when.as_ref().map_or("otherwise".to_owned(), |when| format!("if {}", spell::expression(when)));
    Label::new(title, Vec::new())
}

/// Of a `catch`.
pub(crate) fn catch(catch: &Catch) -> Label {
    let errors = if catch.errors.is_empty() { "any error".to_owned() } else { catch.errors.join(", ") };
    Label::new(format!("catch {errors}"), Vec::new())
}

/// What stands between the call of a task and its result.
fn task(call: &TaskCall) -> Vec<String> {
    let mut lines = Vec::new();
    let around = policy(&call.policy);
    lines.extend((!around.is_empty()).then(|| around.join(" · ")));
    lines.extend(call.cache.as_ref().map(|cache| format!("cached for {}", duration(cache.ttl_ms))));
    lines.extend(call.fallback.as_ref().map(|fallback| match fallback {
        Fallback::Task(task) => format!("else {}", task.task),
        Fallback::Value(value) => format!("else {}", spell::value(value)),
    }));
    lines.extend(call.compensate.as_ref().map(|undo| format!("undone by {}", undo.task)));
    lines
}

fn policy(policy: &Policy) -> Vec<String> {
    let mut parts = Vec::new();
    match policy.retries {
        None => parts.push("retries without end".to_owned()),
        Some(0) => {}
        Some(1) => parts.push("1 retry".to_owned()),
        Some(retries) => parts.push(format!("{retries} retries")),
    }
    parts.extend(policy.timeout_ms.map(|ms| format!("timeout {}", duration(ms))));
    parts.extend(policy.deadline_ms.map(|ms| format!("deadline {}", duration(ms))));
    parts.extend(policy.circuit_breaker.as_ref().map(|breaker| match breaker.trip {
        Trip::Failures(failures) => format!("breaker after {failures} failures"),
        Trip::FailureRate(rate) => format!("breaker at {} % failures", rate * 100.0),
    }));
    parts.extend(policy.bulkhead.map(|width| format!("bulkhead {width}")));
    parts.extend(policy.rate_limit.as_ref().map(|_| "rate limit".to_owned()));
    parts.extend(policy.hedge.as_ref().map(|_| "hedged".to_owned()));
    parts
}

fn waits(wait: &WaitFor) -> String {
    let limit = wait.timeout_ms.map(|ms| format!(", {} at most", duration(ms))).unwrap_or_default();
    format!("waits for signal {}{limit}", wait.signal)
}

fn duration(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let unit = UNITS.iter().find(|(length, _)| ms >= *length && ms.is_multiple_of(*length));
    unit.map_or_else(|| format!("{ms} ms"), |(length, unit)| format!("{} {unit}", ms / length))
}

fn cut(text: &str) -> String {
    let one_line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if columns(&one_line) <= COLUMNS {
        return one_line;
    }
    let mut room = COLUMNS - 1;
    let kept = one_line.chars().take_while(|char| {
        let width = width(*char);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    });
    kept.chain(['…']).collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// A guess that is never too small: scripts whose letters are wide begin here.
fn width(char: char) -> usize {
    if u32::from(char) < 0x1100 { 1 } else { 2 }
}
