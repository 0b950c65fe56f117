//! Sources that are damaged, hostile or no text at all.

use super::forms::FUNCTIONS;
use super::{find, print, show, show_text};
use crate::mutations::{apply, damage, inside};
use crate::support::{Files, files};
use conductor_introspect::{Answer, DirEntry, Introspector, Need};
use conductor_protocol::plan::Language;
use conductor_source::Sources;
use expect_test::expect;
use proptest::prelude::*;

#[test]
fn what_stands_around_a_broken_function_is_found() {
    let text = r#"
== a.ts
import { User } from "./b";
export function before(a: string): void { return; }
export function bad(a: string, { return (; }
export function between(b: number, u: User): number { return b; }
export class K { m1(): void {} m2( { ; } m3(x: string): void {} }
export const arrow = (x: string) => { if (x { } };
export function body(a: string): void { const x = ; if ( { foo( }
<<<<<<< HEAD
export function ours(b: number): number { return b; }
=======
export function theirs(b: string): number { return b; }
>>>>>>> branch
export interface Good { a: string }
export async function after(c?: boolean): Promise<Good> { return null!; }
== b.ts
export interface User { id: string }
== c.ts
export function good(a: string): void {}
export class Open { run(a: string): void {
  if (a) {
== d.ts
export function good(a: string): void { const s = "unterminated; foo(); }
export function next(b: number): number { return b; }
export const text = `
export function inTemplate() {}
`;
"#;
    let refs = "a.before a.bad a.between a.arrow a.body a.ours a.theirs a.after a.K.m1 a.K.m3 a.none c.good c.Open.run d.good d.next";
    expect![[r#"
        a.K.m1: new K() a.K.m1() -> null at a.ts:5:18 `m1`
        a.K.m3: unreadable, `a.ts` could not be read in full, and no `m3` was found in it: it cannot be parsed at a.ts:3:1 `export`
        a.after: async a.after(c: bool? = undefined) -> Good at a.ts:14:23 `after`
        a.arrow: a.arrow(x: string) -> any at a.ts:6:14 `arrow`
        a.bad: unreadable, its definition in `a.ts` has a syntax error: it cannot be parsed at a.ts:3:1 `export`
        a.before: a.before(a: string) -> null at a.ts:2:17 `before`
        a.between: a.between(b: int | float, u: User) -> float at a.ts:4:17 `between`
        a.body: unreadable, its definition in `a.ts` has a syntax error: unexpected `=` at a.ts:7:49 `=`
        a.none: unreadable, `a.ts` could not be read in full, and no `none` was found in it: it cannot be parsed at a.ts:3:1 `export`
        a.ours: a.ours(b: int | float) -> float at a.ts:9:17 `ours`
        a.theirs: a.theirs(b: string) -> float at a.ts:11:17 `theirs`
        c.Open.run: unreadable, its definition in `c.ts` has a syntax error: it cannot be parsed at c.ts:2:1 `export`
        c.good: c.good(a: string) -> null at c.ts:1:17 `good`
        d.good: unreadable, its definition in `d.ts` has a syntax error: it cannot be parsed at d.ts:1:1 `export`
        d.next: d.next(b: int | float) -> float at d.ts:2:17 `next`
        a.Good (a.ts:13:18 `Good`): object {a: string}
        b.User (b.ts:1:18 `User`): object {id: string}
    "#]].assert_eq(&show_text(text, refs));
}

#[test]
fn newer_syntax_is_read() {
    let text = r#"
== a.ts
import data from "./data.json" with { type: "json" };
import defer * as later from "./b.js";
export { g } from "./b.js" with { type: "x" };
export type * from "./b.js";
export type * as ns from "./b.js";
export interface Store<in out T, out U = string> { value: T; other: U; out: string; in: boolean }
export class Box<in T, out extends string> { accessor x = 1; static accessor y = 2; using(using: string): this { return this; } }
export async function f<const T extends readonly string[]>(a: T, s: Store<string>): Promise<import("./b.js").B> {
  await using file = open();
  using other = open();
  const x = { a: 1 } satisfies Record<string, number>;
  for await (const y of z) {}
  return a?.b ?? c;
}
export type Template = `a\`${string}`;
export const overloads: {
  <A>(a: A): string
  <A>(a: A): string
} = null!;
@decorate({ a: 1 })
export class Decorated { @inject() method(@param("x") a: string) {} }
declare module "other" { global { interface Window { a: string } } }
export enum E { A = "in, out T" }
export function last(a: Template): E { return E.A; }
== b.ts
export interface B { id: string }
export function g() {}
"#;
    let refs = "a.f a.g a.Box.using a.overloads a.Decorated.method a.last";
    expect![[r#"
        a.Box.using: new Box() a.Box.using(using: string) -> any at a.ts:7:85 `using`
        a.Decorated.method: new Decorated() a.Decorated.method(a: string) -> any at a.ts:21:36 `method`
        a.f: async a.f(a: list<string>, s: {in: bool, other: string, out: string, value: string}) -> B at a.ts:8:23 `f`
        a.g: a.g() -> any at b.ts:2:17 `g`
        a.last: a.last(a: string) -> E at a.ts:24:17 `last`
        a.overloads: a.overloads(a: any) -> string at a.ts:16:14 `overloads`
        a.E (a.ts:23:13 `E`): enum String A="in, out T"
        b.B (b.ts:1:18 `B`): object {id: string}
    "#]].assert_eq(&show_text(text, refs));
}

#[test]
fn what_cannot_be_read_says_why() {
    let files = Files::from([
        ("empty.ts".to_owned(), Answer::File(Vec::new())),
        ("binary.ts".to_owned(), Answer::File(b"export function f() {}\n\xff\xfe".to_vec())),
        ("nul.ts".to_owned(), Answer::File(b"export function f() {}\n\0\n".to_vec())),
        ("bom.ts".to_owned(), Answer::File("\u{feff}export function f(x: string) {}\n".as_bytes().to_vec())),
        (
            "crlf.ts".to_owned(),
            Answer::File(
                b"/**\r\n * A.\r\n * B. */\r\nexport function f(\r\n  x: string,\r\n) {}\r\n".to_vec(),
            ),
        ),
        ("secret.ts".to_owned(), Answer::Refused("permission denied".to_owned())),
        ("huge.ts".to_owned(), Answer::File(vec![b' '; 5 * 1024 * 1024])),
        ("locked".to_owned(), Answer::Refused("permission denied".to_owned())),
        ("naïve.ts".to_owned(), Answer::File("export function größe(ß: string) {}\n".as_bytes().to_vec())),
        ("tsconfig.json".to_owned(), Answer::File(b"{ not json".to_vec())),
        (
            "config.ts".to_owned(),
            Answer::File(b"import { X } from 'pkg';\nexport function f(x: X) {}".to_vec()),
        ),
    ]);
    let refs = "empty.f binary.f nul.f bom.f crlf.f secret.f huge.f locked/inside.f naïve.größe config.f";
    expect![[r#"
        binary.f: unreadable, `binary.ts`: line 2 is not UTF-8; save it as UTF-8
        bom.f: bom.f(x: string) -> any at bom.ts:1:18 `f`
        config.f: config.f(x: X) -> any at config.ts:2:17 `f`
        crlf.f: crlf.f(x: string) -> any at crlf.ts:4:17 `f` "A.\nB."
        empty.f: not found in ["empty.ts"], similar ["bom.f", "crlf.f", "nul.f", "config.f"]
        huge.f: unreadable, `huge.ts`: it is larger than 4 MiB
        locked/inside.f: unreadable, the folder `locked` cannot be listed: permission denied
        naïve.größe: naïve.größe(ß: string) -> any at naïve.ts:1:17 `größe`
        nul.f: nul.f() -> any at nul.ts:1:17 `f`
        secret.f: unreadable, `secret.ts`: permission denied
        pkg.X (outside): opaque
        W120 at nul.ts:2:1 `\0`: `nul.ts` has a syntax error: unexpected `�`
    "#]]
    .assert_eq(&show(&files, refs, &[]));
}

/// Each nests in another way or is read again and again by a careless parser.
#[test]
fn hostile_texts_are_refused_in_bounded_time() {
    let many = 30_000;
    let sources = [
        "[".repeat(many),
        format!("x = {}1{}", "(".repeat(many), ")".repeat(many)),
        format!("type X = {}{};", "A<".repeat(many), ">".repeat(many)),
        format!("type X = {}A{};", "(".repeat(many), ")".repeat(many)),
        format!("type X = A{};", "[]".repeat(many)),
        format!("type X = {}A;", "A | ".repeat(many)),
        format!("type X = {}A;", "A & ".repeat(many)),
        format!("type X = {}string{};", "{ a: ".repeat(many), "}".repeat(many)),
        format!("type X = {}void;", "() => ".repeat(many)),
        format!("x = {}1", "!".repeat(many)),
        format!("x = {}1", "a => ".repeat(many)),
        format!("x = a{}", ".b".repeat(many)),
        format!("const x = {}1{}", "{ a: ".repeat(many), "}".repeat(many)),
        "if(x)".repeat(many),
        "`${".repeat(many),
        "class A { ".repeat(many),
        format!("{}{}", "namespace A { ".repeat(many), "}".repeat(many)),
        format!("namespace {} {{}}", vec!["a"; many].join(".")),
        "}{)(".repeat(many),
        "function f(a: string { ".repeat(many / 10),
        "x=/[".repeat(many),
        "export ".repeat(many),
        "@".repeat(many),
        "/** @param {".repeat(many),
        "import(\"".repeat(many),
        format!("export function g({}) {{}}", "{ a }: { a: string }, ".repeat(many / 10)),
    ];
    for source in &sources {
        let text =
            format!("\n== deep.ts\nexport function f(a: string) {{}}\n{source}\n== deep.js\n{source}\n");
        let shown = show_text(&text, "deep.f");
        let ok = ["too irregular", "could not be read in full", "deep.f(a: string)"]
            .iter()
            .any(|known| shown.contains(known));
        assert!(ok, "{}: {shown}", &source[..15]);
    }
}

/// A folder that holds itself, and a module that reaches further through it with each import.
#[test]
fn links_in_circles_end() {
    let mut introspector =
        Introspector::new(Language::Typescript, ".", ["loop/loop/a.f", "a.g", "b.missing"], []);
    let mut asked = 0;
    loop {
        let needs = introspector.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            asked += 1;
            let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
            let entry = |name: &str, is_dir| DirEntry { name: name.to_owned(), is_dir };
            let answer = match &need {
                Need::Directory(_) => {
                    Answer::Directory(vec![entry("loop", true), entry("a.ts", false), entry("b.ts", false)])
                }
                Need::File(path) if name(path) == "a.ts" => {
                    Answer::File(b"export function f() {}\nexport * from './loop/a';".to_vec())
                }
                Need::File(path) if name(path) == "b.ts" => Answer::File(b"export {};".to_vec()),
                _ => Answer::Missing,
            };
            introspector.supply(&need, answer);
        }
    }
    assert!(asked < 1000, "{asked} questions");
    let mut sources = Sources::default();
    let findings = introspector.finish(&mut sources);
    expect![[r#"
        a.g: not found in ["a.ts"], similar ["a.f", "loop/a.f", "loop/loop/a.f", "loop/loop/loop/a.f"]
        b.missing: not found in ["b.ts"], similar []
        loop/loop/a.f: loop/loop/a.f() -> any at loop/loop/a.ts:1:17 `f`
    "#]]
    .assert_eq(&print(&findings, &sources));
}

#[test]
fn barrels_that_export_each_other_are_walked_once() {
    let mut files = Files::new();
    for index in 0..150 {
        let stars: String = (0..150).map(|other| format!("export * from './m{other}';\n")).collect();
        files.insert(
            format!("m{index}.ts"),
            Answer::File(format!("{stars}export const x{index} = 1;").into_bytes()),
        );
    }
    let (findings, _) = find(&files, "m0.nothing m5.alsoNothing", &[]);
    assert_eq!(findings.lookups.len(), 2);
}

const MODULES: &str = r##"
== b.ts
import type { Range } from "./a";
export * from "./a";
export interface Deep<in T> extends Range { list: Array<Deep<T>>; readonly [key: string]: unknown }
export type Picked = Pick<Range, "from"> & { a: `x${string}` };
export enum Color { Red, Green = "green", "odd-name" = 1 << 2 }
export abstract class Base { constructor(protected a: string, readonly b = 1) {} static of({ a }: Deep<string>): Base { return null!; } }
export class Derived extends Base { run(x: Picked, c: Color): Promise<Deep<Date>> { return null!; } }
== c.js
const { getUserById } = require("./a");
/**
 * @typedef {Object} Options
 * @property {string} [name=x]
 * @param {{a: string}} options
 * @param {Options} other
 * @returns {Promise<Options[]>}
 */
module.exports = { find(options, other) {}, getUserById };
"##;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_sources_are_survived(
        wounds in prop::collection::vec((0usize..3, damage()), 1..6),
    ) {
        let mut sources: Vec<(String, Answer)> =
            files(FUNCTIONS).into_iter().chain(files(MODULES)).collect();
        for (file, wound) in &wounds {
            if let Answer::File(bytes) = &mut sources[*file].1 {
                apply(bytes, wound);
            }
        }
        let refs = "a.getUserById a.taken a.generic a.named a.object.deeper.f b.arrow b.Derived.run b.Base.of c.find c.getUserById";
        let (findings, texts) = find(&sources.into_iter().collect(), refs, &["Range", "b.Color"]);
        prop_assert_eq!(findings.lookups.len(), 10);
        for (name, span) in &findings.type_spans {
            prop_assert!(inside(&texts, *span), "{name}");
        }
        for diagnostic in &findings.diagnostics {
            prop_assert!(inside(&texts, diagnostic.span()), "{}", diagnostic.message);
        }
        print(&findings, &texts);
    }
}
