//! Instructions in natural variety: each gives exactly the steps that it means, or the question that it should raise.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "corpus/notation.rs"]
mod notation;

use conductor_assist::{Data, Field, Request, Task, Vocabulary, Workflow, draft};
use notation::{Case, cases, shown};
use serde_json::Value;

const WORLDS: &str = include_str!("corpus/worlds.json");

fn data(value: &Value) -> Data {
    match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(*value),
        Value::Number(number) => Data::Int(number.as_i64().unwrap()),
        Value::String(text) => Data::text(text),
        Value::Array(items) => Data::List(items.iter().map(data).collect()),
        Value::Object(pairs) => {
            Data::Map(pairs.iter().map(|(key, value)| (key.clone(), data(value))).collect())
        }
    }
}

fn fields(value: &Value) -> Vec<Field> {
    let empty = serde_json::Map::new();
    let pairs = value.as_object().unwrap_or(&empty).iter();
    pairs.map(|(name, kind)| Field { name: name.clone(), kind: kind.as_str().unwrap().to_owned() }).collect()
}

fn world(all: &Value, name: &str) -> Vocabulary {
    let found = &all[name];
    let mut vocabulary = match found["like"].as_str() {
        Some(other) => world(all, other),
        None => Vocabulary::default(),
    };
    for task in found["tasks"].as_array().into_iter().flatten() {
        let text = |key: &str| task[key].as_str().unwrap_or_default().to_owned();
        vocabulary.tasks.push(Task {
            id: text("id"),
            function: text("function"),
            about: text("about"),
            parameters: fields(&task["parameters"]),
            result: fields(&task["result"]),
            policy: None,
        });
    }
    for (id, settings) in found["policies"].as_object().into_iter().flatten() {
        vocabulary.policies.push((id.clone(), data(settings)));
    }
    for task in &mut vocabulary.tasks {
        if let Some(policy) = found["task_policies"][&task.id].as_str() {
            task.policy = Some(policy.to_owned());
        }
    }
    if let Some(id) = found["workflow"]["id"].as_str() {
        let steps = found["workflow"]["steps"].as_array().unwrap().iter().map(data).collect();
        vocabulary.workflows.push(Workflow {
            id: id.to_owned(),
            inputs: fields(&found["workflow"]["inputs"]),
            steps,
        });
    }
    vocabulary
}

/// The bounds are those that users were promised; a wrong draft is worse than a question.
#[test]
fn instructions_give_what_they_mean_or_a_question() {
    let worlds: Value = serde_json::from_str(WORLDS).unwrap();
    let (mut right, mut asked, mut wrong) = (0, Vec::new(), Vec::new());
    let cases = cases();
    for Case { world: name, text, expected } in &cases {
        let found = shown(&draft(&Request { text, vocabulary: &world(&worlds, name), workflow: None }));
        let is_right = match (expected.strip_prefix('?'), found.strip_prefix('?')) {
            (Some(named), Some(question)) => question.contains(named),
            (None, None) => found == *expected,
            _ => false,
        };
        let report = format!("{name}: {text}\n    wanted {expected}\n    found  {found}");
        match (is_right, found.starts_with('?')) {
            (true, _) => right += 1,
            (false, true) => asked.push(report),
            (false, false) => wrong.push(report),
        }
    }
    let figures =
        format!("{} instructions: {right} right, {} asked, {} wrong", cases.len(), asked.len(), wrong.len());
    println!("{figures}\nasked:\n{}\nwrong:\n{}", asked.join("\n"), wrong.join("\n"));
    assert!(right * 100 >= cases.len() * 85 && wrong.len() * 100 < cases.len() * 2, "{figures}");
}
