//! Workflows without a journal: called as a program calls them, and compared by what they return and what they call.
//!
//! It knows how each language's exported function is found; what a run means is as everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use conductor_emit::emit;
use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{Plan, StepKind};
use conductor_protocol::types::Type;
use conductor_tests::project::Project;
use serde_json::{Value, json};

use crate::arguments::{self, Arguments};
use crate::execute::{HEADER, Target, Verdict, emit_target};
use crate::meaning;
use crate::reference::{Expected, calls, starts};
use crate::values;

/// A call of an exported function.
#[derive(Debug, Clone)]
pub struct Call {
    /// As the language exports it.
    pub function: String,
    pub run: String,
    /// A workflow takes this one input, or none.
    pub n: Option<i64>,
    /// Whether it can come to anything but null.
    pub returns: bool,
}

/// The verdict on each, all in one package and one process.
pub fn judged(target: &dyn Target, all: &[&Expected], at_a_time: usize) -> Result<Vec<Verdict>> {
    let project = Project::empty()?;
    let plans: Vec<Plan> = all.iter().flat_map(|expected| expected.job.plans.clone()).collect();
    let files = emit(&plans, &emit_target(target), &HEADER)?;
    let mut calls = Vec::new();
    for expected in all {
        for (workflow, run, input, _) in starts(expected) {
            let function =
                target.exported(&workflow, &files).with_context(|| format!("{workflow} is not exported"))?;
            let plan = expected.job.plans.iter().find(|plan| plan.workflow == workflow);
            let returns = plan.is_some_and(returns);
            calls.push(Call { function, run, n: input.get("n").and_then(Value::as_i64), returns });
        }
    }
    for folder in [Some(&project), kept().as_ref()].into_iter().flatten() {
        for (path, text) in &files {
            folder.write(&format!("{}/{path}", target.out()), text)?;
        }
        folder.write("script.json", &values::script(all).to_string())?;
        let list: Vec<Value> = calls
            .iter()
            .map(|call| {
                let input = call.n.map_or_else(|| json!({}), |n| json!({"n": n}));
                json!({"function": call.function, "run": call.run, "input": input})
            })
            .collect();
        folder.write("starts.json", &json!({"at_a_time": at_a_time, "calls": list}).to_string())?;
        target.write(folder, all)?;
        target.write_calls(folder, &calls)?;
    }
    target.build(&project).context("the generated package does not build")?;
    let longest: u64 = all.iter().map(|expected| expected.lasts_ms).sum();
    let patience = Duration::from_millis(longest) + Duration::from_secs(120);
    let finished = target.call(&project)?.wait_at_most(patience)?;
    let ends = ends(&project.read("results.jsonl").unwrap_or_default())?;
    let called = arguments::written(&project)?;
    if finished.code != Some(0) {
        println!("{}: {}", target.language().as_str(), finished.stderr);
    }
    Ok(all.iter().map(|expected| verdict(expected, &ends, &called)).collect())
}

/// Whether its output or a `return` is of another type than null.
fn returns(plan: &Plan) -> bool {
    let mut values = plan.all_steps().filter_map(|step| match &step.kind {
        StepKind::Return { value } => Some(&value.ty),
        _ => None,
    });
    plan.output.ty != Type::Null || values.any(|ty| *ty != Type::Null)
}

fn kept() -> Option<Project> {
    std::env::var_os("CONFORMANCE_KEEP").map(|folder| Project::at(folder.as_ref()))
}

/// By run how it ended, as [`meaning`] says it.
fn ends(text: &str) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let result: Value = serde_json::from_str(line)?;
        let end = match result.get("error") {
            None | Some(Value::Null) => format!("succeeded {}", result["output"]),
            Some(error) => {
                let form: ErrorForm = serde_json::from_value(error.clone())?;
                let step = result["step"].as_str().map(|step| format!(" at {step}")).unwrap_or_default();
                format!("failed {}{step}", meaning::error(&form))
            }
        };
        all.insert(result["run"].as_str().unwrap_or_default().to_owned(), end);
    }
    Ok(all)
}

fn verdict(expected: &Expected, ends: &BTreeMap<String, String>, called: &Arguments) -> Verdict {
    let run = &expected.job.name;
    let mut wrong = arguments::difference(called, &expected.arguments);
    let wanted: BTreeSet<_> = expected.meanings.iter().filter_map(|meaning| meaning.ends.get(run)).collect();
    if !ends.get(run).is_some_and(|end| wanted.contains(end)) {
        wrong.push(format!("{run} ends {:?} and not one of {wanted:?}", ends.get(run)));
    }
    // The calls of a hedge are told apart by nobody but the hedge.
    let hedges = expected.job.plans.iter().flat_map(calls).any(|(_, call)| call.policy.hedge.is_some());
    let named = |key: &String| {
        if hedges { key.split(' ').next().unwrap_or_default().to_owned() } else { key.clone() }
    };
    let own = |key: &&String| key.split(['/', ' ']).next() == Some(run.as_str());
    let made: BTreeSet<String> = called.keys().filter(own).map(named).collect();
    let asked: BTreeSet<String> = expected.arguments.keys().map(named).collect();
    wrong.extend(made.difference(&asked).map(|key| format!("{key} is called and should not be")));
    let step = |key: &str| key.split(' ').next().unwrap_or_default().to_owned();
    let begun: BTreeSet<String> = made.iter().map(|key| step(key)).collect();
    let may_lack = |key: &str| {
        let step = step(key);
        let step = step.strip_suffix(".compensate").unwrap_or(&step);
        expected.overtaken.contains(step) && !begun.contains(step)
    };
    let lacking = asked.difference(&made).filter(|key| !may_lack(key));
    wrong.extend(lacking.map(|key| format!("{key} is not called")));
    if wrong.is_empty() { Verdict::Equal } else { Verdict::Differs(wrong) }
}

/// `p0__main`, `p0Main` and `P0Main` are one name.
pub fn is_named(exported: &str, workflow: &str) -> bool {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    plain(exported) == plain(workflow)
}
