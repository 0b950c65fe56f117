//! `show --follow`: a run live, on a terminal, on a pipe and for programs, over the death of the sidecar.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::runs::{STAIRS, end, kill_sidecar, served};
use crate::support::{Project, eventually, finish, signal};
use crate::terminal::Terminal;

/// A run that hangs in its step.
fn hangs(project: &Project, id: &str) {
    project.conductor(&["run", "hanging", "--run-id", id, "--detach"]).says(0, &[id]);
    eventually("the step", || project.json(&["show", id]).1["steps"][0]["state"] == "running");
}

/// Follows with its output in the file and its notes beside it, so that they are read meanwhile.
fn follow(project: &Project, arguments: &[&str], out: &str) -> Child {
    let file = |name: &str| File::create(project.path().join(name)).unwrap();
    let mut command = project.command(&[&["show", "--follow"], arguments].concat());
    command.stdout(file(out)).stderr(file(&format!("{out}.notes"))).spawn().unwrap()
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

#[test]
fn a_sidecar_that_is_killed_is_waited_for() {
    let (project, dev) = served();
    hangs(&project, "h");
    let follower = follow(&project, &["h"], "lines");
    eventually("the first state", || said(&project, "lines").contains("  hang  running"));
    kill_sidecar(&project);
    eventually("another sidecar", || project.conductor(&["cancel", "h"]).code == Some(0));
    assert_eq!(finish(follower).code, Some(4));
    let notes = said(&project, "lines.notes");
    assert!(notes.contains("is lost; waiting for it\nthe sidecar is back\n"), "{notes}");
    let told = said(&project, "lines");
    assert_eq!(told.matches("  hang  running").count(), 1, "{told}");
    assert!(told.lines().last().unwrap().contains("  h  cancelled  "), "{told}");
    end(&project, dev);
}

#[test]
fn a_program_is_told_nothing_twice_over_the_death_of_the_sidecar() {
    let (project, dev) = served();
    hangs(&project, "h");
    let follower = follow(&project, &["h", "--format", "json"], "documents");
    eventually("the first document", || said(&project, "documents").contains('\n'));
    kill_sidecar(&project);
    eventually("the sidecar again", || said(&project, "documents.notes").ends_with("is back\n"));
    project.conductor(&["cancel", "h"]).says(0, &[]);
    assert_eq!(finish(follower).code, Some(4));
    let told: Vec<Value> =
        said(&project, "documents").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
    assert_eq!(told.last().unwrap()["state"], "cancelled");
    end(&project, dev);
}

#[test]
fn a_pause_ends_the_following() {
    let (project, dev) = served();
    project.conductor(&["run", "paying", "--run-id", "p", "--detach"]).says(0, &["p"]);
    eventually("the step", || project.json(&["show", "p"]).1["steps"][0]["state"] == "running");
    let lines = follow(&project, &["p"], "lines");
    let documents = follow(&project, &["p", "--format", "json"], "documents");
    for out in ["lines", "documents"] {
        eventually("the first state", || said(&project, out).contains("running"));
    }
    // Nobody knows whether the payment was made; `dev` starts another application.
    let app = project.json(&["show", "p"]).1["owners"][0]["pid"].as_i64().unwrap();
    kill_process(Pid::from_raw(i32::try_from(app).unwrap()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(finish(lines).code, Some(4));
    assert_eq!(finish(documents).code, Some(4));
    let told = said(&project, "lines");
    assert!(told.lines().last().unwrap().contains("  p  paused  "), "{told}");
    let told = said(&project, "documents");
    let last: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["state"], &last["steps"][0]["state"]),
        (&json!("paused"), &json!("in_doubt")),
        "{told}"
    );
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
    assert_eq!(kept(&shown).lines().next(), Some("h  running"), "{shown:?}");
    project.conductor(&["cancel", "h"]).says(0, &[]);
    let (code, shown) = narrow.ends();
    assert_eq!(code, Some(4));
    assert!(drawings(&shown).iter().all(|drawing| drawing.lines().count() <= 8), "{shown:?}");
    assert!(kept(&shown).starts_with("h  cancelled\r\n") && shown.ends_with('\n'), "{shown:?}");
    end(&project, dev);
}

#[test]
fn more_steps_than_rows_are_drawn_from_the_last_ones_also_when_the_terminal_shrinks() {
    let (project, dev) = served();
    project.conductor(&["run", "climbing", "--run-id", "c", "--detach"]).says(0, &["c"]);
    let at_top = || project.json(&["show", "c"]).1["steps"][STAIRS]["state"] == "running";
    eventually("the last step", at_top);
    let mut terminal = Terminal::open(&project, (20, 90), &["show", "--follow", "c"]);
    eventually("a drawing", || !drawings(&terminal.shown()).is_empty());
    let shown = terminal.shown();
    let drawn = drawings(&shown)[0].to_owned();
    let rows: Vec<&str> = drawn.lines().collect();
    assert!(rows.len() <= 20 && rows.last().unwrap().contains("top"), "{drawn}");
    let word = rows.iter().position(|row| row.ends_with(" before")).unwrap();
    let (below, hidden) = (rows.len() - 1 - word, rows[word].replace("… ", "").replace(" before", ""));
    assert_eq!(below + hidden.parse::<usize>().unwrap(), STAIRS + 1, "{drawn}");
    terminal.resize(12, 40);
    let is_small = |drawing: &&str| drawing.lines().count() <= 12;
    eventually("a smaller drawing", || drawings(&terminal.shown()).iter().any(is_small));
    project.conductor(&["cancel", "c"]).says(0, &[]);
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(4));
    // The terminal's own rows were never written on, and at the end all steps stand there.
    assert_eq!((shown.matches("\x1b[?1049h").count(), shown.matches("\x1b[?1049l").count()), (1, 1));
    assert!(shown.starts_with("\x1b[?1049h"), "{shown:?}");
    assert!((1..=STAIRS).all(|step| kept(&shown).contains(&format!("stair_{step} "))), "{shown:?}");
    end(&project, dev);
}

/// What stands on the terminal after the command.
pub fn kept(shown: &str) -> &str {
    shown.rsplit_once("\x1b[?1049l").map_or("", |(_, kept)| kept)
}

/// What was drawn each time, without what is left at the end.
pub fn drawings(shown: &str) -> Vec<&str> {
    shown.split("\x1b[J").filter_map(|rest| rest.split_once("\x1b[?7h")).map(|(drawing, _)| drawing).collect()
}
