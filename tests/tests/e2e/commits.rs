//! A run waits for the disk where somebody could notice, and nowhere else.

use anyhow::Result;
use conductor_tests::lab::{Lab, told};
use serde_json::json;

const COMMITS: &str = "conductor_commit_duration_seconds_count";

/// Waits for the disk that one run of the workflow costs.
fn commits(workflow: &str) -> Result<f64> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let before = sidecar.metric(COMMITS)?;
    told(lab.call(workflow, &json!({}), &["--run", "r"])?)?;
    Ok(sidecar.metric(COMMITS)? - before)
}

#[test]
fn ten_writes_cost_eleven_waits() -> Result<()> {
    assert_eq!(commits("ten_writes")?, 11.0);
    Ok(())
}

#[test]
fn nine_reads_and_a_write_cost_at_most_three() -> Result<()> {
    let waits = commits("nine_reads")?;
    assert!((2.0..=3.0).contains(&waits), "{waits}");
    Ok(())
}
