//! What a `ref` leads to: modules, imports, definitions, and everything that is not a function.

mod support;

use expect_test::expect;
use support::{files, show};

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
    let refs = [
        "user_service.get_user_by_id",
        "auth_service.check_permissions",
        "py:payment_provider.charge",
        "notification_service.send_email",
    ];
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
    "#]].assert_eq(&show(&files, &refs, &["User", "payment_provider.State", "Nothing"]));
}
