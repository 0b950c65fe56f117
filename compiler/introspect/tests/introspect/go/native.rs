//! How Go spells what the manifest's types leave open.

use std::fmt::Write as _;

use conductor_introspect::Introspector;
use conductor_model::Lookup;
use conductor_protocol::plan::Language;
use conductor_protocol::types::TypeDef;
use expect_test::expect;

use crate::support::{files, run};

const SOURCE: &str = r#"
== go.mod
module example.com/shop
go 1.24
== shop.go
package store

import (
	"context"
	"time"
)

type Cents int64
type Price Cents
type ID string
type Tags []ID
type State string

const (
	Open State = "open"
	Shut State = "shut"
)

type Item struct {
	Name  string   `json:"name"`
	Count int32    `json:"count"`
	Price *Price   `json:"price"`
	Tags  Tags     `json:"tags"`
	Parts []*Item  `json:"parts"`
	State State
}

func Usual(ctx context.Context, a int64, b string, c *Item, d []Item, e map[string]float64, f time.Time, g any, h State, i []byte) (*Item, error) {
	return nil, nil
}

func Bare(a int, b float32, c Cents, d *[]Item, e map[ID]Price, f [2]uint8, g rune, h Tags) (n Cents, err error) { return }

type Pair[K comparable, V any] struct {
	Key  K
	Val  V
	All  []V
	Same map[string]*V
}

func Given(a Pair[string, int], b Pair[ID, Cents], c Pair[string, []byte], d Pair[string, *Item]) {}

func Open[T any](a T) {}

func Several() (name ID, count int, err error) { return }
"#;

#[test]
fn only_what_the_type_leaves_open_is_spelled() {
    let refs = ["store.Usual", "store.Bare", "store.Several", "store.Given"];
    let introspector = Introspector::new(Language::Go, ".", refs, std::iter::empty());
    let (findings, _, _) = run(introspector, &files(SOURCE));
    let mut out = String::new();
    for (reference, lookup) in &findings.lookups {
        let Lookup::Found(signature) = lookup else { panic!("{reference}: {lookup:?}") };
        let function = signature.function().unwrap();
        let _ = writeln!(out, "{reference}: {:?} of package {:?}", function.native_returns, function.package);
        for parameter in signature.parameters.iter().filter(|parameter| parameter.native.is_some()) {
            let _ = writeln!(out, "  {}: {}", parameter.name, parameter.native.as_deref().unwrap());
        }
    }
    for (name, definition) in &findings.types {
        let TypeDef::Class { fields } = definition else { continue };
        for field in fields.iter().filter(|field| field.native.is_some()) {
            let _ = writeln!(out, "{name}.{}: {}", field.name, field.native.as_deref().unwrap());
        }
    }
    expect![[r#"
        store.Bare: Some("example.com/shop.Cents=int64") of package Some("store")
          a: int
          b: float32
          c: example.com/shop.Cents=int64
          d: *[]example.com/shop.Item
          e: map[example.com/shop.ID=string]example.com/shop.Price=int64
          f: [2]uint8
          g: int32
          h: example.com/shop.Tags=[]example.com/shop.ID=string
        store.Given: None of package Some("store")
        store.Several: Some("(name example.com/shop.ID=string, count int)") of package Some("store")
        store.Usual: Some("*example.com/shop.Item") of package Some("store")
        example.com/shop.Item.count: int32
        example.com/shop.Item.price: *example.com/shop.Price=int64
        example.com/shop.Item.tags: example.com/shop.Tags=[]example.com/shop.ID=string
        example.com/shop.Pair[example.com/shop.ID,example.com/shop.Cents].Key: example.com/shop.ID=string
        example.com/shop.Pair[example.com/shop.ID,example.com/shop.Cents].Val: example.com/shop.Cents=int64
        example.com/shop.Pair[example.com/shop.ID,example.com/shop.Cents].All: []example.com/shop.Cents=int64
        example.com/shop.Pair[example.com/shop.ID,example.com/shop.Cents].Same: map[string]*example.com/shop.Cents=int64
        example.com/shop.Pair[string,*example.com/shop.Item].Val: *example.com/shop.Item
        example.com/shop.Pair[string,*example.com/shop.Item].All: []*example.com/shop.Item
        example.com/shop.Pair[string,*example.com/shop.Item].Same: map[string]**example.com/shop.Item
        example.com/shop.Pair[string,[]byte].Val: []byte
        example.com/shop.Pair[string,[]byte].All: [][]byte
        example.com/shop.Pair[string,[]byte].Same: map[string]*[]byte
        example.com/shop.Pair[string,int].Val: int
        example.com/shop.Pair[string,int].All: []int
        example.com/shop.Pair[string,int].Same: map[string]*int
    "#]]
    .assert_eq(&out);
}
