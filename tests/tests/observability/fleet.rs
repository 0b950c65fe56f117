//! Sidecars that share a PostgreSQL, and the collector that all of them have: each span comes once, whoever dies.

use anyhow::{Result, ensure};
use conductor_protocol::trace::{Place, hex, of_attempt, of_step};
use conductor_tests::eventually;
use conductor_tests::observability::Collector;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::servers::{Postgres, Version};
use conductor_tests::sidecar::{Around, Sidecar};

use crate::traces::{by_id, ended, is_one_tree};

/// A sidecar of the store, with a folder of its own.
fn machine(project: &Project, name: &str, server: &Postgres, collector: &Collector) -> Result<Sidecar> {
    let variables = collector.over_http().into_iter().map(|(name, value)| (name, value.into())).collect();
    let around = Around { variables, ..Around::default() };
    Sidecar::within(around, project, name, &["--store", &server.url(), "--lease", "2s"])
}

/// Starts a run for each user on that machine.
fn start(project: &Project, machine: &Sidecar, users: &[&str]) -> Result<Process> {
    let socket = machine.socket();
    project.python(&[&["call.py"], users].concat(), &[("CONDUCTOR_SOCKET", socket.as_os_str())])
}

/// Whether something is not noted as exported.
fn is_behind(server: &Postgres) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await?;
        let connection = tokio::spawn(connection);
        let sql = "SELECT EXISTS (SELECT 1 FROM conductor.exported e JOIN conductor.runs r ON r.key = e.run
            WHERE e.seq < r.next_seq)";
        let found = client.query_one(sql, &[]).await?.try_get(0)?;
        drop(client);
        connection.await??;
        Ok(found)
    })
}

#[test]
fn each_span_comes_once_over_all_sidecars_also_when_a_machine_dies() -> Result<()> {
    let (mut collector, server) = (Collector::start()?, Postgres::of(Version::Newest)?);
    let project = Project::built("observed")?;
    let mut one = machine(&project, "one", &server, &collector)?;
    let other = machine(&project, "other", &server, &collector)?;
    let calls = start(&project, &one, &["ada-1", "slow-1", "poor-1"])?;
    start(&project, &other, &["flaky-1"])?.wait()?.expect_code(0)?;
    for run in ["ada-1", "poor-1", "flaky-1"] {
        is_one_tree(&ended(&collector, run)?)?;
    }
    let look_up = hex(&of_step("slow-1/look_up"));
    eventually("the first step of what goes on", || {
        Ok(by_id(&collector.spans()?, "slow-1")?.contains_key(&look_up).then_some(()))
    })?;
    eventually("a note of all that", || Ok((!is_behind(&server)?).then_some(())))?;
    // With the collector away, a run ends here, and the machine dies with another that has not.
    collector.stop()?;
    start(&project, &one, &["eve-1"])?.wait()?.expect_code(0)?;
    one.kill()?;
    calls.kill()?;
    project.write("open", "")?;
    start(&project, &other, &["slow-1"])?.wait()?.expect_code(0)?;
    ensure!(is_behind(&server)?, "nobody was there to take it");
    collector.restart()?;
    is_one_tree(&ended(&collector, "eve-1")?)?;
    let spans = ended(&collector, "slow-1")?;
    is_one_tree(&spans)?;
    let root = &spans[&hex(&Place::of_run("slow-1", None).span)];
    assert_eq!(root["events"][0]["name"], "resumed");
    assert_eq!(spans[&hex(&of_attempt("slow-1/charge", 1))]["events"][0]["name"], "interrupted");
    eventually("a note of that, too", || Ok((!is_behind(&server)?).then_some(())))?;
    // Nothing came a second time meanwhile, and what is noted is not looked at again by the machine when it is back.
    let before = collector.spans()?.len();
    one.restart(&project)?;
    start(&project, &one, &["ada-2"])?.wait()?.expect_code(0)?;
    let again = ended(&collector, "ada-2")?;
    assert_eq!(collector.spans()?.len(), before + again.len());
    for run in ["ada-1", "poor-1", "flaky-1", "eve-1", "slow-1"] {
        ended(&collector, run)?;
    }
    Ok(())
}
