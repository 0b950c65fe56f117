//! `top`: a sidecar live, on a terminal, on a pipe and for programs, over the death of the sidecar.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Child;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::following::{drawings, kept};
use crate::runs::{end, kill_sidecar, served};
use crate::support::{Project, eventually, finish, signal};
use crate::terminal::Terminal;

fn look(project: &Project) -> Value {
    let (code, look) = project.json(&["top", "--once"]);
    assert_eq!(code, Some(0), "{look}");
    look
}

/// `top` with its output in the file and its notes beside it.
fn begin(project: &Project, arguments: &[&str], out: &str) -> Child {
    let file = |name: &str| File::create(project.path().join(name)).unwrap();
    let mut command = project.command(&[&["top"], arguments].concat());
    command.stdout(file(out)).stderr(file(&format!("{out}.notes"))).spawn().unwrap()
}

/// A sidecar without an application.
fn alone(project: &Project) -> Child {
    let sidecar = project.spawn(&["sidecar", "--http", "off"]);
    eventually("a sidecar", || project.conductor(&["runs"]).code == Some(0));
    sidecar
}

fn said(project: &Project, out: &str) -> String {
    fs::read_to_string(project.path().join(out)).unwrap()
}

#[test]
fn what_fails_what_is_slow_what_is_open_and_what_is_waited_for() {
    let (project, dev) = served();
    project.conductor(&["run", "failing", "--run-id", "f"]).says(4, &[]);
    for id in ["s", "t"] {
        project.conductor(&["run", "sitting", "--run-id", id, "--detach"]).says(0, &[id]);
    }
    let reason = "ask\x1b[31m \u{202e}Ada";
    project.conductor(&["breaker", "open", "b\u{202e}d", "--reason", reason]).says(0, &[]);
    eventually("a permit that is waited for", || look(&project)["resources"][0]["waiting"] == 1);
    let told = look(&project);
    assert_eq!(told["runs"], json!({"started": 4, "succeeded": 1, "failed": 1, "paused": 0, "cancelled": 0}));
    assert_eq!(told["open_runs"], json!({"running": 2, "waiting": 0, "paused": 0}));
    assert_eq!((&told["sessions"], &told["dispatchable_runs"]), (&json!(1), &json!(0)));
    let fail = &told["tasks"][0];
    assert_eq!(
        (&fail["task"], &fail["workflow"], &fail["ended"], &fail["failed"], &fail["attempts_failed"]),
        (&json!("fail"), &json!("failing"), &json!(1), &json!(1), &json!(2))
    );
    assert!(fail["p95_ms"].as_u64() >= fail["p50_ms"].as_u64(), "{fail}");
    assert_eq!(fail["per_second"], json!({"ended": 0.0, "attempts_failed": 0.0}));
    let desk = json!({"resource": "desk", "in_use": 1, "limit": 1, "waiting": 1});
    assert_eq!(told["resources"], json!([desk]));
    assert_eq!(
        (&told["breakers"][0]["id"], &told["breakers"][0]["state"]),
        (&json!("b\u{202e}d"), &json!("open"))
    );
    let shown = project.conductor(&["top", "--once"]);
    shown.says(
        0,
        &["running 2, waiting 0, paused 0  ", "\nin all    4        1          1       0       0\n"],
    );
    shown.says(0, &["\nb\\u{202e}d  open   forced  ask\\e[31m \\u{202e}Ada\n", "\ndesk        1   1 of 1\n"]);
    shown.says(
        0,
        &["\nfail        1      2         0.0       1         failing\n", "\nSLOWEST  95 OF 100  MEDIAN"],
    );
    assert!(!shown.stdout.contains(['\x1b', '\u{202e}']), "{shown:?}");
    let raw = project.conductor(&["top", "--once", "--format", "json"]);
    assert!(!raw.stdout.contains(['\x1b', '\u{202e}']) && raw.stdout.lines().count() == 1, "{raw:?}");
    end(&project, dev);
    project.conductor(&["top"]).says(3, &["found no sidecar"]);
    let (code, refused) = project.json(&["top", "--once"]);
    assert_eq!((code, &refused["error"]["kind"]), (Some(3), &json!("environment")));
}

#[test]
fn a_sidecar_in_which_nothing_has_happened_shows_noughts() {
    let project = Project::empty();
    let sidecar = alone(&project);
    let shown = project.conductor(&["top", "--once"]);
    shown.says(0, &["processes 0, runs without one 0, calls without one 0\n", "\na second  0.0      0.0"]);
    assert_eq!(shown.stdout.lines().count(), 6, "{shown:?}");
    assert_eq!((&look(&project)["tasks"], &look(&project)["breakers"]), (&json!([]), &json!([])));
    signal(&sidecar, Signal::TERM);
    finish(sidecar);
}

