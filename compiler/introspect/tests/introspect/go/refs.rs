//! Where refs lead: modules, packages, functions and methods.

use expect_test::expect;

use super::show;

const SHOP: &str = r#"
== go.mod
module example.com/shop

go 1.24

replace example.com/ledger => ./third_party/ledger
== shop.go
// Package shop is the root.
package shop

// Ping says pong.
func Ping() string { return "pong" }
== internal/users/users.go
package users

import "context"

// Find finds a user by its id.
//
//go:noinline
// It is fast.
func Find(ctx context.Context, id string) (User, error) { return User{}, nil }

func Touch(ids ...string) error { return nil }
func Log(string, int) {}
func Two(a, b int, _ string) (sum, rest int, err error) { return }
func Pair() (int, bool) { return 0, false }
func Odd() (error, int) { return nil, 0 }
func hidden() {}
func init() {}

type User struct{ ID string }

const Limit = 3

var Handler = func(name string) (int, error) { return 0, nil }
var Hook func(id int)
var Count int
== internal/users/users_test.go
package users
func OnlyInTests() {}
== internal/users/users_windows.go
package users
func OnWindows() {}
== internal/users/tagged.go
//go:build darwin || (linux && !amd64)

package users
func Elsewhere() {}
func Find() {}
== cmd/server/main.go
package main
func Run() {}
func main() {}
== third_party/ledger/go.mod
module example.com/ledger
== third_party/ledger/book/book.go
package book
func Open(name string) error { return nil }
== vendor/example.org/pay.v2/pay.go
package pay
func Charge(cents int) (string, error) { return "", nil }
== tools/go.mod
module example.com/tools
== tools/gen/gen.go
package gen
func Gen() {}
"#;

