//! The corpus of instructions, and drafts in its notation.
//!
//! It does not know who drafts: what no instruction of the corpus means is shown as it is.

use std::fmt::Write as _;

use conductor_assist::{Data, Draft};

const CORPORA: [&str; 2] = [include_str!("english.txt"), include_str!("russian.txt")];

/// An instruction, and the steps that it means, or `?` with what the question must name.
pub struct Case {
    pub world: String,
    pub text: String,
    pub expected: String,
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for corpus in CORPORA {
        let (mut world, mut text) = (String::new(), String::new());
        for line in corpus.lines() {
            if let Some(name) = line.strip_prefix("@ ") {
                name.clone_into(&mut world);
            } else if let Some(said) = line.strip_prefix("> ") {
                text = said.replace("\\n", "\n");
            } else if !line.is_empty() && !line.starts_with('#') {
                cases.push(Case { world: world.clone(), text: text.clone(), expected: line.to_owned() });
            }
        }
    }
    cases
}

/// The steps in the notation of the corpus, or the question.
pub fn shown(draft: &Draft) -> String {
    let Some(steps) = &draft.steps else {
        return format!("?{}", draft.question.as_deref().unwrap_or_default());
    };
    let mut text = list(draft, steps, "; ");
    for (task, key, value) in &draft.tasks {
        let what = if key == "compensate" { "undo" } else { key };
        let _infallible = write!(text, "; {what} {task} by {}", word(Some(value)));
    }
    for (key, value) in &draft.options {
        let _infallible = write!(text, "; {key} {}", word(Some(value)));
    }
    text
}

fn list(draft: &Draft, steps: &[Data], joint: &str) -> String {
    steps.iter().map(|step| one(draft, step)).collect::<Vec<_>>().join(joint)
}

fn steps_of<'a>(data: &'a Data, key: &str) -> &'a [Data] {
    match data.get(key) {
        Some(Data::List(steps)) => steps,
        _ => &[],
    }
}

/// A value as it is written.
fn word(data: Option<&Data>) -> String {
    match data {
        None => String::new(),
        Some(Data::Text(text)) => text.clone(),
        Some(Data::Int(number)) => number.to_string(),
        Some(Data::Bool(value)) => value.to_string(),
        Some(other) => format!("{other:?}"),
    }
}

fn bare(data: Option<&Data>) -> String {
    let text = word(data);
    text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or(&text).to_owned()
}

fn one(draft: &Draft, step: &Data) -> String {
    let inner = ["map", "wait_for", "loop"].iter().find_map(|key| step.get(key)).unwrap_or(step);
    let mut text = if let Some(task) = step.get("task") {
        format!("{}{}", word(Some(task)), settings(draft, step))
    } else if let Some(id) = step.get("workflow") {
        let started = draft.workflows.iter().find(|workflow| workflow.get("id") == Some(id));
        let how = if step.get("detach") == Some(&Data::Bool(true)) { "detach" } else { "run" };
        let steps = started.map(|workflow| list(draft, steps_of(workflow, "steps"), "; "));
        format!("{how} {}", steps.unwrap_or_else(|| word(Some(id))))
    } else if let Some(block) = block(draft, step, inner) {
        block
    } else if let Some(sleep) = step.get("sleep") {
        format!("sleep({})", word(Some(sleep)))
    } else if step.get("wait_for").is_some() {
        let timeout =
            inner.get("timeout").map_or(String::new(), |timeout| format!("({})", word(Some(timeout))));
        format!("{}{timeout}", word(inner.get("signal")))
    } else {
        word(Some(step))
    };
    if inner.get("when").is_some() {
        let _infallible = write!(text, " when {}", bare(inner.get("when")));
    }
    text
}

/// Steps that hold steps.
fn block(draft: &Draft, step: &Data, inner: &Data) -> Option<String> {
    let within = |data: &Data, key: &str| list(draft, steps_of(data, key), "; ");
    let limit = |data: &Data, before: &str| match data.get("max_concurrency") {
        Some(limit) => format!("{before}/{}", word(Some(limit))),
        None => String::new(),
    };
    Some(if step.get("parallel").is_some() {
        format!("({}){}", list(draft, steps_of(step, "parallel"), " | "), limit(step, ""))
    } else if step.get("race").is_some() {
        format!("race({})", list(draft, steps_of(step, "race"), " | "))
    } else if step.get("sequence").is_some() {
        format!("<{}>", within(step, "sequence"))
    } else if step.get("map").is_some() {
        let (name, over) = (word(inner.get("as")), bare(inner.get("over")));
        format!("for {name} in {over}{} {{ {} }}", limit(inner, " "), within(inner, "steps"))
    } else if let [case, default] = steps_of(step, "switch") {
        let (then, otherwise) = (within(case, "steps"), within(default, "default"));
        format!("if {} {{ {then} }} else {{ {otherwise} }}", bare(case.get("when")))
    } else if step.get("try").is_some() && step.get("finally").is_some() {
        format!("try {{ {} }} finally {{ {} }}", within(step, "try"), within(step, "finally"))
    } else if step.get("try").is_some() {
        let handler = steps_of(step, "catch").first().or(step.get("catch"))?;
        format!("try {{ {} }} catch {{ {} }}", within(step, "try"), within(handler, "steps"))
    } else if step.get("loop").is_some() {
        let every = inner.get("every").map_or(String::new(), |every| format!(" every {}", word(Some(every))));
        let most = word(inner.get("max_iterations"));
        format!("loop {most}{every} until {} {{ {} }}", bare(inner.get("until")), within(inner, "steps"))
    } else {
        return None;
    })
}

/// What a call's policy and `critical` say, in the order in which they do.
fn settings(draft: &Draft, step: &Data) -> String {
    let policy = match step.get("policy") {
        Some(Data::Text(id)) => draft.policies.iter().find(|policy| word(policy.get("id")) == *id),
        written => written,
    };
    let mut all = Vec::new();
    match policy {
        Some(Data::Map(pairs)) => {
            let pairs = pairs.iter().filter(|(key, _)| key != "id");
            all.extend(pairs.map(|(key, value)| format!("{key}: {}", word(Some(value)))));
        }
        _ => all.extend(step.get("policy").map(|id| format!("policy: {}", word(Some(id))))),
    }
    all.extend(step.get("critical").map(|critical| format!("critical: {}", word(Some(critical)))));
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(", ")) }
}
