//! One workflow over a function, a method, a gRPC method, an HTTP operation and a service of a compose file.
//!
//! The services are processes of their own, and are killed as processes.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, Result};
use conductor_tests::lab::told;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, root};
use serde_json::{Value, json};

/// The language of the workflow and of the code beside the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Python,
    Typescript,
}

struct Services {
    caller: Caller,
    project: Project,
    sidecar: Sidecar,
    auth: Process,
    addresses: Vec<(&'static str, OsString)>,
    /// Which run until they are dropped.
    _others: Vec<Process>,
}

impl Services {
    /// The project, built while its gRPC server need not be there, and all that it calls.
    fn start(caller: Caller) -> Result<Services> {
        let project = Project::named("services")?;
        if caller == Caller::Typescript {
            in_typescript(&project)?;
        }
        let (auth, auth_port) = service(&project, "auth")?;
        let (users, users_port) = service(&project, "users")?;
        let (stock, stock_port) = service(&project, "stock")?;
        let compose = format!("services:\n  stock:\n    image: stock\n    ports: [\"{stock_port}:8080\"]\n");
        project.write("compose.yaml", &compose)?;
        project.conductor(&["build"])?.expect_code(0)?;
        let sidecar = Sidecar::start(&project)?;
        let addresses = vec![
            ("AUTH_ADDRESS", format!("127.0.0.1:{auth_port}").into()),
            ("USER_API", format!("http://127.0.0.1:{users_port}").into()),
        ];
        Ok(Services { caller, project, sidecar, auth, addresses, _others: vec![users, stock] })
    }

    fn order(&self, user: &str, run: &str) -> Result<Process> {
        let variables: Vec<(&str, &OsStr)> =
            self.addresses.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
        match self.caller {
            Caller::Python => python(&self.project, &["call.py", user, run], &variables),
            Caller::Typescript => {
                let mut command = self.project.command(Path::new("node"), &["call.js", user, run]);
                command.envs(variables.iter().copied());
                Process::spawn("node", command)
            }
        }
    }

    /// The idempotency keys with which a service was called.
    fn calls(&self, service: &str) -> Result<Vec<String>> {
        let path = self.project.path().join(format!("{service}.log"));
        let log = if path.exists() { std::fs::read_to_string(path)? } else { String::new() };
        Ok(log.lines().map(str::to_owned).collect())
    }
}

/// The same project with its code in JavaScript.
fn in_typescript(project: &Project) -> Result<()> {
    let (folder, sources) = (project.path(), root().join("tests/projects/services_typescript"));
    for name in ["shop.py", "call.py"] {
        std::fs::remove_file(folder.join(name))?;
    }
    for name in ["shop.js", "call.js", "package.json"] {
        std::fs::copy(sources.join(name), folder.join(name))?;
    }
    let manifest = project.read("concurrency.yaml")?;
    let named = [("shop.order_of", "shop.orderOf"), ("shop.ask_a_person", "shop.askAPerson")];
    let manifest = named.iter().fold(manifest, |text, (python, script)| text.replace(python, script));
    project.write("concurrency.yaml", &manifest)?;
    // The libraries that generated code calls gRPC services with.
    std::os::unix::fs::symlink(root().join("target/node/node_modules"), folder.join("node_modules"))?;
    Ok(())
}

/// The Python of the pinned tools has the libraries that generated code calls services with.
fn python(project: &Project, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<Process> {
    let mut command = project.command(&root().join("target/venv/bin/python"), arguments);
    command.envs(variables.iter().copied()).env("PYTHONDONTWRITEBYTECODE", "1").env("GRPC_VERBOSITY", "NONE");
    Process::spawn("python", command)
}

fn service(project: &Project, name: &str) -> Result<(Process, u16)> {
    let process = python(project, &["services.py", name], &[])?;
    let port = eventually(&format!("the port of {name}"), || Ok(process.stdout().trim().parse().ok()))?;
    Ok((process, port))
}

fn step<'r>(run: &'r Value, key: &str) -> Result<&'r Value> {
    let steps = run["steps"].as_array().context("no steps")?;
    steps.iter().find(|step| step["key"] == key).with_context(|| format!("no step {key}: {run:#}"))
}

#[test]
fn every_kind_of_task_is_called_as_its_own() -> Result<()> {
    [Caller::Python, Caller::Typescript].into_iter().try_for_each(every_kind)
}

