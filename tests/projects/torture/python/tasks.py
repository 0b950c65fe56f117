"""Steps that write down when they begin and when they end; some fail at random."""

import asyncio
import json
import os
import random
import time

LEDGER = os.open(os.environ["TORTURE_LEDGER"], os.O_WRONLY | os.O_APPEND)


class Refused(Exception):
    """The other side said no; it may say yes the next time."""


def note(**fields: object) -> None:
    """One line, which outlives this process when this returns: the ledger's disk loses no power.

    The leading line break parts it from a line that a kill has torn.
    """
    line = json.dumps({"pid": os.getpid(), **fields})
    os.write(LEDGER, f"\n{line}\n".encode())


async def effect(key: str, n: int, value: int, refusals: float = 0) -> int:
    note(key=key, event="begin", n=n)
    await asyncio.sleep(random.uniform(0, 0.008))
    if random.random() < refusals:
        raise Refused("not now")
    note(key=key, event="end", n=n, value=value)
    return value


async def look(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n * 3 + 1)


def put(n: int, idempotency_key: str) -> int:
    note(key=idempotency_key, event="begin", n=n)
    time.sleep(random.uniform(0, 0.008))
    note(key=idempotency_key, event="end", n=n, value=n + 7)
    return n + 7


async def flaky(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n * 2, 0.2)


async def grumble(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n, 0.5)


async def once(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n)


async def ask(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n + 1)


async def book(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n)


async def unbook(n: int, idempotency_key: str) -> int:
    return await effect(idempotency_key, n, n, 0.2)


async def hold(n: int, idempotency_key: str) -> int:
    """Waits for a file beside the ledger."""
    note(key=idempotency_key, event="begin", n=n)
    while not os.path.exists(os.environ["TORTURE_LEDGER"] + ".gate"):
        await asyncio.sleep(0.01)
    note(key=idempotency_key, event="end", n=n, value=n)
    return n
