//! What is to be done, in which order and under what condition; and the steps of a manifest that say so.

use crate::data::Data;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Flow {
    Call(String),
    Workflow(String),
    Sequence(Vec<Flow>),
    Parallel {
        branches: Vec<Flow>,
        limit: Option<u64>,
    },
    Race(Vec<Flow>),
    When {
        condition: String,
        then: Box<Flow>,
        otherwise: Option<Box<Flow>>,
    },
    Each {
        over: String,
        name: String,
        limit: Option<u64>,
        body: Box<Flow>,
    },
    /// The handler runs where the body fails, `always` in any case.
    Try {
        body: Box<Flow>,
        handler: Option<Box<Flow>>,
        always: Option<Box<Flow>>,
    },
    Repeat {
        until: String,
        every: Option<u64>,
        most: u64,
        body: Box<Flow>,
    },
    /// Milliseconds.
    Sleep(u64),
    Approval {
        timeout: Option<u64>,
    },
    /// A step that was there, as it was written.
    Kept(Data),
}

impl Flow {
    /// The flows one after another, without sequences in sequences.
    pub fn in_order(flows: impl IntoIterator<Item = Flow>) -> Flow {
        let mut steps = Vec::new();
        for flow in flows {
            match flow {
                Flow::Sequence(inner) => steps.extend(inner),
                other => steps.push(other),
            }
        }
        if steps.len() == 1 { steps.remove(0) } else { Flow::Sequence(steps) }
    }

    /// `A, then A with a handler` is A with the handler: a sentence has gone on about the failure of a step that was named.
    pub fn with_handlers(self) -> Flow {
        let Flow::Sequence(steps) = self else { return self };
        let mut kept: Vec<Flow> = Vec::new();
        for step in steps {
            let said = match &step {
                Flow::Try { body, .. } => match &**body {
                    Flow::Sequence(several) => several.as_slice(),
                    body => std::slice::from_ref(body),
                },
                _ => &[],
            };
            let at = kept.windows(said.len().max(1)).position(|before| before == said);
            if let Some(at) = at {
                let range = at..at + said.len();
                kept.splice(range, [step]);
            } else {
                kept.push(step);
            }
        }
        Flow::in_order(kept)
    }

    /// What is said of a step that was named before, `A and B, but skip B if C`, takes its place.
    pub fn followed(self, flow: Flow) -> Flow {
        let mut steps = match self {
            Flow::Sequence(steps) => steps,
            step => vec![step],
        };
        let said = match &flow {
            Flow::When { then, otherwise: None, .. } => steps.iter().position(|step| *step == **then),
            _ => None,
        };
        match said {
            Some(at) => steps[at] = flow,
            None => steps.push(flow),
        }
        Flow::in_order(steps)
    }

