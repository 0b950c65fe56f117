//! The files of the journal are taken away, from a sidecar at work and from one that was killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::eventually;
use conductor_tests::lab::{Lab, told};
use conductor_tests::sidecar::Sidecar;
use serde_json::json;

/// The sidecar notes and looks every half second.
const SEEN: Duration = Duration::from_millis(1_500);

fn make(lab: &Lab, run: &str) -> Result<()> {
    let made = told(lab.call("chain", &json!({"n": 4}), &["--run", run])?)?;
    ensure!(made == json!({"output": "sealed 50"}), "{made}");
    Ok(())
}

fn beside(store: &Path, beginning: &str) -> Result<Option<PathBuf>> {
    let folder = store.parent().context("the store is in a folder")?;
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let is_it =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning));
    Ok(names.into_iter().find(is_it))
}

#[test]
fn a_log_that_a_killed_sidecar_has_left_is_missed_until_the_loss_is_accepted() -> Result<()> {
    let (lab, mut sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    make(&lab, "r")?;
    std::thread::sleep(SEEN);
    sidecar.kill()?;
    let log = sidecar.store().with_file_name("journal.db-wal");
    std::fs::remove_file(&log)?;
    let refused = lab.project.conductor(&["sidecar"])?.expect_code(3)?;
    for part in ["journal.db-wal", "--accept-loss"] {
        assert!(refused.stderr.contains(part), "{part} is missing in: {}", refused.stderr);
    }
    assert!(!log.exists(), "a start that was refused has changed something");
    let accepting = Sidecar::among(&lab.project, ".conductor", &["--accept-loss"])?;
    make(&lab, "s")?;
    assert_eq!(accepting.run("s")?["state"], "succeeded");
    Ok(())
}

#[test]
fn a_log_that_is_removed_under_a_sidecar_costs_nothing() -> Result<()> {
    let (lab, mut sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    make(&lab, "r")?;
    std::fs::remove_file(sidecar.store().with_file_name("journal.db-wal"))?;
    std::thread::sleep(SEEN);
    make(&lab, "s")?;
    sidecar.kill()?;
    sidecar.restart(&lab.project)?;
    for run in ["r", "s"] {
        assert_eq!(sidecar.run(run)?["state"], "succeeded", "{run}");
    }
    Ok(())
}

#[test]
fn a_store_that_is_removed_under_a_sidecar_is_saved_as_it_ends() -> Result<()> {
    let (lab, mut sidecar) = Lab::with_sidecar()?;
    lab.open("hold")?;
    make(&lab, "r")?;
    let store = sidecar.store();
    std::fs::remove_file(&store)?;
    let ended = sidecar.take()?.wait()?.expect_code(3)?;
    assert!(ended.stderr.contains("journal.db.saved-"), "{}", ended.stderr);
    let saved = eventually("the saved store", || beside(&store, "journal.db.saved-"))?;
    std::fs::rename(saved, &store)?;
    sidecar.restart(&lab.project)?;
    assert_eq!(sidecar.run("r")?["state"], "succeeded");
    Ok(())
}
