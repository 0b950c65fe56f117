"""Runs an engine's workflows as the measurement asks for them: one JSON request a line, one JSON answer a line.

It knows no engine: an application gives it one function that starts a workflow and waits for its end.
"""

import asyncio
import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

# Starts the work of this name as a run of this name and returns when it has ended.
Start = Callable[[str, str], Awaitable[object]]

RELEASED = "RELEASED" in os.environ
_seen: dict[str, set[str]] = {"gate": set(), "mark": set()}
_changed = threading.Condition()


def note(place: str, run: str) -> None:
    """A run has come to this place; called by the steps of the work `held` and `asleep`."""
    with _changed:
        _seen[place].add(run)
        _changed.notify_all()


async def gate(run: str) -> None:
    """Where a run stays until its process is killed."""
    note("gate", run)
    if not RELEASED:
        await asyncio.Event().wait()


def _until(place: str, count: int) -> None:
    with _changed:
        _changed.wait_for(lambda: len(_seen[place]) >= count)


def _name() -> str:
    return str(uuid.uuid4())


async def _one(start: Start, work: str, runs: int) -> dict[str, Any]:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        await start(work, _name())
        times.append((time.perf_counter() - began) * 1000)
    return {"ms": times}


async def _wide(start: Start, work: str, runs: int, width: int) -> dict[str, Any]:
    free = asyncio.Semaphore(width)

    async def one() -> None:
        async with free:
            await start(work, _name())

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(runs)))
    return {"seconds": time.perf_counter() - began}


async def _answer(start: Start, asked: dict[str, Any], kept: list[asyncio.Task[object]]) -> dict[str, Any]:
    match asked:
        case {"do": "one", "work": work, "runs": runs}:
            return await _one(start, work, runs)
        case {"do": "wide", "work": work, "runs": runs, "width": width}:
            return await _wide(start, work, runs, width)
        case {"do": "open", "work": work, "runs": runs}:
            kept += [asyncio.ensure_future(start(work, _name())) for _ in range(runs)]
            return {}
        case {"do": "until", "place": place, "runs": runs}:
            await asyncio.to_thread(_until, place, runs)
            return {}
        case _:
            raise ValueError(f"not understood: {asked}")


async def drive(start: Start) -> None:
    """Answers until the requests end."""
    kept: list[asyncio.Task[object]] = []
    answers = os.fdopen(int(os.environ["ANSWERS"]), "w")
    print(json.dumps({"ready": True}), file=answers, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await _answer(start, json.loads(line), kept)), file=answers, flush=True)
    os._exit(0)
