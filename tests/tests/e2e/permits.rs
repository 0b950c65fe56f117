//! Permits in real processes: one for the whole host, freed by death, seen in the metrics.

use std::time::Duration;

use anyhow::{Result, ensure};
use conductor_tests::eventually;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::warehouse::{Warehouse, batch, numbers};
use serde_json::{Value, json};

/// How many were inside at once, at most, not counting what a killed process left open.
fn most_inside(log: &[Value], killed: Option<i64>) -> Result<i32> {
    let (mut inside, mut most) = (0, 0);
    for entry in log.iter().filter(|entry| killed.is_none_or(|pid| entry["pid"] != pid)) {
        inside += if entry["event"] == "enters" || entry["event"] == "begins" { 1 } else { -1 };
        ensure!(inside >= 0, "{log:?}");
        most = most.max(inside);
    }
    ensure!(inside == 0, "{log:?}");
    Ok(most)
}

#[test]
fn a_semaphore_is_one_for_three_processes_and_outlives_a_kill() -> Result<()> {
    let warehouse = Warehouse::new()?;
    let sidecar = Sidecar::start(&warehouse.project)?;
    let holder = warehouse.run("entering", &json!({"name": "stays"}), &[])?;
    eventually("somebody inside", || Ok((warehouse.count("enters")? == 1).then_some(())))?;
    let killed = warehouse.log()?[0]["pid"].as_i64().unwrap_or_default();
    let others = [("entering", "a"), ("entering_directly", "b")]
        .map(|(workflow, name)| warehouse.run(workflow, &json!({"name": name}), &["--times", "5"]));
    eventually("ten who wait", || {
        let waiting = sidecar.metric("conductor_resource_waiting").unwrap_or(0.0);
        Ok((waiting > 9.5).then_some(()))
    })?;
    assert!(sidecar.metric("conductor_resource_in_use")? < 1.5);
    assert!(sidecar.metric("conductor_resource_limit")? < 1.5);
    assert_eq!(warehouse.count("enters")?, 1, "a second one got in");
    holder.kill()?;
    for mut other in others.into_iter().collect::<Result<Vec<_>>>()? {
        assert_eq!(batch(&mut other, 0)?.len(), 5);
        other.wait()?.expect_code(0)?;
    }
    assert_eq!(most_inside(&warehouse.log()?, Some(killed))?, 1);
    Ok(())
}

#[test]
fn a_semaphore_survives_the_death_of_its_sidecar() -> Result<()> {
    let warehouse = Warehouse::new()?;
    let mut sidecar = Sidecar::start(&warehouse.project)?;
    let mut holder = warehouse.run("entering_directly", &json!({"name": "stays"}), &[])?;
    eventually("somebody inside", || Ok((warehouse.count("enters")? == 1).then_some(())))?;
    sidecar.kill()?;
    sidecar.restart(&warehouse.project)?;
    let mut other = warehouse.run("entering", &json!({"name": "a"}), &[])?;
    // Long enough for whoever held a permit before to claim it, and for others to be served after that.
    std::thread::sleep(Duration::from_millis(3500));
    assert_eq!(warehouse.count("enters")?, 1, "a permit that is held was granted again");
    warehouse.project.write("leave", "")?;
    batch(&mut other, 0)?;
    batch(&mut holder, 0)?;
    assert_eq!(most_inside(&warehouse.log()?, None)?, 1);
    Ok(())
}

#[test]
fn without_a_sidecar_a_process_decides_alone_and_says_so_once() -> Result<()> {
    let mut warehouse = Warehouse::new()?;
    for mode in ["auto", "off"] {
        warehouse.set("CONDUCTOR_SIDECAR", mode);
        let process = warehouse.run("entering_directly", &json!({"name": "a"}), &["--times", "6"])?;
        let finished = process.wait()?.expect_code(0)?;
        let said = finished.stderr.matches("the limit of printer holds in this process only").count();
        assert_eq!(said, 1, "{mode}: {finished:?}");
    }
    assert_eq!(most_inside(&warehouse.log()?, None)?, 1);
    Ok(())
}

#[test]
fn require_means_that_no_process_decides_alone() -> Result<()> {
    let mut warehouse = Warehouse::new()?;
    warehouse.set("CONDUCTOR_SIDECAR", "require");
    let outcome = warehouse.outcomes("entering_directly", &json!({"name": "a"}), 1)?.remove(0);
    assert!(outcome["error"].as_str().is_some_and(|text| text.contains("sidecar")), "{outcome}");
    Ok(())
}

#[test]
fn a_rate_spreads_the_attempts() -> Result<()> {
    let warehouse = Warehouse::new()?;
    let outcomes = warehouse.outcomes("knocking", &json!({}), 15)?;
    let mut times: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome["output"].as_f64()).collect();
    times.sort_unstable_by(f64::total_cmp);
    assert_eq!(times.len(), 15, "{outcomes:?}");
    for span in times.windows(11) {
        // Between the moment at which an attempt may begin and its clock a busy machine may put some time.
        assert!(span[10] - span[0] > 0.6, "eleven within a second: {times:?}");
    }
    Ok(())
}

#[test]
fn a_bulkhead_bounds_the_attempts_of_a_task() -> Result<()> {
    let warehouse = Warehouse::new()?;
    let outcomes = warehouse.outcomes("squeezing", &json!({}), 10)?;
    assert!(outcomes.iter().all(|outcome| outcome["output"].is_f64()), "{outcomes:?}");
    assert_eq!(most_inside(&warehouse.log()?, None)?, 2);
    Ok(())
}

#[test]
fn what_is_held_is_in_the_metrics_until_it_is_free() -> Result<()> {
    let (warehouse, _server) = Warehouse::with_postgres()?;
    let sidecar = Sidecar::start(&warehouse.project)?;
    let mut process = warehouse.run("counting_durably", &json!({}), &["--times", "8", "--again", "more"])?;
    numbers(&batch(&mut process, 0)?)?;
    let value = |name: &str| sidecar.metric(&format!("conductor_resource_{name}"));
    eventually("nothing in use", || Ok(value("in_use").is_ok_and(|held| held < 0.5).then_some(())))?;
    assert!((2.5..3.5).contains(&value("limit")?));
    assert!((0.5..1.5).contains(&value("opened_total")?));
    assert!((7.5..8.5).contains(&value("wait_duration_seconds_count")?));
    warehouse.project.write("more", "")?;
    process.wait()?.expect_code(0)?;
    eventually("the share of a process that has gone", || Ok(value("in_use").is_err().then_some(())))
}
