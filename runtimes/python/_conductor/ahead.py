"""A log of this process, ahead of the sidecar's store: what it has put on the disk here need not wait for the sidecar.

It deliberately knows no entries. The sidecar takes over what stands in the log before anybody else gets one of this session's
runs; docs/protocol.md says how it is written.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .journal import Journal
    from .session import Session

HEAD = 4096
"""Frames begin behind the first page."""
PREFIX = 18
ALONE = 16
"""After so many waits for the disk in a row of which no other run had a part, a log pays."""
STILL_ALONE = 4
"""After so many it is used again."""
SLOW_SECONDS = 0.0005
SLOW_FLUSHES = 3
REST = 200
"""Flushes that take longer, so many in a row, hold up the event loop: the log rests for so many times as long."""
SEND_SECONDS = 0.002
"""How long what stands in the log is kept for what follows it, before it is sent."""
STUCK = 8
"""So often it may be full while the store has not taken over what stands in it, before there is a new one."""
LINE_BYTES = 4096
DEPTH = 100
DIGITS = 300
"""A number of so many digits may be beyond a double."""
LONG_NUMBER = re.compile(rb"[0-9]{%d}" % (DIGITS // 2))
LOGGED = b'"logged":true,'
"""What a record says that stands in a log: so nobody waits for its commit."""


class Ahead:
    """The log of one session, and whether it is used."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ask: Callable[[], None],
        send: Callable[[bytes], bool],
    ) -> None:
        self.serial = 0
        """Which of the session's logs this is, one after the other."""
        self.ended: dict[str, Journal] = {}
        """Of runs that are over here, and of which something stands in the log that the store may not have."""
        self._loop = loop
        self._ask = ask
        self._send = send
        self._unsent: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._slow = 0
        self._last: Journal | None = None
        self._alone = 0
        self._is_asked = False
        self._file = -1
        self._bytes = 0
        self._at = HEAD
        self._generation = 1
        self._outstanding = 0
        self._stuck = 0
        self._rests_until = 0.0

    def may_keep(self, who: Journal) -> bool:
        """Whether a run that waits is to put its records into the log: no other one has waited of late."""
        last, self._last = self._last, who
        is_alone = last is who or last is None or last.ended is not None
        self._alone = self._alone + 1 if is_alone else 0
        if self._file < 0:
            if self._alone >= ALONE and not self._is_asked:
                self._is_asked = True
                self._ask()
            return False
        return self._alone >= STILL_ALONE and time.monotonic() >= self._rests_until

    def opened(self, answer: dict[str, Any], session: str) -> None:
        """The sidecar has made a log, or has none for us."""
        log = answer.get("log")
        if log is None:
            return
        self._drop()
        self._is_asked = True
        try:
            file = os.open(log["path"], os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return
        if os.pread(file, 256, 0).startswith(_head(session)):
            self._file, self._bytes = file, log["bytes"]
            self.serial += 1
            self._at, self._generation, self._slow = HEAD, 1, 0
            self._outstanding = self._stuck = 0
        else:
            os.close(file)

    @property
    def has_room(self) -> bool:
        """Whether the log can go on without the store: it begins anew when that has all."""
        return self._at - HEAD < (self._bytes - HEAD) // 2

    def leave(self, journal: Journal) -> None:
        """Its run is over here."""
        if self._file >= 0:
            self.ended[journal.run] = journal

    def lost(self) -> None:
        """The connection has ended: the sidecar takes over what stands in the log, and the rest is sent again."""
        self._unsent.clear()
        self.ended.clear()
        self._drop()

    def _drop(self) -> None:
        file, self._file = self._file, -1
        self._alone, self._is_asked = 0, False
        if file >= 0:
            os.close(file)

    def keep(self, lines: list[bytes], records: int) -> bool:
        """Puts lines on the disk, of which so many are records. False where only the sidecar can: they are sent then."""
        kept = self._keep(lines, records)
        if not kept:
            # Somebody waits for the sidecar, which must not wait for company.
            self._unsent = [line.replace(LOGGED, b"", 1) for line in self._unsent]
            self._send_now()
        return kept

    def _keep(self, lines: list[bytes], records: int) -> bool:
        if not all(map(_is_plain, lines)):
            return False
        size = sum(map(len, lines)) + PREFIX * len(lines)
        is_free = self._outstanding == 0 and not self.has_room
        if (is_free or self._at + size > self._bytes) and not self._turn(size):
            return False
        frames = b"".join(self._frame(line) for line in lines)
        began = time.monotonic()
        try:
            written = os.pwrite(self._file, frames, self._at)
            os.fdatasync(self._file)
            is_open = os.pread(self._file, 1, 0) == b"o"
        except OSError:
            self._drop()
            return False
        now = time.monotonic()
        self._slow = self._slow + 1 if now - began > SLOW_SECONDS else 0
        if self._slow >= SLOW_FLUSHES:
            self._rests_until = now + REST * (now - began)
        self._at += size
        self._outstanding += records
        return is_open and written == size

    def later(self, line: bytes) -> None:
        """Sends a line that stands in the log, or is about to, soon and with others."""
        self._unsent.append(line)
        if self._timer is None:
            self._timer = self._loop.call_later(SEND_SECONDS, self._send_now)

    def _send_now(self) -> None:
        self._timer = None
        if self._unsent:
            self._send(b"")

    def unsent(self) -> bytes:
        """What is to be sent before anything else."""
        lines, self._unsent = self._unsent, []
        return b"".join(lines)

    def acknowledged(self, records: int) -> None:
        """The store has so many more of those that stand in the log."""
        self._outstanding -= records

    def _turn(self, size: int) -> bool:
        """Begins anew at the front, where nothing in it is needed any more."""
        if self._outstanding == 0 and HEAD + size <= self._bytes:
            self._at, self._generation, self._stuck = HEAD, self._generation + 1, 0
            return True
        self._stuck += 1
        if self._stuck >= STUCK:
            self._drop()
        return False

    def _frame(self, line: bytes) -> bytes:
        body = b"%08x %b" % (self._generation, line)
        return b"%08x %b" % (zlib.crc32(body), body)


def _head(session: str) -> bytes:
    return b"open   conductor-log 1 %b " % session.encode()


def _is_plain(line: bytes) -> bool:
    """Whether the sidecar will take it for certain."""
    return (
        len(line) <= LINE_BYTES
        and line.count(b"[") + line.count(b"{") <= DEPTH
        and b"\\ud" not in line
        and b"\\uD" not in line
        and (
            len(line) - len(line.translate(None, b"0123456789")) < DIGITS
            or LONG_NUMBER.search(line) is None
        )
    )


def of(session: Session) -> Ahead:
    """The log of a session, for which the sidecar is asked when it pays."""

    def ask() -> None:
        session.request("log.open", {}, once=True).add_done_callback(told)

    def told(answer: asyncio.Future[Any]) -> None:
        # One that knows no such request has no log.
        if not answer.cancelled() and answer.exception() is None:
            ahead.opened(answer.result(), session.id)

    ahead = Ahead(session.loop, ask, session.send)
    return ahead
