//! Large, deep and strange input: an answer in bounded time, and nothing lost.

use std::fmt::Write as _;

use conductor_source::FileId;
use conductor_syntax::Syntax;
use conductor_syntax::format::{Unwritten, format};

use crate::{formatted, opposite, other};

/// Formats, or is refused with findings. What takes quadratic time here is noticed by whoever waits for the test.
fn answers(syntax: Syntax, text: &str) {
    if let Err(Unwritten::Bug(what)) = format(syntax, FileId(0), text) {
        panic!("{what}: {:?}", &text[..text.len().min(200)]);
    }
}

#[test]
fn nested_as_deeply_as_can_be_read() {
    for depth in [1, 60, 126, 127, 128, 129, 1000, 100_000] {
        answers(Syntax::Yaml, &format!("a: {}1{}\n", "[".repeat(depth), "]".repeat(depth)));
        answers(Syntax::Yaml, &format!("a: {}{}\n", "{b: ".repeat(depth), "}".repeat(depth)));
        answers(Syntax::Yaml, &format!("{}1\n", "- ".repeat(depth)));
        answers(Syntax::Hcl, &format!("a = {}1{}\n", "[".repeat(depth), "]".repeat(depth)));
        answers(Syntax::Hcl, &format!("a = {}1{}\n", "{ b = ".repeat(depth), " }".repeat(depth)));
        answers(Syntax::Hcl, &format!("{}{}", "a {\n".repeat(depth), "}\n".repeat(depth)));
        let mut deep = String::new();
        for level in 0..depth.min(200) {
            let _ = writeln!(deep, "{}a:", " ".repeat(level));
        }
        answers(Syntax::Yaml, &deep);
    }
}

#[test]
fn large_files() {
    let size = 100 << 10;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    answers(Syntax::Yaml, &format!("a:\n{}", fill("  - b: [1, 2, {c: d}] # comment\n")));
    answers(Syntax::Yaml, &format!("a: [{}]\n", fill("1, ")));
    answers(Syntax::Yaml, &format!("a: |\n{}", fill("  text of a block\n")));
    answers(Syntax::Yaml, &format!("a: \"{}\"\n", fill("text \\u00e9 ")));
    answers(Syntax::Yaml, &format!("a: 1\n{}", fill("# comment\n\n\n")));
    answers(Syntax::Yaml, &format!("a: 1\n{}", fill("\n")));
    answers(Syntax::Yaml, &format!("a: 1{}", fill(" ")));
    answers(Syntax::Yaml, &fill("a"));
    answers(Syntax::Yaml, &fill("? "));
    answers(Syntax::Hcl, &fill("a \"b\" {\n  c = [1, 2, { d = \"e\" }] # comment\n}\n"));
    answers(Syntax::Hcl, &format!("a = [{}]\n", fill("1, ")));
    answers(Syntax::Hcl, &format!("a = <<E\n{}E\n", fill("text of a heredoc\n")));
    answers(Syntax::Hcl, &format!("a = 1\n{}", fill("# comment\n\n\n")));
    answers(Syntax::Hcl, &format!("a = 1 /*{}*/\n", fill("\n")));
    answers(Syntax::Hcl, &format!("a = \"{}\"\n", fill("${")));
}

#[test]
fn five_mebibytes() {
    answers(Syntax::Yaml, &format!("a: |\n{}", "  text of a block\n".repeat((5 << 20) / 18)));
    answers(Syntax::Hcl, &format!("a = <<E\n{}E\n", "text of a heredoc\n".repeat((5 << 20) / 18)));
}

#[test]
fn strange_characters_stay() {
    for comment in [
        "#",
        "#!",
        "##",
        "# \u{202e}x\u{2028}y",
        "# tab\tin it",
        "# é→\u{1f600}",
        "# 'quote",
        "# \"quote",
        "# ${x} { [ - :",
    ] {
        let yaml = format!("a:   1   {comment}\n{comment}\nb:\n   - 2\t{comment}\n   {comment}\n");
        let kept = formatted(Syntax::Yaml, &yaml);
        assert_eq!(kept.matches(comment).count(), 4, "{kept}");
        let hcl = format!("a=1   {comment}\n{comment}\nb=[\n2,\t{comment}\n   {comment}\n]\n");
        let kept = formatted(Syntax::Hcl, &hcl);
        assert_eq!(kept.matches(comment).count(), 4, "{kept}");
        for (syntax, text) in [(Syntax::Yaml, &yaml), (Syntax::Hcl, &hcl)] {
            let converted = other(syntax, text);
            assert_eq!(converted.matches(comment).count(), 4, "{converted}");
            assert_eq!(other(opposite(syntax), &converted).matches(comment).count(), 4, "{converted}");
        }
    }
}

#[test]
fn two_thousand_tasks() {
    let mut yaml = String::from("tasks:\n");
    for task in 0..2_000 {
        let _ = writeln!(
            yaml,
            "  - id: t{task} # number {task}\n    ref: m.f{task}\n    with: {{a: 1, b: [x, y]}}\n"
        );
    }
    yaml.push_str("workflows:\n  - id: w\n    steps:\n");
    for task in 0..2_000 {
        let _ = writeln!(yaml, "      - task: t{task}\n        when: ${{input.x > {task}}}");
    }
    let once = formatted(Syntax::Yaml, &yaml);
    let hcl = other(Syntax::Yaml, &once);
    assert_eq!(hcl.matches("# number").count(), 2_000);
    assert_eq!(formatted(Syntax::Hcl, &hcl), hcl);
    assert_eq!(other(Syntax::Hcl, &hcl).matches("# number").count(), 2_000);
}
