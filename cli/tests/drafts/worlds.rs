//! A world of the corpus as a project: a manifest, and Python code with the signatures that it tells of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

const WORLDS: &str = include_str!("../../../assist/tests/corpus/worlds.json");
const IMPORTS: &str = "import datetime\nfrom dataclasses import dataclass\nfrom decimal import Decimal\n\n";

/// The manifest and the code of each world, by its name.
pub fn texts() -> BTreeMap<String, (String, String)> {
    let worlds: Value = serde_json::from_str(WORLDS).unwrap();
    let names = worlds.as_object().unwrap().keys();
    names.map(|name| (name.clone(), text(&worlds, name))).collect()
}

fn text(worlds: &Value, name: &str) -> (String, String) {
    let (mut tasks, mut world) = (Vec::new(), &worlds[name]);
    let own = world;
    loop {
        tasks.extend(world["tasks"].as_array().into_iter().flatten());
        let Some(other) = world["like"].as_str() else { break };
        world = &worlds[other];
    }
    (manifest(own, &tasks), code(&tasks))
}

fn manifest(world: &Value, tasks: &[&Value]) -> String {
    let mut text = "tasks:\n".to_owned();
    for task in tasks {
        let (id, function) = (task["id"].as_str().unwrap(), task["function"].as_str().unwrap());
        writeln!(text, "  - id: {id}\n    ref: app.{function}").unwrap();
        if let Some(policy) = world["task_policies"][id].as_str() {
            writeln!(text, "    policy: {policy}").unwrap();
        }
    }
    let policies = world["policies"].as_object();
    if policies.is_some() {
        text.push_str("policies:\n");
    }
    for (id, settings) in policies.into_iter().flatten() {
        writeln!(text, "  - id: {id}").unwrap();
        for (key, value) in settings.as_object().unwrap() {
            writeln!(text, "    {key}: {value}").unwrap();
        }
    }
    if let Some(id) = world["workflow"]["id"].as_str() {
        writeln!(text, "workflows:\n  - id: {id}").unwrap();
        if let Some(inputs) = world["workflow"]["inputs"].as_object() {
            text.push_str("    input:\n");
            for (name, kind) in inputs {
                writeln!(text, "      {name}: {}", kind.as_str().unwrap()).unwrap();
            }
        }
        text.push_str("    steps:\n");
        steps(&mut text, &world["workflow"]["steps"], 6);
    }
    text
}

fn steps(text: &mut String, list: &Value, indent: usize) {
    for step in list.as_array().unwrap() {
        let pad = " ".repeat(indent);
        match step.get("parallel") {
            Some(inner) => {
                writeln!(text, "{pad}- parallel:").unwrap();
                steps(text, inner, indent + 4);
            }
            None => writeln!(text, "{pad}- task: {}", step["task"].as_str().unwrap()).unwrap(),
        }
    }
}

/// Functions and classes. A result with fields is the class that other functions take and that its task is named after.
fn code(tasks: &[&Value]) -> String {
    let mut taken = BTreeMap::new();
    let kinds = |fields: &Value| {
        let fields = fields.as_object().cloned().unwrap_or_default();
        fields.into_iter().map(|(name, kind)| (name, kind.as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    for task in tasks {
        for (_, kind) in kinds(&task["parameters"]).into_iter().chain(kinds(&task["result"])) {
            let named = kind.trim_end_matches('?').trim_start_matches("list<").trim_end_matches('>');
            if named.starts_with(char::is_uppercase) {
                taken.entry(named.to_owned()).or_insert_with(|| vec![("id".to_owned(), "string".to_owned())]);
            }
        }
    }
    let mut functions = String::new();
    for task in tasks {
        let result = kinds(&task["result"]);
        let returned = match result.as_slice() {
            [] => "None".to_owned(),
            [(name, kind)] if name.is_empty() => python(kind),
            fields => {
                let class = class(task["id"].as_str().unwrap(), &taken);
                taken.insert(class.clone(), fields.to_vec());
                class
            }
        };
        let parameters: Vec<String> = kinds(&task["parameters"])
            .iter()
            .map(|(name, kind)| format!("{name}: {}", python(kind)))
            .collect();
        let about = task["about"].as_str().map_or(json!("No more is known."), |about| json!(about));
        let function = task["function"].as_str().unwrap();
        let parameters = parameters.join(", ");
        write!(
            functions,
            "\n\ndef {function}({parameters}) -> {returned}:\n    {about}\n    raise NotImplementedError\n"
        )
        .unwrap();
    }
    let mut classes = String::new();
    for (class, fields) in taken {
        write!(classes, "\n@dataclass\nclass {class}:\n").unwrap();
        for (name, kind) in fields {
            writeln!(classes, "    {name}: \"{}\"", python(&kind)).unwrap();
        }
    }
    format!("{IMPORTS}{classes}{functions}")
}

fn class(task: &str, taken: &BTreeMap<String, Vec<(String, String)>>) -> String {
    let own = || {
        let words = task.split('_').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
        words.collect::<String>() + "Result"
    };
    let named = taken.keys().find(|class| task.ends_with(&class.to_lowercase()));
    named.cloned().unwrap_or_else(own)
}

fn python(kind: &str) -> String {
    if let Some(inner) = kind.strip_suffix('?') {
        return format!("{} | None", python(inner));
    }
    if let Some(inner) = kind.strip_prefix("list<") {
        return format!("list[{}]", python(inner.trim_end_matches('>')));
    }
    match kind {
        "string" => "str",
        "decimal" => "Decimal",
        "date" => "datetime.date",
        other => other,
    }
    .to_owned()
}
