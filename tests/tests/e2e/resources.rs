//! Clients of resources against real servers: how many connections, how long they live, what a failure says.

use anyhow::{Context, Result};
use conductor_tests::eventually;
use conductor_tests::process::Process;
use conductor_tests::servers::{PASSWORD, Postgres};
use conductor_tests::sidecar::Sidecar;
use conductor_tests::warehouse::{Warehouse, batch, named, numbers};
use serde_json::{Value, json};

/// Asks the server itself, by a connection that is not counted.
fn connections(warehouse: &Warehouse, server: &Postgres) -> Result<i64> {
    let script = "import sys, psycopg, warehouse\n\
                  with psycopg.connect(sys.argv[1]) as db:\n    \
                  print(db.execute(warehouse.CONNECTIONS).fetchone()[0])";
    let finished = warehouse.python(&["-c", script, &server.url()])?.wait()?.expect_code(0)?;
    finished.stdout.trim().parse().with_context(|| format!("{finished:?}"))
}

fn message(outcome: &Value) -> &str {
    outcome["error"].as_str().unwrap_or_default()
}

#[test]
fn a_pool_is_never_larger_than_it_may_be() -> Result<()> {
    let (warehouse, _server) = Warehouse::with_postgres()?;
    for workflow in [
        "counting",
        "counting_blocking",
        "counting_pool",
        "counting_any",
        "counting_asyncpg",
        "counting_lent",
    ] {
        let counts = numbers(&warehouse.outcomes(workflow, &json!({}), 24)?)?;
        assert_eq!(counts.len(), 24, "{workflow}");
        // One connection was opened to see whether it works, and may still be on its way out at first.
        assert_eq!(counts.iter().max(), Some(&3), "{workflow}: {counts:?}");
    }
    Ok(())
}

#[test]
fn durable_steps_share_the_pool_too() -> Result<()> {
    let (warehouse, _server) = Warehouse::with_postgres()?;
    let sidecar = Sidecar::start(&warehouse.project)?;
    for workflow in ["counting_durably", "counting_blocking_durably"] {
        let counts = numbers(&warehouse.outcomes(workflow, &json!({}), 24)?)?;
        assert_eq!((counts.len(), counts.iter().max()), (24, Some(&3)), "{workflow}: {counts:?}");
    }
    let waited = sidecar.metric("conductor_resource_wait_duration_seconds_count")?;
    assert!((48.0..=48.5).contains(&waited), "{waited}");
    assert!((2.0..2.5).contains(&sidecar.metric("conductor_resource_opened_total")?));
    Ok(())
}

#[test]
fn what_a_call_did_is_committed_when_it_returns_and_undone_when_it_raises() -> Result<()> {
    let (warehouse, server) = Warehouse::with_postgres()?;
    numbers(&warehouse.outcomes("inserting", &json!({"n": 1, "fails": false}), 1)?)?;
    let failed = warehouse.outcomes("inserting", &json!({"n": 2, "fails": true}), 1)?;
    assert!(message(&failed[0]).contains("no such goods"), "{failed:?}");
    let script = "import sys, psycopg\n\
                  print([n for n, in psycopg.connect(sys.argv[1]).execute('select n from goods')])";
    let finished = warehouse.python(&["-c", script, &server.url()])?.wait()?.expect_code(0)?;
    assert_eq!(finished.stdout.trim(), "[1]");
    Ok(())
}

#[test]
fn clients_are_closed_with_the_event_loop_and_by_hand() -> Result<()> {
    let (warehouse, server) = Warehouse::with_postgres()?;
    for (workflow, how, said) in [("counting", "--stay", "ended"), ("counting_blocking", "--close", "closed")]
    {
        let mut process = warehouse.run(workflow, &json!({}), &["--times", "6", how])?;
        process.wait_for_line(said)?;
        eventually(&format!("{workflow}: no connection"), || {
            Ok((connections(&warehouse, &server)? == 0).then_some(()))
        })?;
        warehouse.project.write("go", "")?;
        if how == "--close" {
            // The next use opens it again.
            numbers(&batch(&mut process, 1)?)?;
        }
        process.wait()?.expect_code(0)?;
        std::fs::remove_file(warehouse.project.path().join("go"))?;
    }
    Ok(())
}

