"""How full pools are and how long their permits are waited for, told to the sidecar a few times a second at most.

It deliberately knows no permits and no clients; those tell it what happens to them.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .session import Session

Scope = Literal["process", "host"]

REPORT_SECONDS = 0.2
"""Changes that come closer together are told together."""


class Usage:
    """What is held of one pool in this process, and what has happened to it since the last report."""

    def __init__(self, id: str, scope: Scope, limit: int | None) -> None:
        self.id = id
        self.scope = scope
        self.limit = limit
        self._reset()

    def _reset(self) -> None:
        self.in_use = 0
        self.waits = 0
        self.opened = 0
        self.failed = 0
        self.waited: dict[int, int] = {}
        self.is_told = True

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """For the time in which a permit is waited for."""
        began = time.monotonic()
        with _changing(self):
            self.waits += 1
        try:
            yield
        except BaseException:
            with _changing(self):
                self.waits -= 1
            raise
        waited = _rounded(time.monotonic() - began)
        with _changing(self):
            self.waits -= 1
            self.in_use += 1
            self.waited[waited] = self.waited.get(waited, 0) + 1

    def freed(self) -> None:
        """A permit is given back."""
        with _changing(self):
            self.in_use -= 1

    def opening(self, *, succeeded: bool) -> None:
        """A client was opened, or could not be."""
        with _changing(self):
            if succeeded:
                self.opened += 1
            else:
                self.failed += 1

    def report(self) -> dict[str, object]:
        """As it is now; what only counts is counted anew from here on."""
        report: dict[str, object] = {
            "id": self.id,
            "scope": self.scope,
            "in_use": self.in_use,
            "waiting": self.waits,
            "opened": self.opened,
            "failed": self.failed,
            "waited_ms": [[waited, count] for waited, count in self.waited.items()],
        }
        if self.limit is not None:
            report["limit"] = self.limit
        self.opened = self.failed = 0
        self.waited = {}
        self.is_told = True
        return report


def _rounded(seconds: float) -> int:
    """Milliseconds with two digits that count, so that few of them differ."""
    milliseconds = round(seconds * 1000)
    step = 1
    while milliseconds >= 100 * step:
        step *= 10
    return milliseconds // step * step


class _Reporter:
    """The sessions of the process; any of them will do to speak for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.usages: dict[str, Usage] = {}
        self.sessions: list[Session] = []
        self.is_due = False
        self.last = 0.0

    def schedule(self) -> None:
        """Sees to it that a report is sent soon. With the lock held."""
        if self.is_due or not self.sessions:
            return
        for session in self.sessions:
            with contextlib.suppress(RuntimeError):  # its event loop is closed
                session.loop.call_soon_threadsafe(self._wait, session)
                self.is_due = True
                return

    def _wait(self, session: Session) -> None:
        pause = max(0.0, self.last + REPORT_SECONDS - time.monotonic())
        session.loop.call_later(pause, self._send, session)

    def _send(self, session: Session) -> None:
        with self.lock:
            self.is_due = False
            if session not in self.sessions:
                self.schedule()
                return
        self.tell(session)

    def tell(self, session: Session) -> None:
        """Reports what has changed."""
        with self.lock:
            self.last = time.monotonic()
            changed = [usage for usage in self.usages.values() if not usage.is_told]
            reports = [usage.report() for usage in changed]
        if reports:
            session.notify("resource.report", {"resources": reports})


_reporter = _Reporter()


def usage(id: str, scope: Scope, limit: int | None) -> Usage:
    """That of a pool, by its id."""
    with _reporter.lock:
        known = _reporter.usages.get(id)
        if known is None:
            known = _reporter.usages[id] = Usage(id, scope, limit)
        return known


@contextlib.contextmanager
def _changing(usage: Usage) -> Iterator[None]:
    with _reporter.lock:
        yield
        usage.is_told = False
        _reporter.schedule()


def attach(session: Session) -> None:
    """The session is connected: the sidecar may know nothing of this process yet."""
    with _reporter.lock:
        if session not in _reporter.sessions:
            _reporter.sessions.append(session)
        for usage in _reporter.usages.values():
            usage.is_told = False
        if _reporter.usages:
            _reporter.schedule()


def detach(session: Session, *, is_last_word: bool = False) -> None:
    """The session is not connected any more, or will not be; another one speaks from here on."""
    if is_last_word and session in _reporter.sessions:
        _reporter.tell(session)
    with _reporter.lock:
        if session in _reporter.sessions:
            _reporter.sessions.remove(session)
            _reporter.is_due = False
            _reporter.schedule()


def _reset_after_fork() -> None:
    """The child holds nothing yet."""
    _reporter.lock = threading.Lock()
    _reporter.sessions.clear()
    _reporter.is_due = False
    for usage in _reporter.usages.values():
        usage._reset()


os.register_at_fork(after_in_child=_reset_after_fork)
