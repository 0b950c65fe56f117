//! Rust that does not parse, cannot be read, or is hostile.

use conductor_introspect::Answer;
use expect_test::expect;

use super::{show, show_files};
use crate::support::files;

#[test]
fn a_broken_file_gives_what_can_be_read() {
    let text = r#"
== Cargo.toml
[package]
name = "m"
== src/lib.rs
pub mod gone;
pub mod b;
use std::collections::HashMap;

pub fn good(map: HashMap<String, u8>) -> u8 { 0 }

pub fn bad_body(id: u8) -> u8 {
    let x = ;
    if { x
}

/// Fine.
pub fn fine(id: String) {}

pub fn bad_head(a: u8, b: ) -> Result<u8 {
    0
}

pub struct S { x: u8, = 3 }

impl S {
    pub fn run(&self) {}
}

pub fn last(s: &str) {}
== src/b.rs
pub fn f(a: u8
"#;
    let refs = "m::good m::bad_body m::fine m::bad_head m::S::run m::last m::nothing gone::f b::f b::g";
    expect![[r#"
        b::f: unreadable, `src/b.rs` has a syntax error, and no `f` before or after it: what begins with `pub` is not understood at src/b.rs:1:1 `pub`
        b::g: unreadable, `src/b.rs` has a syntax error, and no `g` before or after it: what begins with `pub` is not understood at src/b.rs:1:1 `pub`
        gone::f: not found in ["src/lib.rs"], similar []
        m::S::run: m.S.run() -> null unmade: a method of `S`, whose field `x` only a function `S::new` could set at src/lib.rs:22:12 `run`
        m::bad_body: m.bad_body(pos id: int) -> int at src/lib.rs:7:8 `bad_body`
        m::bad_head: unreadable, its definition in `src/lib.rs` has a syntax error: expected `type_identifier` at src/lib.rs:15:26 ``
        m::fine: m.fine(pos id: string) -> null at src/lib.rs:13:8 `fine` "Fine."
        m::good: m.good(pos map: map<string, int>) -> int at src/lib.rs:5:8 `good`
        m::last: m.last(pos s: string) -> null at src/lib.rs:25:8 `last`
        m::nothing: unreadable, `src/lib.rs` has a syntax error, and no `nothing` before or after it: unexpected `=` at src/lib.rs:8:11 `=`
        m.S (src/lib.rs:19:12 `S`): opaque
    "#]].assert_eq(&show(text, refs));
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut known = files(
        "\n== Cargo.toml\n[package]\nname = \"m\"\n== src/lib.rs\npub mod latin;\npub mod huge;\npub mod secret;\npub mod bom;\npub mod uni;\n\
         pub fn twice() {}\npub fn twice(a: u8) {}\n",
    );
    let more = [
        ("src/latin.rs", Answer::File(b"// caf\xe9\npub fn f() {}\n".to_vec())),
        ("src/huge.rs", Answer::File(vec![b'/'; 5 * 1024 * 1024])),
        ("src/secret.rs", Answer::Refused("permission denied".to_owned())),
        ("src/bom.rs", Answer::File(b"\xef\xbb\xbfpub fn f(\r\n    x: u8,\r\n) {}\r\n".to_vec())),
        ("src/uni.rs", Answer::File("pub fn größe(ß: u8) {}\n".as_bytes().to_vec())),
    ];
    known.extend(more.map(|(path, answer)| (path.to_owned(), answer)));
    expect![[r#"
        bom::f: m::bom.f(pos x: int) -> null at src/bom.rs:1:9 `f`
        huge::f: unreadable, `src/huge.rs`: it is larger than 4 MiB
        latin::f: unreadable, `src/latin.rs`: line 1 is not UTF-8, which Rust demands; save it as UTF-8
        m::twice: ambiguous ["src/lib.rs:6", "src/lib.rs:7"]
        secret::f: unreadable, `src/secret.rs`: permission denied
        uni::größe: m::uni.größe(pos ß: int) -> null at src/uni.rs:1:8 `größe`
    "#]]
    .assert_eq(&show_files(&known, "latin::f huge::f secret::f bom::f uni::größe m::twice"));
    let text = "\n== Cargo.toml\n[package\n== src/lib.rs\npub fn f() {}\n";
    expect![[r#"
        f: .f() -> null at src/lib.rs:1:8 `f`
        m::f: not found in ["src/lib.rs"], similar ["f"]
    "#]]
    .assert_eq(&show(text, "f m::f"));
}

#[test]
fn circles_end() {
    let text = r#"
== Cargo.toml
[package]
name = "m"
[workspace]
members = [".", "../..", "a/../.", "*"]
[dependencies]
me = { path = "." }
== src/lib.rs
pub mod a;
pub mod b;
pub use a::*;
pub use b::*;
pub use self::x as y;
pub use self::y as x;
#[path = "lib.rs"]
pub mod again;
pub type P = Q;
pub type Q = P;
pub type R = Vec<R>;
pub fn f(p: P, r: R, g: a::G<u8>) {}
pub fn g<T: Into<T>>(t: T) -> T { t }
== src/a.rs
pub use crate::b::*;
#[derive(serde::Serialize)]
pub struct G<T> { next: Option<Box<G<T>>> }
== src/b.rs
pub use crate::a::*;
"#;
    expect![[r#"
        a::nothing: not found in ["src/lib.rs"], similar []
        again::again::f: m::again::again.f(pos p: any, pos r: list<any>, pos g: G<u8>) -> null at src/lib.rs:12:8 `f`
        again::f: m::again.f(pos p: any, pos r: list<any>, pos g: G<u8>) -> null at src/lib.rs:12:8 `f`
        m::f: m.f(pos p: any, pos r: list<any>, pos g: G<u8>) -> null at src/lib.rs:12:8 `f`
        m::g: m.g(pos t: any) -> any at src/lib.rs:13:8 `g`
        m::nothing: not found in ["src/lib.rs"], similar []
        m::x: not found in ["src/lib.rs"], similar ["f", "g"]
        again::a.G<u8> (src/a.rs:3:12 `G`): class {next?: G<u8>?}
        again::again::a.G<u8> (src/a.rs:3:12 `G`): class {next?: G<u8>?}
        m::a.G<u8> (src/a.rs:3:12 `G`): class {next?: G<u8>?}
        m::again::a.G<u8> (src/a.rs:3:12 `G`): class {next?: G<u8>?}
        m::again::again::a.G<u8> (src/a.rs:3:12 `G`): class {next?: G<u8>?}
    "#]]
    .assert_eq(&show(text, "m::f m::g m::x m::nothing again::f again::again::f a::nothing"));
}

#[test]
fn deep_nesting_is_survived() {
    let many = 30_000;
    let sources = [
        format!("pub type X = {}u8{};", "Vec<".repeat(many), ">".repeat(many)),
        format!("pub type X = {}u8;", "&".repeat(many)),
        format!("pub type X = {}u8{};", "(".repeat(many), ")".repeat(many)),
        format!("pub type X = {}u8{};", "[".repeat(many), "]".repeat(many)),
        format!("pub type X = {}u8;", "impl Fn() -> ".repeat(many)),
        format!("{}{}", "pub mod x { ".repeat(many), "}".repeat(many)),
        "pub mod x { ".repeat(many),
        format!("use {}a{};", "a::{".repeat(many), "}".repeat(many)),
        format!("use {}a;", "a::".repeat(many)),
        format!("#[cfg({}test{})]\nfn g() {{}}", "not(".repeat(many), ")".repeat(many)),
        format!("fn g() {{ {} }}", "{".repeat(many)),
        format!("const X: u8 = {}1;", "-".repeat(many)),
        format!("const X: u8 = {}1", "f(".repeat(many)),
        "/* ".repeat(many),
        "}".repeat(many),
        "fn ".repeat(many),
        "pub struct\n".repeat(many),
    ];
    for source in &sources {
        let text = format!(
            "\n== Cargo.toml\n[package]\nname = \"m\"\n== src/lib.rs\n{source}\n\npub fn f(a: u8) {{}}\n"
        );
        let shown = show(&text, "m::f");
        let ok = ["m::f: m.f(pos a: int)", "a syntax error", "takes too much effort", "m::f: not found"];
        assert!(ok.iter().any(|known| shown.contains(known)), "{}: {shown}", &source[..20]);
    }
}

#[test]
fn types_that_double_are_bounded() {
    let mut text = "\n== Cargo.toml\n[package]\nname = \"m\"\n== src/lib.rs\npub type T0 = u8;\n".to_owned();
    for level in 1..200 {
        text.push_str(&format!("pub type T{level} = HashMap<T{}, Option<T{}>>;\n", level - 1, level - 1));
    }
    text.push_str("use std::collections::HashMap;\n#[derive(Serialize)]\npub struct G<T> { left: Option<Box<G<(T, T)>>> }\n");
    text.push_str("pub fn f(t: T199, g: G<u8>) {}\n");
    assert!(show(&text, "m::f").contains("m::f: m.f("));
}