#[test]
fn a_server_that_comes_back_is_used_again() -> Result<()> {
    let (warehouse, mut server) = Warehouse::with_postgres()?;
    for workflow in ["counting", "counting_blocking", "counting_asyncpg"] {
        let again = ["down", "up"].map(|name| format!("{workflow}.{name}"));
        let more = ["--times", "3", "--again", &again[0], "--again", &again[1]];
        let mut process = warehouse.run(workflow, &json!({}), &more)?;
        numbers(&batch(&mut process, 0)?)?;
        server.stop()?;
        warehouse.project.write(&again[0], "")?;
        for outcome in batch(&mut process, 1)? {
            assert!(!message(&outcome).is_empty(), "{workflow}: {outcome}");
        }
        server.restart()?;
        warehouse.project.write(&again[1], "")?;
        numbers(&batch(&mut process, 2)?)?;
        process.wait()?.expect_code(0)?;
    }
    Ok(())
}

#[test]
fn an_opening_that_fails_is_tried_again_and_says_no_password() -> Result<()> {
    let (mut warehouse, server) = Warehouse::with_postgres()?;
    let _sidecar = Sidecar::start(&warehouse.project)?;
    let secret = "hunter2/hunter3";
    warehouse.set("NOWHERE_URL", &server.url_with(secret));
    for workflow in ["getting_lost", "getting_lost_durably"] {
        let finished = warehouse.run(workflow, &json!({}), &[])?.wait()?.expect_code(0)?;
        let outcome = &conductor_tests::warehouse::batches(&finished.stdout)?[0][0];
        assert_eq!(outcome["attempts"], 3, "{workflow}: {outcome}");
        let said = message(outcome);
        for part in ["resource nowhere", "postgresql://app:***@127.0.0.1:", "authentication failed"] {
            assert!(said.contains(part), "{workflow}: {part} is missing in: {said}");
        }
        let everything = format!("{}{}", finished.stdout, finished.stderr);
        for leak in ["hunter2", "hunter3", PASSWORD] {
            assert!(!everything.contains(leak), "{workflow}: {leak} in {everything}");
        }
    }
    let journal = std::fs::read(warehouse.project.path().join(".conductor/journal.db-wal"))?;
    let text = String::from_utf8_lossy(&journal);
    assert!(text.contains("resource nowhere") && !text.contains("hunter2"), "the journal has the password");
    Ok(())
}

#[test]
fn a_missing_variable_is_named_and_not_tried_again() -> Result<()> {
    let warehouse = Warehouse::new()?;
    let outcome = warehouse.outcomes("getting_lost", &json!({}), 1)?.remove(0);
    assert_eq!(outcome["attempts"], 1, "{outcome}");
    for part in ["the resource nowhere", "NOWHERE_URL", "not set"] {
        assert!(message(&outcome).contains(part), "{outcome}");
    }
    Ok(())
}

#[test]
fn a_server_that_is_not_there_is_named_with_its_address() -> Result<()> {
    let mut warehouse = Warehouse::new()?;
    warehouse.set("NOWHERE_URL", "postgresql://app:hunter2@127.0.0.1:1/app");
    let outcome = warehouse.outcomes("getting_lost", &json!({}), 1)?.remove(0);
    assert_eq!(outcome["attempts"], 3, "{outcome}");
    assert!(message(&outcome).contains("postgresql://app:***@127.0.0.1:1/app"), "{outcome}");
    assert!(!outcome.to_string().contains("hunter2"), "{outcome}");
    Ok(())
}

#[test]
fn redis_is_shared_by_asynchronous_and_blocking_functions() -> Result<()> {
    let (warehouse, mut server) = Warehouse::with_redis()?;
    let _sidecar = Sidecar::start(&warehouse.project)?;
    for (index, workflow) in ["hitting", "hitting_blocking"].into_iter().enumerate() {
        let mut hits = numbers(&warehouse.outcomes(workflow, &json!({"key": "k"}), 20)?)?;
        hits.sort_unstable();
        let first = 20 * i64::try_from(index)? + 1;
        assert_eq!(hits, (first..first + 20).collect::<Vec<_>>(), "{workflow}");
    }
    let mut process =
        warehouse.run("hitting", &json!({"key": "l"}), &["--again", "down", "--again", "up"])?;
    numbers(&batch(&mut process, 0)?)?;
    server.stop()?;
    warehouse.project.write("down", "")?;
    assert!(!message(&batch(&mut process, 1)?[0]).is_empty());
    server.restart()?;
    warehouse.project.write("up", "")?;
    assert_eq!(numbers(&batch(&mut process, 2)?)?, [1]);
    Ok(())
}

