//! What breaks generators: names that mean something to a language, width, depth, size, and values at their edges.
//!
//! It knows manifests; that each means in every language what the interpreter says is judged as for the cases.

use anyhow::{Context, Result, ensure};
use conductor_simulate::{Scenario, Scripted, Start};
use serde_json::{Value, json};

use crate::case::Job;
use crate::execute::{How, Verdict, judged};
use crate::property::compiled;
use crate::{alone, chosen, targets};

/// Ids that are words of a language, of its library or of generated code.
const WORDS: &str = "class def lambda pass raise with async await yield del from global nonlocal is and or assert finally except none_ self print len list dict \
    str type object id sum map filter open input_ exec eval super property isinstance json asyncio func go chan select defer range interface struct switch \
    fallthrough goto make new append cap copy nil iota string int64 float64 bool byte rune any_ err ctx fmt time errors context let_ const_ enum export implements \
    private public static typeof this undefined arguments constructor prototype to_string promise symbol number array map_ set_ run_ step output result value \
    runtime conductor cel codecs scalars workflow body a_1 a1 ab a_b user_id userid main init test_ delete instance_of debugger module require process global_this";

fn job(name: &str, text: &str, calls: &[(&str, Scripted)]) -> Result<Job> {
    let plans = compiled(text).with_context(|| format!("{name} does not compile"))?;
    let start = Start {
        workflow: "main".to_owned(),
        run: "r".to_owned(),
        input: json!({"n": 5}).as_object().cloned().unwrap_or_default(),
        ..Start::default()
    };
    let calls = calls.iter().map(|(key, scripted)| ((*key).to_owned(), vec![scripted.clone()])).collect();
    let scenario =
        Scenario { starts: vec![start], calls, call_ms: 1.0, budget: 50_000_000, ..Scenario::default() };
    Ok(Job { name: name.to_owned(), plans, scenario })
}

fn head(tasks: &str) -> String {
    format!(
        "tasks:\n{tasks}workflows:\n  - id: main\n    entrypoint: true\n    input: {{n: int}}\n    steps:\n"
    )
}

const ONE: &str = "  - {id: one, ref: app.one, effect: read}\n";

fn returns(value: Value) -> Scripted {
    Scripted { returns: Some(value), ..Scripted::default() }
}

/// Each step's id is such a word, and reads the one before.
fn names(words: &[&str]) -> String {
    let mut text = head(ONE);
    let mut before = "input.n";
    for word in words {
        text.push_str(&format!("      - {{task: one, id: {word}, with: {{x: \"${{{before}}}\"}}}}\n"));
        before = word;
    }
    let fields: Vec<String> = words.iter().map(|word| format!("{word}: \"${{{word}}}\"")).collect();
    text + &format!("    output: {{{}}}\n", fields.join(", "))
}

fn wide(branches: usize) -> String {
    let mut text = head(ONE) + "      - id: wide\n        parallel:\n";
    for branch in 0..branches {
        text.push_str(&format!("          - {{task: one, id: b{branch}, with: {{x: \"${{input.n}}\"}}}}\n"));
    }
    text + "    output: \"${wide.b0 + wide.b99}\"\n"
}

fn long(items: usize) -> String {
    let list: Vec<String> = (0..items).map(|item| item.to_string()).collect();
    head(ONE)
        + &format!(
            "      - map:\n          id: long\n          over: [{}]\n          as: item\n          max_concurrency: 16\n          steps:\n            - {{task: one, with: {{x: \"${{item}}\"}}}}\n    output: \"${{size(long)}}\"\n",
            list.join(", ")
        )
}

