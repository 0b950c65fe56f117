//! Where refs lead: crates, modules, re-exports, functions and methods.

use expect_test::expect;

use super::show;

const SHOP: &str = r#"
== Cargo.toml
[package]
name = "my-shop"
[workspace]
members = ["crates/*"]
[dependencies]
ledger = { path = "ledger" }
== src/lib.rs
//! The shop.
pub mod users;
mod orders;
pub mod inline {
    pub fn here() {}
    pub mod deep { pub async fn down(n: u8) -> u8 { n } }
}
#[path = "odd/place.rs"]
pub mod moved;
#[cfg(test)]
mod tests { pub fn only_in_tests() {} }
#[cfg(windows)]
pub fn platform() -> String { String::new() }
#[cfg(unix)]
pub fn platform() -> u32 { 0 }
pub use orders::place as place_order;
pub use users::*;
pub fn ping() -> &'static str { "pong" }
fn hidden() {}
pub(crate) fn shared() {}
pub const LIMIT: u32 = 3;
pub trait Greets { fn greet(&self) -> String; }
pub struct Unit;
pub struct Spread { n: u8 }
== src/users.rs
mod inner;
pub use self::inner::Finder;
use super::inline as other;
pub use other::deep;

/// Finds a user.
///
/// It is fast.
// conductor: task find_user effect=read
#[tracing::instrument]
pub async fn get(id: &str, limit: Option<u32>) -> Result<User, Error> { todo!() }
pub fn quiet() {}
pub fn unit() -> Result<(), Error> { Ok(()) }
pub struct User;
pub struct Error;
== src/users/inner.rs
pub struct Finder { pool: super::User }
impl Finder {
    pub fn new(url: String, size: usize) -> Result<Self, super::Error> { todo!() }
    /// Finds.
    pub async fn find(&self, id: u64) -> anyhow::Result<Option<String>> { todo!() }
    pub fn version() -> u8 { 1 }
    fn secret(&self) {}
}
== src/orders/mod.rs
use crate::Spread;
impl Spread { pub fn new(n: u8) -> Self { Spread { n } } pub fn wide(&self) -> Self { Spread { n: 0 } } }
pub mod other { pub struct Spread; impl Spread { pub fn narrow(&self) {} } }
pub fn place(items: Vec<String>) {}
== src/odd/place.rs
pub fn found() {}
== crates/billing/Cargo.toml
[package]
name = "billing"
== crates/billing/src/lib.rs
pub mod charge { pub fn run(cents: i64) -> bool { true } }
== crates/tool/Cargo.toml
[package]
name = "tool"
== crates/tool/src/main.rs
pub fn run() {}
fn main() {}
== ledger/Cargo.toml
[package]
name = "ledger"
[lib]
path = "lib/all.rs"
== ledger/lib/all.rs
mod book;
pub fn open() {}
== ledger/lib/book.rs
pub fn write() {}
"#;

