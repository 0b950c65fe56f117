//! Who executes a run: callers, serving applications, the next one after a death, and nobody after a cancellation.

use anyhow::Result;
use conductor_tests::lab::{Lab, told};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn a_serving_application_takes_runs_started_over_http() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    let first = lab.serve()?;
    sidecar.accepts("chain", "first", &json!({"n": 0}))?;
    sidecar.run_in("first", &["succeeded"])?;
    first.kill()?;
    // Accepted while nobody serves: it waits for somebody.
    assert!(sidecar.start_run("chain", "early", &json!({"n": 1}))?);
    let _application = lab.serve()?;
    assert_eq!(sidecar.run_in("early", &["succeeded"])?["output"], "sealed 20");
    assert!(sidecar.start_run("chain", "late", &json!({"n": 2}))?);
    assert_eq!(sidecar.run_in("late", &["succeeded"])?["output"], "sealed 30");
    Ok(())
}

#[test]
fn conductor_run_waits_for_the_end() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    let _application = lab.serve()?;
    conductor_tests::eventually("the application's registration", || {
        let run = ["run", "chain", "--input", "{\"n\": 4}", "--run-id", "r"];
        let (code, document) = lab.project.conductor_json(&run)?;
        Ok((code == Some(0) && document["output"] == "sealed 50").then_some(()))
    })?;
    let (code, document) = lab.project.conductor_json(&["show", "r"])?;
    assert_eq!((code, &document["state"]), (Some(0), &json!("succeeded")), "{document}");
    let (code, document) = lab.project.conductor_json(&["runs"])?;
    assert_eq!((code, &document["runs"][0]["id"]), (Some(0), &json!("r")), "{document}");
    Ok(())
}

#[test]
fn two_applications_share_runs_and_one_inherits_the_other_s() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let serving = lab.serve()?;
    sidecar.accepts("chain", "r0", &json!({"n": 0}))?;
    for number in 1..5 {
        assert!(sidecar.start_run("chain", &format!("r{number}"), &json!({"n": number}))?);
    }
    for number in 0..5 {
        lab.wait_for(&format!("r{number}/hold"), "begin", 1)?;
    }
    let _heir = lab.serve()?;
    serving.kill()?;
    lab.open("hold")?;
    for number in 0..5 {
        let run = sidecar.run_in(&format!("r{number}"), &["succeeded"])?;
        assert_eq!(run["output"], format!("sealed {}", (number + 1) * 10));
        assert_eq!(lab.count(&format!("r{number}/look"), "begin")?, 1);
    }
    Ok(())
}

#[test]
fn a_cancelled_caller_releases_its_run_and_another_continues_it() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let call = lab.call("chain", &json!({"n": 4}), &["--run", "r", "--cancel-after", "0.5"])?;
    assert_eq!(told(call)?["error"]["type"], "CancelledError");
    assert_eq!(sidecar.run("r")?["state"], "running");
    lab.open("hold")?;
    assert_eq!(told(lab.call("chain", &json!({"n": 4}), &["--run", "r"])?)?, json!({"output": "sealed 50"}));
    assert_eq!(lab.count("r/look", "begin")?, 1);
    Ok(())
}

#[test]
fn a_cancelled_run_ends_and_its_caller_is_told() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let call = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    lab.project.conductor(&["cancel", "r"])?.expect_code(0)?;
    sidecar.run_in("r", &["cancelled"])?;
    let told = told(call)?;
    assert_eq!(told["error"]["type"], "WorkflowCancelled", "{told}");
    assert_eq!((lab.count("r/hold", "cancelled")?, lab.count("r/seal", "begin")?), (1, 0));
    Ok(())
}

#[test]
fn a_run_of_a_stopped_process_is_given_away_and_the_late_one_is_answered_from_the_journal() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let sleeper = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    sleeper.stop()?;
    let heir = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    // Its owner lives, so the heir must wait until nothing has been heard of it for a lease and half of it more.
    lab.wait_for("r/hold", "begin", 2)?;
    lab.open("hold")?;
    let sealed = json!({"output": "sealed 50"});
    assert_eq!(told(heir)?, sealed);
    sleeper.signal(Signal::CONT)?;
    assert_eq!(told(sleeper)?, sealed);
    assert_eq!((lab.count("r/look", "begin")?, lab.count("r/seal", "begin")?), (1, 1));
    Ok(())
}
