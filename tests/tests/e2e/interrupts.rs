//! Ctrl-C leaves no process, no socket and no half-written file.

use anyhow::Result;
use conductor_tests::lab::Lab;
use conductor_tests::process::Process;
use conductor_tests::project::conductor;
use conductor_tests::{eventually, http};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn an_interrupted_sidecar_leaves_no_socket() -> Result<()> {
    let (_lab, mut sidecar) = Lab::with_sidecar()?;
    let socket = sidecar.socket();
    let process = sidecar.take()?;
    process.signal_group(Signal::INT)?;
    let finished = process.wait()?;
    assert!(matches!(finished.code, Some(0 | 130)), "{finished:?}");
    assert!(!socket.exists());
    Ok(())
}

#[test]
fn an_interrupted_application_ends_at_once_and_its_run_can_be_continued() -> Result<()> {
    let (lab, sidecar) = Lab::with_sidecar()?;
    let call = lab.call("chain", &json!({"n": 4}), &["--run", "r"])?;
    lab.wait_for("r/hold", "begin", 1)?;
    call.signal_group(Signal::INT)?;
    let finished = call.wait()?;
    assert_eq!(finished.code, Some(130), "{finished:?}");
    lab.open("hold")?;
    let _application = lab.serve()?;
    assert_eq!(sidecar.run_in("r", &["succeeded"])?["output"], "sealed 50");
    Ok(())
}

#[test]
fn an_interrupted_dev_leaves_nothing() -> Result<()> {
    let lab = Lab::new()?;
    let command = lab.project.command(conductor()?, &["dev", "--", "python3", "serve.py"]);
    let dev = Process::spawn("conductor dev", command)?;
    let socket = lab.project.path().join(".conductor/sidecar.sock");
    eventually("the sidecar of dev", || {
        let ready = socket.exists()
            && http::request(&socket, "GET", "/readyz", None).is_ok_and(|it| it.status == 200);
        Ok(ready.then_some(()))
    })?;
    // A terminal interrupts everything that runs in it.
    dev.signal_group(Signal::INT)?;
    let finished = dev.wait()?;
    assert_eq!(finished.code, Some(130), "{finished:?}");
    assert!(!socket.exists());
    assert!(!finished.left_behind, "a process of dev still lives");
    Ok(())
}