#[test]
fn a_custom_client_is_opened_once_and_closed_with_what_was_opened() -> Result<()> {
    let warehouse = Warehouse::new()?;
    for (workflow, client) in [("noting", "ledger"), ("noting_blocking", "archive")] {
        let mut noted = numbers(&warehouse.outcomes(workflow, &json!({"text": "x"}), 12)?)?;
        noted.sort_unstable();
        assert_eq!(noted, (1..=12).collect::<Vec<_>>(), "{workflow}: several clients");
        assert_eq!(warehouse.count(&format!("{client} opened"))?, 1);
        let log = warehouse.log()?;
        let closed: Vec<&Value> =
            log.iter().filter(|entry| entry["event"] == format!("{client} closed")).collect();
        assert_eq!((closed.len(), &closed[0]["lines"]), (1, &json!(12)), "{log:?}");
    }
    Ok(())
}

/// A blocking function that runs on after its time keeps its connection and its permit to its real end.
#[test]
fn what_runs_on_keeps_its_connection() -> Result<()> {
    let (warehouse, server) = Warehouse::with_postgres()?;
    let _sidecar = Sidecar::start(&warehouse.project)?;
    let outcomes = warehouse.outcomes("dawdling", &json!({"n": 1}), 6)?;
    assert!(
        outcomes.iter().all(|outcome| message(outcome).contains("no answer within 100 ms")),
        "{outcomes:?}"
    );
    let log = warehouse.log()?;
    let mut inside = 0;
    for entry in &log {
        inside += if entry["event"] == "dawdles" { 1 } else { -1 };
        assert!((0..=3).contains(&inside), "{log:?}");
    }
    assert_eq!((inside, log.len()), (0, 12), "{log:?}");
    assert_eq!(connections(&warehouse, &server)?, 0);
    Ok(())
}

/// A forked child opens its own connections and leaves its parent's alone.
#[test]
fn a_fork_disturbs_neither_pool() -> Result<()> {
    let (warehouse, _server) = Warehouse::with_postgres()?;
    warehouse.project.write(
        "forked.py",
        "import asyncio, os, sys\nimport conductor_gen\n\
         def both():\n    \
             print(asyncio.run(conductor_gen.counting()), flush=True)\n    \
             print(conductor_gen.blocking.counting_blocking(), flush=True)\n\
         both()\n\
         child = os.fork()\nboth()\n\
         if child == 0:\n    sys.exit(0)\n\
         both()\nassert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n",
    )?;
    let process: Process = warehouse.python(&["-W", "ignore::DeprecationWarning", "forked.py"])?;
    let finished = process.wait()?.expect_code(0)?;
    assert_eq!(finished.stdout.lines().count(), 8, "{finished:?}");
    Ok(())
}

#[test]
fn the_generated_package_is_typed_and_laid_out() -> Result<()> {
    let mut warehouse = Warehouse::new()?;
    warehouse.set("MYPYPATH", ".");
    for check in [
        &[
            "-m",
            "mypy",
            "--strict",
            "--follow-imports",
            "silent",
            "--cache-dir",
            "/dev/null",
            "conductor_gen",
        ][..],
        &["-m", "ruff", "check", "--no-cache", "conductor_gen"],
        &["-m", "ruff", "format", "--check", "--no-cache", "conductor_gen"],
    ] {
        warehouse.python(check)?.wait_at_most(std::time::Duration::from_secs(180))?.expect_code(0)?;
    }
    let resources = warehouse.project.read("conductor_gen/_resources.py")?;
    assert!(resources.contains("DATABASE_URL") && !resources.contains("PASSWORD"), "{resources}");
    // Drivers that no function asks for are not asked for either.
    assert!(!warehouse.project.path().join("conductor_gen/_conductor/resources_grpc.py").exists());
    let _ = named("");
    Ok(())
}
