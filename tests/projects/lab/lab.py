"""Steps that write down what happens to them, and that a test holds and lets go with files."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent


def note(key: str, event: str) -> None:
    """One line in lab.log, written in one piece."""
    log = os.open(HERE / "lab.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(log, json.dumps({"key": key, "event": event, "pid": os.getpid()}).encode() + b"\n")
    finally:
        os.close(log)


def begun(key: str) -> int:
    """How often the step has begun, in any process."""
    lines = (HERE / "lab.log").read_text().splitlines()
    return sum(1 for entry in map(json.loads, lines) if entry["key"] == key and entry["event"] == "begin")


@contextmanager
def noted(key: str) -> Iterator[None]:
    note(key, "begin")
    try:
        yield
    except asyncio.CancelledError:
        note(key, "cancelled")
        raise
    except Exception:
        note(key, "failed")
        raise
    note(key, "end")


class Flaky(Exception):
    """What a step fails with."""


async def opened(gate: str) -> None:
    """Waits for the file `gate`."""
    while not (HERE / gate).exists():
        await asyncio.sleep(0.005)


async def look(n: int, idempotency_key: str) -> int:
    with noted(idempotency_key):
        return n + 1


async def hold(look: int, idempotency_key: str) -> int:
    with noted(idempotency_key):
        await opened("hold.open")
        return look * 10


def seal(hold: int, idempotency_key: str) -> str:
    with noted(idempotency_key):
        return f"sealed {hold}"


async def flaky(times: int, idempotency_key: str) -> int:
    """Fails the first `times` times."""
    with noted(idempotency_key):
        count = begun(idempotency_key)
        if count <= times:
            raise Flaky(f"attempt {count} of {times + 1}")
        return count


async def linger(idempotency_key: str) -> int:
    with noted(idempotency_key):
        await opened("linger.open")
        return 1


async def break_down(idempotency_key: str) -> int:
    with noted(idempotency_key):
        await opened("break_down.open")
        raise Flaky("broken down")


def nap(seconds: float, idempotency_key: str) -> str:
    """A blocking function, which nothing can interrupt."""
    with noted(idempotency_key):
        time.sleep(seconds)
        return "rested"


async def touch() -> int:
    return 1


async def peek() -> int:
    return 1
