//! Sources that do not parse, cannot be read, or are hostile.

use crate::support::{Files, files, show};
use conductor_introspect::Answer;
use expect_test::expect;

#[test]
fn a_broken_file_gives_what_can_be_read() {
    let files = files(
        r#"
== a.py
import models
def good(x: int) -> models.User: ...
def bad_body(y):
    z = = 1
    return z
def bad_header(a, b: int = ) -> str:
    return a
def fine_again(z: str): ...
class Broken(:
    x: int
def last(): ...
== b.py
def f(a: int
== c.py
def g(): pass
    def odd(): pass
x = "unterminated
== models.py
class User:
    id: int
    name = (
"#,
    );
    let refs = "a.good a.bad_body a.bad_header a.fine_again a.last a.nothing a.Broken b.f b.g c.g c.odd";
    expect![[r#"
        a.Broken: a class at a.py:9:7 `Broken`
        a.bad_body: unreadable, its definition in `a.py` has a syntax error: Expected an expression at a.py:4:9 `=`
        a.bad_header: unreadable, its definition in `a.py` has a syntax error: Expected an expression at a.py:6:28 `)`
        a.fine_again: a.fine_again(z: string) -> any at a.py:8:5 `fine_again`
        a.good: a.good(x: int) -> User at a.py:2:5 `good`
        a.last: a.last() -> any at a.py:11:5 `last`
        a.nothing: unreadable, `a.py` has a syntax error, and no `nothing` before or after it: Expected an expression at a.py:4:9 `=`
        b.f: unreadable, its definition in `b.py` has a syntax error: unexpected EOF while parsing at b.py:1:13 ``
        b.g: unreadable, `b.py` has a syntax error, and no `g` before or after it: unexpected EOF while parsing at b.py:1:13 ``
        c.g: c.g() -> any at c.py:1:5 `g`
        c.odd: c.odd() -> any at c.py:2:9 `odd`
        models.User (models.py:1:7 `User`): opaque
        W120 at c.py:2:1 `    `: `c.py` has a syntax error: Unexpected indentation
        W120 at models.py:4:1 ``: `models.py` has a syntax error: unexpected EOF while parsing
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn what_cannot_be_read_says_why() {
    let files = Files::from([
        ("empty.py".to_owned(), Answer::File(Vec::new())),
        ("binary.py".to_owned(), Answer::File(b"def f(): ...\n\xff\xfe".to_vec())),
        ("nul.py".to_owned(), Answer::File(b"def f(): ...\n\0\n".to_vec())),
        ("latin.py".to_owned(), Answer::File(b"# coding: latin-1\ndef f(x='\xe9'): ...\n".to_vec())),
        ("koi.py".to_owned(), Answer::File(b"# -*- coding: koi8-r -*-\ndef f(): ...\n".to_vec())),
        ("bom.py".to_owned(), Answer::File(b"\xef\xbb\xbfdef f(x: int): ...\n".to_vec())),
        (
            "crlf.py".to_owned(),
            Answer::File(b"def f(\r\n    x: int,\r\n):\r\n    '''A.\r\n    B.'''\r\n".to_vec()),
        ),
        ("secret.py".to_owned(), Answer::Refused("permission denied".to_owned())),
        ("huge.py".to_owned(), Answer::File(vec![b'#'; 5 * 1024 * 1024])),
        ("locked".to_owned(), Answer::Refused("permission denied".to_owned())),
        ("naïve.py".to_owned(), Answer::File("def große(ß: int): ...\n".as_bytes().to_vec())),
    ]);
    let refs =
        "empty.f binary.f nul.f latin.f koi.f bom.f crlf.f secret.f huge.f locked.inside.f naïve.große";
    expect![[r#"
        binary.f: unreadable, `binary.py`: line 2 is not UTF-8; save it as UTF-8 or declare its encoding in the first line
        bom.f: bom.f(x: int) -> any at bom.py:1:6 `f`
        crlf.f: crlf.f(x: int) -> any at crlf.py:1:5 `f` "A.\nB."
        empty.f: not found in ["empty.py", "empty/__init__.py"], similar ["bom.f", "crlf.f", "latin.f", "nul.f"]
        huge.f: unreadable, `huge.py`: it is larger than 4 MiB
        koi.f: unreadable, `koi.py`: its encoding `koi8-r` is not supported; save it as UTF-8
        latin.f: latin.f(x = 'é') -> any at latin.py:2:5 `f`
        locked.inside.f: unreadable, `locked.inside`: the folder `locked` cannot be listed: permission denied
        naïve.große: naïve.große(ß: int) -> any at naïve.py:1:5 `große`
        nul.f: nul.f() -> any at nul.py:1:5 `f`
        secret.f: unreadable, `secret.py`: permission denied
        W120 at nul.py:2:1 `\0`: `nul.py` has a syntax error: Got unexpected token �
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn a_broken_file_is_reported_once_and_only_where_something_rests_on_it() {
    let broken = "x = = 1\ndef f(): ...\n";
    let text = format!("\n== a.py\n{broken}\n== b.py\n{broken}\n== c.py\ndef g(x = = 1): ...\n");
    expect![[r#"
        a.f: a.f() -> any at a.py:2:5 `f`
        aa.f: not found in ["aa.py", "aa/__init__.py"], similar ["a.f", "b.f"]
        c.g: unreadable, its definition in `c.py` has a syntax error: Expected an expression at c.py:1:11 `=`
        W120 at a.py:1:5 `=`: `a.py` has a syntax error: Expected an expression
    "#]]
    .assert_eq(&show(&files(&text), "a.f aa.f c.g", &[]));
}

/// Each nests in another way; the last one in all of them stays below the limit and is read.
#[test]
fn deep_nesting_is_refused_without_overflow() {
    let many = 60_000;
    let sources = [
        format!("x = {}1{}\n", "(".repeat(many), ")".repeat(many)),
        format!("x = {}1\n", "-".repeat(many)),
        format!("x = {}1\n", "not ".repeat(many)),
        format!("x = 1{}\n", " + 1".repeat(many)),
        format!("x = a{}\n", ".b".repeat(many)),
        format!("x = a{}\n", "[0]".repeat(many)),
        format!("x = a{}\n", "()".repeat(many)),
        format!("x = {}1\n", "lambda: ".repeat(many)),
        format!("x = {}1\n", "lambda a, b: ".repeat(many)),
        format!("x = {}1\n", "1 if a else ".repeat(many)),
        format!("x = {}1{}\n", "{1: ".repeat(many), "}".repeat(many)),
        format!("x = {}", "[".repeat(many)),
        format!("x = {}'a'{}\n", "f'{".repeat(many), "}'".repeat(many)),
        format!("x: {}int{}\n", "list[".repeat(many), "]".repeat(many)),
        format!("x = 1{}\n", " ** 1".repeat(many)),
        format!("x = {}1\n", "await ".repeat(many)),
        format!("match x:\n  case {}1{}: pass\n", "[".repeat(many), "]".repeat(many)),
        format!("x = a{}\n", " if b else c".repeat(many)),
        (0..1000).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect(),
        format!("if a: pass\n{}", "elif a: pass\n".repeat(many)),
        format!("x = [{}]\n", "a + 1, ".repeat(many)),
    ];
    for source in &sources {
        let text = format!("\n== deep.py\n{source}\ndef f(a: int): ...\n");

        let shown = show(&files(&text), "deep.f", &[]);
        let ok = ["nests too deeply", "a syntax error", "deep.f(a: int)"]
            .iter()
            .any(|known| shown.contains(known));
        assert!(ok, "{}: {shown}", &source[..15]);
    }
    let last = format!("\n== deep.py\n{}\ndef f(a: int): ...\n", sources[sources.len() - 1]);
    assert!(show(&files(&last), "deep.f", &[]).contains("deep.f(a: int)"));
}

/// Just below the limit, on the small stack of a test's thread, in a build without optimisation.
#[test]
fn the_deepest_that_is_read_fits_the_stack() {
    for (nest, times) in [("-", 990), ("not ", 990), ("lambda: ", 490), ("1 if a else ", 490), ("1 + ", 990)]
    {
        let text = format!("\n== deep.py\ndef f(a: int):\n    yield {}1\n", nest.repeat(times));
        let shown = show(&files(&text), "deep.f", &[]);
        assert!(shown.contains("a generator function"), "{nest}: {shown}");
    }
    let blocks: String = (1..490).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    let text = format!("\n== deep.py\ndef f():\n{blocks}{}yield 1\n", " ".repeat(490));
    let shown = show(&files(&text), "deep.f", &[]);
    assert!(shown.contains("a generator function"), "{shown}");
}

#[test]
fn string_annotations_are_bounded() {
    let deep = format!("{}int{}", "list[".repeat(500), "]".repeat(500));
    let long = "x".repeat(10_000);
    let text = format!("\n== a.py\ndef f(a: \"{deep}\", b: \"{long}\"): ...\n");
    let shown = show(&files(&text), "a.f", &[]);
    assert!(shown.contains("b: any"), "{shown}");
}