#[test]
fn a_pipe_and_a_program_are_told_each_second_also_by_the_next_sidecar() {
    let (project, dev) = served();
    let text = begin(&project, &[], "text");
    let documents = begin(&project, &["--format", "json"], "documents");
    for out in ["text", "documents"] {
        eventually("a first look", || said(&project, out).contains('\n'));
    }
    let looks = || -> Vec<Value> {
        let documents = said(&project, "documents");
        documents.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let since = looks()[0]["since"].clone();
    // The next one counts from its beginning, so that nothing is taken for less than nothing.
    kill_sidecar(&project);
    eventually("the sidecar again", || looks().last().unwrap()["since"] != since);
    project.conductor(&["run", "failing", "--run-id", "f"]).says(4, &[]);
    eventually("the failure", || looks().last().unwrap()["runs"]["failed"] == 1);
    let failed = looks().iter().filter(|one| one["per_second"]["failed"].as_f64() > Some(0.0)).count();
    assert_eq!(failed, 1, "{:?}", looks());
    for child in [text, documents] {
        signal(&child, Signal::INT);
        assert_eq!(finish(child).code, Some(130));
    }
    let told = said(&project, "text");
    assert!(told.contains("CANCELLED\n") && told.contains("\n\nrunning 0, "), "{told}");
    end(&project, dev);
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let project = Project::empty();
    let sidecar = alone(&project);
    let mut top = project.spawn(&["top"]);
    let mut first = String::new();
    BufReader::new(top.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("running 0, "), "{first}");
    assert_eq!(finish(top).code, Some(0));
    signal(&sidecar, Signal::TERM);
    finish(sidecar);
}

#[test]
fn a_terminal_is_drawn_on_within_its_rows_and_is_as_it_was_after_ctrl_c() {
    let (project, dev) = served();
    project.conductor(&["run", "failing", "--run-id", "f"]).says(4, &[]);
    let mut terminal = Terminal::open(&project, (24, 100), &["top"]);
    let mut small = Terminal::open(&project, (9, 30), &["top"]);
    for one in [&terminal, &small] {
        eventually("drawings", || drawings(&one.shown()).len() > 2);
    }
    small.press("\x03");
    let (code, shown) = small.ends();
    assert_eq!(code, Some(130));
    let drawn = drawings(&shown);
    assert!(drawn.iter().all(|drawing| drawing.lines().count() <= 9), "{shown:?}");
    assert!(drawn[0].contains("\r\na second  -") && drawn[1].contains("\r\na second  0.0"), "{shown:?}");
    assert!(shown.starts_with("\x1b[?1049h") && kept(&shown).contains("FAILS MOST"), "{shown:?}");
    terminal.press("\x03");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(130));
    let whole = |name: &str| shown.matches(name).count();
    assert_eq!((whole("\x1b[?1049h"), whole("\x1b[?1049l")), (1, 1), "{shown:?}");
    assert_eq!(whole("\x1b[?7l"), whole("\x1b[?7h"), "{shown:?}");
    end(&project, dev);
}

#[test]
fn a_sidecar_that_is_away_is_waited_for_and_said_to_be() {
    let project = Project::empty();
    let first = alone(&project);
    let mut terminal = Terminal::open(&project, (24, 200), &["top"]);
    let text = begin(&project, &[], "text");
    let documents = begin(&project, &["--format", "json"], "documents");
    for out in ["text", "documents"] {
        eventually("a first look", || said(&project, out).contains('\n'));
    }
    signal(&first, Signal::KILL);
    finish(first);
    let notes = ["text.notes", "documents.notes"];
    for out in notes {
        eventually("a note", || said(&project, out).ends_with("; waiting for it\n"));
    }
    let is_told =
        |drawing: &&str| drawing.contains("; waiting for it") && drawing.contains("\r\nrunning 0, ");
    eventually("a word above", || drawings(&terminal.shown()).iter().any(is_told));
    let second = alone(&project);
    for out in notes {
        eventually("the sidecar again", || {
            said(&project, out).ends_with("; waiting for it\nthe sidecar is back\n")
        });
    }
    eventually("no word any more", || drawings(&terminal.shown()).last().unwrap().starts_with("running 0, "));
    for child in [&text, &documents, &second] {
        signal(child, Signal::TERM);
    }
    assert_eq!(
        (finish(text).code, finish(documents).code, finish(second).code),
        (Some(130), Some(130), Some(0))
    );
    terminal.press("\x03");
    assert_eq!(terminal.ends().0, Some(130));
}
