"""Results that are kept for a while and given again to equal calls of the same task, by the whole process.

It deliberately knows no tasks and no types: a key and a value go in, the value comes out until its time is over.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from .errors import ExpressionError
from .jsontext import dumps

T = TypeVar("T")

SWEPT: Final = 256
"""Entries beyond which those whose time is over are looked for."""


class _Entries:
    """Values of one task with the time until which each is used."""

    __slots__ = ("by_key", "lock", "sweep_at")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_key: dict[str, tuple[float, Any]] = {}
        self.sweep_at = SWEPT

    def keep(self, key: str, until: float, value: object) -> None:
        with self.lock:
            self.by_key[key] = (until, value)
            if len(self.by_key) >= self.sweep_at:
                now = time.monotonic()
                kept = {key: kept for key, kept in self.by_key.items() if kept[0] > now}
                self.by_key = kept
                self.sweep_at = max(SWEPT, 2 * len(kept))


_tasks: dict[str, _Entries] = {}
_lock = threading.Lock()


def _reset_after_fork() -> None:
    """A lock that another thread held at the fork would be held for ever."""
    global _lock
    _lock = threading.Lock()
    for entries in _tasks.values():
        entries.lock = threading.Lock()


os.register_at_fork(after_in_child=_reset_after_fork)


class Cache:
    """What is kept of one task's results, for `ttl` seconds each. Steps that call the same task share it."""

    __slots__ = ("_entries", "_ttl")

    def __init__(self, task: str, *, ttl: float) -> None:
        self._ttl = ttl
        with _lock:
            self._entries = _tasks.setdefault(task, _Entries())

    def of(self, key: Callable[[], object]) -> "Slot":
        """The place of one key, which is JSON. Where the key has no value nothing is kept."""
        try:
            return Slot(self._entries, self._ttl, dumps(key()))
        except ExpressionError:
            return Slot(self._entries, 0.0, None)


class Slot:
    """The place of one result."""

    __slots__ = ("_entries", "_key", "_ttl")

    def __init__(self, entries: _Entries, ttl: float, key: str | None) -> None:
        self._entries = entries
        self._ttl = ttl
        self._key = key

    def found(self) -> "Kept[Any] | None":
        """What is kept, where its time is not over."""
        if self._key is None:
            return None
        kept = self._entries.by_key.get(self._key)
        if kept is None or kept[0] <= time.monotonic():
            return None
        return Kept(kept[1])

    def keep(self, value: T) -> T:
        """Keeps a result, and gives it back."""
        if self._key is not None:
            self._entries.keep(self._key, time.monotonic() + self._ttl, value)
        return value


class Kept(Generic[T]):
    """A kept result, which may be null."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
