//! Classes of attrs and pydantic: their fields, aliases and constructors.

use crate::support::{files, show};
use expect_test::expect;

#[test]
fn attrs_classes() {
    let files = files(
        r#"
== a.py
import attr, attrs
from attrs import define, field, frozen, Factory
from typing import ClassVar

@define
class Address:
    street: str
    _zip: str | None = None
    lines: list[str] = field(factory=list)
    code: int = field(default=attr.NOTHING)
    key: str = field(init=False)
    other: int = field(alias="else_", kw_only=True)
    kinds: ClassVar[int] = 3
    late: int = field()
    @late.default
    def _late(self): ...

@frozen
class Home(Address):
    floor: int = 0

@attr.s
class Old:
    x: int = attr.ib()
    y = attr.ib(type=str, default="y")
    not_a_field: int = 3

@attr.s(auto_attribs=True)
class Auto:
    x: int
    y: int = attr.ib(default=attr.Factory(int))

@attrs.define
class Mixed:
    x = field(type=int)
    passed_over: int = 3

@define
class OwnInit:
    x: int
    def __init__(self): ...

@define
class Service:
    _url: str
    def get(self, user_id: str) -> Address: ...

def f(a: Address, b: Home, c: Old, d: Auto, e: Mixed, g: OwnInit): ...
"#,
    );
    expect![[r#"
        a.Service.get: a.Service.get(user_id: string) -> Address on Service(kw url: string) at a.py:46:9 `get`
        a.f: a.f(a: Address, b: Home, c: Old, d: Auto, e: Mixed, g: OwnInit) -> any at a.py:48:5 `f`
        a.Address (a.py:6:7 `Address`): class {street: string, _zip [zip=]?: string?, lines?: list<string>, code: int, key: string (computed), other [else_=]: int, late?: int}
        a.Auto (a.py:29:7 `Auto`): class {x: int, y?: int}
        a.Home (a.py:19:7 `Home`): class {street: string, _zip [zip=]?: string?, lines?: list<string>, code: int, key: string (computed), other [else_=]: int, late?: int, floor?: int}
        a.Mixed (a.py:34:7 `Mixed`): class {x: int}
        a.Old (a.py:23:7 `Old`): class {x: int, y?: string}
        a.OwnInit (a.py:39:7 `OwnInit`): opaque
    "#]].assert_eq(&show(&files, "a.f a.Service.get", &[]));
}

#[test]
fn pydantic_models() {
    let files = files(
        r#"
== base.py
from pydantic import BaseModel, ConfigDict
class Base(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)
    id: str
== m.py
from __future__ import annotations
import pydantic
from pydantic import BaseModel, Field, AliasPath, PrivateAttr, RootModel
from pydantic.alias_generators import to_camel
from typing import Annotated, ClassVar, Generic, Optional, TypeVar
from base import Base
T = TypeVar("T")

class User(Base):
    name: str = Field(alias="fullName", min_length=1)
    age: int = Field(default=3, ge=0)
    tags: list[str] = Field(default_factory=list)
    email: Optional[str] = None
    required: Optional[str]
    dots: int = Field(...)
    first: int = Field(1)
    read: str = Field(validation_alias="readAs")
    written: str = Field(serialization_alias="written-as")
    both: Annotated[str, Field(alias="bothAs")] = "x"
    kinds: ClassVar[int] = 3
    _private: int = PrivateAttr(3)
    parent: User | None = None
    def greet(self, greeting: str = "hi") -> str: ...

class Page(BaseModel, Generic[T]):
    items: list[T]

class Path(BaseModel):
    x: int = Field(validation_alias=AliasPath("a", 0))
class Extra(BaseModel, extra="allow"):
    x: int
class Camel(BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=to_camel)
    some_name: int
class Closed(BaseModel):
    model_config = {"extra": "forbid"}
    x: int
class OldConfig(BaseModel):
    x: int
    class Config:
        extra = "allow"
class OwnInit(BaseModel):
    x: int
    def __init__(self, **data): ...
class Root(RootModel[list[int]]): ...

def f(a: User, b: Page, c: Path, d: Extra, e: Camel, g: Closed, h: OldConfig, i: OwnInit, j: Root): ...
"#,
    );
    expect![[r#"
        m.User.greet: m.User.greet(greeting: string = "hi") -> string on User(kw id: string, kw fullName: string, kw age: int = Field(default=3, ge=0), kw tags: list<string> = Field(default_factory=list), kw email: string? = None, kw required: string?, kw dots: int, kw first: int = Field(1), kw readAs: string, kw written: string, kw bothAs: string = "x", kw parent: User? = None) at m.py:23:9 `greet`
        m.f: m.f(a: User, b: Page, c: Path, d: Extra, e: Camel, g: Closed, h: OldConfig, i: OwnInit, j: Root) -> any at m.py:47:5 `f`
        m.Camel (m.py:32:7 `Camel`): opaque
        m.Closed (m.py:35:7 `Closed`): class {x: int}
        m.Extra (m.py:30:7 `Extra`): opaque
        m.OldConfig (m.py:38:7 `OldConfig`): opaque
        m.OwnInit (m.py:42:7 `OwnInit`): opaque
        m.Page (m.py:25:7 `Page`): class {items: list<any>}
        m.Path (m.py:28:7 `Path`): opaque
        m.Root (m.py:45:7 `Root`): opaque
        m.User (m.py:9:7 `User`): class {id: string, fullName (name) [fullName=]: string, age?: int, tags?: list<string>, email?: string?, required: string?, dots: int, first?: int, read [readAs=]: string, written-as (written): string, bothAs (both) [bothAs=]?: string, parent?: User?}
    "#]].assert_eq(&show(&files, "m.f m.User.greet", &[]));
}

#[test]
fn type_variables_and_parameters() {
    let files = files(
        r#"
== t.py
from typing import TypeVar
class User: ...
B = TypeVar("B", bound=User)
C = TypeVar("C", int, str)
F = TypeVar("F")
def f(a: B, b: C, c: list[F]) -> B: ...
def g[X: User, Y: (int, bytes), *Z, **P](a: X, b: list[Y], c: X | None) -> Y: ...
class Box[T: User]:
    def __init__(self, inner: T): ...
    def get[S](self, key: S) -> T: ...
"#,
    );
    expect![[r#"
        t.Box.get: t.Box.get(key: any) -> User on Box(inner: User) at t.py:10:9 `get`
        t.f: t.f(a: User, b: int | string, c: list<any>) -> User at t.py:6:5 `f`
        t.g: t.g(a: User, b: list<int | bytes>, c: User?) -> int | bytes at t.py:7:5 `g`
        t.User (t.py:2:7 `User`): opaque
    "#]]
    .assert_eq(&show(&files, "t.f t.g t.Box.get", &[]));
}
