//! Generated Go with real processes: methods of gRPC over TLS, clients of PostgreSQL and Redis, and a child
//! without a journal that its parent undoes.
//!
//! One program is compiled for all of it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::servers::{Postgres, Redis};
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, root};
use serde_json::{Value, json};

struct Shop {
    project: Project,
    variables: Vec<(&'static str, String)>,
}

fn compile(folder: &std::path::Path, package: &str, out: &std::path::Path) -> Result<()> {
    let mut command = Command::new("go");
    command.args(["build", "-o"]).arg(out).arg(package).current_dir(folder);
    let compiled = command.output().context("go is needed")?;
    ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Ok(())
}

/// The program with its generated package, compiled once.
fn program() -> Result<PathBuf> {
    static BUILT: OnceLock<Project> = OnceLock::new();
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = LOCK.lock();
    if BUILT.get().is_none() {
        let project = Project::built("go_services")?;
        compile(project.path(), "./app", &project.path().join("program"))?;
        let _first = BUILT.set(project);
    }
    Ok(BUILT.get().context("it was just built")?.path().join("program"))
}

impl Shop {
    fn new() -> Result<Shop> {
        Ok(Shop { project: Project::built("go_services")?, variables: Vec::new() })
    }

    fn call(&self, workflow: &str, run: &str, input: &Value, times: u32) -> Result<Vec<Value>> {
        let (input, times) = (input.to_string(), times.to_string());
        let mut command = self.project.command(&program()?, &[workflow, run, &input, &times]);
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        let finished = Process::spawn("program", command)?.wait()?.expect_code(0)?;
        finished.stdout.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

/// The server of any schema, over TLS with a certificate that only `certs/ca.pem` vouches for.
fn auth(shop: &mut Shop) -> Result<Process> {
    let binary = root().join("target/test-servers/go-grpc");
    compile(&root().join("tests/servers/go-grpc"), ".", &binary)?;
    shop.project.write("certs/ca.pem", "")?;
    let arguments = ["-proto", "auth.proto", "-tls", "127.0.0.1", "-ca", "certs/ca.pem"];
    let server = Process::spawn("auth", shop.project.command(&binary, &arguments))?;
    let line =
        eventually("where the server listens", || Ok(server.stdout().lines().next().map(str::to_owned)))?;
    let address = line.strip_prefix("listening on ").context("no address")?.to_owned();
    shop.variables.push(("AUTH_ADDRESS", address));
    Ok(server)
}

#[test]
fn methods_of_a_grpc_service_are_called_over_tls_and_journaled() -> Result<()> {
    let mut shop = Shop::new()?;
    let server = auth(&mut shop)?;
    let sidecar = Sidecar::start(&shop.project)?;
    let told = shop.call("permit", "r", &json!({"user_id": "ann"}), 1)?;
    let output = &told[0]["output"];
    assert_eq!((&output["allowed"], &output["calls"]), (&json!(true), &json!(1)), "{told:?}");
    assert_eq!(output["metadata"]["idempotency-key"], "r/check_permissions");
    assert!(output["metadata"]["traceparent"].as_str().is_some_and(|text| text.len() == 55), "{told:?}");

    let input = json!({"user_id": "bob", "fail_code": "UNAVAILABLE", "fail_times": 2});
    assert_eq!(shop.call("permit", "s", &input, 1)?[0]["output"]["calls"], 3);
    let run = sidecar.run("s")?;
    let history = run["steps"][0]["history"].as_array().context("no history")?;
    let codes: Vec<_> = history.iter().map(|one| (&one["outcome"], &one["error"]["code"])).collect();
    let unavailable = (&json!("failed"), &json!("UNAVAILABLE"));
    assert_eq!(codes, [unavailable, unavailable, (&json!("succeeded"), &json!(null))], "{run:#}");

    let input = json!({"user_id": "eve", "fail_code": "PERMISSION_DENIED", "fail_times": 9});
    let told = shop.call("permit", "t", &input, 1)?;
    assert_eq!(told[0]["code"], "PERMISSION_DENIED", "{told:?}");
    let run = sidecar.run("t")?;
    assert_eq!((&run["error"]["types"], &run["steps"][0]["attempts"]), (&json!(["GrpcError"]), &json!(1)));

    let told = shop.call("permit", "u", &json!({"user_id": "late", "wait_ms": 20_000}), 1)?;
    assert!(
        told[0]["error"].as_str().is_some_and(|text| text.contains("no answer within 500 ms")),
        "{told:?}"
    );
    server.kill()?;
    let told = shop.call("permit", "r", &json!({"user_id": "ann"}), 1)?;
    assert_eq!(told[0]["output"]["calls"], 1, "what was journaled is not asked for again");
    Ok(())
}

#[test]
fn pools_of_postgresql_are_never_larger_than_they_may_be() -> Result<()> {
    let mut shop = Shop::new()?;
    let mut server = Postgres::start()?;
    shop.variables.push(("DATABASE_URL", server.url()));
    for workflow in ["counting", "counting_pooled", "counting_lent", "counting_lent_by_pgx", "counting_bare"]
    {
        let told = shop.call(workflow, "", &json!({}), 24)?;
        let counts: Option<Vec<i64>> = told.iter().map(|one| one["output"].as_i64()).collect();
        let counts = counts.with_context(|| format!("{workflow}: {told:?}"))?;
        assert_eq!((counts.len(), counts.iter().max()), (24, Some(&3)), "{workflow}: {counts:?}");
    }
    server.stop()?;
    for workflow in ["counting", "counting_pooled"] {
        let told = shop.call(workflow, "", &json!({}), 1)?;
        let error = told[0]["error"].as_str().context("no error")?;
        assert!(!error.contains("battery"), "{error}");
    }
    Ok(())
}

#[test]
fn a_transaction_is_committed_when_its_function_succeeds_and_undone_when_it_fails() -> Result<()> {
    let mut shop = Shop::new()?;
    let server = Postgres::start()?;
    shop.variables.push(("DATABASE_URL", server.url()));
    let told = shop.call("putting", "", &json!({"n": 1, "fails": true}), 1)?;
    assert_eq!(told, [json!({"output": 101})]);
    let told = shop.call("putting", "", &json!({"n": 1, "fails": false}), 1)?;
    assert_eq!(told, [json!({"output": 101 + 1111})]);
    Ok(())
}

#[test]
fn a_client_of_redis_is_handed_over() -> Result<()> {
    let mut shop = Shop::new()?;
    let server = Redis::start()?;
    shop.variables.push(("REDIS_URL", server.url()));
    let told = shop.call("hitting", "", &json!({"name": "page"}), 12)?;
    let mut counts: Vec<i64> = told.iter().filter_map(|one| one["output"].as_i64()).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=12).collect::<Vec<_>>(), "{told:?}");
    Ok(())
}

#[test]
fn a_child_without_a_journal_is_undone_by_its_durable_parent() -> Result<()> {
    let shop = Shop::new()?;
    let sidecar = Sidecar::start(&shop.project)?;
    let told = shop.call("regretted", "r", &json!({}), 1)?;
    assert!(told[0]["error"].as_str().is_some_and(|text| text.contains("it is broken")), "{told:?}");
    let log = shop.project.read("bookings.log")?;
    let lines: Vec<&str> = log.lines().collect();
    let booked = ["book r/journey/there", "book r/journey/back", "book r/hotel"];
    assert_eq!(lines, [booked.as_slice(), &["cancel hotel 1", "cancel back 1", "cancel there 1"]].concat());
    assert_eq!(sidecar.run("r")?["state"], "failed");
    Ok(())
}
