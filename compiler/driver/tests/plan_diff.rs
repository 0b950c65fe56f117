//! What lies between two manifests, as `conductor plan` tells it; and whether a run could change from one to the other.

use std::collections::BTreeSet;

use conductor_plan::{
    Action, Obstacle, Recorded, StepChange, Whole, WorkflowChange, counts, diff, obstacles, read_plans,
    saved_plans, waits,
};
use conductor_protocol::plan::Plan;
use expect_test::{Expect, expect};
use serde_json::Value;

use crate::support::Project;

const CODE: &str = "
from dataclasses import dataclass

@dataclass
class User:
    id: str
    email: str | None

async def fetch_user(user_id: str) -> User: ...
async def charge(user: User, amount: int) -> str: ...
async def charge_later(user: User, amount: int, currency: str) -> str: ...
async def audit(name: str) -> None: ...
async def receipt(user: User) -> str: ...
async def undo(result: str) -> None: ...
";

const TASKS: &str = "
resources:
  - {id: desk, kind: semaphore, max_concurrency: 3}
tasks:
  - {id: fetch_user, ref: app.fetch_user, effect: read, policy: patient}
  - {id: charge, ref: app.charge, idempotent: true, compensate: {task: undo}, policy: patient}
  - {id: audit, ref: app.audit, effect: none, with: {name: log}, policy: patient}
  - {id: receipt, ref: app.receipt, idempotent: true, uses: [desk], policy: patient}
  - {id: undo, ref: app.undo, idempotent: true, policy: patient}
";

const PATIENT: &str = "policies: [{id: patient, retries: 3, timeout: 2s}]\n";

fn plans(manifest: &str, code: &str) -> Vec<Plan> {
    let outcome = Project::new([("concurrency.yaml", manifest), ("app.py", code)]).compile();
    let found: Vec<String> =
        outcome.diagnostics.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
    outcome.compiled.unwrap_or_else(|| panic!("{found:#?}\n{manifest}")).plans
}

fn of(policy: &str, workflows: &str) -> Vec<Plan> {
    plans(&format!("{TASKS}{policy}workflows:\n{workflows}"), CODE)
}

const BEFORE: &str = "  - id: order
    steps:
      - task: fetch_user
      - task: charge
      - task: receipt
";

fn lines(changes: &[WorkflowChange]) -> String {
    let mut text = String::new();
    for change in changes {
        text.push_str(&format!("{:?} {}\n", change.action, change.workflow));
        let all = change.action == Action::Change;
        for field in change.fields.iter().filter(|_| all) {
            text.push_str(&format!("  {}: {:?} -> {:?}\n", field.field, field.before, field.after));
        }
        for step in &change.steps {
            text.push_str(&format!("  {:?} {} {}\n", step.action, step.kind, step.id));
            if let Some(moved) = &step.moved {
                text.push_str(&format!("    {:?} -> {:?}\n", moved.from, moved.to));
            }
            for field in step.fields.iter().filter(|_| step.action == Action::Change) {
                text.push_str(&format!("    {}: {:?} -> {:?}\n", field.field, field.before, field.after));
            }
        }
    }
    text
}

fn check(after: &[Plan], wanted: &Expect) {
    wanted.assert_eq(&lines(&diff(&of(PATIENT, BEFORE), after, Whole::Spelt)));
}

#[test]
fn nothing_lies_between_equal_plans() {
    let same = of(PATIENT, BEFORE);
    let changes = diff(&same, &of(PATIENT, BEFORE), Whole::Spelt);
    assert_eq!((counts(&changes), changes[0].action), ([0, 0, 0], Action::Keep));
    assert_eq!(counts(&diff(&[], &same, Whole::Spelt)), [1, 0, 0]);
    assert_eq!(counts(&diff(&same, &[], Whole::Spelt)), [0, 0, 1]);
    assert_eq!(diff(&[], &[], Whole::Spelt), []);
}

