//! A workflow as the model sees it: calls, their effect, what they read, and where the compiler placed a barrier.
//!
//! It knows Plans; what happens to a run is the model's.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use conductor_driver::{Answer, DirEntry, Need, compile};
use conductor_protocol::expr::{Expr, Node as Expression};
use conductor_protocol::plan::{ArgumentValue, Effect, Step, StepKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub key: String,
    pub writes: bool,
    /// Whether its start must be on disk before it begins.
    pub barrier: bool,
    /// The steps whose results are its arguments.
    pub reads: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Call(Call),
    Sequence(Vec<Node>),
    Parallel(Vec<Node>),
    /// The first of the calls to succeed wins.
    Race(String, Vec<Call>),
}

/// Tasks of a manifest of the model: `look` may see something else each time, `change` can be noticed.
const CODE: &str = "
async def look(of: list[int]) -> int: ...
async def change(of: list[int]) -> int: ...
";
const HEAD: &str = "
tasks:
  - {id: look, ref: app.look, effect: read}
  - {id: change, ref: app.change, effect: write, in_doubt: retry}
workflows:
  - id: main
    output: \"${1}\"
    steps:
";

/// Compiles steps written in YAML.
pub fn program(steps: &str) -> Result<Node> {
    let mut answer = |need: &Need| match need {
        Need::File(path) if path == "app.py" => Answer::File(CODE.as_bytes().to_vec()),
        Need::Directory(path) if path == "." => {
            Answer::Directory(vec![DirEntry { name: "app.py".to_owned(), is_dir: false }])
        }
        _ => Answer::Missing,
    };
    let indented: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    let text = format!("{HEAD}{indented}");
    let outcome = compile("concurrency.yaml", text.as_bytes(), None, &mut answer);
    let told: Vec<&str> = outcome.diagnostics.iter().map(|found| found.message.as_str()).collect();
    let compiled = outcome.compiled.with_context(|| format!("{text}\n{}", told.join("\n")))?;
    let plan = compiled.plans.first().context("no plan")?;
    ensure!(plan.durable, "the model is of durable runs");
    Ok(Node::Sequence(nodes(&plan.steps)?))
}

fn nodes(steps: &[Step]) -> Result<Vec<Node>> {
    steps.iter().map(node).collect()
}

fn node(step: &Step) -> Result<Node> {
    Ok(match &step.kind {
        StepKind::Task(_) => Node::Call(call(step)?),
        StepKind::Sequence { steps } => Node::Sequence(nodes(steps)?),
        StepKind::Parallel { branches, .. } => Node::Parallel(nodes(branches)?),
        StepKind::Race { branches } => {
            Node::Race(step.id.clone(), branches.iter().map(call).collect::<Result<_>>()?)
        }
        other => bail!("the model has no {other:?}"),
    })
}

fn call(step: &Step) -> Result<Call> {
    let StepKind::Task(call) = &step.kind else { bail!("{} is no call", step.id) };
    let mut reads = BTreeSet::new();
    for argument in &call.args {
        if let ArgumentValue::Expr(value) = &argument.value {
            mentioned(value, &mut reads);
        }
    }
    Ok(Call {
        key: step.id.clone(),
        writes: call.effect == Effect::Write,
        barrier: call.barrier,
        reads: reads.into_iter().collect(),
    })
}

fn mentioned(expr: &Expr, into: &mut BTreeSet<String>) {
    if let Expression::Step(id) = &expr.node {
        into.insert(id.clone());
    }
    expr.for_each_child(|child| mentioned(child, into));
}
