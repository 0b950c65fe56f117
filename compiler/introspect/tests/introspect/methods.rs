//! Methods: how their objects are made, what they inherit, and what is no method.

use crate::support::{files, show};
use expect_test::expect;

const SERVICE: &str = r#"
== base.py
import abc
from typing import Generic, TypeVar
T = TypeVar("T")
class Root(abc.ABC, Generic[T]):
    def __init__(self, url: str, *, pool: int = 4): ...
    def inherited(self, key: str) -> T: ...
    def overridden(self): ...
class Left(Root[int]):
    def overridden(self, left: int) -> int: ...
class Right(Root[str]):
    def overridden(self, right: int): ...
    def right_only(self): ...
def loose(self, a, b=1): ...
== shop/__init__.py
from .service import Users as Customers, client
from . import service
== shop/service.py
from __future__ import annotations
from base import Left, Right, loose
import base, threading
from dataclasses import dataclass, field, InitVar
class User: ...
class Users(Left, Right):
    """Keeps users."""
    class Query:
        def __new__(cls, limit: int): ...
        def run(self) -> Row: ...
    class Row: ...
    def get(self, user_id: str, /, *rest, fresh: bool = False) -> User:
        """Finds one."""
    async def load(self: Users) -> Row: ...
    @staticmethod
    def hashed(text: str) -> str: ...
    @classmethod
    def default(cls, url: str = "x") -> Users: ...
    def old(cls, a): ...
    old = classmethod(old)
    def older(a): ...
    older = staticmethod(older)
    alias = get
    borrowed = loose
    theirs = base.Right.overridden
    lambda_ = lambda self, x, y=2: x
    timeout = 3
    made = threading.local()
    @property
    def name(self) -> str: ...
    @name.setter
    def name(self, value: str): ...
    def variadic(*args, **kwargs): ...
    def without(): ...
    def stream(self):
        yield 1
    def __secret(self, __key): ...
@dataclass
class Report:
    title: str
    lines: list[str] = field(default_factory=list)
    seed: InitVar[int] = 3
    total: int = field(init=False)
    def render(self): ...
class Long(Report):
    def longer(self): ...
class Worker(threading.Thread):
    def work(self): ...
class Broken(Undefined):
    def work(self): ...
class Loop(Loop):
    def work(self): ...
client = Users("x")
other = make()
"#;

