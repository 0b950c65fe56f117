use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};

use conductor_assist::{Data, Draft};
use serde_json::Value;
use tempfile::TempDir;

use crate::notation::{Case, cases, shown};
use crate::worlds::texts;

/// One in so many instructions goes through the binary where nobody asks for figures: the reader's own tests take all.
const APART: usize = 8;

/// What a reading comes to.
#[derive(Default)]
struct Figures {
    right: usize,
    asked: Vec<String>,
    wrong: Vec<String>,
    /// Where no reading could be had: the endpoint failed.
    failed: Vec<String>,
}

enum Found {
    Draft(Draft),
    Failed(String),
}

/// The project of each world, by its name.
fn projects() -> BTreeMap<String, TempDir> {
    let written = |(name, (manifest, code)): (String, (String, String))| {
        let folder = tempfile::Builder::new().prefix("cdraft").tempdir().unwrap();
        fs::write(folder.path().join("app.py"), code).unwrap();
        fs::write(folder.path().join("concurrency.yaml"), manifest).unwrap();
        (name, folder)
    };
    texts().into_iter().map(written).collect()
}

/// A draft by the binary.
fn drafted(folder: &Path, text: &str, model: &[&str]) -> Found {
    let output = Command::new(env!("CARGO_BIN_EXE_conductor"))
        .args(["draft", "--format", "json"])
        .args(model)
        .args(["--", text])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Found::Failed(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let list = |key: &str| {
        document.get(key).map_or_else(Vec::new, |value| serde_json::from_value(value.clone()).unwrap())
    };
    let question = document["question"].as_str().map(str::to_owned);
    let tasks = document["tasks"].as_array().into_iter().flatten().filter_map(|task| {
        let (key, value) = task.as_object()?.iter().find(|(key, _)| *key != "id")?;
        Some((task["id"].as_str()?.to_owned(), key.clone(), serde_json::from_value(value.clone()).ok()?))
    });
    let deadline = document["deadline"].as_str().map(|text| ("deadline".to_owned(), Data::text(text)));
    Found::Draft(Draft {
        workflow: document["workflow"].as_str().unwrap_or_default().to_owned(),
        steps: question.is_none().then(|| list("steps")),
        policies: list("policies"),
        tasks: tasks.collect(),
        workflows: list("workflows"),
        options: deadline.into_iter().collect(),
        question,
        understood: Vec::new(),
    })
}

/// The notation with settings in the order of their names: JSON keeps none.
fn alike(text: &str) -> String {
    let mut sorted = String::new();
    let mut is_settings = false;
    for part in text.split_inclusive('{') {
        match part.split_once('}').filter(|_| is_settings) {
            Some((inside, rest)) => {
                let mut pairs: Vec<&str> = inside.split(", ").collect();
                pairs.sort_unstable();
                sorted += &format!("{}}}{rest}", pairs.join(", "));
            }
            None => sorted += part,
        }
        // Blocks have a space before their braces.
        is_settings = part.ends_with('{') && !part.ends_with(" {");
    }
    sorted
}

/// The drafts of all cases, in their order. A model takes one at a time.
fn draft_all(cases: &[&Case], model: &[&str]) -> Vec<Found> {
    let projects = projects();
    let threads =
        if model.is_empty() { std::thread::available_parallelism().map_or(1, NonZero::get) } else { 1 };
    let draft = |case: &&Case| drafted(projects[&case.world].path(), &case.text, model);
    std::thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(threads).max(1));
        let begun: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(draft).collect::<Vec<Found>>())).collect();
        begun.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn figures(cases: &[&Case], model: &[&str]) -> Figures {
    let mut figures = Figures::default();
    for (Case { world, text, expected }, found) in cases.iter().zip(draft_all(cases, model)) {
        let found = match found {
            Found::Draft(draft) => shown(&draft),
            Found::Failed(why) => {
                figures.failed.push(format!("{world}: {text}\n    {why}"));
                continue;
            }
        };
        let is_right = match (expected.strip_prefix('?'), found.strip_prefix('?')) {
            // A model asks in words of its own.
            (Some(named), Some(question)) => !model.is_empty() || question.contains(named),
            (None, None) => alike(&found) == alike(expected),
            _ => false,
        };
        let report = format!("{world}: {text}\n    wanted {expected}\n    found  {found}");
        match (is_right, found.starts_with('?')) {
            (true, _) => figures.right += 1,
            (false, true) => figures.asked.push(report),
            (false, false) => figures.wrong.push(report),
        }
    }
    figures
}

fn told(who: &str, count: usize, figures: &Figures) -> String {
    let Figures { right, asked, wrong, failed } = figures;
    let (asks, wrongs, fails) = (asked.len(), wrong.len(), failed.len());
    println!(
        "{who}: {count} instructions: {right} right, {asks} asked, {wrongs} wrong, {fails} without an answer\n\
         asked:\n{}\nwrong:\n{}\nwithout an answer:\n{}",
        asked.join("\n"),
        wrong.join("\n"),
        failed.join("\n")
    );
    format!(
        "{who}: {count} instructions: {right} right, {asks} asked, {wrongs} wrong, {fails} without an answer"
    )
}

#[test]
fn the_corpus_through_the_binary() {
    let all = cases();
    let models = std::env::var("DRAFTS_MODELS");
    let every: Vec<&Case> = all.iter().step_by(if models.is_ok() { 1 } else { APART }).collect();
    let offline = figures(&every, &[]);
    let mut table = vec![told("offline", every.len(), &offline)];
    let count =
        std::env::var("DRAFTS_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(every.len());
    let apart = (every.len() / count.clamp(1, every.len())).max(1);
    let some: Vec<&Case> = every.iter().step_by(apart).take(count).copied().collect();
    for model in models.unwrap_or_default().lines() {
        let (name, url) = model.split_once(' ').expect("a name and an endpoint");
        if table.len() == 1 && some.len() < every.len() {
            table.push(told("offline, of these", some.len(), &figures(&some, &[])));
        }
        let model = ["--model", name, "--endpoint", url];
        table.push(told(name, some.len(), &figures(&some, &model)));
    }
    println!("{}", table.join("\n"));
    let (right, wrong) = (offline.right, offline.wrong.len());
    assert!(right * 100 >= every.len() * 85 && wrong * 100 < every.len() * 2, "{}", table[0]);
}
