//! What a `ref` leads to: modules, imports, definitions, and everything that is not a function.

use crate::support::{files, print, run, show};
use conductor_introspect::Introspector;
use conductor_protocol::plan::Language;
use expect_test::expect;

#[test]
fn the_shop() {
    let files = files(
        r#"
== user_service.py
from dataclasses import dataclass

@dataclass
class User:
    id: str
    email: str
    name: str = ""

def get_user_by_id(user_id: str) -> User:
    """Finds a user."""
    return db.query(user_id)
== auth_service.py
from user_service import User

def check_permissions(user: User) -> bool:
    return True
== payment_provider.py
from __future__ import annotations
from dataclasses import dataclass
from decimal import Decimal
import enum
import user_service as users

class State(enum.Enum):
    PAID = "paid"
    REFUSED = "refused"

@dataclass(frozen=True)
class Payment:
    id: str
    state: State
    amount: Decimal

async def charge(user: users.User, amount: Decimal, *, idempotency_key: str | None = None) -> Payment: ...
== notification_service/__init__.py
from .mail import send_email
== notification_service/mail.py
from typing import Optional, TYPE_CHECKING
if TYPE_CHECKING:
    from user_service import User

def send_email(user: "User", payment_id: Optional[str] = None) -> None:
    pass
"#,
    );
    let refs = "user_service.get_user_by_id auth_service.check_permissions py:payment_provider.charge \
        notification_service.send_email";
    expect![[r#"
        auth_service.check_permissions: auth_service.check_permissions(user: User) -> bool at auth_service.py:3:5 `check_permissions`
        notification_service.send_email: notification_service.send_email(user: User, payment_id: string? = None) -> null at notification_service/mail.py:5:5 `send_email`
        py:payment_provider.charge: async payment_provider.charge(user: User, amount: decimal, kw idempotency_key: string? = None) -> Payment at payment_provider.py:17:11 `charge`
        user_service.get_user_by_id: user_service.get_user_by_id(user_id: string) -> User at user_service.py:9:5 `get_user_by_id` "Finds a user."
        payment_provider.Payment (payment_provider.py:12:7 `Payment`): class {id: string, state: State, amount: decimal}
        payment_provider.State (payment_provider.py:7:7 `State`): enum String PAID="paid" REFUSED="refused"
        user_service.User (user_service.py:4:7 `User`): class {id: string, email: string, name?: string}
        `User` is user_service.User
        `payment_provider.State` is payment_provider.State
    "#]].assert_eq(&show(&files, refs, &["User", "payment_provider.State", "Nothing"]));
}

#[test]
fn modules_packages_and_reexports() {
    let files = files(
        r#"
== api.py
import shop.users as u
import shop.orders
from shop import find as locate, payments
from shop.orders import *
from shop.orders import _hidden

fetch = u.find
also = shop.orders.place
== shop/__init__.py
from .users import find
__all__ = []
== shop/users.py
def find(id: int): ...
== shop/orders.py
from . import users
from .deep.inner import dig
def place(order: str) -> None: ...
def _hidden(): ...
== shop/payments/__init__.py
from ..users import find as find_user
def charge(): ...
== shop/deep/inner.py
from ...outside import nothing
def dig(): ...
== space/one/two.py
def f(): ...
"#,
    );
    let refs = "api.fetch api.also api.locate api.place api._hidden api.dig api.users api.payments shop.find \
        shop.payments.charge shop.payments.find_user shop.deep.inner.dig shop.deep.inner.nothing \
        space.one.two.f space.one.f";
    expect![[r#"
        api._hidden: api._hidden() -> any at shop/orders.py:4:5 `_hidden`
        api.also: api.also(order: string) -> null at shop/orders.py:3:5 `place`
        api.dig: api.dig() -> any at shop/deep/inner.py:2:5 `dig`
        api.fetch: api.fetch(id: int) -> any at shop/users.py:1:5 `find`
        api.locate: api.locate(id: int) -> any at shop/users.py:1:5 `find`
        api.payments: a module at api.py:3:34 `payments`
        api.place: api.place(order: string) -> null at shop/orders.py:3:5 `place`
        api.users: not found in ["api.py", "api/__init__.py"], similar []
        shop.deep.inner.dig: shop.deep.inner.dig() -> any at shop/deep/inner.py:2:5 `dig`
        shop.deep.inner.nothing: unreadable, `shop/deep/inner.py` imports it from outside the project, as `outside.nothing` at shop/deep/inner.py:1:24 `nothing`
        shop.find: shop.find(id: int) -> any at shop/users.py:1:5 `find`
        shop.payments.charge: shop.payments.charge() -> any at shop/payments/__init__.py:2:5 `charge`
        shop.payments.find_user: shop.payments.find_user(id: int) -> any at shop/users.py:1:5 `find`
        space.one.f: not found in ["space/one.py", "space/one/__init__.py"], similar []
        space.one.two.f: space.one.two.f() -> any at space/one/two.py:1:5 `f`
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn what_runs_wins() {
    let files = files(
        r#"
== jobs.py
import sys
from typing import TYPE_CHECKING, overload
import typing as t

if TYPE_CHECKING:
    from elsewhere import ghost
    def only_types(): ...
else:
    def ghost(a): ...

if not t.TYPE_CHECKING:
    def here(a): ...

try:
    from fast import compute
except ImportError:
    def compute(slow): ...

try:
    from local import compute2
except ImportError:
    def compute2(slow): ...

if sys.platform == "win32":
    def stat(windows): ...
elif sys.platform == "darwin":
    def stat(mac): ...
else:
    def stat(linux): ...
    def only_else(): ...

def twice(first): ...
def twice(second): ...

@overload
def parse(x: int) -> int: ...
@t.overload
def parse(x: str) -> str: ...
def parse(x): return x

def gone(): ...
del gone

def wrapped(x: int): ...
wrapped = timed(wrapped)

if __name__ == "__main__":
    def main(): ...

with suppress(Exception):
    def inside(): ...
== local.py
def compute2(fast): ...
"#,
    );
    let refs = "jobs.ghost jobs.only_types jobs.here jobs.compute jobs.compute2 jobs.stat jobs.only_else \
        jobs.twice jobs.parse jobs.gone jobs.wrapped jobs.main jobs.inside";
    expect![[r#"
        jobs.compute: jobs.compute(slow) -> any at jobs.py:17:9 `compute`
        jobs.compute2: jobs.compute2(fast) -> any at local.py:1:5 `compute2`
        jobs.ghost: jobs.ghost(a) -> any at jobs.py:9:9 `ghost`
        jobs.gone: not found in ["jobs.py", "jobs/__init__.py"], similar []
        jobs.here: jobs.here(a) -> any at jobs.py:12:9 `here`
        jobs.inside: jobs.inside() -> any at jobs.py:51:9 `inside`
        jobs.main: not found in ["jobs.py", "jobs/__init__.py"], similar []
        jobs.only_else: jobs.only_else() -> any at jobs.py:30:9 `only_else`
        jobs.only_types: a name for type checkers only, bound below `if TYPE_CHECKING:` at jobs.py:7:9 `only_types`
        jobs.parse: jobs.parse(x) -> any at jobs.py:39:5 `parse`
        jobs.stat: jobs.stat(mac) -> any at jobs.py:27:9 `stat`
        jobs.twice: jobs.twice(second) -> any at jobs.py:33:5 `twice`
        jobs.wrapped: jobs.wrapped(x: int) -> any at jobs.py:44:5 `wrapped`
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn what_is_not_a_function() {
    let files = files(
        r#"
== things.py
from contextlib import contextmanager, asynccontextmanager
import json
from json import dumps
from typing import Awaitable, Coroutine, Any
import asyncio

class Service:
    class Inner: ...
    def method(self): ...
    @property
    def size(self): ...
LIMIT = 5
NAME: str = "x"
a, b = 1, 2
add = lambda x, y=1, *rest: x + y
made = make()
def numbers():
    yield 1
async def stream():
    async for x in y:
        yield x
def inner_yield():
    def g():
        yield 1
    return lambda: (yield)
def delegating():
    z = yield from numbers()
@contextmanager
def session():
    yield 1
@asynccontextmanager
async def asession():
    yield 1
def later(x: int) -> Awaitable[int]: ...
def coro() -> "Coroutine[Any, Any, str]": ...
def future() -> asyncio.Future[bytes]: ...
async def awaitable() -> Awaitable[int]: ...
"#,
    );
    let refs = "things.Service things.Service.method things.Service.Inner things.Service.nothing things.LIMIT \
        things.NAME things.a things.add things.made things.numbers things.stream things.inner_yield \
        things.delegating things.session things.asession things.later things.coro things.future \
        things.awaitable things.json things.dumps";
    expect![[r#"
        things.LIMIT: a constant at things.py:12:1 `LIMIT`
        things.NAME: a constant at things.py:13:1 `NAME`
        things.Service: a class at things.py:7:7 `Service`
        things.Service.Inner: a class at things.py:8:11 `Inner`
        things.Service.method: things.Service.method() -> any on Service() at things.py:9:9 `method`
        things.Service.nothing: not found in ["the class `Service`"], similar []
        things.a: a constant at things.py:14:1 `a`
        things.add: things.add(x, y = 1, *rest) -> any at things.py:15:1 `add`
        things.asession: an async context manager at things.py:32:11 `asession`
        things.awaitable: async things.awaitable() -> Awaitable at things.py:37:11 `awaitable`
        things.coro: async things.coro() -> string at things.py:35:5 `coro`
        things.delegating: a generator function at things.py:26:5 `delegating`
        things.dumps: unreadable, `things.py` imports it from outside the project, as `json.dumps` at things.py:3:18 `dumps`
        things.future: async things.future() -> bytes at things.py:36:5 `future`
        things.inner_yield: things.inner_yield() -> any at things.py:22:5 `inner_yield`
        things.json: unreadable, `things.py` imports it from outside the project, as `json` at things.py:2:8 `json`
        things.later: async things.later(x: int) -> int at things.py:34:5 `later`
        things.made: the result of a call at things.py:16:1 `made`
        things.numbers: a generator function at things.py:17:5 `numbers`
        things.session: a context manager at things.py:29:5 `session`
        things.stream: an async generator function at things.py:19:11 `stream`
        typing.Awaitable (outside): opaque
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn a_function_in_a_folder_is_suggested() {
    let files = files(
        r#"
== src/user_service.py
def get_user(): ...
== conductor_gen/user_service.py
def get_user(): ...
== lib/deep/user_service.py
def get_user(): ...
"#,
    );
    expect![[r#"
        user_service.get_user: not found in ["user_service.py", "user_service/__init__.py"], similar ["src.user_service.get_user"]
    "#]].assert_eq(&show(&files, "user_service.get_user", &[]));
}

#[test]
fn what_is_not_there() {
    let files = files(
        r#"
== user_service.py
def get_user_by_id(user_id): ...
def get_user_by_name(name): ...
def other(): ...
== billing.py
def charge(): ...
== shop/orders.py
def place(): ...
== shop/payments.py
def pay(): ...
"#,
    );
    let refs = "user_service.get_user_by_ids user_servce.get_user_by_id shop.order.place shop.orders.plaice \
        payments.charge charge a..b ../etc.passwd go:x.y billing nowhere.nothing user_service.zzz";
    expect![[r#"
        ../etc.passwd: not found in [], similar []
        a..b: not found in [], similar []
        billing: not found in [], similar []
        charge: not found in [], similar ["billing.charge"]
        go:x.y: not found in [], similar []
        nowhere.nothing: not found in ["nowhere.py", "nowhere/__init__.py"], similar []
        payments.charge: not found in ["payments.py", "payments/__init__.py"], similar ["billing.charge"]
        shop.order.place: not found in ["shop/order.py", "shop/order/__init__.py"], similar ["shop.orders.place"]
        shop.orders.plaice: not found in ["shop/orders.py", "shop/orders/__init__.py"], similar ["shop.orders.place"]
        user_servce.get_user_by_id: not found in ["user_servce.py", "user_servce/__init__.py"], similar ["user_service.get_user_by_id", "user_service.get_user_by_name"]
        user_service.get_user_by_ids: not found in ["user_service.py", "user_service/__init__.py"], similar ["user_service.get_user_by_id", "user_service.get_user_by_name"]
        user_service.zzz: not found in ["user_service.py", "user_service/__init__.py"], similar []
    "#]].assert_eq(&show(&files, refs, &[]));
}

#[test]
fn two_answers_are_ambiguous() {
    let text = r#"
== shop.py

def pay(): ...
== shop/__init__.py
from .inner import pay
== shop/inner.py
def pay(): ...
== src/only.py
def f(): ...
== lib/only.py


def f(): ...
== lib/more.py
def g(): ...
"#;
    expect![[r#"
        shop.nothing: ambiguous ["shop/__init__.py:1", "shop.py:1"]
        shop.pay: ambiguous ["shop/inner.py:1", "shop.py:2"]
    "#]]
    .assert_eq(&show(&files(text), "shop.pay shop.nothing", &[]));
    let refs = "only.f more.g";
    let introspector = Introspector::new(Language::Python, "./src/", refs.split(' '), []).with_root("lib");
    let (findings, sources, _) = run(introspector, &files(text));
    expect![[r#"
        more.g: more.g() -> any at lib/more.py:1:5 `g`
        only.f: ambiguous ["src/only.py:1", "lib/only.py:3"]
    "#]]
    .assert_eq(&print(&findings, &sources));
}

#[test]
fn cycles_end() {
    let files = files(
        r#"
== a.py
from b import f, g, x
from b import *
from a import me
me = me
loop = loop2
loop2 = loop
class A(B): ...
class B(A): ...
T = list["U"]
U = dict[str, "T"]
def use(a: A, t: T, m: Missing) -> "A": ...
== b.py
from a import f
from a import *
from c import *
def g(): ...
== c.py
from b import *
from a import *
def h(): ...
"#,
    );
    let refs = "a.f a.g a.h a.me a.loop a.use a.nope";
    expect![[r#"
        a.f: not found in ["a.py", "a/__init__.py"], similar ["b.g", "c.h"]
        a.g: a.g() -> any at b.py:4:5 `g`
        a.h: a.h() -> any at c.py:3:5 `h`
        a.loop: a constant at a.py:6:1 `loop2`
        a.me: a constant at a.py:4:1 `me`
        a.nope: not found in ["a.py", "a/__init__.py"], similar []
        a.use: a.use(a: A, t: list<map<string, any>>, m: any) -> A at a.py:11:5 `use`
        a.A (a.py:7:7 `A`): opaque
    "#]]
    .assert_eq(&show(&files, refs, &[]));
}

#[test]
fn many_star_imports_are_searched() {
    let mut text = String::new();
    for module in 0..130 {
        text.push_str(&format!("\n== pack/m{module}.py\ndef f{module}(): ...\n"));
    }
    let stars: String = (0..130).map(|module| format!("from .m{module} import *\n")).collect();
    text.push_str(&format!("\n== pack/__init__.py\n{stars}"));
    assert!(show(&files(&text), "pack.f0", &[]).starts_with("pack.f0: pack.f0() -> any"));
}

#[test]
fn only_what_refs_reach_is_read() {
    let files = files(
        r#"
== a.py
import b
from c import User
from d import helper
def f(user: User): ...
def g(x: b.X): ...
== b.py
class X: ...
== c.py
class User: ...
== d.py
def helper(): ...
"#,
    );
    let (_, _, asked) = run(Introspector::new(Language::Python, ".", ["a.f"], []), &files);
    let read: Vec<String> = asked.iter().map(|need| format!("{need:?}")).collect();
    expect![[r#"Directory(".") File("a.py") File("c.py")"#]].assert_eq(&read.join(" "));
}
