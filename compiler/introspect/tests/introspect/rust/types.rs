//! Types of Rust as types of the manifest.

use expect_test::expect;

use super::show;

const KINDS: &str = r#"
== Cargo.toml
[package]
name = "m"
== src/lib.rs
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json as json;
use uuid::Uuid;

pub fn basic(a: bool, b: i8, c: usize, d: f32, e: char, f: String, g: &str, h: (), i: &mut u64, j: Box<str>) {}
pub fn many(a: Vec<String>, b: [u8; 4], c: Vec<u8>, d: &[u8], e: &[String], f: HashMap<String, u8>, g: BTreeMap<u32, Vec<u8>>,
    h: HashMap<(u8, u8), u8>, i: HashSet<u8>, j: Option<Option<u8>>, k: Arc<Cow<'static, str>>, l: Option<&'static str>) {}
pub fn known(a: DateTime<Utc>, b: NaiveDate, c: std::time::Duration, d: Uuid, e: rust_decimal::Decimal, f: json::Value, g: Bytes,
    h: jiff::Timestamp, i: time::OffsetDateTime, j: std::path::PathBuf, k: std::num::NonZeroU32, l: chrono::Duration) {}
pub fn odd(a: (u8, String), b: Box<dyn Send>, c: *const u8, d: reqwest::Client, e: Nowhere, f: std::sync::Mutex<u8>,
    g: Result<u8, String>, h: fn(u8) -> u8, i: Names, j: <u8 as Into<u16>>::Out) {}
pub type Names = Vec<Name>;
pub type Name = String;
"#;

