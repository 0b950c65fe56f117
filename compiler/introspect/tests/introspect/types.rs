//! Annotations and the definitions of classes.

use crate::support::{files, show};
use expect_test::expect;

#[test]
fn builtin_annotations() {
    let files = files(
        r#"
== a.py
import datetime, uuid, decimal as d, typing as t
import collections.abc
from typing import *
from typing_extensions import Annotated as Ann
from collections.abc import Sequence as Seq
UserId = NewType("UserId", str)
Money = d.Decimal
Tags: TypeAlias = "list[str]"
type Pair[T] = tuple[T, T]
JSON = Union[None, bool, "list[JSON]", dict[str, "JSON"]]
T = TypeVar("T")
counter: int = 3

def scalars(a: str, b: int, c: float, d: bool, e: bytes, f: None, g: Any, h: object, i): ...
def library(a: d.Decimal, b: datetime.datetime, c: datetime.date, d: datetime.timedelta, e: uuid.UUID): ...
def lists(a: list, b: list[int], c: List[int], d: Seq[str], e: t.Iterable[str], f: tuple[int, ...], g: tuple[int, str], h: set[int], i: collections.abc.Sequence[int], j: tuple, k: Tuple[int]): ...
def maps(a: dict, b: dict[str, int], c: Dict[str, Any], d: Mapping[str, str], e: dict[int, str], f: dict[UserId, int]): ...
def unions(a: Optional[int], b: Union[int, str, None], c: int | None, d: "int | str", e: Optional["int"] | str, f: None | None): ...
def special(a: Literal["x", "y"], b: Literal[1, None], c: Ann[int, "x"], d: t.Final[int], e: Callable[[int], str], f: type[int], g: t.Type[int]): ...
def aliases(a: UserId, b: Money, c: Tags, d: Pair[int], e: JSON, f: T, g: counter): ...
def generic[S](a: S, b: list[S]) -> S: ...
def strange(a: 1 + 2, b: foo(), c: "not a type!", d: "", e: [int], f: Undefined, g: str.lower, h: "list['int']", i: ...): ...
"#,
    );
    let refs = "a.scalars a.library a.lists a.maps a.unions a.special a.aliases a.generic a.strange";
    expect![[r#"
        a.aliases: a.aliases(a: string, b: decimal, c: list<string>, d: tuple, e: (bool | list<any> | map<string, any>)?, f: any, g: any) -> any at a.py:20:5 `aliases`
        a.generic: a.generic(a: any, b: list<any>) -> any at a.py:21:5 `generic`
        a.library: a.library(a: decimal, b: timestamp, c: date, d: duration, e: uuid) -> any at a.py:15:5 `library`
        a.lists: a.lists(a: list<any>, b: list<int>, c: list<int>, d: list<string>, e: list<string>, f: tuple, g: tuple, h: set, i: list<int>, j: tuple, k: Tuple) -> any at a.py:16:5 `lists`
        a.maps: a.maps(a: map<string, any>, b: map<string, int>, c: map<string, any>, d: map<string, string>, e: any, f: map<string, int>) -> any at a.py:17:5 `maps`
        a.scalars: a.scalars(a: string, b: int, c: float, d: bool, e: bytes, f: null, g: any, h: any, i) -> any at a.py:14:5 `scalars`
        a.special: a.special(a: string, b: int?, c: int, d: int, e: Callable, f: type, g: Type) -> any at a.py:19:5 `special`
        a.strange: a.strange(a: any, b: any, c: any, d: any, e: any, f: Undefined, g: lower, h: list<int>, i: any) -> any at a.py:22:5 `strange`
        a.unions: a.unions(a: int?, b: (int | string)?, c: int?, d: int | string, e: (int | string)?, f: null) -> any at a.py:18:5 `unions`
        builtins.set (outside): opaque
        builtins.tuple (outside): opaque
        builtins.type (outside): opaque
        builtins.str.lower (outside): opaque
        typing.Callable (outside): opaque
        typing.Tuple (outside): opaque
        typing.Type (outside): opaque
        typing.Undefined (outside): opaque
    "#]].assert_eq(&show(&files, refs, &[]));
}

const MODELS: &str = r#"
== models.py
from __future__ import annotations
import dataclasses
from dataclasses import dataclass, field, KW_ONLY, InitVar
from typing import ClassVar, Generic, TypeVar, Optional
import base
T = TypeVar("T")

@dataclass
class Address:
    street: str
    zip: Optional[str] = None

@dataclasses.dataclass(frozen=True, slots=True)
class Customer(base.Entity):
    name: str
    address: Address
    _: KW_ONLY
    tags: list[str] = field(default_factory=list)
    level: int = dataclasses.field(default=1)
    key: str = field(init=False)
    note: str = field(repr=False)
    registry: ClassVar[dict[str, Customer]] = {}
    quoted: "ClassVar[int]" = 1
    parent: Customer | None = None
    id: str = "x"
    helper = 3
    class Inner: ...
    inner: Inner | None = None

@dataclass
class Page(Generic[T]):
    items: list[T]

class Special(Address):
    extra: int = 3

@dataclass
class WithSeed:
    x: int
    seed: InitVar[int]

@dataclass
class WithDefaultSeed:
    x: int
    seed: InitVar[int] = 0

@dataclass(init=False)
class NoInit:
    x: int

@dataclass
class OwnInit:
    x: int
    def __init__(self): ...

@dataclass
class Mixed(base.Thing, base.Foreign):
    x: int

class Plain:
    def __init__(self, x): ...

@dataclass
class OnPlain(Plain):
    x: int

class Session: ...

def f(a: Customer, b: Page[int], c: Special, d: WithSeed, e: WithDefaultSeed, f: NoInit, g: OwnInit, h: Mixed, i: Plain, j: OnPlain, k: Session, l: base.Missing, m: Customer.Inner): ...
== base.py
from dataclasses import dataclass
from sqlalchemy import Foreign
@dataclass
class Entity:
    id: int
    created: float = 0.0
class Thing: ...
"#;

#[test]
fn dataclasses() {
    let files = files(MODELS);
    expect![[r#"
        models.f: models.f(a: Customer, b: Page, c: Special, d: WithSeed, e: WithDefaultSeed, f: NoInit, g: OwnInit, h: Mixed, i: Plain, j: OnPlain, k: Session, l: any, m: Customer.Inner) -> any at models.py:69:5 `f`
        base.Entity (base.py:4:7 `Entity`): class {id: int, created?: float}
        models.Address (models.py:9:7 `Address`): class {street: string, zip?: string?}
        models.Customer (models.py:14:7 `Customer`): class {id?: string, created?: float, name: string, address: Address, tags?: list<string>, level?: int, key: string (computed), note: string, parent?: Customer?, inner?: Customer.Inner?}
        models.Customer.Inner (models.py:27:11 `Inner`): opaque
        models.Mixed (models.py:57:7 `Mixed`): opaque
        models.NoInit (models.py:48:7 `NoInit`): opaque
        models.OnPlain (models.py:64:7 `OnPlain`): opaque
        models.OwnInit (models.py:52:7 `OwnInit`): opaque
        models.Page (models.py:31:7 `Page`): class {items: list<any>}
        models.Plain (models.py:60:7 `Plain`): opaque
        models.Session (models.py:67:7 `Session`): opaque
        models.Special (models.py:34:7 `Special`): class {street: string, zip?: string?}
        models.WithDefaultSeed (models.py:43:7 `WithDefaultSeed`): class {x: int}
        models.WithSeed (models.py:38:7 `WithSeed`): opaque
        `base.Entity` is base.Entity
    "#]].assert_eq(&show(&files, "models.f", &["base.Entity", "Inner", "Customer.Inner"]));
}

const KINDS: &str = r#"
== kinds.py
import enum
from enum import Enum, IntEnum, StrEnum, auto, Flag
from typing import TypedDict, NotRequired, Required, NamedTuple, Annotated, Literal
from collections import namedtuple

class Color(Enum):
    """Doc."""
    RED = "red"
    GREEN = "green"
    CRIMSON = RED
    SCARLET = "red"
    _ignore_ = ["x"]
    def paint(self): ...
class Size(str, Enum):
    S = "s"
    L = "l"
class Level(IntEnum):
    LOW = -1
    MID = auto()
    HIGH = 10
    TOP = auto()
class Mode(StrEnum):
    FAST = auto()
    SLOW_MODE = enum.auto()
class Named(Enum):
    ONE = auto()
    TWO = auto()
class Base(Enum):
    def label(self): ...
class Child(Base):
    A = 1
class MixedValues(Enum):
    A = 1
    B = "b"
class Tuples(Enum):
    A = (1, 2)
class Permission(Flag):
    R = 1
class NotEnum(str):
    A = "a"
class StrAuto(str, Enum):
    A = auto()

class Movie(TypedDict):
    title: str
    year: NotRequired[int]
class Extra(Movie, total=False):
    rating: float
    director: Required["str"]
    tags: Annotated[Required[list[str]], "doc"]
Functional = TypedDict("Functional", {"in": int, "x-y": "str | None"}, total=False)

class Point(NamedTuple):
    x: int
    y: int = 0
Old = namedtuple("Old", "a b")
class Called(NamedTuple("Called", [("x", int)])):
    def area(self): ...
Made = Enum("Made", "A B")

def f(a: Color, b: Size, c: Level, d: Mode, e: Named, f: Child, g: MixedValues, h: Tuples, i: Permission, j: NotEnum, k: StrAuto): ...
def g(a: Movie, b: Extra, c: Functional, d: Point, e: Old, f: Made, h: Literal[Color.RED], i: Called): ...
"#;

#[test]
fn enums_typed_dicts_and_named_tuples() {
    let files = files(KINDS);
    expect![[r#"
        kinds.f: kinds.f(a: Color, b: Size, c: Level, d: Mode, e: Named, f: Child, g: MixedValues, h: Tuples, i: Permission, j: NotEnum, k: StrAuto) -> any at kinds.py:61:5 `f`
        kinds.g: kinds.g(a: Movie, b: Extra, c: Functional, d: Point, e: Old, f: Made, h: Color, i: Called) -> any at kinds.py:62:5 `g`
        kinds.Called (kinds.py:57:7 `Called`): opaque
        kinds.Child (kinds.py:30:7 `Child`): enum Int A=1
        kinds.Color (kinds.py:6:7 `Color`): enum String RED="red" GREEN="green"
        kinds.Extra (kinds.py:47:7 `Extra`): dict {title: string, year?: int, rating?: float, director: string, tags: list<string>}
        kinds.Functional (kinds.py:51:14 `TypedDict`): dict {in?: int, x-y?: string?}
        kinds.Level (kinds.py:17:7 `Level`): enum Int LOW=-1 MID=0 HIGH=10 TOP=11
        kinds.Made (outside): opaque
        kinds.MixedValues (kinds.py:32:7 `MixedValues`): opaque
        kinds.Mode (kinds.py:22:7 `Mode`): enum String FAST="fast" SLOW_MODE="slow_mode"
        kinds.Movie (kinds.py:44:7 `Movie`): dict {title: string, year?: int}
        kinds.Named (kinds.py:25:7 `Named`): enum Int ONE=1 TWO=2
        kinds.NotEnum (kinds.py:39:7 `NotEnum`): opaque
        kinds.Old (outside): opaque
        kinds.Permission (kinds.py:37:7 `Permission`): opaque
        kinds.Point (kinds.py:53:7 `Point`): class {x: int, y?: int}
        kinds.Size (kinds.py:14:7 `Size`): enum String S="s" L="l"
        kinds.StrAuto (kinds.py:41:7 `StrAuto`): opaque
        kinds.Tuples (kinds.py:35:7 `Tuples`): opaque
    "#]].assert_eq(&show(&files, "kinds.f kinds.g", &[]));
}

#[test]
fn names_of_the_manifest() {
    let files = files(
        r#"
== a.py
from models import User, helper
from other import Twice
class Local: ...
def f(user: User): ...
== b.py
from models import Twice
def g(): ...
== models.py
class User: ...
class Unused: ...
class Twice: ...
def helper(): ...
== other.py
class Twice: ...
"#,
    );
    let names = ["User", "a.User", "models.Unused", "Unused", "Local", "Twice", "helper", "x.y.Z", "a..b"];
    expect![[r#"
        a.f: a.f(user: User) -> any at a.py:4:5 `f`
        b.g: b.g() -> any at b.py:2:5 `g`
        a.Local (a.py:3:7 `Local`): opaque
        models.Twice (models.py:3:7 `Twice`): opaque
        models.Unused (models.py:2:7 `Unused`): opaque
        models.User (models.py:1:7 `User`): opaque
        other.Twice (other.py:1:7 `Twice`): opaque
        `Local` is a.Local
        `User` is models.User
        `a.User` is models.User
        `models.Unused` is models.Unused
    "#]]
    .assert_eq(&show(&files, "a.f b.g", &names));
}

#[test]
fn aliases_that_multiply_are_bounded() {
    let mut text = "\n== bomb.py\nfrom typing import Union\nA0 = int\n".to_owned();
    for level in 1..15 {
        let below = format!("A{}", level - 1);
        text.push_str(&format!("A{level} = list[Union[{}]]\n", vec![below; 10].join(", ")));
    }
    text.push_str("def f(a: A14) -> A14: ...\n");
    let shown = show(&files(&text), "bomb.f", &[]);
    assert!(shown.starts_with("bomb.f: bomb.f(a: list<"), "{}", &shown[..200.min(shown.len())]);
}

#[test]
fn a_long_chain_of_classes_is_read_to_its_end() {
    let mut text = "\n== chain.py\nfrom dataclasses import dataclass\n".to_owned();
    for link in 0..3000 {
        text.push_str(&format!("@dataclass\nclass C{link}:\n    next: 'C{}'\n", link + 1));
    }
    text.push_str("class C3000: ...\ndef f(a: C0): ...\n");
    let shown = show(&files(&text), "chain.f", &[]);
    assert!(shown.contains("class {next: C3000}"), "{}", shown.len());
}
