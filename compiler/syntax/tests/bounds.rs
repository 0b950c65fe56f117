//! Megabytes of anything are read or refused in a time that grows with their length, and no faster.

#![expect(clippy::expect_used, reason = "a failing helper is a failing test")]
#![expect(
    clippy::disallowed_types,
    reason = "how long something takes is told by a clock; only the crate itself is pure"
)]

use std::thread;
use std::time::{Duration, Instant};

use conductor_source::FileId;
use conductor_syntax::yaml;

/// Ten times the text takes ten times as long; repeated passes over the whole of it would take a hundred times as long.
const TIMES: u32 = 40;
/// Unoptimised code takes minutes for all that a manifest may have; a part of it shows how the time grows.
const BYTES: usize = yaml::MAX_BYTES / 8;
/// What is over sooner than this says little of how fast the machine is.
const SHORTEST: Duration = Duration::from_millis(500);

fn check(name: &str, unit: &str, head: &str) {
    let began = Instant::now();
    parse(name, unit, head, BYTES / 10, Duration::from_secs(600));
    let tenth = began.elapsed().max(SHORTEST);
    parse(name, unit, head, BYTES, tenth * TIMES);
    println!("{name}: {tenth:?} a tenth, {:?} all", began.elapsed());
}

fn parse(name: &str, unit: &str, head: &str, bytes: usize, time: Duration) {
    let text = head.to_owned() + &unit.repeat((bytes - head.len()) / unit.len());
    // A small stack: nothing may recurse by depth of the input.
    let parsing =
        thread::Builder::new().stack_size(1 << 20).spawn(move || yaml::parse(FileId(0), &text).1.len());
    let parsing = parsing.expect("a thread");
    let began = Instant::now();
    while !parsing.is_finished() {
        assert!(began.elapsed() < time, "{name}: {bytes} bytes are not done after {time:?}");
        thread::sleep(Duration::from_millis(10));
    }
    parsing.join().expect("no panic");
}

#[test]
fn long_lists() {
    check("items", "- a\n", "a:\n");
    check("flow items", "1,", "a: [");
}

#[test]
fn one_long_scalar() {
    check("plain", "a b ", "a: ");
    check("quoted", "\\n\\u00e9", "a: \"");
}

#[test]
fn many_mistakes() {
    check("list items in workflows", "  - id: w\n    - task: a\n    - task: b\n", "workflows:\n");
    check("split expressions", "- ${a ? {\"b\": 1} : 2}\n", "a:\n");
    check("duplicates", "a: 1\n", "");
    check("bad characters", "- @a\n", "a:\n");
    check("tabs", "\tb: 1\n", "a:\n");
}

#[test]
fn deep_values() {
    check("brackets", "[", "a: ");
    check("braces", "{a: ", "a: ");
    check("dashes", "- ", "a:\n");
}

#[test]
fn comments_and_blanks() {
    check("comments", "# c\n", "a: 1\n");
    check("blank lines", "\n", "a: 1\n");
    check("aliases", "- *a\n", "a: &a [1, 2, 3]\nb:\n");
}
