//! Types of Go as types of the manifest.

use expect_test::expect;

use super::show;

#[test]
fn every_kind_of_type() {
    let text = r#"
== go.mod
module m
== t/t.go
package t

import (
	"encoding/json"
	"math/big"
	"time"

	"github.com/google/uuid"
	money "github.com/shopspring/decimal"
	. "m/dot"
	yaml "gopkg.in/yaml.v3"
	"m/other-things"
	"net/http"
)

type ID string
type Data []byte
type Raw []Octet
type Octet = byte
type Names map[ID][]string
type Key struct{ A, B int }
type Any interface{}
type Reader interface{ Read() }
type Handler func(int) error
type Self []Self

func Basic(a bool, b int8, c uint64, d float32, e string, f rune, g uintptr, h complex128, i error, j any) {}
func Composite(a []string, b [3]int, c map[string]int, d map[int]string, e map[Key]int, f *int, g **string, h []*int, i [4]byte) {}
func Bytes(a []byte, b []uint8, c Data, d Raw, e *Data) {}
func Known(a time.Time, b time.Duration, c json.RawMessage, d uuid.UUID, e money.Decimal, f big.Int, g json.Number, h *time.Time) {}
func Named(a ID, b Names, c Any, d Reader, e Handler, f Self) {}
func Odd(a chan int, b <-chan string, c func(string, ...int) (int, error), d interface{ M() }, e struct { X int `json:"x,omitempty"`; Y string }) {}
func Far(a Dotted, b things.Thing, c yaml.Node, d http.Client, e Missing, f nowhere.Type) {}
== dot/dot.go
package dot
type Dotted struct{ X int }
== other-things/things.go
package things
type Thing struct{ Y int }
"#;
    expect![[r#"
        t.Basic: m/t.Basic(pos a: bool, pos b: int, pos c: int, pos d: float, pos e: string, pos f: int, pos g: int, pos h: complex128, pos i: error, pos j: any) -> null at t/t.go:27:6 `Basic`
        t.Bytes: m/t.Bytes(pos a: bytes, pos b: bytes, pos c: bytes, pos d: bytes, pos e: bytes?) -> null at t/t.go:29:6 `Bytes`
        t.Composite: m/t.Composite(pos a: list<string>, pos b: list<int>, pos c: map<string, int>, pos d: map<string, string>, pos e: map[m/t.Key]int, pos f: int?, pos g: string?, pos h: list<int?>, pos i: list<int>) -> null at t/t.go:28:6 `Composite`
        t.Far: m/t.Far(pos a: Dotted, pos b: Thing, pos c: Node, pos d: Client, pos e: any, pos f: any) -> null at t/t.go:33:6 `Far`
        t.Known: m/t.Known(pos a: timestamp, pos b: duration, pos c: any, pos d: uuid, pos e: decimal, pos f: int, pos g: float, pos h: timestamp?) -> null at t/t.go:30:6 `Known`
        t.Named: m/t.Named(pos a: string, pos b: map<string, list<string>>, pos c: any, pos d: Reader, pos e: Handler, pos f: list<any>) -> null at t/t.go:31:6 `Named`
        t.Odd: m/t.Odd(pos a: chan int, pos b: <-chan string, pos c: func(string, ...int) (int, error), pos d: interface{...}, pos e: {Y: string, x: int?}) -> null at t/t.go:32:6 `Odd`
        builtin.<-chan string (outside): opaque
        builtin.chan int (outside): opaque
        builtin.complex128 (outside): opaque
        builtin.error (outside): opaque
        builtin.func(string, ...int) (int, error) (outside): opaque
        builtin.interface{...} (outside): opaque
        builtin.map[m/t.Key]int (outside): opaque
        gopkg.in/yaml.v3.Node (outside): opaque
        m/dot.Dotted (dot/dot.go:2:6 `Dotted`): class {X: int}
        m/other-things.Thing (other-things/things.go:2:6 `Thing`): class {Y: int}
        m/t.Handler (t/t.go:24:6 `Handler`): opaque
        m/t.Reader (t/t.go:23:6 `Reader`): opaque
        net/http.Client (outside): opaque
    "#]].assert_eq(&show(text, "t.Basic t.Composite t.Bytes t.Known t.Named t.Odd t.Far"));
}

const STRUCTS: &str = r#"
== go.mod
module m
== s/s.go
package s

import (
	"sync"
	"time"
)

type Order struct {
	ID       string `json:"id"`
	Total    int64  `json:"total,string" db:"t"`
	Note     *string `json:"note,omitempty"`
	Secret   string `json:"-"`
	Dash     int    `json:"-,"`
	Plain    bool
	A, B     int
	hidden   int
	Items    []Item `json:"items"`
	Parent   *Order
	At       time.Time `json:"at,omitzero"`
	Bad      int `json:"bad\"name"`
	Flag     *bool `json:",string"`
}

type Item struct{ Name string }

type Base struct {
	ID   int
	Kind string
	Deep
}
type Deep struct{ Level int; Kind string }
type Extra struct{ Kind string `json:"Kind"`; More int }
type inner struct{ Shown int; hidden int }
type Label string

type Derived struct {
	Base
	*Extra
	inner
	Label
	Named Base `json:"named"`
	Item `json:"item"`
	ID string
}

type Clash struct { Left; Right }
type Left struct{ Same int; L int }
type Right struct{ Same int; R int }

type Loop struct { *Loop; X int }
type Empty struct{}
type Closed struct { mu sync.Mutex; n int }
type Defined Order
type Page[T any] struct { Items []T `json:"items"`; Next *Page[T]; Extra map[string]T }
type Stamp struct{ time.Time }
type Custom struct{ x int }
func (c Custom) MarshalJSON() ([]byte, error) { return nil, nil }
func (c *Custom) UnmarshalJSON(data []byte) error { return nil }
type WriteOnly struct{ X int }
func (WriteOnly) MarshalJSON() ([]byte, error) { return nil, nil }
type Level int
const ( Low Level = iota; High )
func (l Level) MarshalText() ([]byte, error) { return nil, nil }
func (l *Level) UnmarshalText(text []byte) error { return nil }

func F(a Order, b Derived, c Clash, d *Loop, e Empty, f Closed, g Defined) {}
func G(a Page[Item], b Page[[]string], c Page[Page[int]]) {}
func J(a Stamp, b Custom, c WriteOnly, d Level, e map[Level]int) {}
"#;

#[test]
fn structs_are_what_encoding_json_writes() {
    expect![[r#"
        s.F: m/s.F(pos a: Order, pos b: Derived, pos c: Clash, pos d: Loop?, pos e: Empty, pos f: Closed, pos g: Defined) -> null at s/s.go:66:6 `F`
        s.G: m/s.G(pos a: Page[m/s.Item], pos b: Page[[]string], pos c: Page[m/s.Page[int]]) -> null at s/s.go:67:6 `G`
        s.J: m/s.J(pos a: any, pos b: any, pos c: WriteOnly, pos d: string, pos e: map<string, int>) -> null at s/s.go:68:6 `J`
        m/s.Base (s/s.go:26:6 `Base`): class {ID: int, Kind: string, Level: int}
        m/s.Clash (s/s.go:46:6 `Clash`): class {L: int, R: int}
        m/s.Closed (s/s.go:52:6 `Closed`): opaque
        m/s.Defined (s/s.go:53:6 `Defined`): class {id (ID): string, total (Total): string, note (Note)?: string?, - (Dash): int, Plain: bool, A: int, B: int, items (Items): list<Item>, Parent: Order?, at (At)?: timestamp, Bad: int, Flag: string?}
        m/s.Derived (s/s.go:36:6 `Derived`): class {Level: int, Kind?: string, More?: int, Shown: int, Label: string, named (Named): Base, item (Item): Item, ID: string}
        m/s.Empty (s/s.go:51:6 `Empty`): class {}
        m/s.Item (s/s.go:24:6 `Item`): class {Name: string}
        m/s.Loop (s/s.go:50:6 `Loop`): class {X: int}
        m/s.Order (s/s.go:8:6 `Order`): class {id (ID): string, total (Total): string, note (Note)?: string?, - (Dash): int, Plain: bool, A: int, B: int, items (Items): list<Item>, Parent: Order?, at (At)?: timestamp, Bad: int, Flag: string?}
        m/s.Page[[]string] (s/s.go:54:6 `Page`): class {items (Items): list<list<string>>, Next: Page[[]string]?, Extra: map<string, list<string>>}
        m/s.Page[int] (s/s.go:54:6 `Page`): class {items (Items): list<int>, Next: Page[int]?, Extra: map<string, int>}
        m/s.Page[m/s.Item] (s/s.go:54:6 `Page`): class {items (Items): list<Item>, Next: Page[m/s.Item]?, Extra: map<string, Item>}
        m/s.Page[m/s.Page[int]] (s/s.go:54:6 `Page`): class {items (Items): list<Page[int]>, Next: Page[m/s.Page[int]]?, Extra: map<string, Page[int]>}
        m/s.WriteOnly (s/s.go:59:6 `WriteOnly`): opaque
    "#]].assert_eq(&show(STRUCTS, "s.F s.G s.J"));
}

#[test]
fn constants_make_enumerations() {
    let text = r#"
== go.mod
module m
== e/e.go
package e

type State string

const (
	Open   State = "open"
	Closed State = "closed"
	Same         = Open
	Other        = State("other")
)

type Day int

const (
	Monday Day = iota + 1
	Tuesday
	_
	Thursday
)

type Bits uint8

const (
	Read Bits = 1 << iota
	Write
)

type Lonely string

const Only Lonely = "only"

type Weight float64

const (
	Light Weight = 1.5
	Heavy Weight = 2
)

type Far string

const prefix = "far/"
const Near Far = prefix + "near"

type Letter byte

const (
	Lower Letter = 'l'
	Upper        = Letter('\n')
)

type Unknown int

const (
	U1 Unknown = Unknown(len("x"))
	U2 Unknown = 2
)

func F(a State, b Day, c Bits, d Lonely, e Weight, f Far, g Unknown, h []State, i map[State]int, j Letter) {}
== e/more.go
package e

const Distant Far = "distant"
"#;
    expect![[r#"
        e.F: m/e.F(pos a: State, pos b: Day, pos c: int, pos d: string, pos e: float, pos f: Far, pos g: int, pos h: list<State>, pos i: map<string, int>, pos j: Letter) -> null at e/e.go:58:6 `F`
        m/e.Day (e/e.go:12:6 `Day`): enum Int Monday=1 Tuesday=2 Thursday=4
        m/e.Far (e/e.go:39:6 `Far`): enum String Near="far/near" Distant="distant"
        m/e.Letter (e/e.go:44:6 `Letter`): enum Int Lower=108 Upper=10
        m/e.State (e/e.go:3:6 `State`): enum String Open="open" Closed="closed" Other="other"
    "#]].assert_eq(&show(text, "e.F"));
}

#[test]
fn types_are_named_by_the_manifest_too() {
    use conductor_protocol::plan::Language;

    use crate::support::{files, show_in};

    let text = "\n== go.mod\nmodule example.com/m\n== users/u.go\npackage users\ntype User struct{ ID string }\n\
        type Text = string\nfunc Get() {}\n== other/o.go\npackage other\ntype Thing struct{}\n";
    let names = [
        "User",
        "users.User",
        "example.com/m/users.User",
        "other.Thing",
        "Thing",
        "users.Nothing",
        "users.Text",
        "..",
    ];
    expect![[r#"
        users.Get: example.com/m/users.Get() -> null at users/u.go:4:6 `Get`
        example.com/m/other.Thing (other/o.go:2:6 `Thing`): class {}
        example.com/m/users.User (users/u.go:2:6 `User`): class {ID: string}
        `User` is example.com/m/users.User
        `example.com/m/users.User` is example.com/m/users.User
        `other.Thing` is example.com/m/other.Thing
        `users.User` is example.com/m/users.User
    "#]]
    .assert_eq(&show_in(Language::Go, &files(text), "users.Get", &names));
}
