//! What only attackers write.

use expect_test::expect;

use crate::{check, shown};

#[test]
fn ten_thousand_levels_are_refused() {
    check(
        &format!("a: {}", "[".repeat(10_000)),
        expect![[r#"
            error[E004]: values are nested deeper than 640 levels
             --> concurrency.yaml:1:201
              |
            1 | ...[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
              |                                                           ^ one level too deep
              |
              = help: steps that belong together can be a workflow of their own
        "#]],
    );
    let block: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(
        shown(&block.as_bytes()[..(10 << 20) - 1])
            .1
            .starts_with("error[E004]: values are nested deeper than 640")
    );
    let dashes = format!("a: \n{}x", "- ".repeat(10_000));
    assert!(shown(dashes.as_bytes()).1.starts_with("error[E004]"));
    let mixed = format!("{}{}{}", "- ".repeat(400), "[".repeat(400), "]".repeat(400));
    assert!(shown(mixed.as_bytes()).1.starts_with("error[E004]"));
}

#[test]
fn depth_by_aliases_is_refused() {
    let nested = |depth: usize, inside: &str| format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth));
    let text = format!("a: &a {}\nb: {}\n", nested(400, "x"), nested(300, "*a"));
    assert!(shown(text.as_bytes()).1.starts_with("error[E004]"));
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (level, above) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        let aliases = vec![format!("*{above}"); 9].join(", ");
        text.push_str(&format!("{level}: &{level} [{aliases}]\n"));
    }
    check(
        &text,
        expect![[r#"
            error[E010]: the aliases of this manifest stand for too many values
             --> concurrency.yaml:5:7
              |
            5 | e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
              |       ^ not expanded from here on
              |
              = note: anchors and aliases are expanded as copies, up to 100000 values in all
        "#]],
    );
}

#[test]
fn hostile_characters_are_shown_and_not_obeyed() {
    check(
        "a: 1\na: \"\u{202e}\u{9b}31m\u{1f600}\"\n",
        expect![[r#"
            error[E012]: the key `a` stands twice
             --> concurrency.yaml:2:1
              |
            1 | a: 1
              | - first here
            2 | a: "�·31m😀"
              | ^ here again
              |
              = help: keep one of the two
            error[E005]: a value cannot start with `·`
             --> concurrency.yaml:2:6
              |
            2 | a: "�·31m😀"
              |      ^
              |
              = help: put the value in quotes if the character belongs to it
        "#]],
    );
    check(
        "a: \u{1b}[31m: x\n",
        expect![[r#"
            error[E005]: a value cannot start with `␛`
             --> concurrency.yaml:1:4
              |
            1 | a: ␛[31m: x
              |    ^
              |
              = help: put the value in quotes if the character belongs to it
        "#]],
    );
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let keys: String = (0..50_000).map(|key| format!("k{key}, ")).collect();
    let text = format!("{{{keys}b: 1, b: 2}}\n");
    let shown = shown(text.as_bytes()).1;
    assert!(shown.lines().all(|line| line.len() < 600), "{}", shown.lines().map(str::len).max().unwrap_or(0));
}
