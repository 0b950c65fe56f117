"""Steps that write down, durably, when they begin and when they end; some fail at random."""

import asyncio
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOG = os.open(
    os.environ.get("STORM_LOG", "storm.log"),
    os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    0o600,
)


@dataclass
class Customer:
    id: str
    rank: int


@dataclass
class Receipt:
    customer: str
    total: int


class Refused(Exception):
    """The other side said no; it may say yes the next time."""


def note(**fields: object) -> None:
    """One line, on disk when this returns. The leading line break parts it from a line that a kill has torn."""
    os.write(
        LOG,
        b"\n"
        + json.dumps(
            {"pid": os.getpid(), "at": round(time.time() * 1000), **fields}
        ).encode()
        + b"\n",
    )
    os.fsync(LOG)


@contextmanager
def noted(key: str) -> Iterator[None]:
    note(key=key, event="begin")
    yield
    note(key=key, event="end")


def some_time() -> float:
    return random.uniform(0.001, 0.012)


async def lookup(n: int, idempotency_key: str) -> Customer:
    with noted(idempotency_key):
        await asyncio.sleep(some_time())
        return Customer(id=f"c{n}", rank=n % 7)


def quote(n: int, customer: Customer, idempotency_key: str) -> int:
    with noted(idempotency_key):
        return n * 3 + customer.rank


async def charge(quote: int, idempotency_key: str) -> int:
    with noted(idempotency_key):
        await asyncio.sleep(some_time())
        if random.random() < 0.2:
            raise Refused("not now")
        return quote * 2


def pack(n: int, idempotency_key: str) -> str:
    with noted(idempotency_key):
        return f"box {n}"


def ship(pack: str, idempotency_key: str) -> int:
    with noted(idempotency_key):
        time.sleep(some_time())
        return len(pack)


async def mail(customer: Customer, idempotency_key: str) -> None:
    with noted(idempotency_key):
        await asyncio.sleep(some_time())
        if random.random() < 0.3:
            raise Refused("mailbox full")


async def book(n: int, idempotency_key: str) -> int:
    with noted(idempotency_key):
        await asyncio.sleep(some_time())
        return n + 1


def audit(book: int, idempotency_key: str) -> int:
    with noted(idempotency_key):
        time.sleep(some_time())
        return book * 5


async def close(
    customer: Customer, charge: int, settle: int, idempotency_key: str
) -> Receipt:
    with noted(idempotency_key):
        await asyncio.sleep(some_time())
        return Receipt(customer=customer.id, total=charge + settle)