#[test]
fn methods_and_their_objects() {
    let files = files(SERVICE);
    let refs = "shop.service.Users.get shop.service.Users.load shop.service.Users.hashed \
        shop.service.Users.default shop.service.Users.old shop.service.Users.older shop.service.Users.alias \
        shop.service.Users.borrowed shop.service.Users.theirs shop.service.Users.variadic \
        shop.service.Users.inherited shop.service.Users.overridden shop.service.Users.right_only \
        shop.service.Users.Query.run shop.Customers.get shop.client.get shop.service.client.hashed \
        shop.service.Report.render shop.service.Long.longer shop.service.Worker.work shop.service.Broken.work \
        shop.service.Loop.work shop.service.Users.__secret base.Root.inherited";
    expect![[r#"
        base.Root.inherited: base.Root.inherited(key: string) -> any on Root(url: string, kw pool: int = 4) at base.py:6:9 `inherited`
        shop.Customers.get: shop.Customers.get(pos user_id: string, *rest, kw fresh: bool = False) -> User on Customers(url: string, kw pool: int = 4) at shop/service.py:12:9 `get` "Finds one."
        shop.client.get: shop.client.get(pos user_id: string, *rest, kw fresh: bool = False) -> User at shop/service.py:12:9 `get` "Finds one."
        shop.service.Broken.work: shop.service.Broken.work() -> any on Broken() at shop/service.py:50:9 `work`
        shop.service.Long.longer: shop.service.Long.longer() -> any on Long(kw title: string, kw lines: list<string> = field(default_factory=list), kw seed: int = 3) at shop/service.py:46:9 `longer`
        shop.service.Loop.work: shop.service.Loop.work() -> any on Loop() at shop/service.py:52:9 `work`
        shop.service.Report.render: shop.service.Report.render() -> any on Report(kw title: string, kw lines: list<string> = field(default_factory=list), kw seed: int = 3) at shop/service.py:44:9 `render`
        shop.service.Users.Query.run: shop.service.Users.Query.run() -> any on Users.Query(limit: int) at shop/service.py:10:13 `run`
        shop.service.Users.__secret: shop.service.Users.__secret(_Users__key) -> any on Users(url: string, kw pool: int = 4) at shop/service.py:37:9 `__secret`
        shop.service.Users.alias: shop.service.Users.alias(pos user_id: string, *rest, kw fresh: bool = False) -> User on Users(url: string, kw pool: int = 4) at shop/service.py:12:9 `get` "Finds one."
        shop.service.Users.borrowed: shop.service.Users.borrowed(a, b = 1) -> any on Users(url: string, kw pool: int = 4) at base.py:13:5 `loose`
        shop.service.Users.default: shop.service.Users.default(url: string = "x") -> Users at shop/service.py:18:9 `default`
        shop.service.Users.get: shop.service.Users.get(pos user_id: string, *rest, kw fresh: bool = False) -> User on Users(url: string, kw pool: int = 4) at shop/service.py:12:9 `get` "Finds one."
        shop.service.Users.hashed: shop.service.Users.hashed(text: string) -> string at shop/service.py:16:9 `hashed`
        shop.service.Users.inherited: shop.service.Users.inherited(key: string) -> any on Users(url: string, kw pool: int = 4) at base.py:6:9 `inherited`
        shop.service.Users.load: async shop.service.Users.load() -> Users.Row on Users(url: string, kw pool: int = 4) at shop/service.py:14:15 `load`
        shop.service.Users.old: shop.service.Users.old(a) -> any at shop/service.py:19:9 `old`
        shop.service.Users.older: shop.service.Users.older(a) -> any at shop/service.py:21:9 `older`
        shop.service.Users.overridden: shop.service.Users.overridden(left: int) -> int on Users(url: string, kw pool: int = 4) at base.py:9:9 `overridden`
        shop.service.Users.right_only: shop.service.Users.right_only() -> any on Users(url: string, kw pool: int = 4) at base.py:12:9 `right_only`
        shop.service.Users.theirs: shop.service.Users.theirs(right: int) -> any on Users(url: string, kw pool: int = 4) at base.py:11:9 `overridden`
        shop.service.Users.variadic: shop.service.Users.variadic(*args, **kwargs) -> any on Users(url: string, kw pool: int = 4) at shop/service.py:33:9 `variadic`
        shop.service.Worker.work: shop.service.Worker.work() -> any on Worker() at shop/service.py:48:9 `work`
        shop.service.client.hashed: shop.service.client.hashed(text: string) -> string at shop/service.py:16:9 `hashed`
        shop.service.User (shop/service.py:5:7 `User`): opaque
        shop.service.Users (shop/service.py:6:7 `Users`): opaque
        shop.service.Users.Row (shop/service.py:11:11 `Row`): opaque
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn what_is_no_method() {
    let files = files(SERVICE);
    let refs = "shop.service.Users.lambda_ shop.service.Users.timeout shop.service.Users.made \
        shop.service.Users.name shop.service.Users.without shop.service.Users.stream shop.service.Users.gett \
        shop.service.Users.Row shop.service.Users.Query shop.service.Users.get.x shop.service.Worker.start \
        shop.service.Broken.start shop.service.other.work shop.service.Report.title shop.Usrs.get \
        shop.servce.get_it.now";
    expect![[r#"
        shop.Usrs.get: not found in ["shop/Usrs.py", "shop/Usrs/__init__.py"], similar []
        shop.servce.get_it.now: not found in ["shop/servce"], similar []
        shop.service.Broken.start: unreadable, the class `Broken` has no `start` of its own, and inherits from outside the project: a class that is not known at shop/service.py:49:7 `Broken`
        shop.service.Report.title: not found in ["the class `Report`"], similar []
        shop.service.Users.Query: a class at shop/service.py:8:11 `Query`
        shop.service.Users.Row: a class at shop/service.py:11:11 `Row`
        shop.service.Users.get.x: inside the method `get` at shop/service.py:12:9 `get`
        shop.service.Users.gett: not found in ["the class `Users`"], similar ["shop.service.Users.get"]
        shop.service.Users.lambda_: a constant in the class `Users` at shop/service.py:26:5 `lambda_`
        shop.service.Users.made: the result of a call in the class `Users` at shop/service.py:28:5 `made`
        shop.service.Users.name: a property at shop/service.py:32:9 `name`
        shop.service.Users.stream: a generator function at shop/service.py:35:9 `stream`
        shop.service.Users.timeout: a constant in the class `Users` at shop/service.py:27:5 `timeout`
        shop.service.Users.without: a method without `self` at shop/service.py:34:9 `without`
        shop.service.Worker.start: unreadable, the class `Worker` has no `start` of its own, and inherits from outside the project: threading.Thread at shop/service.py:47:7 `Worker`
        shop.service.other.work: an attribute of `other`, whose class is not known at shop/service.py:54:1 `other`
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn overloads() {
    let files = files(
        r#"
== a.py
from typing import overload
import typing as t
@overload
def f(a: int) -> int: ...
@t.overload
def f(a: str) -> str: ...
def f(a): ...
@overload
def only(a: int) -> int: ...
@overload
def only(a: str) -> str: ...
class C:
    @overload
    def m(self, a: int) -> int: ...
    @overload
    def m(self, a: str) -> str: ...
    def m(self, a, b=1): ...
    @overload
    def only(self, a: int) -> int: ...
    @overload
    def only(self, a: str) -> str: ...
"#,
    );
    expect![[r#"
        a.C.m: a.C.m(a, b = 1) -> any on C() at a.py:17:9 `m`
        a.C.only: ambiguous ["a.py:19, an `@overload` without the function itself", "a.py:21, an `@overload` without the function itself"]
        a.f: a.f(a) -> any at a.py:7:5 `f`
        a.only: ambiguous ["a.py:9, an `@overload` without the function itself", "a.py:11, an `@overload` without the function itself"]
    "#]].assert_eq(&show(&files, "a.f a.only a.C.m a.C.only", &[]));
}
