//! Blocks, exits, pauses and signals: generated code does what the reference interpreter does, is as strict tools want
//! it, and comes to the same end from every prefix of its journal.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{Effect, Hold, Plan, Resource, ResourceKind, Scope, StepKind};
use conductor_protocol::types::Type;
use conductor_simulate::{Scenario, Scripted, Start, Trace, What};
use serde_json::{Value, json};

use crate::blocks::*;
use crate::steps::*;
use crate::support::*;

/// Each call does what `SCRIPT` says of its key: `[milliseconds, value]` or `[milliseconds, "error", type]`.
pub const TASKS: &str = r#"
import asyncio
import json
import pathlib
from dataclasses import dataclass

SCRIPT = json.loads(pathlib.Path("script.json").read_text())
log: list[str] = []


@dataclass
class Part:
    number: int


class Broken(Exception):
    code = 503


class Refused(Exception):
    pass


async def act(idempotency_key: str, given: object = None) -> int:
    run, _, key = idempotency_key.partition("/")
    milliseconds, *outcome = SCRIPT.get(key, [1, 1])
    try:
        await asyncio.sleep(milliseconds / 1000)
    except asyncio.CancelledError:
        log.append(f"cancelled {key}")
        raise
    log.append(key)
    if outcome[0] == "error":
        raise {"Broken": Broken, "Refused": Refused}[outcome[1]](f"at {key}")
    return outcome[0]


async def part(number: int) -> Part:
    return Part(number)


def spoil(part: Part | None) -> Part:
    assert part is not None
    part.number += 100
    return part
"#;

fn scripted(value: &Value) -> Vec<Scripted> {
    let parts = value.as_array().unwrap();
    let after = parts[0].as_f64().unwrap();
    let fails = (parts[1] == "error").then(|| ErrorForm {
        types: vec![format!("tasks.{}", parts[2].as_str().unwrap())],
        code: (parts[2] == "Broken").then(|| "503".to_owned()),
        ..ErrorForm::default()
    });
    let returns = fails.is_none().then(|| parts[1].clone());
    vec![Scripted { after_ms: Some(after), returns, fails, ..Scripted::default() }]
}

fn interpreted(tried: &Tried) -> Trace {
    let mut calls: BTreeMap<String, Vec<Scripted>> =
        tried.script.iter().map(|(key, value)| ((*key).to_owned(), scripted(value))).collect();
    calls.insert("act".to_owned(), scripted(&json!([1, 1])));
    let scenario =
        Scenario { starts: vec![Start::new(&tried.plan.workflow, "r")], calls, ..Scenario::default() };
    conductor_simulate::run(std::slice::from_ref(&tried.plan), &scenario)
}

/// What each key came to, one line an event.
fn lines(trace: &Trace) -> BTreeSet<String> {
    let last = |types: &[String]| types[0].rsplit('.').next().unwrap_or_default().to_owned();
    let line = |what: &What| match what {
        What::StepSucceeded { key, attempt, output } => Some(format!("succeeded {key} {attempt} {output}")),
        What::StepFailed { key, attempt, error, tolerated } => {
            Some(format!("failed {key} {attempt} {} {tolerated}", last(&error.types)))
        }
        What::StepSkipped { key } => Some(format!("skipped {key}")),
        What::StepCancelled { key, .. } => Some(format!("cancelled {key}")),
        What::Chosen { key, value } => Some(format!("chosen {key} {}", value.as_str().unwrap_or_default())),
        What::RunEnded(end) => {
            let error = end.error.as_ref().map_or_else(String::new, |error| last(&error.types));
            let output = end.output.as_ref().map_or_else(String::new, |output| output.to_string());
            let step = end.step.as_deref().unwrap_or_default();
            Some(format!("ended {} {step} {error} {output}", end.state.as_str()))
        }
        _ => None,
    };
    trace.events.iter().filter_map(|event| line(&event.what)).collect()
}

/// Runs each workflow from its beginning and then again from every prefix of what was recorded.
const REPLAYED: &str = r#"
import asyncio
import json
import logging
import sys

import conductor_gen
import tasks
from conductor_gen import WorkflowError
from peer import Peer

logging.disable()
peer = Peer()
signals: dict[str, list[dict]] = {}
answer = peer._answer


