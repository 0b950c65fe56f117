//! The answer of a model as a draft. Whether what it says makes sense is the checker's to judge.

use conductor_assist::{Data, Draft, Vocabulary, Workflow};
use conductor_model::schema::is_step_word;

/// Of an answer, in bytes: more than a thousand steps.
const LONGEST: usize = 64 << 10;
const KEYS: [&str; 7] = ["question", "workflow", "steps", "policies", "deadline", "started", "undone"];

pub(super) fn read(answer: &str, known: &Vocabulary, subject: Option<&str>) -> Result<Draft, String> {
    if answer.len() > LONGEST {
        return Err(format!("the answer is longer than {} KiB: no workflow is", LONGEST >> 10));
    }
    let answer: Data = serde_json::from_str(unfenced(answer))
        .map_err(|error| format!("the answer is no JSON of the schema: {error}"))?;
    // The schema asks for one of two under one key; whoever gives it bare is understood, too.
    let answer = answer.get("answer").unwrap_or(&answer);
    let Data::Map(pairs) = answer else { return Err("the answer is no object".to_owned()) };
    if let Some((key, _)) = pairs.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(format!("the answer has the key `{key}`, which the schema does not have"));
    }
    let mut draft = Draft {
        workflow: text(answer, "workflow").unwrap_or_default().to_owned(),
        steps: None,
        policies: Vec::new(),
        tasks: Vec::new(),
        workflows: Vec::new(),
        options: Vec::new(),
        question: text(answer, "question").map(str::to_owned),
        understood: Vec::new(),
    };
    if draft.question.is_some() {
        if maps(answer, "steps")?.is_empty() {
            return Ok(draft);
        }
        return Err(
            "the answer has `steps` and a `question`: give one of the two, the steps where you are sure"
                .to_owned(),
        );
    }
    let there = workflow(&draft.workflow, known, subject)?;
    let steps = maps(answer, "steps")?;
    if steps.is_empty() {
        return Err("`steps` is empty, and there is no question".to_owned());
    }
    let old = there.map(|workflow| workflow.steps.as_slice()).unwrap_or_default();
    let mut as_is = Vec::new();
    old.iter().for_each(|step| collect(step, &mut as_is));
    draft.steps = Some(steps.iter().map(|step| kept(step, &as_is)).collect());
    for policy in maps(answer, "policies")? {
        let id = text(policy, "id").ok_or("a policy has no `id`")?;
        match known.policies.iter().find(|(taken, _)| taken == id) {
            None => draft.policies.push(policy.clone()),
            Some((_, settings)) if is_id_alone(policy) || sorted(settings) == sorted(policy) => {}
            Some(_) => return Err(format!("there is a policy `{id}` already: take another id")),
        }
    }
    // Small models put the workflow itself there, too, or a part of it: its steps are those of `steps`.
    let others =
        maps(answer, "started")?.iter().filter(|other| text(other, "id") != Some(draft.workflow.as_str()));
    draft.workflows = others.map(|workflow| started(workflow, known)).collect::<Result<_, _>>()?;
    for undone in maps(answer, "undone")? {
        let named = |key: &str| text(undone, key).ok_or(format!("an entry of `undone` has no `{key}`"));
        let (task, by) = (named("task")?, named("by")?);
        for id in [task, by] {
            if !known.tasks.iter().any(|task| task.id == id) {
                return Err(format!("there is no task `{id}`"));
            }
        }
        draft.tasks.push((task.to_owned(), "compensate".to_owned(), Data::text(by)));
    }
    draft.options.extend(text(answer, "deadline").map(|text| ("deadline".to_owned(), Data::text(text))));
    Ok(draft)
}

/// Whether a policy is only named.
fn is_id_alone(policy: &Data) -> bool {
    matches!(policy, Data::Map(pairs) if pairs.iter().all(|(key, _)| key == "id"))
}

/// A new workflow that the steps run or start.
fn started(workflow: &Data, known: &Vocabulary) -> Result<Data, String> {
    let id = text(workflow, "id").ok_or("a workflow of `started` has no `id`")?;
    if known.workflows.iter().any(|workflow| workflow.id == id) {
        return Err(format!("there is a workflow `{id}` already: take another id"));
    }
    let steps = maps(workflow, "steps")?;
    if steps.is_empty() {
        return Err(format!("the workflow `{id}` of `started` has no steps"));
    }
    let steps = steps.iter().map(|step| kept(step, &[])).collect();
    Ok(Data::map([("id", Data::text(id)), ("steps", Data::List(steps))]))
}

/// The workflow that is changed, which is the one that was shown; `None` for a new one.
fn workflow<'a>(
    id: &str,
    known: &'a Vocabulary,
    subject: Option<&str>,
) -> Result<Option<&'a Workflow>, String> {
    let there = known.workflows.iter().find(|workflow| workflow.id == id);
    match (id, subject) {
        ("", _) => Err("`workflow` is empty".to_owned()),
        (_, Some(subject)) if there.is_some() && subject != id => {
            Err(format!("`{id}` is another workflow than `{subject}`, which the instruction is about"))
        }
        _ => Ok(there),
    }
}

/// Some endpoints put their JSON into a block of Markdown.
fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inner = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.map_or(answer, |inner| inner.strip_prefix("json").unwrap_or(inner))
}

fn text<'a>(data: &'a Data, key: &str) -> Option<&'a str> {
    data.get(key).and_then(Data::as_text).map(str::trim).filter(|text| !text.is_empty())
}

fn maps<'a>(answer: &'a Data, key: &str) -> Result<&'a [Data], String> {
    match answer.get(key) {
        None | Some(Data::Null) => Ok(&[]),
        Some(Data::List(items)) if items.iter().all(|item| matches!(item, Data::Map(_))) => Ok(items),
        Some(_) => Err(format!("`{key}` is no list of objects")),
    }
}

/// A step as the manifest has it where it has it, else with its keys in the usual order: what it does comes first.
fn kept(step: &Data, as_is: &[(Data, &Data)]) -> Data {
    match step {
        Data::List(items) => Data::List(items.iter().map(|item| kept(item, as_is)).collect()),
        Data::Map(pairs) => {
            if is_step(pairs) {
                let wanted = sorted(step);
                if let Some((_, old)) = as_is.iter().find(|(old, _)| *old == wanted) {
                    return (*old).clone();
                }
            }
            let mut pairs: Vec<(String, Data)> =
                pairs.iter().map(|(key, value)| (key.clone(), kept(value, as_is))).collect();
            pairs.sort_by_key(|(key, _)| !is_step_word(key));
            Data::Map(pairs)
        }
        other => other.clone(),
    }
}

fn is_step(pairs: &[(String, Data)]) -> bool {
    pairs.iter().any(|(key, _)| is_step_word(key))
}

/// Every step in the data, each with its keys in order and as it is, those around before those inside.
fn collect<'a>(data: &'a Data, steps: &mut Vec<(Data, &'a Data)>) {
    match data {
        Data::List(items) => items.iter().for_each(|item| collect(item, steps)),
        Data::Map(pairs) => {
            if is_step(pairs) {
                steps.push((sorted(data), data));
            }
            pairs.iter().for_each(|(_, value)| collect(value, steps));
        }
        _ => {}
    }
}

/// The same with all keys in order.
pub(super) fn sorted(data: &Data) -> Data {
    match data {
        Data::List(items) => Data::List(items.iter().map(sorted).collect()),
        Data::Map(pairs) => {
            let mut pairs: Vec<(String, Data)> =
                pairs.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            Data::Map(pairs)
        }
        other => other.clone(),
    }
}
