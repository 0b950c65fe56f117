//! A run waits for the disk where somebody could notice, and nowhere else.

use anyhow::Result;
use conductor_tests::lab::{Lab, told};
use conductor_tests::proxy::Proxy;
use serde_json::json;

const COMMITS: &str = "conductor_commit_duration_seconds_count";

/// How often a run of the workflow waits for the disk, and how often the sidecar went there for it.
fn waits_and_commits(workflow: &str) -> Result<(usize, f64)> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let socket = lab.project.path().join("proxy.sock");
    let proxy = Proxy::listen(&socket, &sidecar.socket())?;
    let before = sidecar.metric(COMMITS)?;
    let variables = [("CONDUCTOR_SOCKET", socket.as_os_str())];
    let told = told(lab.call_with(workflow, &json!({}), &["--run", "r"], &variables)?)?;
    assert_eq!(told, json!({"output": 1}));
    Ok((proxy.waits(), sidecar.metric(COMMITS)? - before))
}

#[test]
fn ten_writes_cost_eleven_waits() -> Result<()> {
    let (waits, commits) = waits_and_commits("ten_writes")?;
    assert_eq!(waits, 11);
    // The session's own registration may be one more.
    assert!((11.0..=12.0).contains(&commits), "{commits}");
    Ok(())
}

#[test]
fn nine_reads_and_a_write_cost_at_most_three() -> Result<()> {
    let (waits, _) = waits_and_commits("nine_reads")?;
    assert!((2..=3).contains(&waits), "{waits}");
    Ok(())
}
