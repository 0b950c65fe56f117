"""Functions that do what the script says, by the step that calls them. What follows the head is written by the harness."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, TypedDict
from uuid import UUID

from conductor_gen._conductor.current import current_step

FOLDER = Path(os.environ["CONFORMANCE"])
SCRIPT = json.loads((FOLDER / "script.json").read_text())
LOG = (FOLDER / "calls.jsonl").open("a", buffering=1)
LOCK = threading.Lock()
CALLS: dict[tuple[str, int], int] = {}


def outcome(args: dict[str, Any]) -> dict[str, Any]:
    step = current_step()
    # Without a journal the key tells the step, and how often it was called the attempt.
    key = f"{step.run}/{step.key}" if step else args["idempotency_key"]
    with LOCK:
        calls = CALLS.get((key, step.attempt if step else 0), 0)
        CALLS[key, step.attempt if step else 0] = calls + 1
        attempt = step.attempt if step else calls + 1
        LOG.write(json.dumps({"key": key, "attempt": attempt, "args": args}, default=encoded) + "\n")
    number = step.attempt - 1 + calls if step else calls
    outcomes = SCRIPT.get(key)
    if outcomes is None:
        raise LookupError(f"the script has nothing for {key}")
    return outcomes[min(number, len(outcomes) - 1)]


async def play(args: dict[str, Any]) -> Any:
    said = outcome(args)
    if said["hangs"]:
        await asyncio.sleep(3600)
    await asyncio.sleep(said["after_ms"] / 1000)
    return ended(said)


def play_blocking(args: dict[str, Any]) -> Any:
    said = outcome(args)
    time.sleep(3600 if said["hangs"] else said["after_ms"] / 1000)
    return ended(said)


def ended(said: dict[str, Any]) -> Any:
    form = said["fails"]
    if form is None:
        return said["returns"]
    name = form["types"][0]
    kind = globals().get(name) or getattr(__builtins__, name, None) or __builtins__[name]
    error = kind(form["message"])
    if form.get("code") is not None:
        error.code = form["code"]
    raise error


def duration(text: str) -> timedelta:
    return timedelta(seconds=float(text.removesuffix("s")))


class Opaque:
    """Of a class whose inside nobody knows; it has the script's value all the same."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


def encoded(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Enum | Opaque):
        return value.value
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return repr(value)
