//! What callers see when steps fail, are tolerated, time out or are cancelled by a sibling.

use std::time::{Duration, Instant};

use anyhow::Result;
use conductor_tests::lab::{Lab, told};
use serde_json::json;

#[test]
fn a_step_is_retried_until_it_succeeds() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    assert_eq!(told(lab.call("retrying", &json!({"times": 2}), &["--run", "r"])?)?, json!({"output": 3}));
    let run = sidecar.run("r")?;
    assert_eq!(
        (&run["steps"][0]["state"], &run["steps"][0]["attempts"]),
        (&json!("succeeded"), &json!(3)),
        "{run}"
    );
    Ok(())
}

#[test]
fn an_exhausted_policy_fails_the_run_and_names_everything() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let told_first = told(lab.call("retrying", &json!({"times": 9}), &["--run", "r"])?)?;
    let error = &told_first["error"];
    let named = (&error["workflow"], &error["run"], &error["step"], &error["attempts"]);
    assert_eq!(named, (&json!("retrying"), &json!("r"), &json!("flaky"), &json!(4)), "{error}");
    assert_eq!(error["cause"], json!({"type": "Flaky", "message": "attempt 4 of 10"}));
    let run = sidecar.run("r")?;
    assert_eq!(run["state"], "failed", "{run}");
    let told_again = told(lab.call("retrying", &json!({"times": 9}), &["--run", "r"])?)?;
    assert_eq!(told_again["error"]["attempts"], 4, "{told_again}");
    assert_eq!(lab.count("r/flaky", "begin")?, 4);
    Ok(())
}

#[test]
fn a_tolerated_failure_is_null_and_the_run_goes_on() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let told = told(lab.call("tolerant", &json!({"times": 9, "n": 1}), &["--run", "r"])?)?;
    assert_eq!(told, json!({"output": {"flaky": null, "look": 2}}));
    let run = sidecar.run("r")?;
    assert_eq!(run["steps"][0]["state"], "tolerated", "{run}");
    assert_eq!(lab.count("r/flaky_harmless", "begin")?, 2);
    Ok(())
}

#[test]
fn a_failing_branch_cancels_its_siblings() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let call = lab.call("fan", &json!({}), &["--run", "r"])?;
    lab.wait_for("r/linger", "begin", 1)?;
    lab.open("break_down")?;
    let told = told(call)?;
    assert_eq!(told["error"]["cause"]["message"], "broken down", "{told}");
    assert_eq!(lab.count("r/linger", "cancelled")?, 1);
    assert_eq!(sidecar.run("r")?["state"], "failed");
    Ok(())
}

#[test]
fn a_blocking_read_times_out_without_being_waited_for() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let told = told(lab.call("napping", &json!({"seconds": 1.5}), &["--run", "r"])?)?;
    assert_eq!(told["error"]["cause"]["type"], "TimeoutError", "{told}");
    assert_eq!(lab.count("r/nap", "begin")?, 1);
    Ok(())
}

#[test]
fn a_blocking_write_that_ends_late_has_succeeded() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let start = Instant::now();
    let told = told(lab.call("napping_write", &json!({"seconds": 0.5}), &["--run", "r"])?)?;
    assert_eq!(told, json!({"output": "rested"}));
    assert!(start.elapsed() >= Duration::from_millis(500));
    assert_eq!(lab.count("r/nap_write", "begin")?, 1);
    Ok(())
}