fn deep(kind: &str, depth: usize) -> String {
    let mut text = head(ONE);
    let mut indent = 6;
    for level in 0..depth {
        let (lines, further): (Vec<String>, usize) = match kind {
            "loop" => (
                vec![
                    "- loop:".into(),
                    format!("    id: l{level}"),
                    "    until: \"${input.n > 0}\"".into(),
                    "    max_iterations: 2".into(),
                    "    steps:".into(),
                ],
                6,
            ),
            "switch" => (
                vec![
                    format!("- id: s{level}"),
                    "  switch:".into(),
                    "    - when: \"${input.n > 0}\"".into(),
                    "      steps:".into(),
                ],
                8,
            ),
            "try" => (vec![format!("- id: y{level}"), "  try:".into()], 4),
            "map" => (
                vec![
                    "- map:".into(),
                    format!("    id: m{level}"),
                    "    over: [1]".into(),
                    format!("    as: i{level}"),
                    "    steps:".into(),
                ],
                6,
            ),
            "parallel" => (vec![format!("- id: p{level}"), "  parallel:".into()], 4),
            _ => (vec![format!("- id: q{level}"), "  sequence:".into()], 4),
        };
        for line in lines {
            text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
        }
        indent += further;
    }
    text.push_str(&format!("{}- {{task: one, with: {{x: \"${{input.n}}\"}}}}\n", " ".repeat(indent)));
    if kind == "try" {
        for level in (0..depth).rev() {
            let pad = " ".repeat(6 + 4 * level);
            text.push_str(&format!("{pad}  finally:\n{pad}    - {{sleep: 1ms, id: z{level}}}\n"));
        }
    }
    text + "    output: done\n"
}

fn all() -> Result<Vec<Job>> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut jobs = vec![
        job("names", &names(&words), &[])?,
        job("wide", &wide(500), &[])?,
        job("long", &long(10_000), &[])?,
    ];
    for kind in ["sequence", "parallel", "switch", "loop", "map", "try"] {
        jobs.push(job(&format!("deep_{kind}"), &deep(kind, 100), &[])?);
    }
    let two = |function: &str| {
        head(&format!(
            "  - {{id: first, ref: app.{function}, effect: read}}\n  - {{id: second, ref: app.{function}, effect: read}}\n"
        )) + "      - {task: first}\n      - {task: second, with: {x: \"${first}\"}}\n    output: {first: \"${first}\", second: \"${second}\"}\n"
    };
    let values: [(&str, &str, Value); 9] = [
        ("text_of_4_mib", "text", json!("x".repeat((4 << 20) - 2))),
        ("text_of_all_planes", "text", json!("a\u{0}\u{7f}\u{2028}\u{fffd}😀\"\\\n")),
        ("bytes", "raw", json!("AP/+gA==")),
        ("decimal", "amount", json!("12345678901234567890.123456789012345600")),
        ("date_before_1970", "day", json!("1066-10-14")),
        ("timestamp_before_1970", "moment", json!("1911-12-14T15:00:00.123+00:00")),
        ("duration", "span", json!("-3600.5s")),
        ("uuid", "unique", json!("00000000-0000-4000-8000-0000000000ff")),
        ("float", "ratio", json!(1e-320)),
    ];
    for (name, function, value) in values {
        let text = two(function);
        // The output has a limit of its own.
        let text = if name == "text_of_4_mib" {
            text.replace("first: \"${first}\", second: \"${second}\"", "size: \"${size(second)}\"")
        } else {
            text
        };
        jobs.push(job(
            name,
            &text.replace("{task: first}", "{task: first, with: {x: null}}"),
            &[("first", returns(value.clone())), ("second", returns(value))],
        )?);
    }
    Ok(jobs)
}

#[test]
fn hostile_workflows_mean_the_same_in_every_language() -> Result<()> {
    let _alone = alone();
    // As the command line does it: who walks a Plan goes down with its blocks.
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(compared)?;
    thread.join().unwrap_or_else(|_| anyhow::bail!("it panicked"))
}

fn compared() -> Result<()> {
    let jobs: Vec<Job> = all()?.into_iter().filter(|job| chosen("CONFORMANCE_ONLY", &job.name)).collect();
    let mut wrong = Vec::new();
    for target in targets() {
        let language = target.language();
        for (job, verdict) in jobs.iter().zip(judged(target, &jobs, How::default())?) {
            let lines = match verdict {
                Verdict::Equal => {
                    println!("{} {}: equal", language.as_str(), job.name);
                    continue;
                }
                Verdict::Missing(reason) => reason,
                Verdict::Differs(lines) => lines.join("\n    "),
            };
            let shown: String = lines.chars().take(2000).collect();
            wrong.push(format!("{} {}:\n    {shown}", language.as_str(), job.name));
        }
    }
    ensure!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