#[test]
fn numbers_and_arguments_are_told_field_by_field() {
    let policy = "policies: [{id: patient, retries: 5, timeout: 500ms, retry_on: [OSError]}]\n";
    let workflow = "  - id: order
    deadline: 1m
    steps:
      - task: fetch_user
      - task: charge
        with: {amount: 5}
        when: ${fetch_user.email != null}
      - task: receipt
";
    check(
        &of(policy, workflow),
        &expect![[r#"
        Change order
          deadline: None -> Some("1m")
          inputs: Some("amount, user_id") -> Some("user_id")
          input.amount: Some("int") -> None
          Change task fetch_user
            policy.retries: Some("3") -> Some("5")
            policy.retry_on: None -> Some("OSError")
            policy.timeout: Some("2s") -> Some("500ms")
          Change task charge
            with.amount: Some("${input.amount}") -> Some("5")
            policy.retries: Some("3") -> Some("5")
            policy.retry_on: None -> Some("OSError")
            policy.timeout: Some("2s") -> Some("500ms")
            compensate.policy.retries: Some("3") -> Some("5")
            compensate.policy.retry_on: None -> Some("OSError")
            compensate.policy.timeout: Some("2s") -> Some("500ms")
            when: None -> Some("${fetch_user.email != null}")
            result: Some("string") -> Some("string?")
          Change task receipt
            policy.retries: Some("3") -> Some("5")
            policy.retry_on: None -> Some("OSError")
            policy.timeout: Some("2s") -> Some("500ms")
    "#]],
    );
}

#[test]
fn steps_come_go_and_move_into_blocks() {
    let workflow = "  - id: order
    steps:
      - task: fetch_user
      - parallel:
          - task: receipt
          - task: audit
        max_concurrency: 2
";
    check(
        &of(PATIENT, workflow),
        &expect![[r#"
            Change order
              inputs: Some("amount, user_id") -> Some("user_id")
              output: Some("${receipt}") -> Some("${parallel_1}")
              output type: Some("string") -> Some("{audit: null, receipt: string}")
              input.amount: Some("int") -> None
              Add parallel parallel_1
              Change task receipt
                Place { inside: None, after: Some("charge") } -> Place { inside: Some("parallel"), after: None }
              Add task audit
              Remove task charge
        "#]],
    );
}

#[test]
fn a_new_order_moves_the_fewest_steps() {
    let before = "  - id: order
    steps:
      - {task: audit, id: a}
      - {task: audit, id: b}
      - {task: audit, id: c}
      - {task: audit, id: d}
";
    let after = "  - id: order
    steps:
      - {task: audit, id: d}
      - {task: audit, id: a}
      - {task: audit, id: b}
      - {task: audit, id: c}
";
    let changes = diff(&of(PATIENT, before), &of(PATIENT, after), Whole::Spelt);
    let moved: Vec<&str> = changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(moved, ["d"]);
    assert!(changes[0].steps[0].moved.is_some());
}

#[test]
fn an_anonymous_block_is_known_by_what_is_in_it() {
    let block = |width| {
        format!(
            "      - parallel:\n          - {{task: audit, id: a}}\n          - {{task: audit, id: b}}\n        max_concurrency: {width}\n"
        )
    };
    let before = format!("  - id: order\n    steps:\n{}", block(2));
    let other = "      - parallel:\n          - {task: audit, id: x}\n          - {task: audit, id: y}\n";
    let after = format!("  - id: order\n    steps:\n{other}{}", block(3));
    let changes = diff(&of(PATIENT, &before), &of(PATIENT, &after), Whole::Spelt);
    let kinds: Vec<(Action, &str, bool)> =
        changes[0].steps.iter().map(|step| (step.action, step.kind, step.moved.is_some())).collect();
    let added = (Action::Add, "task", false);
    let wanted = [(Action::Add, "parallel", false), added, added, (Action::Change, "parallel", false)];
    assert_eq!(kinds, wanted);
    assert_eq!(changes[0].steps[3].fields.len(), 1);
}

#[test]
fn types_of_the_code_are_part_of_a_plan() {
    let code = CODE.replace("email: str | None", "email: str");
    let manifest = format!("{TASKS}{PATIENT}workflows:\n{BEFORE}");
    check(
        &plans(&manifest, &code),
        &expect![[r#"
        Change order
          type.app.User.email: Some("string?") -> Some("string")
    "#]],
    );
}

/// Every way a Plan's JSON can differ in one leaf.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, format!("{path}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(field, format!("{path}/{name}"), found);
            }
        }
        _ => found.push(path),
    }
}

fn mutated(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(value) => Some((!value).into()),
        Value::Number(_) => Some(77.into()),
        Value::String(text) => Some(format!("{text}x").into()),
        _ => None,
    }
}

#[test]
fn every_difference_is_told_by_name() {
    let workflow = "  - id: order
    deadline: 10m
    concurrency: {limit: 3}
    schedule: {cron: '0 3 * * *', time_zone: Europe/Berlin}
    input: {user_id: {type: string, default: u}, amount: {type: int, default: 5}, names: {type: list<string>, default: [a]}}
    steps:
      - task: fetch_user
      - task: charge
      - task: receipt
      - {sleep: 5s, id: rest}
      - map: {id: each, over: '${input.names}', as: name, max_concurrency: 4, steps: [{task: audit, with: {name: '${name}'}}]}
      - wait_for: {signal: go, type: string, timeout: 5s}
      - loop: {id: again, until: '${probe == null}', max_iterations: 3, every: 1s, steps: [{task: audit, id: probe, critical: false}]}
";
    let policy = "policies: [{id: patient, retries: 3, timeout: 2s, deadline: 20s, rate_limit: 5/s, bulkhead: 4, hedge: {after: 1s}, circuit_breaker: {failures: 3}}]\n";
    let [plan] = &of(policy, workflow)[..] else { panic!("one workflow") };
    let whole = serde_json::to_value(plan).expect("a Plan is JSON");
    let mut paths = Vec::new();
    leaves(&whole, String::new(), &mut paths);
    let (mut told, mut untold) = (0, BTreeSet::new());
    for path in paths {
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(&path).expect("a path of the document");
        let Some(other) = mutated(leaf) else { continue };
        *leaf = other;
        // Some leaves are words of a closed set.
        let Ok(other) = serde_json::from_value::<Plan>(changed) else { continue };
        if other.workflow != plan.workflow {
            continue;
        }
        let changes = diff(std::slice::from_ref(plan), &[other], Whole::Spelt);
        assert_eq!(changes[0].action, Action::Change, "{path}");
        let by_digest = changes[0].fields.iter().any(|field| field.field == "digest");
        if by_digest {
            untold.insert(path);
        } else {
            told += 1;
        }
    }
    assert!(told > 200, "{told}");
    // Only types inside of expressions have no name: their text does not show them.
    let unnamed: Vec<&String> =
        untold.iter().filter(|path| !path.contains("/ty/") && !path.ends_with("/ty")).collect();
    assert_eq!(unnamed, Vec::<&String>::new());
}

#[test]
fn saved_plans_are_read_again() {
    let plans = of(PATIENT, BEFORE);
    let text = saved_plans("Generated by conductor", &plans).expect("Plans are JSON");
    assert!(text.lines().next().expect("a line").contains("Generated by conductor"));
    assert_eq!(read_plans(text.as_bytes()), Ok(plans));
    let read = |text: &str| read_plans(text.as_bytes()).map_err(|error| error.to_string());
    let newer = read(&text.replace("\"version\": 1", "\"version\": 2"));
    assert_eq!(newer, Err("it has version 2, but this compiler reads version 1".to_owned()));
    let deep = format!("{{\"version\": 1, \"plans\": {}", "[".repeat(1_000_000));
    for text in ["", "{}", "[]", "{\"version\": 1}", "{\"version\": 1, \"plans\": [{}]}", deep.as_str()] {
        assert!(read(text).is_err_and(|error| error.starts_with("it holds no Plans")), "{text:.40}");
    }
    assert_eq!(read("{\"version\": 1, \"plans\": []}"), Ok(Vec::new()));
}

#[test]
fn waits_for_the_disk_are_those_of_writes_and_of_the_end() {
    let waits_of = |workflow: &str| waits(&of(PATIENT, workflow)[0]);
    // Two writes and the end.
    assert_eq!(waits_of(BEFORE).most, 3);
    let reads = "  - {id: w, steps: [{task: fetch_user}]}\n";
    assert_eq!(waits_of(reads).most, 1);
    let undurable = "  - {id: w, durable: false, steps: [{task: fetch_user}, {task: charge}]}\n";
    assert_eq!(waits_of(undurable).most, 0);
    let map = "  - {id: w, input: {names: list<string>}, steps: [{task: fetch_user}, {map: {id: each, over: '${input.names}', as: name, steps: [{task: charge}, {task: receipt}]}}]}\n";
    let found = waits_of(map);
    assert_eq!((found.most, found.per_item), (1, vec![("each".to_owned(), 2)]));
    let repeat = "  - {id: w, steps: [{task: fetch_user}, {loop: {id: again, until: '${charge == null}', max_iterations: 4, steps: [{task: charge}]}}]}\n";
    assert_eq!(waits_of(repeat).most, 5);
}

fn recorded(keys: &[&str]) -> Recorded {
    Recorded {
        inputs: ["user_id", "amount"].map(str::to_owned).into(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}

/// Why a run of `BEFORE` with these keys on record could not go on under the workflow.
fn against(workflow: &str, keys: &[&str]) -> Vec<String> {
    let (old, new) = (of(PATIENT, BEFORE), of(PATIENT, workflow));
    obstacles(Some(&old[0]), &new[0], &recorded(keys)).iter().map(Obstacle::to_string).collect()
}

#[test]
fn a_journal_fits_a_plan_that_reaches_all_of_it_with_nothing_new_before() {
    let audited = |before: &str, after: &str| {
        format!(
            "  - id: order\n    steps:\n      - task: fetch_user\n{before}      - task: charge\n{after}      - task: receipt\n"
        )
    };
    let audit = "      - task: audit\n";
    let nothing: Vec<String> = Vec::new();
    assert_eq!(against(BEFORE, &["fetch_user", "charge"]), nothing);
    assert_eq!(against(&audited("", audit), &["fetch_user", "charge"]), nothing);
    let wanted = ["`audit`, of which nothing is recorded, stands before the recorded step `charge`"];
    assert_eq!(against(&audited(audit, ""), &["fetch_user", "charge"]), wanted);
    assert_eq!(against(&audited(audit, ""), &["fetch_user"]), nothing);
    let gone = "  - id: order\n    steps:\n      - task: fetch_user\n      - task: receipt\n";
    assert_eq!(against(gone, &["fetch_user", "charge"]), ["the recorded step `charge` is not in it"]);
    assert_eq!(against(gone, &["fetch_user"]), nothing);
    let other = "  - id: order\n    steps:\n      - task: fetch_user\n      - task: charge\n        with: {amount: 5}\n      - task: receipt\n";
    let wanted = ["of the recorded step `charge` with.amount was ${input.amount} and would be 5"];
    assert_eq!(against(other, &["fetch_user", "charge"]), wanted);
    assert_eq!(against(other, &["fetch_user"]), nothing);
    let inputs = "  - id: order\n    input: {reason: string}\n    steps:\n      - task: fetch_user\n      - task: charge\n";
    assert_eq!(
        against(inputs, &["fetch_user"]),
        ["it wants the input `reason`, which the run was not given"]
    );
}

#[test]
fn how_often_and_how_long_may_change_under_a_run() {
    let old = of(PATIENT, BEFORE);
    let new = of("policies: [{id: patient, retries: 9, timeout: 30s}]\n", BEFORE);
    assert_eq!(obstacles(Some(&old[0]), &new[0], &recorded(&["fetch_user", "charge"])), []);
}

#[test]
fn without_the_old_plan_keys_and_inputs_are_compared() {
    let other = "  - id: order\n    steps:\n      - task: fetch_user\n      - task: charge\n        with: {amount: 5}\n";
    let new = of(PATIENT, other);
    assert_eq!(obstacles(None, &new[0], &recorded(&["fetch_user", "charge"])), []);
    let found = obstacles(None, &new[0], &recorded(&["fetch_user", "receipt"]));
    assert!(matches!(&found[..], [Obstacle::Gone { .. }]), "{found:?}");
}

#[test]
fn branches_are_no_obstacle_to_each_other() {
    let parallel = "  - id: order\n    steps:\n      - task: fetch_user\n      - parallel:\n          - task: charge\n          - task: receipt\n          - task: audit\n";
    assert_eq!(against(parallel, &["fetch_user", "receipt"]), Vec::<String>::new());
    let then = format!("{parallel}      - {{task: audit, id: late}}\n");
    let wanted = ["`charge`, of which nothing is recorded, stands before the recorded step `late`"];
    assert_eq!(against(&then, &["fetch_user", "receipt", "late"]), wanted);
}

#[test]
fn of_a_step_everything_is_known() {
    let [change] = &diff(&[], &of(PATIENT, BEFORE), Whole::Spelt)[..] else { panic!("one workflow") };
    let steps: Vec<(&str, Option<&str>)> =
        change.steps.iter().map(|StepChange { id, calls, .. }| (id.as_str(), calls.as_deref())).collect();
    let wanted = [
        ("fetch_user", Some("app.fetch_user")),
        ("charge", Some("app.charge")),
        ("receipt", Some("app.receipt")),
    ];
    assert_eq!(steps, wanted);
}

#[test]
fn a_whole_that_is_only_named_has_the_same_steps_and_no_fields() {
    let (old, new) = (of(PATIENT, BEFORE), of(PATIENT, &BEFORE.replace("receipt", "audit")));
    for (before, after) in [(&old[..], &[][..]), (&[][..], &new[..]), (&old[..], &new[..])] {
        let named = diff(before, after, Whole::Named);
        let mut spelt = diff(before, after, Whole::Spelt);
        for workflow in &mut spelt {
            for step in workflow.steps.iter_mut().filter(|step| step.action != Action::Change) {
                assert!(!step.fields.is_empty(), "{step:?}");
                step.fields.clear();
            }
            if workflow.action != Action::Change {
                workflow.fields.clear();
            }
        }
        assert_eq!(named, spelt);
    }
}
