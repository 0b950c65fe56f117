"""Circuit breakers: closed, open, half open; of a task, or of each value of a key, shared by the whole process.

They deliberately do not know what was called, nor how the sidecar hears of it. The states are Nygard's ("Release It!", 2007); the window is counted in
slices, so that its memory does not grow with the calls.
"""

from __future__ import annotations

import copy
import json
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from . import shared
from .errors import CircuitOpen, ExpressionError
from .jsontext import dumps
from .policy import is_of_domain
from .shared import speaker

SLICES: Final = 10
"""How many parts the window has: the oldest part is forgotten as a whole."""
KEPT: Final = 1024
"""States of one task's keys beyond which those that say nothing any more are dropped."""


class _State:
    """What is known of the calls of one task, or of one of its keys."""

    __slots__ = (
        "ask_at",
        "counted_at",
        "generation",
        "id",
        "is_for_all",
        "is_probing",
        "lock",
        "numbers",
        "open_until",
        "slices",
        "succeeded",
        "trying",
        "why",
        "word",
    )

    def __init__(self, id: str) -> None:
        self.id = id
        self.lock = threading.Lock()
        self.numbers: dict[str, int] = {}
        """Those of the policy that opened it, as the sidecar is told."""
        self.word: str | None = None
        """What is said of it: `suspect`, or as a person has decided `open` or `closed`."""
        self.why = ""
        self.generation = -1
        self.is_probing = False
        """Whether the next call of this process, which decides on the suspicion, has begun."""
        self.is_for_all = False
        """Whether it is open for all processes."""
        self.ask_at = 0.0
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
        return is_closed and self.word is None and self.counted_at + 2 * window < now

    def told(self, change: dict[str, Any]) -> None:
        """It has changed for all processes."""
        with self.lock:
            if change["generation"] < self.generation:
                return  # another session of this process was told of a later one
            self.generation = change["generation"]
            self.word, self.is_probing = None, False
            state = change["state"]
            if change.get("forced"):
                self.word = state
                self.why = f"{change.get('by') or 'an operator'} keeps it {state}"
                if change.get("reason"):
                    self.why += f": {change['reason']}"
                self._reset()
            elif state == "suspect":
                self.word = state
            elif state == "open":
                self._reset()
                self.is_for_all = True
                self.open_until = time.monotonic() + change["left_ms"] / 1000
            elif self.is_for_all:
                self._reset()

    def unmentioned(self) -> None:
        """The sidecar says nothing of it: it is closed for all."""
        with self.lock:
            self.generation, self.word, self.is_probing = -1, None, False
            if self.is_for_all:
                self._reset()

    def own(self, *, is_same: bool) -> dict[str, Any] | None:
        """What a sidecar must hear of it that knows nothing yet, or, where it is the same as before, what is its own."""
        with self.lock:
            self.generation = -1
            is_open = self.open_until is not None or self.trying is not None
            if not is_open or (is_same and self.is_for_all):
                return None
            self.is_for_all = False
            left = max(0.0, (self.open_until or 0.0) - time.monotonic())
            return self.opened(left)

    def opened(self, left: float) -> dict[str, Any]:
        """The report that it has opened."""
        return {
            "breaker": self.id,
            "event": "opened",
            "left_ms": round(left * 1000),
            **self.numbers,
        }

    def _reset(self) -> None:
        self.open_until = self.trying = None
        self.is_for_all = False
        self.ask_at = 0.0
        self.slices = {}


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

    What it says by itself holds in this process; an `Attempt` knows what holds for all.
    """

    __slots__ = (
        "_abort_on",
        "_failures",
        "_half_open_calls",
        "_min_calls",
        "_name",
        "_open_for",
        "_rate",
        "_retry_on",
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
        retry_on: tuple[str, ...] = (),
        abort_on: tuple[str, ...] = (),
    ) -> None:
        self._task = self._name = task
        self._failures = None if failures is None else max(failures, 1)
        self._rate = failure_rate
        self._window = window
        self._width = max(window / SLICES, 1e-9)
        self._min_calls = min_calls
        self._open_for = open_for
        self._half_open_calls = max(half_open_calls, 1)
        self._retry_on = retry_on
        self._abort_on = abort_on
        self._state = self._state_of("")

    def _state_of(self, key: str | tuple[str]) -> _State:
        with _lock:
            states = _states.setdefault(self._task, {})
            state = states.get(key)
            if state is None:
                if len(states) >= KEPT:
                    self._forget(states)
                suffix = "" if isinstance(key, str) else f":{json.loads(key[0])}"
                state = states[key] = _State(f"{self._task}{suffix}")
            else:
                return state
        shared.add(state)
        return state

    def _forget(self, states: dict[str | tuple[str], _State]) -> None:
        now = time.monotonic()
        for key in [
            key for key in states if states[key].says_nothing(now, self._window)
        ]:
            if key:  # the task's own is held by those who call it
                shared.remove(states.pop(key))

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

    def attempt(self) -> Attempt:
        """One attempt, to stand around it as an asynchronous context."""
        return Attempt(self, self._state)

    def refusal(self, why: str = "") -> CircuitOpen:
        """The error of a call that is not let through."""
        return CircuitOpen(f"the circuit breaker of `{self._name}` is open{why}")

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
        raise self.refusal()

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
                    shared.report({"breaker": state.id, "event": "closed"})
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

    def is_of_domain(self, error: Exception) -> bool:
        """Whether the error is an answer of the one who was called, and says nothing against it."""
        return is_of_domain(error, retry_on=self._retry_on, abort_on=self._abort_on)

    def _open(self, state: _State) -> None:
        state.trying = None
        state.slices = {}
        state.open_until = time.monotonic() + self._open_for
        state.numbers = {
            "open_for_ms": round(self._open_for * 1000),
            "half_open_calls": self._half_open_calls,
        }
        if shared.is_joined():
            shared.report(state.opened(self._open_for))
        else:
            shared.decided_alone(state.id)

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


class Attempt:
    """One attempt and the breaker around it: it refuses to begin, or hears how the attempt ended."""

    __slots__ = ("_breaker", "_is_counted", "_of", "_state")

    def __init__(self, breaker: Breaker, state: _State) -> None:
        self._breaker = breaker
        self._state = state
        self._of: int | None = None
        """What its end is reported with, where it is a probe."""
        self._is_counted = True

    async def begin(self) -> None:
        """Begins the attempt. `CircuitOpen` where it is not let through."""
        if not speaker.sessions and time.monotonic() >= speaker.alone_until:
            await shared.join()
        state = self._state
        if state.open_until is None and state.trying is None and state.word is None:
            return
        if state.word == "open":
            raise self._breaker.refusal(f": {state.why}")
        if state.word == "closed":
            self._is_counted = False
        elif state.is_for_all:
            await self._ask()
        else:
            is_closed = state.open_until is None and state.trying is None
            self._breaker.call()
            if is_closed:
                self._decide_on_suspicion()

    def _decide_on_suspicion(self) -> None:
        state = self._state
        with state.lock:
            if state.word == "suspect" and not state.is_probing:
                state.is_probing = True
                self._of = state.generation

    async def _ask(self) -> None:
        """It is open for all: one call of all processes at a time may try, when its time is over."""
        state = self._state
        now = time.monotonic()
        if now < max(state.open_until or 0.0, state.ask_at):
            raise self._breaker.refusal(" for all processes")
        answer = await shared.probe(state.id)
        if answer is None:
            state.is_for_all = False
            shared.decided_alone(state.id)
            self._breaker.call()
        elif answer["granted"]:
            self._of = answer.get("of")
        else:
            state.ask_at = now + answer["left_ms"] / 1000
            raise self._breaker.refusal(" for all processes")

    def succeed(self) -> None:
        """It has succeeded."""
        if self._of is not None:
            self._told("succeeded", self._of)
        if self._is_counted:
            self._breaker.succeed()

    def fail(self, error: BaseException) -> None:
        """It has failed, took too long, or was cancelled."""
        if not isinstance(error, Exception) or self._breaker.is_of_domain(error):
            self.abandon()
            return
        if self._of is not None:
            self._told("failed", self._of)
        if self._is_counted:
            self._breaker.fail()

    def abandon(self) -> None:
        """It says nothing of whom it called: it was cancelled, or answered with an error of the domain."""
        if self._of is not None:
            with self._state.lock:
                if self._of == self._state.generation:
                    self._state.is_probing = False
            self._told("abandoned", self._of)
        if self._is_counted:
            self._breaker.abandon()

    def _told(self, event: str, of: int) -> None:
        self._of = None
        shared.report({"breaker": self._state.id, "event": event, "of": of})

    async def __aenter__(self) -> None:
        state = self._state
        if (
            not speaker.sessions
            or state.open_until is not None
            or state.trying is not None
            or state.word is not None
        ):
            await self.begin()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.succeed()
        else:
            self.fail(error)