def answering(method, params):
    if method == "signal.list":
        return {"signals": signals.get(params["run"], [])}
    if method == "signal.send":
        if params["run"] not in peer.records:
            return {"error": {"code": -32011, "message": "no such run"}}
        known = signals.setdefault(params["run"], [])
        if all(one["id"] != params["id"] for one in known):
            known.append({"ordinal": len(known), **params})
        return {}
    return answer(method, params)


talk = peer._answer = answering


def lines(run):
    found = set()
    for kind, entry in peer.entries(run):
        key = entry.get("key")
        error = entry.get("error", {}).get("types", ["."])[0].rpartition(".")[2]
        compact = lambda value: json.dumps(value, separators=(",", ":"))
        if kind == "step_succeeded":
            found.add(f"succeeded {key} {entry['attempt'] and 1} {compact(entry['output'])}")
        elif kind == "step_failed":
            tolerated = str(entry["tolerated"]).lower()
            found.add(f"failed {key} {entry['attempt'] and 1} {error} {tolerated}")
        elif kind in ("step_skipped", "step_cancelled"):
            found.add(f"{kind[5:]} {key}")
        elif kind == "chosen" and not str(key).endswith(".deadline"):
            is_over = key.endswith(".expired")
            found.add(f"chosen {key.removesuffix('.expired')}.deadline expired" if is_over else f"chosen {key} {entry['value']}")
        elif kind == "run_succeeded":
            found.add(f"ended succeeded   {compact(entry['output'])}")
        elif kind == "run_failed":
            found.add(f"ended failed {entry['step'] or ''} {error} ")
    return found


async def execute(name, run, recorded):
    peer.records[run] = [dict(record) for record in recorded]
    try:
        await asyncio.wait_for(getattr(conductor_gen, name)(run_id=run), 20)
    except WorkflowError:
        pass


async def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else NAME
    await execute(name, "r", [])
    first = lines("r")
    whole = peer.records["r"]
    print(*sorted(first), sep="\n")
    for count in range(1, len(whole)):
        run = f"r{count}"
        signals[run] = [dict(one) for one in signals.get("r", [])]
        await execute(name, run, whole[:count])
        again = lines(run)
        if again != first:
            print("from", count, whole[:count])
            print("missing", sorted(first - again), "more", sorted(again - first))


asyncio.run(main())
"#;

#[test]
fn every_block_is_what_strict_tools_want() {
    for durable in [true, false] {
        let mut plans: Vec<Plan> = all().into_iter().map(|tried| tried.plan).collect();
        plans.iter_mut().for_each(|plan| plan.durable = durable);
        plans.retain(|plan| conductor_emit::unsupported(plan).is_empty());
        Project::new(&[("tasks.py", TASKS)], &plans).check();
    }
}

