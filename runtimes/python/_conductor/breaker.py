"""Circuit breakers: closed, open, half open; of a task, or of each value of a key, shared by the whole process.

They deliberately do not know what was called. The states are Nygard's ("Release It!", 2007); the window is counted in
slices, so that its memory does not grow with the calls.
"""

from __future__ import annotations

import copy
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from .errors import CircuitOpen, ExpressionError
from .jsontext import dumps

SLICES: Final = 10
"""How many parts the window has: the oldest part is forgotten as a whole."""
KEPT: Final = 1024
"""States of one task's keys beyond which those that say nothing any more are dropped."""


class _State:
    """What is known of the calls of one task, or of one of its keys."""

    __slots__ = ("counted_at", "lock", "open_until", "slices", "succeeded", "trying")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.slices: dict[int, list[int]] = {}
        """Calls and failures, by the number of the slice since the beginning of time."""
        self.counted_at = 0.0
        self.open_until: float | None = None
        self.trying: int | None = None
        """Calls that were let through while it was half open and have not ended; `None`: it is not."""
        self.succeeded = 0

    def says_nothing(self, now: float, window: float) -> bool:
        """Whether a new one would decide as this one does."""
        is_closed = self.open_until is None and self.trying is None
        return is_closed and self.counted_at + 2 * window < now


_states: dict[str, dict[str | tuple[str], _State]] = {}
_lock = threading.Lock()


def _reset_after_fork() -> None:
    """A lock that another thread held at the fork would be held for ever."""
    global _lock
    _lock = threading.Lock()
    for states in _states.values():
        for state in states.values():
            state.lock = threading.Lock()


os.register_at_fork(after_in_child=_reset_after_fork)


class Breaker:
    """The numbers of one policy. Steps that call the same task share its state.

    As a context it is around one attempt: it refuses to begin, or hears how the attempt ended.
    """

    __slots__ = (
        "_failures",
        "_half_open_calls",
        "_min_calls",
        "_name",
        "_open_for",
        "_rate",
        "_state",
        "_task",
        "_width",
        "_window",
    )

    def __init__(
        self,
        task: str,
        *,
        failures: int | None = None,
        failure_rate: float = 1.0,
        window: float,
        min_calls: int = 0,
        open_for: float,
        half_open_calls: int = 1,
    ) -> None:
        self._task = self._name = task
        self._failures = None if failures is None else max(failures, 1)
        self._rate = failure_rate
        self._window = window
        self._width = max(window / SLICES, 1e-9)
        self._min_calls = min_calls
        self._open_for = open_for
        self._half_open_calls = max(half_open_calls, 1)
        self._state = self._state_of("")

    def _state_of(self, key: str | tuple[str]) -> _State:
        with _lock:
            states = _states.setdefault(self._task, {})
            state = states.get(key)
            if state is None:
                if len(states) >= KEPT:
                    self._forget(states)
                state = states[key] = _State()
        return state

    def _forget(self, states: dict[str | tuple[str], _State]) -> None:
        now = time.monotonic()
        for key in [
            key for key in states if states[key].says_nothing(now, self._window)
        ]:
            if key:  # the task's own is held by those who call it
                del states[key]

    def of(self, key: object) -> Breaker:
        """The breaker of one key, which is JSON."""
        breaker = copy.copy(self)
        breaker._name = f"{self._task} {dumps(key)}"
        breaker._state = self._state_of((dumps(key),))
        return breaker

    def of_key(self, key: Callable[[], object]) -> Breaker:
        """The breaker of a key; where the key has no value, that of the task itself."""
        try:
            return self.of(key())
        except ExpressionError:
            return self

    def call(self) -> None:
        """Begins a call. `CircuitOpen` where it is not let through."""
        state = self._state
        if state.open_until is None and state.trying is None:
            return
        with state.lock:
            if state.open_until is not None and time.monotonic() >= state.open_until:
                state.open_until, state.trying, state.succeeded = None, 0, 0
            if state.open_until is None:
                if state.trying is None:
                    return
                if state.trying + state.succeeded < self._half_open_calls:
                    state.trying += 1
                    return
        raise CircuitOpen(f"the circuit breaker of `{self._name}` is open")

    def succeed(self) -> None:
        """A call that was let through has succeeded."""
        state = self._state
        if state.trying is None and self._failures is not None:
            return  # only failures count
        with state.lock:
            if state.trying is not None:
                state.succeeded += 1
                if state.succeeded >= self._half_open_calls:
                    state.trying = None
                    state.slices = {}
                else:
                    state.trying = max(state.trying - 1, 0)
            elif state.open_until is None:
                self._count(state, 0)

    def fail(self) -> None:
        """A call that was let through has failed, or took too long."""
        state = self._state
        with state.lock:
            if state.trying is not None:
                self._open(state)
            elif state.open_until is None:
                self._count(state, 1)

    def abandon(self) -> None:
        """A call that was let through was cancelled: that says nothing of whom it called."""
        state = self._state
        with state.lock:
            if state.trying is not None:
                state.trying = max(state.trying - 1, 0)

    def _open(self, state: _State) -> None:
        state.trying = None
        state.slices = {}
        state.open_until = time.monotonic() + self._open_for

    def _count(self, state: _State, failed: int) -> None:
        now = time.monotonic()
        number = int(now / self._width)
        slices = state.slices
        current = slices.get(number)
        if current is None:
            for old in [other for other in slices if other + SLICES <= number]:
                del slices[old]
            current = slices[number] = [0, 0]
        current[0] += 1
        current[1] += failed
        state.counted_at = now
        calls = failures = 0
        for counted in slices.values():
            calls += counted[0]
            failures += counted[1]
        if self._failures is not None:
            trips = failures >= self._failures
        else:
            is_enough = calls >= self._min_calls and failures > 0
            trips = is_enough and failures / calls >= self._rate
        if trips:
            self._open(state)

    def __enter__(self) -> None:
        state = self._state
        if state.open_until is not None or state.trying is not None:
            self.call()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            if self._failures is None or self._state.trying is not None:
                self.succeed()
        elif isinstance(error, Exception):
            self.fail()
        else:
            self.abandon()