#[test]
fn packages_are_found_by_folder_path_and_name() {
    let refs = "internal/users.Find users.Find go:users.Find example.com/shop/internal/users.Find shop.Ping
        example.com/shop.Ping example.com/ledger/book.Open third_party/ledger/book.Open example.org/pay.v2.Charge
        tools/gen.Gen example.com/tools/gen.Gen";
    expect![[r#"
        example.com/ledger/book.Open: example.com/ledger/book.Open(pos name: string) -> null or an error at third_party/ledger/book/book.go:2:6 `Open`
        example.com/shop.Ping: example.com/shop.Ping() -> string at shop.go:5:6 `Ping` "Ping says pong."
        example.com/shop/internal/users.Find: async example.com/shop/internal/users.Find(cancellation ctx: any, pos id: string) -> User or an error at internal/users/users.go:9:6 `Find` "Find finds a user by its id.\n\nIt is fast."
        example.com/tools/gen.Gen: example.com/tools/gen.Gen() -> null at tools/gen/gen.go:2:6 `Gen`
        example.org/pay.v2.Charge: example.org/pay.v2.Charge(pos cents: int) -> string or an error at vendor/example.org/pay.v2/pay.go:2:6 `Charge`
        go:users.Find: async example.com/shop/internal/users.Find(cancellation ctx: any, pos id: string) -> User or an error at internal/users/users.go:9:6 `Find` "Find finds a user by its id.\n\nIt is fast."
        internal/users.Find: async example.com/shop/internal/users.Find(cancellation ctx: any, pos id: string) -> User or an error at internal/users/users.go:9:6 `Find` "Find finds a user by its id.\n\nIt is fast."
        shop.Ping: example.com/shop.Ping() -> string at shop.go:5:6 `Ping` "Ping says pong."
        third_party/ledger/book.Open: example.com/ledger/book.Open(pos name: string) -> null or an error at third_party/ledger/book/book.go:2:6 `Open`
        tools/gen.Gen: example.com/tools/gen.Gen() -> null at tools/gen/gen.go:2:6 `Gen`
        users.Find: async example.com/shop/internal/users.Find(cancellation ctx: any, pos id: string) -> User or an error at internal/users/users.go:9:6 `Find` "Find finds a user by its id.\n\nIt is fast."
        example.com/shop/internal/users.User (internal/users/users.go:19:6 `User`): class {ID: string}
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn parameters_and_results() {
    let refs = "users.Touch users.Log users.Two users.Pair users.Odd users.Handler users.Hook";
    expect![[r#"
        users.Handler: example.com/shop/internal/users.Handler(pos name: string) -> int or an error at internal/users/users.go:23:5 `Handler`
        users.Hook: example.com/shop/internal/users.Hook(pos id: int) -> null at internal/users/users.go:24:5 `Hook`
        users.Log: example.com/shop/internal/users.Log(pos arg0: string, pos arg1: int) -> null at internal/users/users.go:12:6 `Log`
        users.Odd: a function with an error that is not its last result at internal/users/users.go:15:6 `Odd`
        users.Pair: a function that returns several values without names at internal/users/users.go:14:6 `Pair`
        users.Touch: example.com/shop/internal/users.Touch(*ids: string) -> null or an error at internal/users/users.go:11:6 `Touch`
        users.Two: example.com/shop/internal/users.Two(pos a: int, pos b: int, pos arg2: string) -> {rest: int, sum: int} or an error at internal/users/users.go:13:6 `Two`
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn what_cannot_be_called_says_why() {
    let refs = "users.hidden users.init users.User users.Limit users.Count users.OnlyInTests users.OnWindows users.Elsewhere
        cmd/server.Run users.User.ID";
    expect![[r#"
        cmd/server.Run: a function of `package main`, which no other package can import at cmd/server/main.go:2:6 `Run`
        users.Count: a variable at internal/users/users.go:25:5 `Count`
        users.Elsewhere: not built for linux/amd64 (`//go:build darwin || (linux && !amd64)` keeps it out) at internal/users/tagged.go:4:6 `Elsewhere`
        users.Limit: a constant at internal/users/users.go:21:7 `Limit`
        users.OnWindows: not built for linux/amd64 (the name of its file keeps it out) at internal/users/users_windows.go:2:6 `OnWindows`
        users.OnlyInTests: not found in ["users/*.go", "**/users/*.go"], similar []
        users.User: a type at internal/users/users.go:19:6 `User`
        users.User.ID: a field of `User` at internal/users/users.go:19:6 `User`
        users.hidden: not exported from its package (`Hidden` would be) at internal/users/users.go:16:6 `hidden`
        users.init: an `init` function, which Go calls by itself at internal/users/users.go:17:6 `init`
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn wrong_refs_get_near_names() {
    let refs = "users.find_user users.Fnd user.Find internal/user.Touch nothing.At.All users Find shop.pink
        internal/../users.Find /users.Find users..Find";
    expect![[r#"
        /users.Find: not found in [], similar []
        Find: not found in [], similar []
        internal/../users.Find: not found in [], similar []
        internal/user.Touch: not found in ["internal/user/*.go", "**/internal/user/*.go"], similar ["internal/users.Touch"]
        nothing.At.All: not found in ["nothing.At/*.go", "**/nothing.At/*.go"], similar []
        shop.pink: not found in ["shop/*.go", "**/shop/*.go"], similar ["shop.Ping"]
        user.Find: not found in ["user/*.go", "**/user/*.go"], similar ["internal/users.Find"]
        users: not found in [], similar []
        users..Find: not found in [], similar []
        users.Fnd: not found in ["users/*.go", "**/users/*.go"], similar ["users.Find"]
        users.find_user: not found in ["users/*.go", "**/users/*.go"], similar []
    "#]].assert_eq(&show(SHOP, refs));
}

#[test]
fn without_a_module_a_folder_is_a_package() {
    let text = "\n== users/users.go\npackage users\nfunc Get(id string) string { return id }\n";
    expect![[r#"
        go:users.Get: users.Get(pos id: string) -> string at users/users.go:2:6 `Get`
        users.Get: users.Get(pos id: string) -> string at users/users.go:2:6 `Get`
    "#]]
    .assert_eq(&show(text, "users.Get go:users.Get"));
}

#[test]
fn a_name_in_two_folders_is_ambiguous_unless_one_has_the_function() {
    let text = "\n== go.mod\nmodule m\n== a/users/u.go\npackage users\nfunc Get() {}\nfunc Only() {}\n\
        == b/users/u.go\npackage users\n\nfunc Get() {}\n== c/x.go\npackage x\nfunc F() {}\n== c/y.go\npackage x\nfunc F() {}\n\
        func G() {}\n";
    expect![[r#"
        a/users.Get: m/a/users.Get() -> null at a/users/u.go:2:6 `Get`
        c.F: ambiguous ["c/x.go:2", "c/y.go:2"]
        c.G: m/c.G() -> null at c/y.go:3:6 `G`
        users.Get: ambiguous ["a/users/u.go:2", "b/users/u.go:3"]
        users.Only: m/a/users.Only() -> null at a/users/u.go:3:6 `Only`
    "#]]
    .assert_eq(&show(text, "users.Get users.Only a/users.Get c.F c.G"));
}

const METHODS: &str = r#"
== go.mod
module m
== svc/svc.go
package svc

import (
	"context"
	"database/sql"
	"go/types"
	"m/base"
	"sync"
)

type Service struct {
	base.Base
	db *sql.DB
}

func NewService(db *sql.DB, name string) (*Service, error) { return nil, nil }
func NewServiceFromEnv() *Service { return nil }

// Get gets.
func (s *Service) Get(ctx context.Context, id string) (string, error) { return "", nil }
func (s Service) ByValue() {}
func (s *Service) private() {}

type Client struct {
	URL     string
	Retries int
	Tags    []string
	mu      struct{ locked bool }
}

func (c Client) Do(path string) error { return nil }

type Closed struct{ conn *sql.DB }

func (c *Closed) Do() {}

type Guarded struct {
	mu    sync.Mutex
	count int
}

func (g *Guarded) Do() {}

type Foreign struct{ object types.Object }

func (f *Foreign) Do() {}

type Many struct{}

func NewManyA() Many  { return Many{} }
func NewManyB() *Many { return nil }
func (Many) Do()      {}

type Store interface {
	Load(id string) ([]byte, error)
	Closer
}

type Closer interface{ Close() error }

type Cache interface{ Drop(key string) }

func NewCache() Cache { return nil }

type Celsius float64

func (c Celsius) Double() Celsius { return 2 * c }

type Page[T any] struct{ Items []T }

func (p *Page[E]) First() E { return p.Items[0] }

type Users struct{ Page[string] }

type Alias = Client

type hidden struct{}

func (hidden) Do() {}
== base/base.go
package base
type Base struct{ Name string }
func (b *Base) Rename(to string) {}
"#;

#[test]
fn methods_are_called_on_what_a_constructor_makes() {
    let refs = "svc.Service.Get svc.Service.ByValue svc.Service.private svc.Service.Rename svc.Service.Name svc.Service.Gett
        svc.Client.Do svc.Closed.Do svc.Guarded.Do svc.Foreign.Do svc.Many.Do svc.Store.Load svc.Store.Close svc.Cache.Drop svc.Celsius.Double
        svc.Page.First svc.Users.First svc.Alias.Do svc.hidden.Do svc.Service.Ping";
    expect![[r#"
        svc.Alias.Do: m/svc.Client.Do(pos path: string) -> null or an error on Client(kw URL: string = "", kw Retries: int = 0, kw Tags: list<string> = nil) at svc/svc.go:31:17 `Do`
        svc.Cache.Drop: m/svc.Cache.Drop(pos key: string) -> null on NewCache() at svc/svc.go:61:23 `Drop`
        svc.Celsius.Double: m/svc.Celsius.Double() -> float unmade: a method of `Celsius`, which is no struct and no function `NewCelsius` makes at svc/svc.go:67:18 `Double`
        svc.Client.Do: m/svc.Client.Do(pos path: string) -> null or an error on Client(kw URL: string = "", kw Retries: int = 0, kw Tags: list<string> = nil) at svc/svc.go:31:17 `Do`
        svc.Closed.Do: m/svc.Closed.Do() -> null unmade: a method of `Closed`, whose field `conn` only a function `NewClosed` could set at svc/svc.go:35:18 `Do`
        svc.Foreign.Do: m/svc.Foreign.Do() -> null unmade: a method of `Foreign`, whose field `object` only a function `NewForeign` could set at svc/svc.go:46:19 `Do`
        svc.Guarded.Do: m/svc.Guarded.Do() -> null on Guarded() at svc/svc.go:42:19 `Do`
        svc.Many.Do: m/svc.Many.Do() -> null unmade: a method of `Many`, which `NewManyA`, `NewManyB` make and no function `NewMany` at svc/svc.go:52:13 `Do`
        svc.Page.First: m/svc.Page.First() -> any unmade: a method of the generic type `Page`, whose type arguments nothing gives at svc/svc.go:71:19 `First`
        svc.Service.ByValue: m/svc.Service.ByValue() -> null on NewService(pos db: DB?, pos name: string) at svc/svc.go:21:18 `ByValue`
        svc.Service.Get: async m/svc.Service.Get(cancellation ctx: any, pos id: string) -> string or an error on NewService(pos db: DB?, pos name: string) at svc/svc.go:20:19 `Get` "Get gets."
        svc.Service.Gett: not found in ["svc/*.go"], similar ["svc.Service.Get"]
        svc.Service.Name: a field of `Service` at svc/svc.go:11:6 `Service`
        svc.Service.Ping: not found in ["svc/*.go"], similar []
        svc.Service.Rename: m/svc.Service.Rename(pos to: string) -> null on NewService(pos db: DB?, pos name: string) at base/base.go:3:16 `Rename`
        svc.Service.private: not exported from its package (`Private` would be) at svc/svc.go:22:19 `private`
        svc.Store.Close: m/svc.Store.Close() -> null or an error unmade: a method of the interface `Store`, of which no function `NewStore` makes one at svc/svc.go:59:24 `Close`
        svc.Store.Load: m/svc.Store.Load(pos id: string) -> bytes or an error unmade: a method of the interface `Store`, of which no function `NewStore` makes one at svc/svc.go:55:2 `Load`
        svc.Users.First: m/svc.Users.First() -> string on Users() at svc/svc.go:71:19 `First`
        svc.hidden.Do: not exported from its package (`Hidden` would be) at svc/svc.go:79:15 `Do`
        database/sql.DB (outside): opaque
    "#]].assert_eq(&show(METHODS, refs));
}

#[test]
fn generic_functions_are_called_where_go_can_infer() {
    let text = r#"
== go.mod
module m
== g/g.go
package g

import (
	"cmp"
	"iter"
)

type Number interface{ ~int | ~float64 }
type Text interface{ ~string }

func Map[T, U any](items []T, f func(T) U) []U { return nil }
func Zero[T any]() T { var zero T; return zero }
func Sum[N Number](values ...N) N { return 0 }
func Upper[S Text](value S) S { return value }
func Sort[S ~[]E, E cmp.Ordered](items S) S { return items }
func Join[S ~[]T, T ~string](items S) string { return "" }
func Each(items iter.Seq[string], pairs iter.Seq2[string, *Item]) {}
type Item struct{}
func Make[K comparable, V any](key K) map[K]V { return nil }
func Bytes[B ~byte](b []B) []B { return b }
"#;
    expect![[r#"
        g.Bytes: m/g.Bytes(pos b: bytes) -> bytes at g/g.go:20:6 `Bytes`
        g.Each: m/g.Each(pos items: Seq[string], pos pairs: Seq2[string,*m/g.Item]) -> null at g/g.go:17:6 `Each`
        g.Join: m/g.Join(pos items: list<string>) -> string at g/g.go:16:6 `Join`
        g.Make: a generic function whose type argument `V` cannot be inferred from its parameters at g/g.go:19:6 `Make`
        g.Map: m/g.Map(pos items: list<any>, pos f: func(T) U) -> list<any> at g/g.go:11:6 `Map`
        g.Sort: m/g.Sort(pos items: list<any>) -> list<any> at g/g.go:15:6 `Sort`
        g.Sum: m/g.Sum(*values: float) -> float at g/g.go:13:6 `Sum`
        g.Upper: m/g.Upper(pos value: string) -> string at g/g.go:14:6 `Upper`
        g.Zero: a generic function whose type argument `T` cannot be inferred from its parameters at g/g.go:12:6 `Zero`
        builtin.func(T) U (outside): opaque
        iter.Seq2[string,*m/g.Item] (outside): opaque
        iter.Seq[string] (outside): opaque
    "#]].assert_eq(&show(text, "g.Join g.Each g.Map g.Zero g.Sum g.Upper g.Sort g.Make g.Bytes"));
}

#[test]
fn names_that_are_keywords_elsewhere_are_names() {
    let text = "\n== go.mod\nmodule m\n== class/class.go\npackage class\n\
        func Import(class, def, async, len string, error int, string []byte) (None, True int) { return }\n";
    expect![[r#"
        class.Import: m/class.Import(pos class: string, pos def: string, pos async: string, pos len: string, pos error: int, pos string: bytes) -> {None: int, True: int} at class/class.go:2:6 `Import`
    "#]].assert_eq(&show(text, "class.Import"));
}

#[test]
fn annotations_are_read_above_functions_and_methods() {
    use conductor_introspect::Introspector;
    use conductor_model::Lookup;
    use conductor_protocol::plan::Language;

    use crate::support::{files, run};

    let text = "\n== go.mod\nmodule m\n== a/a.go\npackage a\n\n// Get gets.\n//\n//conductor:task get_it effect=read\nfunc Get() {}\n\n\
        type T struct{}\n\n//conductor:task effect=none\nfunc (T) Do() {}\n\n// conductor: task efect=x\n\nfunc Far() {}\n";
    let introspector = Introspector::new(Language::Go, ".", ["a.Get", "a.T.Do", "a.Far"], []);
    let (findings, ..) = run(introspector, &files(text));
    let annotated = |reference: &str| match &findings.lookups[reference] {
        Lookup::Found(found) => found.annotation.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(annotated("a.Get").unwrap().name.unwrap().value, "get_it");
    assert!(annotated("a.T.Do").unwrap().effect.is_some());
    assert_eq!(annotated("a.Far"), None);
    let Lookup::Found(get) = &findings.lookups["a.Get"] else { unreachable!() };
    assert_eq!(get.doc.as_deref(), Some("Get gets."));
}
