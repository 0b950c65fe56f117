"""Calls that note their keys. Shipping fails while the file `broken` is there, and hangs while `stuck` is."""

import asyncio
from pathlib import Path


def _note(what: str, key: str) -> None:
    with Path("calls.log").open("a") as log:
        log.write(f"{what} {key}\n")


async def charge(amount: int, idempotency_key: str) -> int:
    _note(f"charge {amount}", idempotency_key)
    return amount


async def wrap(amount: int, idempotency_key: str) -> int:
    _note("wrap", idempotency_key)
    return amount


async def label(amount: int, idempotency_key: str) -> int:
    _note("label", idempotency_key)
    return amount


async def ship(amount: int, idempotency_key: str) -> str:
    _note("ship", idempotency_key)
    while Path("stuck").exists():
        await asyncio.sleep(0.005)
    if Path("broken").exists():
        raise RuntimeError("no truck")
    return f"shipped {amount}"


async def book(amount: int, idempotency_key: str) -> int:
    _note("book", idempotency_key)
    return amount


async def unbook(result: int, idempotency_key: str) -> None:
    _note("unbook", idempotency_key)
