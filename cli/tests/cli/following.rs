//! `show --follow`: a run live, on a terminal, on a pipe and for programs, over the death of the sidecar.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::runs::{end, served};
use crate::support::{Project, eventually, finish, signal};
use crate::terminal::Terminal;

/// A run that hangs in its step.
fn hangs(project: &Project, id: &str) {
    project.conductor(&["run", "hanging", "--run-id", id, "--detach"]).says(0, &[id]);
    eventually("the step", || project.json(&["show", id]).1["steps"][0]["state"] == "running");
}

/// Follows with its output in the file, so that it is read meanwhile.
fn follow(project: &Project, arguments: &[&str], out: &str) -> Child {
    let file = File::create(project.path().join(out)).unwrap();
    let mut command = project.command(&[&["show", "--follow"], arguments].concat());
    command.stdout(file).stderr(Stdio::piped()).spawn().unwrap()
}

fn said(project: &Project, out: &str) -> String {
    fs::read_to_string(project.path().join(out)).unwrap()
}

#[test]
fn a_pipe_gets_a_line_for_each_change_and_a_program_a_document() {
    let (project, dev) = served();
    hangs(&project, "h");
    let lines = follow(&project, &["h"], "lines");
    let documents = follow(&project, &["h", "--format", "json"], "documents");
    eventually("the first state", || said(&project, "lines").contains("  hang  running  hang\n"));
    eventually("the first document", || said(&project, "documents").contains('\n'));
    project.conductor(&["cancel", "h"]).says(0, &[]);
    assert_eq!(finish(lines).code, Some(4));
    assert_eq!(finish(documents).code, Some(4));
    let told = said(&project, "lines");
    let told: Vec<&str> = told.lines().map(|line| &line["2026-11-27 17:00:00  ".len()..]).collect();
    assert_eq!((told[0], told[1]), ("h  running  hanging", "hang  running  hang"));
    assert!(told[2].starts_with("hang  cancelled"), "{told:?}");
    assert!(told.last().unwrap().starts_with("h  cancelled"), "{told:?}");
    let told: Vec<Value> =
        said(&project, "documents").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&told[0]["state"], &told[0]["steps"][0]["key"]), (&json!("running"), &json!("hang")));
    assert_eq!(told.last().unwrap(), &project.json(&["show", "h"]).1);
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
    end(&project, dev);
}

#[test]
fn the_exit_code_says_how_the_run_ended_and_foreign_text_is_harmless() {
    let (project, dev) = served();
    project.conductor(&["show", "--follow", "first"]).says(0, &["first  succeeded  3\n"]);
    project.conductor(&["run", "failing", "--run-id", "f"]).says(4, &[]);
    let told = project.conductor(&["show", "--follow", "f"]);
    told.says(4, &["fail  failed  RuntimeError: no \\e[31mluck\\u{202e}\n", "  f  failed  RuntimeError"]);
    assert!(!told.stdout.contains(['\x1b', '\u{202e}']), "{told:?}");
    project.conductor(&["show", "--follow", "nobody"]).says(3, &["no run nobody"]);
    project.conductor(&["purge", "f"]).says(0, &[]);
    project.conductor(&["show", "--follow", "f"]).says(2, &["run f ended (failed) and was purged on"]);
    end(&project, dev);
    project.conductor(&["show", "--follow", "first"]).says(3, &["found no sidecar"]);
}

#[test]
fn an_interrupt_ends_the_following_and_not_the_run() {
    let (project, dev) = served();
    hangs(&project, "h");
    let follower = follow(&project, &["h"], "lines");
    eventually("the first state", || said(&project, "lines").contains("  hang  running"));
    signal(&follower, Signal::INT);
    assert_eq!(finish(follower).code, Some(130));
    assert_eq!(project.json(&["show", "h"]).1["state"], "running");
    end(&project, dev);
}

#[test]
fn a_reader_that_goes_away_ends_it_with_the_next_change() {
    let (project, dev) = served();
    project.conductor(&["run", "trying", "--run-id", "t", "--detach"]).says(0, &[]);
    let mut follower = project.spawn(&["show", "--follow", "t"]);
    let mut first = String::new();
    BufReader::new(follower.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.ends_with("  t  running  trying\n"), "{first}");
    assert_eq!(finish(follower).code, Some(5));
    end(&project, dev);
}

fn kill_sidecar(project: &Project) {
    let lock = project.read(".conductor/sidecar.lock");
    kill_process(Pid::from_raw(lock.trim().parse().unwrap()).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_sidecar_that_is_killed_is_waited_for() {
    let (project, dev) = served();
    hangs(&project, "h");
    let follower = follow(&project, &["h"], "lines");
    eventually("the first state", || said(&project, "lines").contains("  hang  running"));
    kill_sidecar(&project);
    eventually("another sidecar", || project.conductor(&["cancel", "h"]).code == Some(0));
    let finished = finish(follower);
    finished.says(4, &["is lost; waiting for it\n", "the sidecar is back\n"]);
    let told = said(&project, "lines");
    assert_eq!(told.matches("  hang  running").count(), 1, "{told}");
    assert!(told.lines().last().unwrap().contains("  h  cancelled  "), "{told}");
    end(&project, dev);
}

#[test]
fn a_terminal_is_drawn_on_in_place_within_its_rows() {
    let (project, dev) = served();
    hangs(&project, "h");
    let mut left = Terminal::open(&project, (24, 90), &["show", "--follow", "h"]);
    let narrow = Terminal::open(&project, (8, 30), &["show", "--follow", "h"]);
    for terminal in [&left, &narrow] {
        // Its seconds go on though nothing changes.
        eventually("a second drawing", || terminal.shown().matches("\x1b[J").count() > 1);
    }
    left.press("\x03");
    let (code, shown) = left.ends();
    assert_eq!(code, Some(130));
    let up = drawings(&shown).last().unwrap().lines().count();
    assert!(shown.contains(&format!("\x1b[{}A\r\x1b[J", up)), "{shown:?}");
    project.conductor(&["cancel", "h"]).says(0, &[]);
    let (code, shown) = narrow.ends();
    assert_eq!(code, Some(4));
    let drawn = drawings(&shown);
    assert!(drawn.iter().all(|drawing| drawing.lines().count() < 8), "{shown:?}");
    assert!(shown.ends_with("\n") && shown.contains("cancelled"), "{shown:?}");
    end(&project, dev);
}

/// What was drawn each time, without what is left at the end.
fn drawings(shown: &str) -> Vec<&str> {
    shown.split("\x1b[J").filter_map(|rest| rest.split_once("\x1b[?7h")).map(|(drawing, _)| drawing).collect()
}
