"""Whose turn it is to run, where a workflow limits how many of its runs go on at a time.

It deliberately knows no steps. Durable runs of all processes wait for each other: the sidecar grants their places. Those
without a journal wait for others of their own process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from .errors import StepFailed
from .jsontext import dumps
from .permits import Permits, Pool

if TYPE_CHECKING:
    from .run import Run
    from .workflow import Concurrency


def resource(workflow: str, concurrency: Concurrency, run: Run) -> Pool:
    """What a durable run takes a permit of."""
    name = f"workflow:{workflow}"
    if concurrency.key is not None:
        name += f":{dumps(concurrency.key(run))}"
    return Pool(name, limit=concurrency.limit, scope="host")


class Turns:
    """The places of a workflow without durability."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._by_key: dict[str, tuple[Permits, int]] = {}
        _all.append(self)

    def reset(self) -> None:
        """The parent's places are the parent's."""
        self._lock = threading.Lock()
        self._by_key = {}

    def turn(self, key: Callable[[], object] | None = None) -> _Turn:
        """A place among the runs with this key, which is JSON."""
        return _Turn(self, key)

    def enter(self, key: str) -> Permits:
        """The places of one key, of which somebody takes or waits for one."""
        with self._lock:
            permits, users = self._by_key.get(key) or (Permits(self._limit), 0)
            self._by_key[key] = (permits, users + 1)
        return permits

    def leave(self, key: str) -> None:
        """Nothing is kept of a key that nobody uses."""
        with self._lock:
            if key not in self._by_key:
                return  # the process is a child of the one that entered
            permits, users = self._by_key[key]
            if users == 1:
                del self._by_key[key]
            else:
                self._by_key[key] = (permits, users - 1)


_all: list[Turns] = []


def _reset_after_fork() -> None:
    for turns in _all:
        turns.reset()


os.register_at_fork(after_in_child=_reset_after_fork)


class _Turn:
    def __init__(self, turns: Turns, key: Callable[[], object] | None) -> None:
        self._turns = turns
        self._make_key = key
        self._key = ""
        self._permits: Permits | None = None

    async def __aenter__(self) -> None:
        if self._make_key is not None:
            try:
                self._key = dumps(self._make_key())
            except Exception as error:
                raise StepFailed(None, 0, error) from error
        permits = self._turns.enter(self._key)
        try:
            await permits.take()
        except BaseException:
            self._turns.leave(self._key)
            raise
        self._permits = permits

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._permits is not None:
            self._permits.give_back()
            self._turns.leave(self._key)
