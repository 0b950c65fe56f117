//! One workflow over three languages: Python orchestrates, and workers in Go and JavaScript serve a step each.
use anyhow::{Context, Result};
use conductor_tests::lab::told;
use conductor_tests::languages::{call, charged, charges, notifier, shop, worker};
use conductor_tests::sidecar::Sidecar;
use serde_json::{Value, json};

fn step<'a>(run: &'a Value, key: &str) -> Result<&'a Value> {
    let steps = run["steps"].as_array().context("no steps")?;
    steps.iter().find(|step| step["key"] == key).with_context(|| format!("no step {key}: {run}"))
}

#[test]
fn a_worker_that_dies_in_its_step_is_started_again_and_the_run_finishes() -> Result<()> {
    let project = shop()?;
    let sidecar = Sidecar::start(&project)?;
    let _notifier = notifier(&project)?;
    let first = worker(&project)?;
    let caller = call(&project, "order", "r", "ada")?;
    charged(&project, 1)?;
    first.kill()?;
    let _second = worker(&project)?;
    charged(&project, 2)?;
    project.write("charge.open", "")?;
    assert_eq!(told(caller)?, json!({"output": "ch_ada for 1250: ada-1, ada-2"}));
    assert_eq!(charges(&project), ["r/charge", "r/charge"], "one key, however often it is called");
    assert_eq!(project.read("notified.log")?, "ch_ada\n");
    let run = sidecar.run("r")?;
    assert_eq!(run["owners"].as_array().map(Vec::len), Some(1), "it is one run of one caller: {run}");
    assert_eq!(step(&run, "reserve")?["attempts"], 1);
    assert_eq!(
        (&step(&run, "charge")?["state"], &step(&run, "charge")?["attempts"]),
        (&json!("succeeded"), &json!(1))
    );
    Ok(())
}

#[test]
fn an_error_in_go_is_the_step_s_and_a_missing_worker_is_named() -> Result<()> {
    let project = shop()?;
    let sidecar = Sidecar::start(&project)?;
    let alone = told(call(&project, "hasty", "alone", "bob")?)?;
    let message = alone["error"]["message"].as_str().context("no error")?;
    assert!(message.contains("no worker serves go:example.com/shop/payments.Charge"), "{alone}");
    let _worker = worker(&project)?;
    let declined = told(call(&project, "order", "declined", "nobody")?)?;
    assert_eq!(declined["error"]["step"], "charge");
    let run = sidecar.run("declined")?;
    let error = &step(&run, "charge")?["error"];
    assert!(error["message"].as_str().is_some_and(|text| text.contains("card declined")), "{error}");
    Ok(())
}

#[test]
fn a_cancelled_run_cancels_the_call_in_the_other_process() -> Result<()> {
    let project = shop()?;
    let sidecar = Sidecar::start(&project)?;
    let _worker = worker(&project)?;
    let caller = call(&project, "order", "r", "eve")?;
    charged(&project, 1)?;
    sidecar.post("/v1/runs/r/cancel", &json!({"reason": "enough"}))?;
    // Charge ends when its context does: the gate is never opened.
    let run = sidecar.run_in("r", &["cancelled"])?;
    assert_eq!(step(&run, "charge")?["state"], "cancelled");
    let told = told(caller)?;
    assert!(told["error"]["message"].as_str().is_some_and(|text| text.contains("enough")), "{told}");
    Ok(())
}

#[test]
fn policies_catches_and_compensation_reach_into_another_language() -> Result<()> {
    let project = shop()?;
    let sidecar = Sidecar::start(&project)?;
    let _worker = worker(&project)?;

    let declined = told(call(&project, "careful", "declined", "nobody")?)?;
    assert_eq!(
        declined,
        json!({"output": "ErrDeclined after 1"}),
        "it is not tried again, and caught by name"
    );

    let ghost = told(call(&project, "careful", "ghost", "ghost")?)?;
    let message = ghost["error"]["message"].as_str().context("no error")?;
    assert!(message.contains("it is nil, and so is the error beside it"), "{ghost}");

    // The gate is closed: two attempts run out of time, and what they did is not known to what would undo it.
    let late = told(call(&project, "careful", "late", "ada")?)?;
    let message = late["error"]["message"].as_str().context("no error")?;
    assert!(message.contains("what `charge` did could not be undone: its outcome is unknown"), "{late}");
    let run = sidecar.run("late")?;
    assert_eq!((&run["state"], &step(&run, "charge")?["attempts"]), (&json!("paused"), &json!(2)), "{run}");
    assert_eq!(step(&run, "charge")?["error"]["types"][0], "builtins.TimeoutError", "{run}");

    project.write("charge.open", "")?;
    let regretted = told(call(&project, "careful", "regretted", "bob")?)?;
    assert_eq!(
        regretted["error"]["message"].as_str().map(|text| text.contains("nobody wants it")),
        Some(true)
    );
    assert_eq!(project.read("refunds.log")?, "ch_bob: regret\n");
    Ok(())
}
