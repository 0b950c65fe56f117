"""Signals of runs that keep no journal, and of blocks inside of which nothing is recorded.

It deliberately keeps none of them longer than the run: what comes from outside of the process reaches durable runs only.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol

from . import sessions
from .errors import (
    SidecarUnavailable,
    SignalRefused,
    SignalTimeout,
    StepFailed,
    logger,
)
from .ids import new_run_id
from .session import ENDED, RUN_UNKNOWN, Refused
from .waits import Mailbox

if TYPE_CHECKING:
    from .run import Run

NO_TYPE = (TypeError, ValueError, ArithmeticError, LookupError)
"""What a decoder raises where the data is not of its type."""


class Mail(Protocol):
    """Where signals of the run that the code is in come, and from where it sends some."""

    @property
    def run(self) -> str:
        """The run's id."""
        ...

    async def mailbox(self) -> Mailbox:
        """The signals that nobody has taken."""
        ...

    async def send(self, to: str, signal: str, id: str, data: object) -> None:
        """Sends one; raises `SignalRefused` where nobody can get it."""
        ...


_mail: ContextVar[Mail] = ContextVar("conductor_mail")

_lock = threading.Lock()
_runs: dict[str, Signals] = {}
"""Those of this process that keep no journal, by their ids."""


def _forget_after_fork() -> None:
    """The runs are those of the parent, and the lock may be held by a thread that is not here."""
    global _lock
    _lock = threading.Lock()
    _runs.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


class Signals:
    """Around the steps of a workflow that keeps no journal."""

    def __init__(self, run: str | None) -> None:
        self.run = run or new_run_id()
        self._mailbox = Mailbox(set())
        self._ordinals = itertools.count()
        self._loop = asyncio.get_running_loop()
        self._token: Token[Mail] | None = None

    async def __aenter__(self) -> None:
        self._token = _mail.set(self)
        with _lock:
            _runs[self.run] = self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _lock:
            if _runs.get(self.run) is self:
                del _runs[self.run]
        if self._token is not None:
            _mail.reset(self._token)

    async def mailbox(self) -> Mailbox:
        """The signals that nobody has taken."""
        return self._mailbox

    def _deliver(self, signal: str, id: str, data: object) -> None:
        self._mailbox.deliver(signal, next(self._ordinals), id, data)

    def _is_told(self, signal: str, id: str, data: object) -> bool:
        """Delivers from whatever thread. False where the run's event loop is no more."""
        if self._loop is asyncio.get_running_loop():
            self._deliver(signal, id, data)
            return True
        try:
            self._loop.call_soon_threadsafe(self._deliver, signal, id, data)
        except RuntimeError:
            return False
        return True

    async def send(self, to: str, signal: str, id: str, data: object) -> None:
        """Sends one to a run of this process, or to a durable one."""
        with _lock:
            known = _runs.get(to)
        if known is None or not known._is_told(signal, id, data):
            await _send(self.run, to, signal, id, data)


class _OfRun:
    """Inside of an atomic block the signals are those of its durable run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def run(self) -> str:
        """The run's id."""
        return self._run.id

    async def mailbox(self) -> Mailbox:
        """The signals that nobody has taken."""
        return await self._run.mailbox()

    async def send(self, to: str, signal: str, id: str, data: object) -> None:
        """Sends one."""
        await _send(self.run, to, signal, id, data)


@contextlib.contextmanager
def of_run(run: Run) -> Iterator[None]:
    """Around an atomic block of the run."""
    token = _mail.set(_OfRun(run))
    try:
        yield
    finally:
        _mail.reset(token)


async def _send(run: str, to: str, signal: str, id: str, data: object) -> None:
    session = await sessions.for_this_loop(f"that sends {signal}", run)
    message = {"run": to, "signal": signal, "id": id, "data": data}
    try:
        await session.request("signal.send", message)
    except Refused as refusal:
        if refusal.code not in (RUN_UNKNOWN, ENDED):
            raise
        raise SignalRefused(
            f"there is no run {to} that could get the signal {signal}"
        ) from None


async def wait_for(
    key: str,
    signal: str,
    *,
    check: Callable[[object], object] | None = None,
    timeout: float | None = None,
    on_timeout: Literal["fail", "null"] = "fail",
    critical: bool = True,
) -> object:
    """The data of the oldest signal of the name that nobody has taken, or of the next, as JSON."""
    try:
        mailbox = await _mail.get().mailbox()
        _, _, data = await mailbox.take(signal, timeout)
    except TimeoutError:
        if on_timeout == "null":
            return None
        milliseconds = round((timeout or 0) * 1000)
        message = f"the signal {signal} did not come within {milliseconds} ms"
        _failed(key, SignalTimeout(message), critical=critical)
        return None
    try:
        if check is not None:
            check(data)
    except NO_TYPE as error:
        _failed(key, error, critical=critical)
        return None
    return data


async def emit(
    key: str,
    signal: str,
    *,
    data: object = None,
    to: str | None = None,
    critical: bool = True,
) -> None:
    """Sends a signal to a run, to this one where `to` is missing."""
    mail = _mail.get()
    target = mail.run if to is None else to
    try:
        await mail.send(target, signal, f"{mail.run}/{key}", data)
    except (SignalRefused, SidecarUnavailable) as error:
        _failed(key, error, critical=critical)


def _failed(key: str, error: Exception, *, critical: bool) -> None:
    if critical:
        raise StepFailed(key, 1, error) from error
    logger.error("step %s failed and is not critical", key, exc_info=error)
