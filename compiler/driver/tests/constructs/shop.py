from dataclasses import dataclass
from decimal import Decimal


@dataclass
class User:
    id: str
    email: str | None


@dataclass
class Order:
    id: str
    total: Decimal


@dataclass
class Approval:
    granted: bool
    by: str


class Ledger:
    pass


class CardDeclined(Exception):
    pass


class Unavailable(Exception):
    pass


async def open_ledger() -> Ledger:
    return Ledger()


async def fetch_user(user_id: str) -> User:
    return User(user_id, None)


async def list_orders(user: User) -> list[Order]:
    return []


async def charge(order: Order, idempotency_key: str) -> str:
    return order.id


async def refund(result: str) -> None:
    return None


async def charge_later(order: Order, idempotency_key: str) -> str:
    return order.id


async def pack(order: Order) -> str:
    return order.id


async def ship(order: Order) -> str:
    return order.id


async def poll(order: Order) -> bool:
    return True


async def notify(user: User, text: str) -> None:
    return None


async def book(ledger: Ledger, order: Order) -> int:
    return 1
