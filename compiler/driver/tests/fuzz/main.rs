//! Fuzzing of the whole pipeline, of both syntaxes and of expressions: nothing falls, and what comes out holds together.
//!
//! `cargo test` gives each target a few seconds; `cargo xtask fuzz --minutes 60` more. The bytes of an input are a script
//! of edits to a real manifest of the repository, so that most inputs reach far behind the parser.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod corpus;
mod judge;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with the other tests, which use more of it")]
mod support;

use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "a run has a time; only the crate itself is pure")]
use std::time::Instant;

use corpus::{Corpus, Script};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use support::Project;

/// How long one target runs.
#[expect(
    clippy::disallowed_methods,
    reason = "a longer run is asked for from outside; only the crate itself is pure"
)]
fn time() -> Duration {
    let seconds = std::env::var("CONDUCTOR_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(4))
}

/// An input of some hundred lines that takes longer than this, even unoptimised, is one that hangs.
const LONGEST: Duration = Duration::from_secs(20);

/// Makes inputs of up to `longest` bytes and judges them until the time is over. One that fails is made as small as can be
/// and shown.
#[expect(clippy::disallowed_types, reason = "a run has a time; only the crate itself is pure")]
fn fuzz<T: std::fmt::Debug>(longest: usize, make: impl Fn(&[u8]) -> T, judge: impl Fn(&T)) {
    let start = Instant::now();
    let mut inputs = 0_u64;
    while start.elapsed() < time() {
        let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
        let bytes = proptest::collection::vec(any::<u8>(), 0..longest);
        let ran = TestRunner::new(config).run(&bytes, |bytes| {
            let begun = Instant::now();
            judge(&make(&bytes));
            prop_assert!(begun.elapsed() < LONGEST, "it took {:?}", begun.elapsed());
            Ok(())
        });
        let failed = match ran {
            Ok(()) => None,
            Err(TestError::Fail(why, bytes)) => Some(format!("{why}\n{:#?}", make(&bytes))),
            Err(other) => Some(other.to_string()),
        };
        assert_eq!(failed, None, "after {inputs} inputs: {}", failed.as_deref().unwrap_or_default());
        inputs += 64;
    }
    println!("{inputs} inputs");
}

#[test]
fn edited_manifests() {
    let corpus = Corpus::read();
    fuzz(96, |bytes| corpus.edited(&mut Script::new(bytes)), judge::project);
}

#[test]
fn manifests_without_one_line() {
    let corpus = Corpus::read();
    for project in corpus.without_one_line() {
        let judged = std::panic::catch_unwind(|| judge::project(&project));
        assert!(judged.is_ok(), "{project:#?}");
    }
}

#[test]
fn any_text_in_both_syntaxes() {
    let projects = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        ["concurrency.yaml", "concurrency.hcl"].map(|path| Project::new([(path, &*text)]))
    };
    fuzz(512, projects, |projects| projects.iter().for_each(judge::project));
}

#[test]
fn expressions() {
    let corpus = Corpus::read();
    fuzz(96, |bytes| corpus.expression(&mut Script::new(bytes)), |text| judge::expression(text));
}
