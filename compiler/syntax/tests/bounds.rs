//! Ten megabytes of anything are read or refused in bounded time.

#![expect(clippy::expect_used, clippy::panic, reason = "a failing helper is a failing test")]

use std::thread;

use conductor_source::FileId;
use conductor_syntax::yaml;

/// Far above what a slow machine needs, far below what repeated passes over the whole text would take.
const SECONDS: u64 = 120;

fn check(name: &str, unit: &str, head: &str) {
    let mut text = head.to_owned();
    text.push_str(&unit.repeat((yaml::MAX_BYTES - head.len()) / unit.len()));
    // A small stack: nothing may recurse by depth of the input.
    let parsing =
        thread::Builder::new().stack_size(1 << 20).spawn(move || yaml::parse(FileId(0), &text).1.len());
    let parsing = parsing.expect("a thread");
    for _ in 0..SECONDS * 10 {
        if parsing.is_finished() {
            parsing.join().expect("no panic");
            return;
        }
        thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{name}: not done after {SECONDS} s");
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
