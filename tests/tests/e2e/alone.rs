//! Without a sidecar: what runs alone, and what says how to start one.

use std::ffi::OsStr;

use anyhow::Result;
use conductor_tests::lab::{Lab, told};
use serde_json::{Value, json};

fn refusal(lab: &Lab, mode: &str) -> Result<Value> {
    let variables = [("CONDUCTOR_SIDECAR", OsStr::new(mode))];
    Ok(told(lab.call_with("chain", &json!({"n": 1}), &["--run", "r"], &variables)?)?["error"].clone())
}

#[test]
fn a_workflow_without_durability_needs_nobody() -> Result<()> {
    let lab = Lab::new()?;
    for mode in ["auto", "off"] {
        let variables = [("CONDUCTOR_SIDECAR", OsStr::new(mode))];
        let told = told(lab.call_with("alone", &json!({"n": 1}), &[], &variables)?)?;
        assert_eq!(told, json!({"output": "sealed 2"}), "{mode}");
    }
    Ok(())
}

#[test]
fn a_durable_workflow_says_how_to_start_a_sidecar() -> Result<()> {
    let lab = Lab::new()?;
    for mode in ["auto", "require"] {
        let error = refusal(&lab, mode)?;
        let message = error["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("conductor sidecar") || message.contains("conductor dev"),
            "{mode}: {error}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    assert_eq!(lab.count("r/look", "begin")?, 0);
    Ok(())
}

#[test]
fn off_means_off_and_require_means_required() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    let error = refusal(&lab, "off")?;
    assert!(error["message"].as_str().is_some_and(|text| text.contains("CONDUCTOR_SIDECAR")), "{error}");
    let variables = [("CONDUCTOR_SIDECAR", OsStr::new("require"))];
    let told = told(lab.call_with("chain", &json!({"n": 1}), &[], &variables)?)?;
    assert_eq!(told, json!({"output": "sealed 20"}));
    Ok(())
}

#[test]
fn the_blocking_form_gives_the_same() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    assert_eq!(told(lab.call("chain", &json!({"n": 4}), &["--blocking"])?)?, json!({"output": "sealed 50"}));
    Ok(())
}

#[test]
fn a_fork_disturbs_neither_side() -> Result<()> {
    let (lab, _sidecar) = Lab::with_sidecar()?;
    let finished = lab.project.python(&["fork.py"], &[])?.wait()?.expect_code(0)?;
    for name in ["child", "parent"] {
        let wanted = json!({name: {"flaky": 1, "look": 3}}).to_string();
        let said = finished.stdout.lines().any(|line| line.replace(' ', "") == wanted);
        assert!(said, "{name}: {finished:?}");
    }
    Ok(())
}