#[test]
fn modules_and_crates_are_found() {
    let refs = "users::get users.get rs:users::get my_shop::users::get crate::users::get ping my_shop::ping orders::place
        place_order my_shop.place_order get quiet inline::here inline::deep::down users::deep::down moved::found
        billing::charge::run charge::run ledger::open ledger::book::write platform my_shop.platform";
    expect![[r#"
        billing::charge::run: billing::charge.run(pos cents: int) -> bool at crates/billing/src/lib.rs:1:25 `run`
        charge::run: billing::charge.run(pos cents: int) -> bool at crates/billing/src/lib.rs:1:25 `run`
        crate::users::get: async my_shop::users.get(pos id: string, pos limit: int?) -> User or an error at src/users.rs:11:14 `get` "Finds a user.\n\nIt is fast."
        get: async my_shop::users.get(pos id: string, pos limit: int?) -> User or an error at src/users.rs:11:14 `get` "Finds a user.\n\nIt is fast."
        inline::deep::down: async my_shop::inline::deep.down(pos n: int) -> int at src/lib.rs:6:33 `down`
        inline::here: my_shop::inline.here() -> null at src/lib.rs:5:12 `here`
        ledger::book::write: ledger::book.write() -> null at ledger/lib/book.rs:1:8 `write`
        ledger::open: ledger.open() -> null at ledger/lib/all.rs:2:8 `open`
        moved::found: my_shop::moved.found() -> null at src/odd/place.rs:1:8 `found`
        my_shop.place_order: my_shop::orders.place(pos items: list<string>) -> null at src/orders/mod.rs:4:8 `place`
        my_shop.platform: my_shop.platform() -> int at src/lib.rs:15:8 `platform`
        my_shop::ping: my_shop.ping() -> string at src/lib.rs:18:8 `ping`
        my_shop::users::get: async my_shop::users.get(pos id: string, pos limit: int?) -> User or an error at src/users.rs:11:14 `get` "Finds a user.\n\nIt is fast."
        orders::place: my_shop::orders.place(pos items: list<string>) -> null at src/orders/mod.rs:4:8 `place`
        ping: my_shop.ping() -> string at src/lib.rs:18:8 `ping`
        place_order: my_shop::orders.place(pos items: list<string>) -> null at src/orders/mod.rs:4:8 `place`
        platform: my_shop.platform() -> int at src/lib.rs:15:8 `platform`
        quiet: my_shop::users.quiet() -> null at src/users.rs:12:8 `quiet`
        rs:users::get: async my_shop::users.get(pos id: string, pos limit: int?) -> User or an error at src/users.rs:11:14 `get` "Finds a user.\n\nIt is fast."
        users.get: async my_shop::users.get(pos id: string, pos limit: int?) -> User or an error at src/users.rs:11:14 `get` "Finds a user.\n\nIt is fast."
        users::deep::down: async my_shop::inline::deep.down(pos n: int) -> int at src/lib.rs:6:33 `down`
        users::get: async my_shop::users.get(pos id: string, pos limit: int?) -> User or an error at src/users.rs:11:14 `get` "Finds a user.\n\nIt is fast."
        my_shop::users.User (src/users.rs:14:12 `User`): opaque
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn methods_and_associated_functions() {
    let refs = "users::Finder::find users.Finder.find users::Finder::new users::Finder::version users::Finder::secret
        users::inner::Finder::find users::Finder::nothing Finder::find my_shop::Spread::wide my_shop::Spread::narrow";
    expect![[r#"
        Finder::find: async my_shop::users::inner.Finder.find(pos id: int) -> string? or an error on Finder::new(pos url: string, pos size: int) at src/users/inner.rs:5:18 `find` "Finds."
        my_shop::Spread::narrow: not found in ["src/lib.rs", "crates/billing/src/lib.rs", "crates/tool/src/main.rs", "ledger/lib/all.rs"], similar []
        my_shop::Spread::wide: my_shop.Spread.wide() -> Spread on Spread::new(pos n: int) at src/orders/mod.rs:2:65 `wide`
        users.Finder.find: async my_shop::users::inner.Finder.find(pos id: int) -> string? or an error on Finder::new(pos url: string, pos size: int) at src/users/inner.rs:5:18 `find` "Finds."
        users::Finder::find: async my_shop::users::inner.Finder.find(pos id: int) -> string? or an error on Finder::new(pos url: string, pos size: int) at src/users/inner.rs:5:18 `find` "Finds."
        users::Finder::new: my_shop::users::inner.Finder.new(pos url: string, pos size: int) -> Finder or an error at src/users/inner.rs:3:12 `new`
        users::Finder::nothing: not found in ["src/lib.rs", "crates/billing/src/lib.rs", "crates/tool/src/main.rs", "ledger/lib/all.rs"], similar []
        users::Finder::secret: a private function (write `pub fn`) at src/users/inner.rs:7:8 `secret`
        users::Finder::version: my_shop::users::inner.Finder.version() -> int at src/users/inner.rs:6:12 `version`
        users::inner::Finder::find: async my_shop::users::inner.Finder.find(pos id: int) -> string? or an error on Finder::new(pos url: string, pos size: int) at src/users/inner.rs:5:18 `find` "Finds."
        my_shop.Spread (src/lib.rs:24:12 `Spread`): opaque
        my_shop::users::inner.Finder (src/users/inner.rs:1:12 `Finder`): opaque
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn what_cannot_be_called_says_why() {
    let refs = "my_shop::hidden my_shop::shared my_shop::LIMIT my_shop::Greets::greet my_shop::Greets my_shop::Unit users::User
        tests::only_in_tests tool::run users::gte user::get users::find-it users::.get my_shop::pong";
    expect![[r#"
        my_shop::Greets: a trait at src/lib.rs:22:11 `Greets`
        my_shop::Greets::greet: a method of a trait; name the type that implements it at src/lib.rs:22:11 `Greets`
        my_shop::LIMIT: a constant at src/lib.rs:21:11 `LIMIT`
        my_shop::Unit: a type at src/lib.rs:23:12 `Unit`
        my_shop::hidden: a private function (write `pub fn`) at src/lib.rs:19:4 `hidden`
        my_shop::pong: not found in ["src/lib.rs", "crates/billing/src/lib.rs", "crates/tool/src/main.rs", "ledger/lib/all.rs"], similar ["ping"]
        my_shop::shared: my_shop.shared() -> null at src/lib.rs:20:15 `shared`
        tests::only_in_tests: not found in ["src/lib.rs", "crates/billing/src/lib.rs", "crates/tool/src/main.rs", "ledger/lib/all.rs"], similar []
        tool::run: a function of the program `tool`, which no other crate can use at crates/tool/src/main.rs:1:8 `run`
        user::get: not found in ["src/lib.rs", "crates/billing/src/lib.rs", "crates/tool/src/main.rs", "ledger/lib/all.rs"], similar ["users::get"]
        users::.get: not found in [], similar []
        users::User: a type at src/users.rs:14:12 `User`
        users::find-it: not found in [], similar []
        users::gte: not found in ["src/lib.rs", "crates/billing/src/lib.rs", "crates/tool/src/main.rs", "ledger/lib/all.rs"], similar ["users::get"]
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn objects_are_made_by_new_or_default_or_a_literal() {
    let text = r#"
== Cargo.toml
[package]
name = "m"
== src/lib.rs
pub mod svc;
== src/svc.rs
use tokio_util::sync::CancellationToken;
#[derive(Default)]
pub struct Counter { n: u8 }
impl Counter { pub fn add(&mut self, by: u8, cancel: &CancellationToken) {} }
pub struct Client { pub url: String, pub retries: u32 }
impl Client { pub fn call(self, (a, b): (u8, u8), _: bool, mut c: u8) {} }
pub struct Closed { conn: u8 }
impl Closed { pub fn run(&self) {} pub fn from_env() -> Self { todo!() } }
pub struct ByHand { n: u8 }
impl Default for ByHand { fn default() -> Self { ByHand { n: 0 } } }
impl ByHand { pub fn run(self: Box<Self>) {} }
impl std::fmt::Display for ByHand { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) } }
pub struct Page<T> { pub items: Vec<T> }
impl<T> Page<T> { pub fn first(&self) -> Option<T> { None } pub fn empty() -> Self { todo!() } }
pub struct Marker;
impl Marker { pub fn run(&self) {} }
pub enum State { On, Off }
impl State { pub fn flip(&self) -> State { State::On } }
"#;
    let refs = "svc::Counter::add svc::Client::call svc::Closed::run svc::Closed::from_env svc::ByHand::run svc::ByHand::fmt
        svc::Page::first svc::Page::empty svc::Marker::run svc::State::flip";
    expect![[r#"
        svc::ByHand::fmt: m::svc.ByHand.fmt(pos f: Formatter) -> null or an error on ByHand::default() at src/svc.rs:12:40 `fmt`
        svc::ByHand::run: m::svc.ByHand.run() -> null on ByHand::default() at src/svc.rs:11:22 `run`
        svc::Client::call: m::svc.Client.call(pos arg0: (u8, u8), pos arg1: bool, pos c: int) -> null on Client(kw url: string, kw retries: int) at src/svc.rs:6:22 `call`
        svc::Closed::from_env: m::svc.Closed.from_env() -> Closed at src/svc.rs:8:43 `from_env`
        svc::Closed::run: m::svc.Closed.run() -> null unmade: a method of `Closed`, whose field `conn` only a function `Closed::new` could set at src/svc.rs:8:22 `run`
        svc::Counter::add: m::svc.Counter.add(pos by: int, cancellation cancel: any) -> null on Counter::default() at src/svc.rs:4:23 `add`
        svc::Marker::run: m::svc.Marker.run() -> null on Marker() at src/svc.rs:16:22 `run`
        svc::Page::empty: a generic function whose type argument `T` cannot be inferred from its parameters at src/svc.rs:14:68 `empty`
        svc::Page::first: m::svc.Page.first() -> any unmade: a method of the generic type `Page`, whose type arguments nothing gives at src/svc.rs:14:26 `first`
        svc::State::flip: m::svc.State.flip() -> State unmade: a method of `State`, which no function `State::new` makes at src/svc.rs:18:21 `flip`
        core.(u8, u8) (outside): opaque
        m::svc.ByHand (src/svc.rs:9:12 `ByHand`): opaque
        m::svc.Client (src/svc.rs:5:12 `Client`): opaque
        m::svc.Closed (src/svc.rs:7:12 `Closed`): opaque
        m::svc.Counter (src/svc.rs:3:12 `Counter`): opaque
        m::svc.Marker (src/svc.rs:15:12 `Marker`): opaque
        m::svc.Page<T> (src/svc.rs:13:12 `Page`): opaque
        m::svc.State (src/svc.rs:17:10 `State`): opaque
        std::fmt.Formatter (outside): opaque
    "#]].assert_eq(&show(text, refs));
}

#[test]
fn generic_functions_are_called_where_rust_can_infer() {
    let text = r#"
== Cargo.toml
[package]
name = "m"
== src/lib.rs
use std::future::Future;
use std::pin::Pin;
pub type Result<T> = std::result::Result<T, String>;
pub fn parse<T: Parse>(text: &str) -> T { todo!() }
pub fn show<T: Into<String>, U>(a: T, b: U) -> T where U: AsRef<str> { todo!() }
pub fn all(items: impl IntoIterator<Item = u32>, name: impl ToString) -> Vec<u8> { todo!() }
pub fn short() -> Result<u8> { todo!() }
pub fn later(n: u8) -> impl Future<Output = Result<u8>> + Send { todo!() }
pub fn pinned<'a>(n: &'a u8) -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> { todo!() }
pub fn stream() -> impl Iterator<Item = u8> { todo!() }
pub fn callback(f: impl Fn(u8) -> u8, g: fn(u8), h: Box<dyn Fn() + Send>) {}
pub fn r#type(r#async: u8, self_: u8) {}
"#;
    let refs = "m::parse m::show m::all m::short m::later m::pinned m::stream m::callback m::type m.r#type";
    expect![[r#"
        m.r#type: m.type(pos async: int, pos self_: int) -> null at src/lib.rs:12:8 `r#type`
        m::all: m.all(pos items: list<int>, pos name: string) -> bytes at src/lib.rs:6:8 `all`
        m::callback: m.callback(pos f: impl Fn, pos g: any, pos h: dyn ... + Send) -> null at src/lib.rs:11:8 `callback`
        m::later: async m.later(pos n: int) -> int or an error at src/lib.rs:8:8 `later`
        m::parse: a generic function whose type argument `T` cannot be inferred from its parameters at src/lib.rs:4:8 `parse`
        m::pinned: async m.pinned(pos n: int) -> int at src/lib.rs:9:8 `pinned`
        m::short: m.short() -> int or an error at src/lib.rs:7:8 `short`
        m::show: m.show(pos a: string, pos b: string) -> string at src/lib.rs:5:8 `show`
        m::stream: m.stream() -> impl Iterator at src/lib.rs:10:8 `stream`
        m::type: m.type(pos async: int, pos self_: int) -> null at src/lib.rs:12:8 `r#type`
        core.dyn ... + Send (outside): opaque
        core.impl Fn (outside): opaque
        core.impl Iterator (outside): opaque
    "#]].assert_eq(&show(text, refs));
}

#[test]
fn annotations_stand_between_docs_and_attributes() {
    use conductor_introspect::Introspector;
    use conductor_model::Lookup;
    use conductor_protocol::plan::Language;

    use crate::support::{files, run};

    let introspector = Introspector::new(Language::Rust, ".", ["users::get"], []);
    let (findings, ..) = run(introspector, &files(SHOP));
    let Lookup::Found(found) = &findings.lookups["users::get"] else { panic!() };
    assert_eq!(found.annotation.clone().unwrap().name.unwrap().value, "find_user");
}
