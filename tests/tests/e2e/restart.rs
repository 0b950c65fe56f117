//! A person lets a run go on from a step before, in every language: what came before counts, what came after happens under other keys.

use anyhow::{Context, Result};
use conductor_tests::eventually;
use serde_json::json;

use crate::served::{Served, state};

fn served(language: &'static str) -> Result<Served> {
    Served::new("restarts", language, &["charge", "wrap", "label", "ship", "book", "unbook"])
}

impl Served {
    /// `conductor restart`: its exit code, and what it prints on both streams.
    fn restart(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let done = self.project.conductor(&[&["restart"], arguments].concat())?;
        Ok((done.code, format!("{}{}", done.stdout, done.stderr)))
    }

    /// What was called since the last look, in the order of the alphabet: branches have no other.
    fn news(&self, seen: &mut usize) -> Vec<String> {
        let calls = self.calls();
        let mut new = calls[*seen..].to_vec();
        *seen = calls.len();
        new.sort();
        new
    }

    fn receive(&self, run: &str) -> Result<()> {
        self.project.conductor(&["signal", run, "received"])?.expect_code(0)?;
        Ok(())
    }
}

fn from_a_step(language: &'static str) -> Result<()> {
    let mut served = served(language)?;
    let mut seen = 0;
    served.project.write("broken", "")?;
    served.sidecar.accepts("shop", "r", &json!({"amount": 5}))?;
    served.sidecar.run_in("r", &["failed"])?;
    assert!(served.news(&mut seen).contains(&"charge 5 r/charge".to_owned()));

    // Only what stood where the step began counts; what failed has a key of its own from here on.
    std::fs::remove_file(served.project.path().join("broken"))?;
    let (code, said) =
        served.restart(&["r", "--from", "ship", "--reason", "a truck is there", "--by", "ada"])?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("restarted r from ship, as generation 2\n"), "{said}");
    eventually("the shipping", || {
        Ok(served.calls().iter().any(|call| call == "ship r/ship#2").then_some(()))
    })?;
    served.sidecar.run_in("r", &["waiting"])?;
    let again = served.news(&mut seen);
    assert!(again.contains(&"ship r/ship#2".to_owned()), "{again:?}");
    assert!(!again.iter().any(|call| call.starts_with("charge") || call.starts_with("wrap")), "{again:?}");
    served.receive("r")?;
    let done = served.sidecar.run_in("r", &["succeeded", "failed"])?;
    assert_eq!(done["output"], "shipped 5", "{done}");
    let restarted = &done["restarted"][0];
    assert_eq!(
        (&restarted["generation"], &restarted["from"], &restarted["reason"], &restarted["by"]),
        (&json!(2), &json!("ship"), &json!("a truck is there"), &json!("ada")),
    );
    let shown = served.project.conductor(&["show", "r"])?.expect_code(0)?.stdout;
    assert!(shown.contains(" by ada from ship, generation 2: a truck is there\n"), "{shown}");

    // Of a run that has succeeded, with other inputs; its process dies in the middle of the new generation.
    served.project.write("stuck", "")?;
    let (code, said) = served.restart(&["r", "--from", "charge", "--input", r#"{"amount": 7}"#])?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("outside of what is guaranteed, these may happen again: charge, "), "{said}");
    eventually("the shipping", || {
        Ok(served.calls().iter().any(|call| call == "ship r/ship#3").then_some(()))
    })?;
    served.worker.take().context("nobody serves")?.kill()?;
    std::fs::remove_file(served.project.path().join("stuck"))?;
    served.serve()?;
    // The signal that the forgotten wait had taken is there again.
    let done = served.sidecar.run_in("r", &["succeeded", "failed"])?;
    assert_eq!((&done["output"], &done["input"]), (&json!("shipped 7"), &json!({"amount": 7})), "{done}");
    let mut calls = served.news(&mut seen);
    calls.dedup();
    assert_eq!(calls, ["charge 7 r/charge#3", "label r/label#3", "ship r/ship#3", "wrap r/pack#3/wrap"]);
    // The id stands for the inputs that it has now.
    let taken = served.project.conductor(&["run", "shop", "--run-id", "r", "--input", r#"{"amount": 5}"#])?;
    assert_eq!(taken.code, Some(2), "{}", taken.stderr);
    let same = served.project.conductor(&["run", "shop", "--run-id", "r", "--input", r#"{"amount": 7}"#])?;
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    Ok(())
}

fn what_was_undone(language: &'static str) -> Result<()> {
    let served = served(language)?;
    let mut seen = 0;
    served.project.write("broken", "")?;
    served.sidecar.accepts("trip", "t", &json!({"amount": 5}))?;
    served.sidecar.run_in("t", &["failed"])?;
    assert_eq!(served.news(&mut seen), ["book t/book", "ship t/ship", "unbook t/book.compensate"]);

    let (code, said) = served.restart(&["t", "--from", "ship"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("what book did was undone when run t stopped, and would count as done"), "{said}");
    let (code, said) = served.restart(&["t", "--from", "elsewhere"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("run t has begun no step elsewhere: it has begun book, ship"), "{said}");

    // It fails again, and is undone again, under keys of its own.
    let (code, said) = served.restart(&["t", "--from", "book"])?;
    assert_eq!(code, Some(0), "{said}");
    served.sidecar.run_in("t", &["failed"])?;
    assert_eq!(served.news(&mut seen), ["book t/book#2", "ship t/ship#2", "unbook t/book.compensate#2"]);
    std::fs::remove_file(served.project.path().join("broken"))?;
    let (code, said) = served.restart(&["t", "--from-beginning"])?;
    assert_eq!(code, Some(0), "{said}");
    let done = served.sidecar.run_in("t", &["succeeded"])?;
    assert_eq!(state(&done, "book"), "succeeded", "{done}");
    assert_eq!(served.news(&mut seen), ["book t/book#3", "ship t/ship#3"]);

    served.project.write("stuck", "")?;
    served.sidecar.accepts("shop", "s", &json!({"amount": 1}))?;
    served.sidecar.run_in("s", &["running", "waiting"])?;
    let (code, said) = served.restart(&["s", "--from", "charge"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("neither ended nor paused: cancel it first"), "{said}");
    eventually("the child", || Ok(served.calls().iter().any(|call| call == "ship s/ship").then_some(())))?;
    let (code, said) = served.restart(&["s/pack", "--from-beginning"])?;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("run s/pack was started by s: restart that one from pack"), "{said}");
    std::fs::remove_file(served.project.path().join("stuck"))?;
    Ok(())
}

macro_rules! in_each_language {
    ($($language:ident)*) => {$(
        mod $language {
            #[test]
            fn what_came_before_the_step_counts() -> anyhow::Result<()> {
                super::from_a_step(stringify!($language))
            }

            #[test]
            fn what_was_undone_does_not_count() -> anyhow::Result<()> {
                super::what_was_undone(stringify!($language))
            }
        }
    )*};
}

in_each_language!(python typescript go);