#[test]
fn every_kind_of_type() {
    expect![[r#"
        m::basic: m.basic(pos a: bool, pos b: int, pos c: int, pos d: float, pos e: string, pos f: string, pos g: string, pos h: null, pos i: int, pos j: string) -> null at src/lib.rs:9:8 `basic`
        m::known: m.known(pos a: timestamp, pos b: date, pos c: duration, pos d: uuid, pos e: decimal, pos f: any, pos g: bytes, pos h: timestamp, pos i: timestamp, pos j: string, pos k: int, pos l: duration) -> null at src/lib.rs:12:8 `known`
        m::many: m.many(pos a: list<string>, pos b: list<int>, pos c: bytes, pos d: bytes, pos e: list<string>, pos f: map<string, int>, pos g: map<string, bytes>, pos h: HashMap, pos i: list<int>, pos j: int?, pos k: string, pos l: string?) -> null at src/lib.rs:10:8 `many`
        m::odd: m.odd(pos a: (u8, String), pos b: dyn Send, pos c: any, pos d: Client, pos e: any, pos f: Mutex, pos g: any, pos h: any, pos i: list<string>, pos j: any) -> null at src/lib.rs:14:8 `odd`
        core.(u8, String) (outside): opaque
        core.(u8, u8) (outside): opaque
        core.HashMap (outside): opaque
        core.dyn Send (outside): opaque
        reqwest.Client (outside): opaque
        std::sync.Mutex (outside): opaque
    "#]]
    .assert_eq(&show(KINDS, "m::basic m::many m::known m::odd"));
}

const STRUCTS: &str = r#"
== Cargo.toml
[package]
name = "m"
== src/lib.rs
use serde::{Deserialize, Serialize};
pub mod models;
use models::{self as mo, Item};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: u64,
    #[serde(rename = "sum")]
    total_cents: i64,
    #[serde(default)]
    note: String,
    maybe: Option<String>,
    #[serde(skip)]
    cache: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Item>,
    #[serde(with = "hex")]
    digest: [u8; 32],
    #[cfg(test)]
    only_in_tests: u8,
    parent: Option<Box<Order>>,
    state: mo::State,
    level: Level,
    id: Id,
}
#[derive(Serialize)]
pub struct Id(String);
#[derive(Serialize)]
pub struct Pair(u8, u8);
#[derive(Serialize)]
#[serde(transparent)]
pub struct Wrapped { inner: u8 }
#[derive(Serialize)]
pub struct Flat { #[serde(flatten)] rest: Item }
pub struct Plain { x: u8 }
pub struct Hand { x: u8 }
impl serde::Serialize for Hand {}
#[derive(Serialize)]
pub struct Page<T> { items: Vec<T>, next: Option<Box<Page<T>>> }
#[derive(serde_repr::Serialize_repr)]
#[repr(u8)]
pub enum Level { Low = 1, High }
#[derive(Serialize)]
pub enum Shape { Circle(f64), Square { side: f64 } }
#[derive(Serialize)]
pub struct Knot { knot: Vec<Knot>, page: Page<Knot> }
pub fn f(a: Order, b: Id, c: Pair, d: Wrapped, e: Flat, f: Plain, g: Hand, h: Shape, i: Knot) {}
pub fn g(a: Page<Item>, b: Page<Vec<u8>>, c: mo::Alias) {}
== src/models.rs
#[derive(serde::Serialize, Clone)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State { InProgress, #[serde(rename = "done")] Finished, #[serde(skip)] Lost }
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
pub struct Item { pub r#type: String }
pub type Alias = crate::Page<State>;
"#;

#[test]
fn structs_are_what_serde_writes() {
    expect![[r#"
        m::f: m.f(pos a: Order, pos b: string, pos c: Pair, pos d: int, pos e: Flat, pos f: Plain, pos g: any, pos h: Shape, pos i: Knot) -> null at src/lib.rs:48:8 `f`
        m::g: m.g(pos a: Page<m::models::Item>, pos b: Page<Vec<u8>>, pos c: Page<m::models::State>) -> null at src/lib.rs:49:8 `g`
        m.Flat (src/lib.rs:35:12 `Flat`): opaque
        m.Knot (src/lib.rs:47:12 `Knot`): class {knot: list<Knot>, page: Page<m::Knot>}
        m.Level (src/lib.rs:43:10 `Level`): enum Int Low=1 High=2
        m.Order (src/lib.rs:7:12 `Order`): class {orderId (order_id): int, sum (total_cents): int, note?: string, maybe?: string?, items?: list<Item>, digest: any, parent?: Order?, state: State, level: Level, id: string}
        m.Page<Vec<u8>> (src/lib.rs:40:12 `Page`): class {items: list<bytes>, next?: Page<Vec<u8>>?}
        m.Page<m::Knot> (src/lib.rs:40:12 `Page`): class {items: list<Knot>, next?: Page<m::Knot>?}
        m.Page<m::models::Item> (src/lib.rs:40:12 `Page`): class {items: list<Item>, next?: Page<m::models::Item>?}
        m.Page<m::models::State> (src/lib.rs:40:12 `Page`): class {items: list<State>, next?: Page<m::models::State>?}
        m.Pair (src/lib.rs:30:12 `Pair`): opaque
        m.Plain (src/lib.rs:36:12 `Plain`): opaque
        m.Shape (src/lib.rs:45:10 `Shape`): opaque
        m::models.Item (src/models.rs:5:12 `Item`): class {type: string}
        m::models.State (src/models.rs:3:10 `State`): enum String InProgress="IN_PROGRESS" Finished="done"
    "#]].assert_eq(&show(STRUCTS, "m::f m::g"));
}

#[test]
fn types_are_named_by_the_manifest_too() {
    use conductor_protocol::plan::Language;

    use crate::support::{files, show_in};

    let names = [
        "Order",
        "m::Order",
        "models.Item",
        "models::State",
        "m.models.Item",
        "Nothing",
        "models::Alias",
        "::",
    ];
    expect![[r#"
        m::nothing: not found in ["src/lib.rs"], similar []
        m.Level (src/lib.rs:43:10 `Level`): enum Int Low=1 High=2
        m.Order (src/lib.rs:7:12 `Order`): class {orderId (order_id): int, sum (total_cents): int, note?: string, maybe?: string?, items?: list<Item>, digest: any, parent?: Order?, state: State, level: Level, id: string}
        m.Page<m::models::State> (src/lib.rs:40:12 `Page`): class {items: list<State>, next?: Page<m::models::State>?}
        m::models.Item (src/models.rs:5:12 `Item`): class {type: string}
        m::models.State (src/models.rs:3:10 `State`): enum String InProgress="IN_PROGRESS" Finished="done"
        `Order` is m.Order
        `m.models.Item` is m::models.Item
        `m::Order` is m.Order
        `models.Item` is m::models.Item
        `models::Alias` is m.Page<m::models::State>
        `models::State` is m::models.State
    "#]].assert_eq(&show_in(Language::Rust, &files(STRUCTS), "m::nothing", &names));
}
