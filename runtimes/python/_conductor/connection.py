"""Lines over a Unix socket: writes are gathered per turn of the event loop, lines are cut out of what arrives.

It deliberately knows no messages, only where a line ends.
"""

import asyncio
from collections.abc import Callable
from typing import cast

_TOGETHER = 16
"""How many have something to send before it is sent in the middle of a turn: the sidecar works on it while this process goes on."""


class Connection(asyncio.Protocol):
    """One connection to the sidecar."""

    def __init__(
        self,
        received: Callable[[bytes], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        self._received = received
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._outgoing: list[bytes] = []
        self._late: list[Callable[[], None]] = []
        self._is_due = False
        self._partial: list[bytes] = []
        self.closed: asyncio.Future[None] = self._loop.create_future()

    @property
    def fileno(self) -> int:
        """The socket's descriptor, -1 when there is none."""
        if self._transport is None:
            return -1
        sock = self._transport.get_extra_info("socket")
        return -1 if sock is None else int(sock.fileno())

    def send(self, line: bytes) -> None:
        """Sends a line, together with all others of this turn."""
        self._outgoing.append(line)
        self._flush_soon()

    def at_the_end(self, more: Callable[[], None]) -> None:
        """Calls `more` when this turn is over, or before, after what calls this now; what it sends goes with the rest."""
        if len(self._late) >= _TOGETHER:
            self._flush()
        self._late.append(more)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._turned)

    def _turned(self) -> None:
        self._flush()
        self._is_due = False

    def _flush(self) -> None:
        late, self._late = self._late, []
        for more in late:
            more()
        outgoing, self._outgoing = self._outgoing, []
        if outgoing and self._transport is not None:
            self._transport.write(b"".join(outgoing))

    def close(self) -> None:
        """Sends what is left, then closes."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop's is a class of asyncio's: uvloop has its own.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        if lines and self._partial:
            self._partial.append(lines[0])
            lines[0] = b"".join(self._partial)
            self._partial.clear()
        if rest:
            self._partial.append(rest)
        for line in lines:
            self._received(line)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._outgoing.clear()
        if not self.closed.done():
            self.closed.set_result(None)
        self._lost(self)