    /// A task that is called twice where both calls may run.
    pub fn called_twice(&self) -> Option<String> {
        let mut calls = self.calls_at_once();
        calls.sort_unstable();
        calls.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone())
    }

    /// Calls, those of exclusive branches once.
    fn calls_at_once(&self) -> Vec<String> {
        match self {
            Flow::When { then, otherwise: Some(otherwise), .. } => {
                let mut all = then.calls_at_once();
                let other = otherwise.calls_at_once();
                all.extend(other.into_iter().filter(|task| !then.calls().contains(&task.as_str())));
                all
            }
            Flow::Sequence(steps) | Flow::Race(steps) | Flow::Parallel { branches: steps, .. } => {
                steps.iter().flat_map(Flow::calls_at_once).collect()
            }
            other => other.calls().into_iter().map(str::to_owned).collect(),
        }
    }

    /// At the same time, without blocks in blocks.
    pub fn at_once(flows: impl IntoIterator<Item = Flow>) -> Flow {
        let mut branches = Vec::new();
        for flow in flows {
            match flow {
                Flow::Parallel { branches: inner, limit: None } => branches.extend(inner),
                other => branches.push(other),
            }
        }
        if branches.len() == 1 { branches.remove(0) } else { Flow::Parallel { branches, limit: None } }
    }

    /// Tasks that are called, in the order of the text.
    pub fn calls(&self) -> Vec<&str> {
        match self {
            Flow::Call(task) => vec![task],
            Flow::Workflow(_) | Flow::Sleep(_) | Flow::Approval { .. } => Vec::new(),
            Flow::Sequence(steps) | Flow::Race(steps) | Flow::Parallel { branches: steps, .. } => {
                steps.iter().flat_map(Flow::calls).collect()
            }
            Flow::When { then, otherwise, .. } => {
                then.calls().into_iter().chain(otherwise.iter().flat_map(|flow| flow.calls())).collect()
            }
            Flow::Each { body, .. } | Flow::Repeat { body, .. } => body.calls(),
            Flow::Try { body, handler, always } => {
                let rest = handler.iter().chain(always).flat_map(|flow| flow.calls());
                body.calls().into_iter().chain(rest).collect()
            }
            Flow::Kept(step) => step.get("task").and_then(Data::as_text).into_iter().collect(),
        }
    }

    /// As the answer says what was understood.
    pub fn described(&self) -> String {
        let list =
            |flows: &[Flow], joint: &str| flows.iter().map(Flow::described).collect::<Vec<_>>().join(joint);
        match self {
            Flow::Call(task) | Flow::Workflow(task) => format!("`{task}`"),
            Flow::Sequence(steps) => list(steps, ", then "),
            Flow::Parallel { branches, .. } => format!("in parallel ({})", list(branches, ", ")),
            Flow::Race(branches) => format!("the first success of ({})", list(branches, ", ")),
            Flow::When { condition, then, otherwise: None } => {
                format!("{} when `{condition}`", then.described())
            }
            Flow::When { condition, then, otherwise: Some(otherwise) } => {
                format!("{} when `{condition}`, otherwise {}", then.described(), otherwise.described())
            }
            Flow::Each { over, body, .. } => format!("{} for each of `{over}`", body.described()),
            Flow::Try { body, handler, .. } => {
                let handler = handler
                    .as_ref()
                    .map_or(String::new(), |flow| format!(", where it fails {}", flow.described()));
                format!("{}{handler}", body.described())
            }
            Flow::Repeat { until, body, .. } => format!("{} until `{until}`", body.described()),
            Flow::Sleep(ms) => format!("a pause of {}", duration(*ms)),
            Flow::Approval { .. } => "a wait for the signal `approval`".to_owned(),
            Flow::Kept(_) => "a step as it is".to_owned(),
        }
    }

    /// The steps as a manifest has them.
    pub fn steps(&self) -> Vec<Data> {
        match self {
            Flow::Sequence(steps) => steps.iter().flat_map(Flow::steps).collect(),
            other => vec![other.step()],
        }
    }

    fn step(&self) -> Data {
        let list = |flows: &[Flow]| Data::List(flows.iter().map(Flow::step).collect());
        let steps = |flow: &Flow| Data::List(flow.steps());
        match self {
            Flow::Call(task) => Data::map([("task", Data::text(task))]),
            Flow::Workflow(id) => Data::map([("workflow", Data::text(id))]),
            Flow::Sequence(steps) => Data::map([("sequence", list(steps))]),
            Flow::Parallel { branches, limit } => {
                let mut step = Data::map([("parallel", list(branches))]);
                if let Some(limit) = limit {
                    step.set("max_concurrency", whole(*limit));
                }
                step
            }
            Flow::Race(branches) => Data::map([("race", list(branches))]),
            Flow::When { condition, then, otherwise: None } => guarded(then, condition),
            Flow::When { condition, then, otherwise: Some(otherwise) } => {
                let case = Data::map([("when", expression(condition)), ("steps", steps(then))]);
                Data::map([("switch", Data::List(vec![case, Data::map([("default", steps(otherwise))])]))])
            }
            Flow::Each { over, name, limit, body } => {
                let mut map = Data::map([("over", expression(over)), ("as", Data::text(name))]);
                if let Some(limit) = limit {
                    map.set("max_concurrency", whole(*limit));
                }
                map.set("steps", steps(body));
                Data::map([("map", map)])
            }
            Flow::Try { body, handler, always } => {
                let mut step = Data::map([("try", steps(body))]);
                if let Some(handler) = handler {
                    step.set("catch", Data::List(vec![Data::map([("steps", steps(handler))])]));
                }
                if let Some(always) = always {
                    step.set("finally", steps(always));
                }
                step
            }
            Flow::Repeat { until, every, most, body } => {
                let mut fields = Data::map([("until", expression(until))]);
                if let Some(every) = every {
                    fields.set("every", Data::text(duration(*every)));
                }
                fields.set("max_iterations", whole(*most));
                fields.set("steps", steps(body));
                Data::map([("loop", fields)])
            }
            Flow::Sleep(ms) => Data::map([("sleep", Data::text(duration(*ms)))]),
            Flow::Approval { timeout } => {
                let mut wait = Data::map([("signal", Data::text("approval"))]);
                if let Some(timeout) = timeout {
                    wait.set("timeout", Data::text(duration(*timeout)));
                }
                Data::map([("wait_for", wait)])
            }
            Flow::Kept(step) => step.clone(),
        }
    }
}

/// The step under a condition. Steps whose value is a mapping have their options inside of it.
fn guarded(flow: &Flow, condition: &str) -> Data {
    // A step has one condition: that of both.
    if let Flow::When { condition: inner, then, otherwise: None } = flow {
        let part = |text: &str| if text.contains("||") { format!("({text})") } else { text.to_owned() };
        return guarded(then, &format!("{} && {}", part(inner), part(condition)));
    }
    let mut step = flow.step();
    set_option(&mut step, "when", expression(condition));
    step
}

const INSIDE: [&str; 6] = ["map", "loop", "wait_for", "emit", "hold", "fail"];

/// Sets an option of a step where the manifest has it.
pub(crate) fn set_option(step: &mut Data, key: &str, value: Data) {
    for kind in INSIDE {
        if let Some(inner @ Data::Map(_)) = step.get_mut(kind) {
            return inner.set(key, value);
        }
    }
    step.set(key, value);
}

pub(crate) fn expression(text: &str) -> Data {
    Data::text(format!("${{{text}}}"))
}

pub(crate) fn whole(number: u64) -> Data {
    Data::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Milliseconds as the manifest writes them.
pub(crate) fn duration(ms: u64) -> String {
    for (unit, name) in [(3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if ms >= unit && ms.is_multiple_of(unit) {
            return format!("{}{name}", ms / unit);
        }
    }
    format!("{ms}ms")
}
