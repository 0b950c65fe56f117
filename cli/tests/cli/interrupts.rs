//! Ctrl-C and SIGTERM: no process, socket or half-written file stays.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::support::{Project, eventually, finish, signal};

fn socket_exists(project: &Project) -> bool {
    project.path().join(".conductor/sidecar.sock").exists()
}

/// `dev` on an application that writes its process id and then sleeps.
fn dev(project: &Project, script: &str) -> std::process::Child {
    project.spawn(&["dev", "--", "sh", "-c", script])
}

#[test]
fn a_sidecar() {
    for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 0), (Signal::HUP, 0)] {
        let project = Project::hello();
        let sidecar = project.spawn(&["sidecar"]);
        eventually("the socket", || socket_exists(&project));
        signal(&sidecar, sent);
        assert_eq!(finish(sidecar).code, Some(code));
        assert!(!socket_exists(&project));
        assert_eq!(project.processes(), Vec::<String>::new());
    }
}

#[test]
fn dev_with_an_application_that_has_children_and_ignores_the_signal() {
    let project = Project::hello();
    let dev = dev(&project, "trap '' INT TERM; sleep 600 & echo $$ > pid; wait; wait");
    eventually("the application", || project.path().join("pid").exists() && socket_exists(&project));
    signal(&dev, Signal::INT);
    // A second one for an application that does not listen.
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(&dev, Signal::INT);
    assert_eq!(finish(dev).code, Some(130));
    eventually("the end of all processes", || project.processes().is_empty());
    assert!(!socket_exists(&project));
}

#[test]
fn a_sidecar_under_nohup_outlives_the_terminal() {
    let project = Project::hello();
    let mut command = std::process::Command::new("nohup");
    command.args([env!("CARGO_BIN_EXE_conductor"), "sidecar"]).current_dir(project.path());
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let sidecar = command.spawn().unwrap();
    eventually("the socket", || socket_exists(&project));
    signal(&sidecar, Signal::HUP);
    project.conductor(&["runs"]).says(0, &["no runs"]);
    signal(&sidecar, Signal::TERM);
    assert_eq!(finish(sidecar).code, Some(0));
}

#[test]
fn dev_while_it_waits_to_start_again() {
    for sent in [Signal::INT, Signal::TERM] {
        let project = Project::hello();
        let dev = dev(&project, "echo x >> starts; exit 7");
        eventually("three starts", || {
            fs::read_to_string(project.path().join("starts")).is_ok_and(|it| it.len() >= 6)
        });
        signal(&dev, sent);
        let finished = finish(dev);
        finished.says(130, &["ended with exit code 7; starting it again in 0.1 s", "again in 0.2 s"]);
        assert_eq!(project.processes(), Vec::<String>::new());
        assert!(!socket_exists(&project));
    }
}

#[test]
fn dev_ends_with_its_application_and_builds_first() {
    let project = Project::hello();
    let finished = project.conductor(&[
        "dev",
        "--",
        "sh",
        "-c",
        "test -S \"$CONDUCTOR_SOCKET\" && test -d conductor_gen",
    ]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(project.processes(), Vec::<String>::new());
    assert!(!socket_exists(&project));
    project.write("greetings.py", "");
    project.conductor(&["dev", "--", "true"]).says(1, &["greetings.greet"]);
}

#[test]
fn dev_rebuilds_and_restarts_on_a_change_and_restarts_a_killed_sidecar() {
    let project = Project::hello();
    let dev = dev(&project, "echo x >> starts; sleep 600");
    let starts = |count: usize| {
        fs::read_to_string(project.path().join("starts")).is_ok_and(|starts| starts.lines().count() >= count)
    };
    eventually("the first start", || starts(1));
    // A build that fails leaves the application alone.
    project.write("greetings.py", "def greet(");
    std::thread::sleep(std::time::Duration::from_millis(700));
    project.write("greetings.py", "def greet(name: str, loud: bool = False) -> str:\n    return name\n");
    eventually("the restart", || starts(2));
    let lock = project.read(".conductor/sidecar.lock");
    let sidecar = rustix::process::Pid::from_raw(lock.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(sidecar, Signal::KILL).unwrap();
    eventually("another sidecar", || {
        let now = project.read(".conductor/sidecar.lock");
        now != lock && !now.trim().is_empty() && socket_exists(&project)
    });
    assert!(starts(2) && !starts(3));
    signal(&dev, Signal::INT);
    finish(dev).says(
        130,
        &["greetings.py has changed", "the application goes on", "the sidecar ended with signal: 9"],
    );
    assert_eq!(project.processes(), Vec::<String>::new());
}

#[test]
fn dev_uses_a_sidecar_that_runs_already_and_leaves_it_alone() {
    let project = Project::hello();
    let sidecar = project.spawn(&["sidecar"]);
    eventually("the socket", || socket_exists(&project));
    project.conductor(&["dev", "--", "true"]).says(0, &["using the sidecar at"]);
    project.conductor(&["runs"]).says(0, &["no runs"]);
    signal(&sidecar, Signal::TERM);
    assert_eq!(finish(sidecar).code, Some(0));
}

#[test]
fn a_whole_demo_holds_shows_its_runs_until_it_is_stopped_and_leaves_nothing() {
    let project = Project::empty();
    let out = project.path().join("out.txt");
    let file = fs::File::create(&out).unwrap();
    let demo = project.command(&["demo", "--dir", "shop", "--serve"]).stdout(file).spawn().unwrap();
    let mut address = String::new();
    eventually("the address of the pages", || {
        let said = fs::read_to_string(&out).unwrap();
        let found = said.split_once("web UI at http://").and_then(|(_, rest)| rest.split('/').next());
        address = found.unwrap_or("").to_owned();
        !address.is_empty()
    });
    assert!(get(&address, "/").contains("/ui/main.js"));
    let runs = get(&address, "/v1/runs?limit=100");
    assert_eq!(runs.matches("\"state\":\"succeeded\"").count(), 50, "{runs}");
    signal(&demo, Signal::INT);
    assert_eq!(finish(demo).code, Some(0));
    let said = fs::read_to_string(&out).unwrap();
    let words = [
        "kill -9",
        "had taken the money",
        "order-050  finished",
        "50 of 50 orders finished, each charged once",
    ];
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
    assert!(!said.contains("WRONG"), "{said}");
    assert_eq!(project.processes(), Vec::<String>::new());
    assert!(!project.path().join("shop/.conductor/sidecar.sock").exists());
    project.conductor(&["demo", "--dir", "shop"]).says(2, &["is not empty"]);
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_demo_without_python_says_what_is_missing() {
    let project = Project::empty();
    let refused = project.command(&["demo"]).env("PATH", project.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Python 3.11"), "{refused:?}");
}

#[test]
fn a_demo() {
    let project = Project::empty();
    let folder = project.path().join("tmp");
    fs::create_dir(&folder).unwrap();
    let demo = project
        .command(&["demo"])
        .env("TMPDIR", &folder)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let running =
        || fs::read_dir(&folder).unwrap().flatten().any(|entry| entry.path().join("shop.db").exists());
    eventually("the application of the demo", running);
    signal(&demo, Signal::INT);
    assert_eq!(finish(demo).code, Some(130));
    assert_eq!(project.processes(), Vec::<String>::new());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
