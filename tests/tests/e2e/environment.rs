//! A sidecar in a bad place refuses to start, says why, and harms nothing.

use std::net::TcpListener;

use anyhow::Result;
use conductor_tests::lab::Lab;
use conductor_tests::project::Project;

/// Starts a sidecar that must not start, and returns what it said.
fn refusal(project: &Project, arguments: &[&str]) -> Result<String> {
    let finished = project.conductor(&[&["sidecar"], arguments].concat())?.expect_code(3)?;
    assert!(!finished.stdout.contains("ready"), "{finished:?}");
    Ok(finished.stderr)
}

#[test]
fn a_socket_path_that_is_too_long() -> Result<()> {
    let project = Project::empty()?;
    let socket = project.path().join("a".repeat(200)).join("s.sock");
    let said =
        refusal(&project, &["--data", "data", "--http", "off", "--socket", &socket.to_string_lossy()])?;
    assert!(said.contains("107") && said.contains("--socket"), "{said}");
    Ok(())
}

#[test]
fn a_store_that_cannot_be_written() -> Result<()> {
    let project = Project::empty()?;
    // Not by permissions, which do not bind root.
    let said = refusal(&project, &["--data", "data", "--http", "off", "--store", "sqlite:/proc/journal.db"])?;
    assert!(said.contains("/proc/journal.db"), "{said}");
    Ok(())
}

#[test]
fn a_file_that_is_no_store_or_one_of_the_future() -> Result<()> {
    let project = Project::empty()?;
    let arguments = ["--data", "data", "--http", "off"];
    project.write("data/journal.db", "these are the words of somebody else, and there are many of them\n")?;
    refusal(&project, &arguments)?;
    assert!(project.read("data/journal.db")?.starts_with("these are the words"));
    let (lab, mut sidecar) = Lab::with_sidecar()?;
    sidecar.kill()?;
    rusqlite::Connection::open(sidecar.store())?.pragma_update(None, "user_version", 999)?;
    let said = refusal(&lab.project, &["--http", "off"])?;
    assert!(said.contains("newer"), "{said}");
    Ok(())
}

#[test]
fn a_port_in_use() -> Result<()> {
    let project = Project::empty()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let said = refusal(&project, &["--data", "data", "--http", &address])?;
    assert!(said.contains(&address), "{said}");
    assert!(!project.path().join("data/sidecar.sock").exists());
    Ok(())
}

#[test]
fn a_second_sidecar_on_the_same_store() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    refusal(&lab.project, &["--http", "off"])?;
    assert_eq!(sidecar.get("/healthz")?.status, 200);
    Ok(())
}