fn held_to_the_interpreter(all: Vec<Tried>) {
    let mut wrong = Vec::new();
    for tried in all {
        let name = tried.plan.workflow.clone();
        let mut plan = tried.plan.clone();
        plan.output.ty = tried.plan.output.ty.clone();
        let project = Project::new(&[("tasks.py", TASKS)], std::slice::from_ref(&plan));
        project.write("script.json", &serde_json::to_string(&tried.script).unwrap());
        let printed = project.python_with_peer(&REPLAYED.replace("NAME", &format!("{name:?}")));
        let wanted: BTreeSet<String> =
            lines(&interpreted(&tried)).into_iter().map(|line| line.replace("attempt", "")).collect();
        let got: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
        if wanted != got {
            wrong.push(format!("{name}\n  wanted {wanted:#?}\n  got {got:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn choices_and_values() {
    held_to_the_interpreter(choices());
}

#[test]
fn loops_and_their_bounds() {
    held_to_the_interpreter(loops());
}

#[test]
fn failures_are_caught_and_cleaned_up_after() {
    held_to_the_interpreter(tries());
}

#[test]
fn the_first_success_wins() {
    held_to_the_interpreter(races());
}

#[test]
fn steps_start_when_what_they_need_has_ended() {
    held_to_the_interpreter(graphs());
}

#[test]
fn each_item_has_its_steps() {
    held_to_the_interpreter(maps());
}

#[test]
fn ways_out_and_pauses() {
    held_to_the_interpreter(exits());
}

#[test]
fn a_permit_is_kept_over_steps() {
    let project = Project::new(&[("tasks.py", TASKS)], &[holds().remove(0).plan]);
    project.write("script.json", "{}");
    let printed = project.python_with_peer(
        "import asyncio\n\nimport tasks\nfrom conductor_gen import held\nfrom peer import Peer\n\npeer = Peer()\n\
         asyncio.run(held(run_id='r'))\nprint(tasks.log)\n",
    );
    assert_eq!(printed, "['a', 'b', 'c', 'd']\n");
    held_to_the_interpreter(holds());
}

#[test]
fn signals_are_taken_once() {
    held_to_the_interpreter(signals());
}

/// What the steps inside do to the outside, and what the journal says of them.
const ATOMIC: &str = r#"
import asyncio
import logging

import tasks
from conductor_gen import WorkflowError, whole
from peer import Peer

logging.disable()
peer = Peer()


async def from_start(run, records):
    peer.records[run] = [dict(record) for record in records]
    tasks.log.clear()
    try:
        print(await whole(run_id=run), tasks.log)
    except WorkflowError as error:
        print(error.step, tasks.log)


async def main() -> None:
    await from_start("r", [])
    for kind, entry in peer.entries("r"):
        print(kind, entry.get("key"), entry.get("output"), entry.get("undo"))
    past = [entry for record in peer.records["r"] for entry in record["entries"]]
    for count in range(1, len(past)):
        records = [{"seq": at + 1, "entries": [entry]} for at, entry in enumerate(past[:count])]
        await from_start(f"r{count}", records)


asyncio.run(main())
"#;

#[test]
fn an_atomic_block_is_one_step_to_the_journal() {
    let mut inside = vec![act("a"), act("b")];
    if let StepKind::Task(made) = &mut inside[0].kind {
        let args = vec![key(), arg("given", variable("result", Type::Int))];
        let undo = call("undo", function("tasks.act", true, Type::Int), args, Effect::Read);
        made.compensate = Some(Box::new(undo));
    }
    let block = StepKind::Hold(Hold { resource: "door".to_owned(), atomic: true, steps: inside });
    let broken = vec![act("d"), act("e")];
    let broken = Hold { resource: "door".to_owned(), atomic: true, steps: broken };
    let broken = tolerated(step("broken", Type::Int, StepKind::Hold(broken)));
    let steps = vec![step("block", Type::Int, block), broken, act("c")];
    let mut plan = plan("whole", true, vec![], steps, result("block", Type::Int));
    let door = Resource::new("door", ResourceKind::Semaphore, Scope::Process);
    plan.resources = vec![Resource { max_concurrency: Some(1), ..door }];
    let project = Project::new(&[("tasks.py", TASKS)], &[plan]);
    project
        .write("script.json", r#"{"b": [1, 7], "c": [1, "error", "Broken"], "e": [1, "error", "Refused"]}"#);
    let wanted = "\
c ['a', 'b', 'd', 'e', 'c', 'a.compensate']
step_started block None None
step_succeeded block {'last': 7, 'results': {}} [{'key': 'a', 'task': 'act', 'args': {'given': 1}}]
step_started broken None None
step_failed broken None None
step_started c None None
step_failed c None None
step_started a.compensate None None
step_succeeded a.compensate 1 None
run_failed None None None
c ['a', 'b', 'd', 'e', 'c', 'a.compensate']
c ['d', 'e', 'c', 'a.compensate']
c ['d', 'e', 'c', 'a.compensate']
c ['c', 'a.compensate']
c ['c', 'a.compensate']
c ['a.compensate']
c ['a.compensate']
c []
";
    assert_eq!(project.python_with_peer(ATOMIC), wanted);
}

#[test]
fn signals_reach_runs_without_a_journal() {
    let mut plans: Vec<Plan> = signals().into_iter().map(|tried| tried.plan).collect();
    plans.iter_mut().for_each(|plan| plan.durable = false);
    let project = Project::new(&[("tasks.py", TASKS)], &plans);
    project.write("script.json", "{}");
    let printed = project.python(
        r#"
import asyncio
import logging

from conductor_gen import WorkflowError, in_vain, nobody, signalled, too_late

logging.disable()


async def main() -> None:
    print(await signalled(run_id="r"), await in_vain())
    for workflow in (too_late, nobody):
        try:
            await workflow()
        except WorkflowError as error:
            print(error.step, type(error.__cause__).__name__)


asyncio.run(main())
"#,
    );
    assert_eq!(printed, "{'one': 1, 'two': 2} None\none SignalTimeout\nagain SidecarUnavailable\n");
}
