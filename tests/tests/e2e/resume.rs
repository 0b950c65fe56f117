//! A run is called, attached to, continued after a crash, and answered from its journal when it has ended.

use std::ffi::OsStr;
use std::time::Duration;

use anyhow::Result;
use conductor_tests::lab::{Lab, told};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn a_finished_run_gives_its_result_again_and_refuses_another_input() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    let sealed = json!({"output": "sealed 50"});
    assert_eq!(told(lab.call("chain", &json!({"n": 4}), &["--run", "r"])?)?, sealed);
    assert_eq!(told(lab.call("chain", &json!({"n": 4}), &["--run", "r"])?)?, sealed);
    assert_eq!(lab.count("r/hold", "begin")?, 1);
    let refused = told(lab.call("chain", &json!({"n": 5}), &["--run", "r"])?)?;
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("input")), "{refused}");
    let run = sidecar.run("r")?;
    assert_eq!(
        (&run["state"], &run["output"], &run["input"]),
        (&json!("succeeded"), &json!("sealed 50"), &json!({"n": 4}))
    );
    Ok(())
}

#[test]
fn a_killed_application_is_continued_by_the_next_caller() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let first = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    first.kill()?;
    lab.open("hold")?;
    assert_eq!(told(lab.call("chain", &json!({"n": 4}), &["--run", "r"])?)?, json!({"output": "sealed 50"}));
    let counts =
        [lab.count("r/look", "begin")?, lab.count("r/hold", "begin")?, lab.count("r/seal", "begin")?];
    assert_eq!(counts, [1, 2, 1]);
    Ok(())
}

#[test]
fn a_second_caller_attaches_and_both_get_the_result() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let first = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    let second = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    std::thread::sleep(Duration::from_millis(300));
    lab.open("hold")?;
    assert_eq!(told(first)?, told(second)?);
    assert_eq!(lab.count("r/hold", "begin")?, 1);
    Ok(())
}

#[test]
fn an_application_lives_through_the_death_of_its_sidecar() -> Result<()> {
    let (lab, mut sidecar) = Lab::with_sidecar()?;
    let call = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    sidecar.kill()?;
    lab.open("hold")?;
    lab.wait_for("r/hold", "end", 1)?;
    sidecar.restart(&lab.project)?;
    assert_eq!(told(call)?, json!({"output": "sealed 50"}));
    for key in ["r/look", "r/hold", "r/seal"] {
        assert_eq!(lab.count(key, "begin")?, 1, "{key}");
    }
    Ok(())
}

#[test]
fn a_sidecar_that_is_stopped_in_good_order_is_waited_for_too() -> Result<()> {
    let (lab, mut sidecar) = Lab::with_sidecar()?;
    let call = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    let process = sidecar.take()?;
    process.signal(Signal::TERM)?;
    process.wait()?.expect_code(0)?;
    lab.open("hold")?;
    lab.wait_for("r/hold", "end", 1)?;
    sidecar.restart(&lab.project)?;
    assert_eq!(told(call)?, json!({"output": "sealed 50"}));
    assert_eq!(lab.count("r/hold", "begin")?, 1);
    Ok(())
}

#[test]
fn a_child_is_a_run_of_its_own_and_survives_a_crash_of_its_parent() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let call = lab.call("parent", &json!({"n": 4}), &["--run", "p"])?;
    lab.wait_for("p/chain/hold", "begin", 1)?;
    call.kill()?;
    lab.open("hold")?;
    let output = json!({"output": {"child": "sealed 50", "own": "sealed 7"}});
    assert_eq!(told(lab.call("parent", &json!({"n": 4}), &["--run", "p"])?)?, output);
    assert_eq!(lab.count("p/chain/look", "begin")?, 1);
    assert_eq!(sidecar.run("p/chain").or_else(|_| sidecar.run("p%2Fchain"))?["state"], "succeeded");
    Ok(())
}

#[test]
fn retries_are_counted_across_a_crash() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let call = lab.call("retrying_slowly", &json!({"times": 9}), &["--run", "r"])?;
    lab.wait_for("r/flaky_slowly", "failed", 2)?;
    // The failure is journaled before the next attempt, which comes 300 ms later.
    std::thread::sleep(Duration::from_millis(150));
    call.kill()?;
    let told = told(lab.call("retrying_slowly", &json!({"times": 9}), &["--run", "r"])?)?;
    assert_eq!(told["error"]["attempts"], 4, "{told}");
    assert_eq!(lab.count("r/flaky_slowly", "begin")?, 4);
    Ok(())
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_longer() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let (input, run) = (json!({"times": 3}), ["--run", "r"]);
    let ahead = [("LAB_CLOCK_HOURS", OsStr::new("24"))];
    let call = lab.call_with("retrying_slowly", &input, &run, &ahead)?;
    lab.wait_for("r/flaky_slowly", "failed", 2)?;
    std::thread::sleep(Duration::from_millis(150));
    call.kill()?;
    let behind = [("LAB_CLOCK_HOURS", OsStr::new("-24"))];
    assert_eq!(told(lab.call_with("retrying_slowly", &input, &run, &behind)?)?, json!({"output": 4}));
    Ok(())
}
