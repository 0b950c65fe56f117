"""Pauses and signals of durable runs: each between its entries in the journal.

It deliberately knows no calls; a signal is taken once, the oldest first.
"""

from __future__ import annotations

import asyncio
import bisect
import datetime as dt
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal

from . import gone
from .errors import (
    RecordedError,
    SignalRefused,
    SignalTimeout,
    StepFailed,
)
from .form import error_form
from .parallel import REAL, ended_anyway, is_real
from .session import ENDED, RUN_UNKNOWN, Refused
from .settle import forget, has_succeeded
from .step import now_ms

if TYPE_CHECKING:
    from .history import Past
    from .run import Run

Signal = tuple[int, str, object]
"""Its number in the order of coming, its id, its data."""


class Mailbox:
    """The signals of one run: those that nobody has taken, and those who wait."""

    def __init__(
        self,
        taken: set[str],
        ask: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """`ask` delivers all that came; without it nothing can have come unheard."""
        self._known = set(taken)
        self._kept: dict[str, list[Signal]] = {}
        self._waiting: dict[str, deque[asyncio.Future[Signal]]] = {}
        self._ask = ask
        self._asked: asyncio.Task[None] | None = None

    def missed(self) -> None:
        """The connection was lost for a while: something may have come."""
        self._asked = None
        if any(self._waiting.values()):
            self._asking()

    async def complete(self) -> None:
        """Waits for what came before this process had the run, or while it heard nothing."""
        asked = self._asking()
        if asked is not None:
            await asyncio.shield(asked)

    def _asking(self) -> asyncio.Task[None] | None:
        asked = self._asked
        has_failed = asked is not None and asked.done() and not has_succeeded(asked)
        if self._ask is not None and (asked is None or has_failed):
            asked = asyncio.get_running_loop().create_task(self._ask())
            self._asked = asked
            forget(asked)
        return asked

    def deliver(self, name: str, ordinal: int, id: str, data: object) -> None:
        """A signal has come; one that comes twice counts once."""
        if id in self._known:
            return
        self._known.add(id)
        waiting = self._waiting.get(name)
        while waiting:
            waiter = waiting.popleft()
            if not waiter.done():
                waiter.set_result((ordinal, id, data))
                return
        bisect.insort(
            self._kept.setdefault(name, []), (ordinal, id, data), key=lambda one: one[0]
        )

    async def take(self, name: str, seconds: float | None) -> Signal:
        """The oldest signal of the name, or the next."""
        kept = self._kept.get(name)
        if kept:
            return kept.pop(0)
        waiter: asyncio.Future[Signal] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(name, deque())
        waiting.append(waiter)
        self._asking()
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                ordinal, id, data = waiter.result()
                self._known.discard(id)
                self.deliver(name, ordinal, id, data)
            elif waiter in waiting:
                waiting.remove(waiter)
            raise


class Wait:
    """A step that calls nothing, while it is done or as it was recorded."""

    def __init__(self, run: Run, key: str, kind: str, name: str) -> None:
        self._run = run
        self._key = key
        self._kind = kind
        self._name = name
        self.past: Past = run.history.past(key)

    @property
    def is_over(self) -> bool:
        """Whether its outcome is recorded; raises what a failure was."""
        outcome = self.past.outcome
        if outcome == "cancelled":
            raise asyncio.CancelledError(REAL)
        if outcome == "failed":
            error = RecordedError(self.past.error or {})
            raise StepFailed(self._key, self.past.attempt or 1, error) from error
        if outcome is None and gone.only_recorded.get():
            if self.past.is_open and self._kind != "emit":
                self.cancelled(asyncio.CancelledError(REAL))
            gone.check()
        return outcome is not None

    def begin(self, seconds: float | None) -> None:
        """Records the start, and when it is over."""
        past = self.past
        if past.is_open:
            return
        past.is_open = True
        entry: dict[str, Any] = {"key": self._key, "task": self._name, "attempt": 0}
        now = now_ms()
        if seconds is not None:
            past.deadline_at = now + round(seconds * 1000)
            entry["deadline_at"] = past.deadline_at
        self._run.journal.record("step_started", **entry, kind=self._kind, at=now)

    def left(self, at_most: float | None) -> float | None:
        """Seconds until it is over. A clock that was set back since does not make it longer."""
        ends_at = self.past.deadline_at
        if ends_at is None or at_most is None:
            return None
        return max(0.0, min((ends_at - now_ms()) / 1000, at_most))

    def succeed(self, output: object, signal: str | None = None) -> None:
        """Records the result."""
        self.past.outcome = "succeeded"
        self.past.output = output
        entry: dict[str, Any] = {"key": self._key, "attempt": 0, "output": output}
        if signal is not None:
            entry["signal"] = signal
        self._run.journal.record("step_succeeded", **entry, at=now_ms())

    def cancelled(self, cancellation: asyncio.CancelledError) -> None:
        """Records that the workflow cancels it; where only this process stops, it goes on later."""
        if is_real(cancellation):
            self.past.outcome = "cancelled"
            self._run.journal.record(
                "step_cancelled", key=self._key, unknown=False, at=now_ms()
            )

    def fail(self, error: Exception, *, critical: bool) -> None:
        """Records a failure, and raises it unless it is tolerated."""
        self.past.outcome = "failed" if critical else "tolerated"
        self._run.journal.record(
            "step_failed",
            key=self._key,
            attempt=1,
            error=error_form(error),
            tolerated=not critical,
            at=now_ms(),
        )
        if critical:
            raise StepFailed(self._key, 1, error) from error


def seconds_of(time: float | dt.timedelta) -> float:
    """A duration in seconds; one that is negative is none."""
    return max(0.0, time.total_seconds() if isinstance(time, dt.timedelta) else time)


async def sleep(run: Run, key: str, time: float | dt.timedelta) -> None:
    """Lets time pass, counted from the first life of the run that came here."""
    wait = Wait(run, key, "sleep", "")
    if wait.is_over:
        return
    seconds = seconds_of(time)
    wait.begin(seconds)
    try:
        await asyncio.sleep(wait.left(seconds) or 0.0)
    except asyncio.CancelledError as cancellation:
        wait.cancelled(cancellation)
        raise
    wait.succeed(None)


async def wait_for(
    run: Run,
    key: str,
    signal: str,
    *,
    check: Callable[[object], object] | None = None,
    timeout: float | None = None,
    on_timeout: Literal["fail", "null"] = "fail",
    critical: bool = True,
) -> object:
    """The data of the oldest signal of the name that nobody has taken, or of the next, as JSON."""
    wait = Wait(run, key, "wait_for", signal)
    if wait.is_over:
        return wait.past.output
    wait.begin(timeout)
    try:
        mailbox = await run.mailbox()
        _, id, data = await mailbox.take(signal, wait.left(timeout))
    except asyncio.CancelledError as cancellation:
        wait.cancelled(cancellation)
        raise
    except TimeoutError:
        if on_timeout == "null":
            wait.succeed(None)
            return None
        milliseconds = round((timeout or 0) * 1000)
        message = f"the signal {signal} did not come within {milliseconds} ms"
        wait.fail(SignalTimeout(message), critical=critical)
        return None
    try:
        if check is not None:
            check(data)
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        # Whoever sent it did not keep to the type.
        wait.fail(error, critical=critical)
        return None
    wait.succeed(data, id)
    return data


async def emit(
    run: Run,
    key: str,
    signal: str,
    *,
    data: object = None,
    to: str | None = None,
    barrier: bool = True,
    critical: bool = True,
) -> None:
    """Sends a signal to a run, to this one where `to` is missing. Sent twice after a crash it counts once."""
    wait = Wait(run, key, "emit", signal)
    if wait.is_over:
        return
    wait.begin(None)
    target = run.id if to is None else to
    try:
        if barrier:
            await run.journal.barrier()
        await run.may_begin()
    except asyncio.CancelledError as cancellation:
        wait.cancelled(cancellation)
        raise
    sent = run.session.request(
        "signal.send",
        {"run": target, "signal": signal, "id": run.key_of(key), "data": data},
    )
    cancelled: asyncio.CancelledError | None = None
    try:
        await asyncio.wait((sent,))
    except asyncio.CancelledError as cancellation:
        cancelled = await ended_anyway(sent, cancellation)
    if cancelled is not None and not sent.done():
        wait.cancelled(cancelled)
        raise cancelled
    try:
        sent.result()
    except Refused as refusal:
        if refusal.code not in (RUN_UNKNOWN, ENDED):
            raise
        message = f"there is no run {target} that could get the signal {signal}"
        wait.fail(SignalRefused(message), critical=critical)
    else:
        wait.succeed(None)
    if cancelled is not None:
        raise cancelled
