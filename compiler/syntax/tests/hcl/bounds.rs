//! Ten megabytes of anything are read or refused in bounded time, and what is no text at all is refused.

use std::thread;

use conductor_source::{FileId, Sources};
use conductor_syntax::{Kind, hcl, yaml};

/// Far above what a slow machine needs, far below what repeated passes over the whole text would take.
const SECONDS: u64 = 120;

fn check(name: &str, unit: &str, head: &str) {
    let mut text = head.to_owned();
    text.push_str(&unit.repeat((yaml::MAX_BYTES - head.len()) / unit.len()));
    // The stack of a thread of the standard library: what recurses is bounded by the depth of values.
    let parsing =
        thread::Builder::new().stack_size(2 << 20).spawn(move || hcl::parse(FileId(0), &text).1.len());
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
fn much_of_one_thing() {
    check("blocks", "task \"a\" {}\n", "");
    check("attributes", "a = 1\n", "");
    check("items", "1,", "a = [");
    check("a string", "\\u00e9", "a = \"");
    check("comments", "# c\n", "a = 1\n");
}

#[test]
fn depth() {
    check("brackets", "[", "a = ");
    check("braces", "{a=", "a = ");
    check("bodies", "a {\n", "");
    check("parentheses", "(", "a = ");
    check("operators", "!", "a = ");
}

#[test]
fn many_mistakes() {
    check("expressions without an end", "\"${\",", "a = [");
    check("expressions without an end on lines", "a = \"${x\"\n", "");
    check("expressions in expressions", "${", "a = \"");
    check("bare expressions", "a = b + c\n", "");
    check("garbage", "= ]\n", "");
    check("computed lists", "[1]+", "a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    check("heredocs without an end", "a = <<E\n", "");
}

/// A blank of Unicode that is none of HCL is passed over, not read again and again up to the bound of values.
#[test]
fn strange_blanks_in_a_list() {
    for blank in ['\u{c}', '\u{b}', '\u{1c}', '\u{a0}', '\u{2003}'] {
        let found = hcl::parse(FileId(0), &format!("a = [1, {blank}, 2]\n")).1;
        assert!(found.iter().all(|found| found.code.0 != "E003"), "{blank:?}: as if it were endless");
    }
}

#[test]
fn bytes() {
    let codes = |bytes: &[u8]| {
        let (_, node, found) = hcl::read(&mut Sources::default(), "concurrency.hcl", bytes);
        assert_eq!(node.kind, Kind::Broken);
        found.iter().map(|found| found.code.0).collect::<Vec<_>>()
    };
    assert_eq!(codes(b""), ["E001"]);
    assert_eq!(codes(b"# nothing\n/* here */\n"), ["E001"]);
    assert_eq!(codes(b"a = \"\xe9\"\n"), ["E002"]);
    assert_eq!(codes(&vec![b' '; yaml::MAX_BYTES + 1]), ["E003"]);
    assert_eq!(codes(format!("a = [{}", "1,".repeat(3_000_001)).as_bytes()), ["E003"]);
    assert_eq!(codes(format!("a = {}", "[".repeat(700)).as_bytes()), ["E004"]);
    assert_eq!(codes("a {\n".repeat(700).as_bytes()), ["E004"]);
    let deepest = format!("a = {}{}\n", "[".repeat(320), "]".repeat(320));
    assert_eq!(hcl::parse(FileId(0), &deepest).1, vec![]);
    assert_eq!(codes(deepest.replace("[]", "[[]]").as_bytes()), ["E004"]);
}