fn every_kind(caller: Caller) -> Result<()> {
    let services = Services::start(caller)?;
    let output = told(services.order("ann", "r")?)?;
    assert_eq!(output, json!({"output": {"user": "ANN", "total": 20, "currency": "EUR", "reserved": 2}}));
    let run = services.sidecar.run("r")?;
    let decision = &step(&run, "check_permissions")?["output"];
    assert_eq!(decision, &json!({"decision": "ALLOWED", "reason": "ann-book,pen"}));
    for (name, key) in [("users", "r/get_user"), ("auth", "r/check_permissions"), ("stock", "r/reserve")] {
        assert_eq!(services.calls(name)?, [key]);
    }
    Ok(())
}

#[test]
fn where_a_server_was_killed_the_run_shows_its_status_the_retries_and_the_fallback() -> Result<()> {
    [Caller::Python, Caller::Typescript].into_iter().try_for_each(fallback)
}

fn fallback(caller: Caller) -> Result<()> {
    let mut services = Services::start(caller)?;
    told(services.order("ann", "before")?)?;
    let (other, _) = service(&services.project, "users")?;
    std::mem::replace(&mut services.auth, other).kill()?;
    let output = told(services.order("ann", "r")?)?;
    assert_eq!(output["output"]["user"], "ANN", "{output}");
    let run = services.sidecar.run("r")?;
    let asked = step(&run, "check_permissions")?;
    assert_eq!((&asked["state"], &asked["attempts"]), (&json!("succeeded"), &json!(3)), "{asked:#}");
    assert_eq!(asked["output"], "somebody must look at ann");
    let history = asked["history"].as_array().context("no history")?;
    let told: Vec<_> = history.iter().map(|one| (&one["outcome"], &one["error"]["code"])).collect();
    assert_eq!(told, [(&json!("failed"), &json!("UNAVAILABLE")); 3], "{asked:#}");
    assert_eq!(asked["fell_back"]["types"], json!(["GrpcError"]));
    assert_eq!(step(&run, "check_permissions.fallback")?["state"], "succeeded");
    let shown = services.project.conductor(&["show", "r"])?.expect_code(0)?.stdout;
    assert!(shown.contains("check_permissions: fell back after GrpcError UNAVAILABLE: "), "{shown}");
    assert!(shown.contains("check_permissions.fallback"), "{shown}");
    Ok(())
}

#[test]
fn what_a_service_refuses_fails_the_step_at_once() -> Result<()> {
    [Caller::Python, Caller::Typescript].into_iter().try_for_each(refused)
}

fn refused(caller: Caller) -> Result<()> {
    let services = Services::start(caller)?;
    let error = told(services.order("nobody", "r")?)?;
    assert_eq!(
        error,
        json!({"step": "get_user", "attempts": 1, "code": "404", "cause": "404: no such user"})
    );
    let run = services.sidecar.run("r")?;
    assert_eq!(run["error"]["types"], json!(["NoSuchUser", "HttpError"]));
    let shown = services.project.conductor(&["show", "r"])?.expect_code(0)?.stdout;
    assert!(shown.contains("NoSuchUser 404: no such user in get_user"), "{shown}");
    // Too many requests may be mended; the server says so to every attempt, and a person is asked.
    told(services.order("broken", "s")?)?;
    assert_eq!(services.calls("auth")?, ["s/check_permissions"; 3]);
    Ok(())
}

#[test]
fn a_killed_application_asks_no_service_again_that_has_answered() -> Result<()> {
    [Caller::Python, Caller::Typescript].into_iter().try_for_each(killed)
}

fn killed(caller: Caller) -> Result<()> {
    let services = Services::start(caller)?;
    services.project.write("hold", "")?;
    let call = services.order("ann", "r")?;
    eventually("the reservation", || Ok((!services.calls("stock")?.is_empty()).then_some(())))?;
    call.kill()?;
    std::fs::remove_file(services.project.path().join("hold"))?;
    let output = told(services.order("ann", "r")?)?;
    assert_eq!(output["output"]["reserved"], 2, "{output}");
    assert_eq!(services.calls("users")?, ["r/get_user"]);
    assert_eq!(services.calls("auth")?, ["r/check_permissions"]);
    // The write that was cut off is sent once more, with the same key.
    assert_eq!(services.calls("stock")?, ["r/reserve"; 2]);
    Ok(())
}
