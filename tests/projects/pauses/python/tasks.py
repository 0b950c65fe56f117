"""A payment that hangs while the file `stuck` is there, and a booking that is not undone while `broken` is."""

import asyncio
from pathlib import Path


def _note(what: str) -> None:
    with Path("calls.log").open("a") as log:
        log.write(f"{what}\n")


async def pay(amount: int) -> str:
    _note(f"pay {amount}")
    while Path("stuck").exists():
        await asyncio.sleep(0.005)
    return f"paid {amount}"


async def book(amount: int) -> int:
    return amount


async def unbook(result: int) -> None:
    _note(f"unbook {result}")
    if Path("broken").exists():
        raise RuntimeError("nobody answers")
