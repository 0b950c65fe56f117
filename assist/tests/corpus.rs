//! Instructions in natural variety: each gives exactly the steps that it means, or the question that it should raise.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conductor_assist::{Data, Draft, Field, Request, Task, Vocabulary, Workflow, draft};
use serde_json::Value;

const WORLDS: &str = include_str!("corpus/worlds.json");
const CORPORA: [&str; 2] = [include_str!("corpus/english.txt"), include_str!("corpus/russian.txt")];

struct Case {
    world: String,
    text: String,
    expected: String,
}

fn cases() -> Vec<Case> {
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

/// The steps in the notation of the corpus.
fn shown(draft: &Draft) -> String {
    match (&draft.steps, &draft.question) {
        (Some(steps), None) => {
            let mut text = list(draft, steps, "; ");
            for (task, key, value) in &draft.tasks {
                assert_eq!(key, "compensate");
                write!(text, "; undo {task} by {}", value.as_text().unwrap()).unwrap();
            }
            for (key, value) in &draft.options {
                write!(text, "; {key} {}", value.as_text().unwrap()).unwrap();
            }
            text
        }
        (None, Some(question)) => format!("?{question}"),
        other => panic!("{other:?}"),
    }
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

fn bare(data: Option<&Data>) -> String {
    let text = data.and_then(Data::as_text).unwrap_or_default();
    text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or(text).to_owned()
}

fn one(draft: &Draft, step: &Data) -> String {
    let inner = ["map", "wait_for", "loop"].iter().find_map(|key| step.get(key)).unwrap_or(step);
    let mut text = if let Some(task) = step.get("task").and_then(Data::as_text) {
        format!("{task}{}", settings(draft, step))
    } else if let Some(workflow) = step.get("workflow") {
        let id = workflow.as_text().unwrap();
        let inner = draft
            .workflows
            .iter()
            .find(|workflow| workflow.get("id").and_then(Data::as_text) == Some(id))
            .unwrap();
        assert_eq!(step.get("detach"), Some(&Data::Bool(true)));
        format!("detach {}", list(draft, steps_of(inner, "steps"), "; "))
    } else if let Some(block) = block(draft, step, inner) {
        block
    } else if let Some(sleep) = step.get("sleep") {
        format!("sleep({})", sleep.as_text().unwrap())
    } else if step.get("wait_for").is_some() {
        assert_eq!(inner.get("signal").and_then(Data::as_text), Some("approval"));
        inner
            .get("timeout")
            .map_or("approval".to_owned(), |timeout| format!("approval({})", timeout.as_text().unwrap()))
    } else {
        panic!("{step:?}")
    };
    if inner.get("when").is_some() {
        write!(text, " when {}", bare(inner.get("when"))).unwrap();
    }
    text
}

/// Steps that hold steps.
fn block(draft: &Draft, step: &Data, inner: &Data) -> Option<String> {
    Some(if step.get("parallel").is_some() {
        let limit = match step.get("max_concurrency") {
            Some(Data::Int(limit)) => format!("/{limit}"),
            _ => String::new(),
        };
        format!("({}){limit}", list(draft, steps_of(step, "parallel"), " | "))
    } else if step.get("race").is_some() {
        format!("race({})", list(draft, steps_of(step, "race"), " | "))
    } else if step.get("sequence").is_some() {
        format!("<{}>", list(draft, steps_of(step, "sequence"), "; "))
    } else if step.get("map").is_some() {
        let limit = match inner.get("max_concurrency") {
            Some(Data::Int(limit)) => format!(" /{limit}"),
            _ => String::new(),
        };
        let name = inner.get("as").and_then(Data::as_text).unwrap();
        format!(
            "for {name} in {}{limit} {{ {} }}",
            bare(inner.get("over")),
            list(draft, steps_of(inner, "steps"), "; ")
        )
    } else if step.get("switch").is_some() {
        let [case, default] = steps_of(step, "switch") else { panic!("{step:?}") };
        let (then, otherwise) =
            (list(draft, steps_of(case, "steps"), "; "), list(draft, steps_of(default, "default"), "; "));
        format!("if {} {{ {then} }} else {{ {otherwise} }}", bare(case.get("when")))
    } else if step.get("try").is_some() {
        if step.get("finally").is_some() {
            let (body, always) =
                (list(draft, steps_of(step, "try"), "; "), list(draft, steps_of(step, "finally"), "; "));
            return Some(format!("try {{ {body} }} finally {{ {always} }}"));
        }
        let handler = steps_of(&steps_of(step, "catch")[0], "steps");
        format!(
            "try {{ {} }} catch {{ {} }}",
            list(draft, steps_of(step, "try"), "; "),
            list(draft, handler, "; ")
        )
    } else if step.get("loop").is_some() {
        let Some(Data::Int(most)) = inner.get("max_iterations") else { panic!("{step:?}") };
        let every =
            inner.get("every").map_or(String::new(), |every| format!(" every {}", every.as_text().unwrap()));
        format!(
            "loop {most}{every} until {} {{ {} }}",
            bare(inner.get("until")),
            list(draft, steps_of(inner, "steps"), "; ")
        )
    } else {
        return None;
    })
}

fn settings(draft: &Draft, step: &Data) -> String {
    let mut pairs = BTreeMap::new();
    let mut order = Vec::new();
    if let Some(id) = step.get("policy").and_then(Data::as_text) {
        let policy = draft
            .policies
            .iter()
            .find(|policy| policy.get("id").and_then(Data::as_text) == Some(id))
            .expect(id);
        let Data::Map(settings) = policy else { panic!() };
        for (key, value) in settings.iter().filter(|(key, _)| key != "id") {
            order.push(key.clone());
            pairs.insert(key.clone(), value.clone());
        }
    }
    if let Some(critical) = step.get("critical") {
        order.push("critical".to_owned());
        pairs.insert("critical".to_owned(), critical.clone());
    }
    let one = |key: &String| match &pairs[key] {
        Data::Text(text) => format!("{key}: {text}"),
        Data::Int(number) => format!("{key}: {number}"),
        Data::Bool(value) => format!("{key}: {value}"),
        other => panic!("{other:?}"),
    };
    if order.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", order.iter().map(one).collect::<Vec<_>>().join(", "))
    }
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
