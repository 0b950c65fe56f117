//! Manifests, compiled and played by the reference interpreter: what is written means what the interpreter does.
//!
//! It knows no construct; `compiler/simulate/tests` has each of them by itself.

use std::fmt::Write as _;

use conductor_protocol::plan::Plan;
use conductor_protocol::state::RunState;
use conductor_simulate::{Scenario, Scripted, Sent, Start, Stopped, Trace, What, run};
use expect_test::expect;
use serde_json::json;

use crate::samples::samples;
use crate::support::{Project, repository};

fn plans(project: &Project) -> Vec<Plan> {
    let outcome = project.compile();
    let shown = project.shown(&outcome);
    outcome.compiled.unwrap_or_else(|| panic!("{shown}")).plans
}

fn returns(value: serde_json::Value) -> Vec<Scripted> {
    vec![Scripted { returns: Some(value), ..Scripted::default() }]
}

/// What each step came to, in order, and the end.
fn shown(trace: &Trace) -> String {
    let mut text = String::new();
    for event in &trace.events {
        let line = match &event.what {
            What::StepSucceeded { key, output, .. } => format!("{key} = {output}"),
            What::StepFailed { key, error, .. } => format!("{key} fails: {}", error.types.join(", ")),
            What::StepCancelled { key, .. } => format!("{key} cancelled"),
            What::StepCompensated { key } => format!("{key} undone"),
            What::AttemptStarted { key, args, .. } => format!("{key} {args}"),
            What::RunEnded(end) => {
                let output = end.output.as_ref().map(|output| format!(" {output}")).unwrap_or_default();
                format!("{}{output}", end.state.as_str())
            }
            _ => continue,
        };
        let _ = writeln!(text, "{}: {line}", event.run);
    }
    text
}

fn scenario(items: usize) -> Scenario {
    let items: Vec<_> = (0..items).map(|size| json!({ "id": format!("i{size}"), "size": size })).collect();
    let item = json!({ "id": "small", "size": 1 });
    let calls = [
        ("list_items", returns(json!(items))),
        ("resize", returns(item)),
        ("poll", returns(json!("busy"))),
        ("wait[1].poll", returns(json!("done"))),
        ("one", vec![Scripted { after_ms: Some(50.0), returns: Some(json!("slow")), ..Scripted::default() }]),
        ("two", returns(json!("quick"))),
        ("charge", returns(json!("c1"))),
    ];
    let input = json!({ "owner": "ann", "job": "j1" });
    Scenario {
        starts: vec![Start {
            input: input.as_object().cloned().unwrap_or_default(),
            ..Start::new("main", "r")
        }],
        calls: calls.into_iter().map(|(key, all)| (key.to_owned(), all)).collect(),
        signals: vec![Sent {
            at_ms: 0.0,
            run: "r".into(),
            signal: "approved".into(),
            data: json!(true),
            id: None,
        }],
        ..Scenario::default()
    }
}

#[test]
fn most_constructs_in_one_run() {
    let plans = plans(&Project::read(&repository("compiler/driver/tests/meaning")));
    let caught = run(&plans, &scenario(3));
    expect![[r#"
        r: list_items {"owner":"ann"}
        r: list_items = [{"id":"i0","size":0},{"id":"i1","size":1},{"id":"i2","size":2}]
        r: each[0].resize {"factor":2,"item":{"id":"i0","size":0}}
        r: each[1].resize {"factor":2,"item":{"id":"i1","size":1}}
        r: each[2].resize {"factor":2,"item":{"id":"i2","size":2}}
        r: each[0].resize = {"id":"small","size":1}
        r: each[1].resize = {"id":"small","size":1}
        r: each[2].resize = {"id":"small","size":1}
        r: wait[0].poll {"job":"j1"}
        r: wait[0].poll = "busy"
        r: wait[0] = null
        r: wait[1].poll {"job":"j1"}
        r: wait[1].poll = "done"
        r: charge {"amount":3,"idempotency_key":"r/charge"}
        r: charge = "c1"
        r: notify {"text":"TooMany: there are 3 at fail_1"}
        r: notify = null
        r: last {"text":"done"}
        r: last = null
        r: wait_for_1 = true
        r: one {"job":"j1"}
        r: two {"job":"j1"}
        r: two = "quick"
        r: one cancelled
        r/sub: notify {"text":"hi"}
        r/sub: notify = null
        r/sub: succeeded null
        r: sub = null
        r: succeeded {"each":[{"id":"small","size":1},{"id":"small","size":1},{"id":"small","size":1}],"n":3}
    "#]]
    .assert_eq(&shown(&caught));
    let passed = run(&plans, &scenario(1));
    assert_eq!(passed.ends()["r"].state, RunState::Succeeded);
    assert!(!shown(&passed).contains("r: notify"), "nothing was caught");
}

#[test]
fn the_sample_manifests_can_be_played() {
    let mut wrong = Vec::new();
    let mut played = 0;
    for (path, project) in samples("tests/manifests") {
        let plans = plans(&project);
        let starts = plans.iter().map(|plan| Start::new(&plan.workflow, &format!("run_{}", plan.workflow)));
        let scenario = Scenario { starts: starts.collect(), budget: 200_000, ..Scenario::default() };
        let trace = run(&plans, &scenario);
        played += plans.len();
        if trace.stopped == Stopped::Budget {
            wrong.push(format!("{}: it does not end", path.display()));
        }
        if run(&plans, &scenario) != trace {
            wrong.push(format!("{}: it does not repeat", path.display()));
        }
    }
    assert!(played > 20, "only {played} workflows were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
