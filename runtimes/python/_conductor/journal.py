"""The records of a run that this process owns, on their way to the disk.

It deliberately knows no steps: entries go in, acknowledgements come back, and at a barrier one waits for the other.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from .ahead import LOGGED, Ahead
from .jsontext import byte_size, dumps

RETRY_STORE_SECONDS = 0.25
"""How long a refused record waits for the store to mend."""
RECORD_BYTES = 4 << 20
"""Entries beyond this size go into a record of their own."""

LINGER_SECONDS = 0.002
"""How long entries for which nobody waits are kept for what follows them."""

Ended = Literal["lost", "finished"]


class Journal:
    """Numbers the records of one run in one epoch, and keeps them until they are acknowledged."""

    def __init__(
        self,
        run: str,
        epoch: int,
        next_seq: int,
        send: Callable[[bytes], bool],
        at_the_end: Callable[[Callable[[], None]], object] | None = None,
        ahead: Ahead | None = None,
        start: dict[str, Any] | None = None,
    ) -> None:
        """`start` is how the run was begun here, where nobody had begun it before."""
        self.run = run
        self.epoch = epoch
        self.waits = 0
        """How often somebody had to wait for the disk."""
        self.ended: Ended | None = None
        self.refusal: str | None = None
        """Why the sidecar does not take what this process has to say of the run."""
        self.on_lost: Callable[[str], None] | None = None
        self.on_cancelling: Callable[[str], None] | None = None
        self.on_signal: Callable[[dict[str, Any]], None] | None = None
        self.on_reclaimed: Callable[[], None] | None = None
        """The connection was lost, and the run is still this process's."""
        self._first_seq = next_seq
        self._next_seq = next_seq
        self._acked = next_seq - 1 if next_seq > 1 else -1
        self._safe = self._acked
        """Up to here everything is on the disk: in the store, or in the log of this process."""
        self._ahead = ahead
        self._logged = -1
        """Up to here the records stand in the log with this number."""
        self._serial = 0
        self._is_logging = False
        self._may_keep = False
        """Whether the log will do for those who wait."""
        self._was_kept = False
        """Something was put into the log in this turn."""
        self._start = start
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._at_the_end = at_the_end or self._loop.call_soon
        self._entries: list[str] = []
        self._later: asyncio.TimerHandle | None = None
        self._is_due = False
        self._kept: deque[tuple[int, bytes, float]] = deque()
        self._waiters: list[tuple[int, asyncio.Future[None], bool]] = []

    def record(self, kind: str, /, **fields: Any) -> None:
        """Adds an entry to the next record."""
        self.record_text(dumps({kind: fields}))

    def record_text(self, entry: str) -> None:
        """Adds an entry that is JSON already."""
        if self.ended is not None:
            return
        if not self._entries:
            self._look_soon()
        self._entries.append(entry)

    def _look_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._at_the_end(self._look)

    def _look(self) -> None:
        """Sends what somebody waits for; the rest may wait for what follows it."""
        self._is_due = self._was_kept = False
        may_keep, self._may_keep = self._may_keep, False
        if self._waiters:
            if not (may_keep and self._keep()):
                self.flush()
        elif self._entries and self._later is None:
            self._later = self._loop.call_later(LINGER_SECONDS, self.flush)

    def _keep(self) -> bool:
        """Puts all that the store may not have into the log."""
        ahead = self._ahead
        if ahead is None:
            return False
        self._is_logging = True
        self.flush()
        self._is_logging = False
        if self._serial != ahead.serial:
            self._serial, self._logged = ahead.serial, self._acked
        lines: list[bytes] = []
        for seq, line, _ in reversed(self._kept):
            if seq <= self._logged:
                break
            lines.append(line)
        records = len(lines)
        if self._logged < 0 and self._start is not None:
            lines.append(_request("run.start", self._start))
        lines.reverse()
        if not ahead.keep(lines, records):
            return False
        self._safe = self._logged = self._next_seq - 1
        self._release()
        return True

    def flush(self) -> None:
        """Makes records of the entries that are waiting, and sends them."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        entries, self._entries = self._entries, []
        size = 0
        together: list[str] = []
        for entry in entries:
            more = byte_size(entry)
            if together and size + more > RECORD_BYTES:
                self._emit(together)
                together, size = [], 0
            together.append(entry)
            size += more
        if together:
            self._emit(together)

    def _emit(self, entries: list[str]) -> None:
        seq = self._next_seq
        self._next_seq += 1
        logged = LOGGED.decode() if self._is_logging else ""
        line = (
            '{"jsonrpc":"2.0","method":"step.record","params":{'
            f'"run":{dumps(self.run)},"epoch":{self.epoch},"seq":{seq},{logged}'
            f'"entries":[{",".join(entries)}]}}}}\n'
        ).encode()
        self._kept.append((seq, line, self._loop.time()))
        if self._is_logging and self._ahead is not None:
            self._ahead.later(line)
        else:
            self._send(line)

    async def barrier(self) -> None:
        """Waits until everything so far is on the disk."""
        last = self._last
        if self._safe >= last or self.ended is not None:
            return
        may_keep = (
            self._ahead is not None
            and (self._acked >= 0 or self._start is not None)
            and self._ahead.may_keep(self)
        )
        if may_keep and not (self._was_kept or self._waiters) and self._keep():
            self.waits += 1
            self._was_kept = True
            self._look_soon()
            return
        # Others may come in this turn: all of them are one flush.
        self._may_keep = may_keep
        await self._wait(last, is_for_store=False)

    async def concluded(self) -> None:
        """Waits until the end of the run, its last entry, is on the disk. The store has it soon where the run was begun here."""
        if self._start is not None and self._ahead is not None and self._ahead.has_room:
            await self.barrier()
        else:
            await self.stored()

    async def stored(self) -> None:
        """Waits until everything so far is in the store, where everybody sees it."""
        last = self._last
        if self._acked < last and self.ended is None:
            await self._wait(last, is_for_store=True)

    @property
    def _last(self) -> int:
        return self._next_seq - (0 if self._entries else 1)

    async def _wait(self, last: int, *, is_for_store: bool) -> None:
        self.waits += 1
        waiter = self._loop.create_future()
        self._waiters.append((last, waiter, is_for_store))
        self._may_keep = self._may_keep and not is_for_store
        if self._entries:
            self._look_soon()
        await waiter

    def acknowledged(self, seq: int) -> float | None:
        """Everything up to `seq` is on the disk. Says when the last of it was sent."""
        sent: float | None = None
        logged = 0
        while self._kept and self._kept[0][0] <= seq:
            number, _, sent = self._kept.popleft()
            logged += number <= self._logged
        if logged and self._ahead is not None and self._serial == self._ahead.serial:
            self._ahead.acknowledged(logged)
            if self.ended is not None and not self._kept:
                self._ahead.ended.pop(self.run, None)
        self._acked = max(self._acked, seq)
        self._safe = max(self._safe, seq)
        self._release()
        return sent

    def _release(self) -> None:
        waiting = []
        for seq, waiter, is_for_store in self._waiters:
            if (
                seq > (self._acked if is_for_store else self._safe)
                and self.ended is None
            ):
                waiting.append((seq, waiter, is_for_store))
            elif not waiter.done():
                waiter.set_result(None)
        self._waiters = waiting

    def refused(self, seq: int) -> bool:
        """The store was in trouble: sends again later. False where the start itself was lost."""
        if seq < self._first_seq:
            return False
        self._loop.call_later(RETRY_STORE_SECONDS, self.resend, seq)
        return True

    def resend(self, seq: int) -> None:
        """Sends every kept record from `seq` on."""
        now = self._loop.time()
        for at, (number, line, _) in enumerate(self._kept):
            if number >= seq:
                self._kept[at] = (number, line, now)
                self._send(line)

    def end(self, how: Ended) -> None:
        """Nothing more is recorded; nobody waits any longer."""
        self.ended = how
        self._entries.clear()
        if how == "finished" and self._ahead is not None and self._is_in_log():
            self._ahead.leave(self)
        else:
            self._kept.clear()
        self._release()

    def _is_in_log(self) -> bool:
        """Whether something stands in the log that the store may not have."""
        is_log = self._ahead is not None and self._serial == self._ahead.serial
        return is_log and bool(self._kept) and self._kept[0][0] <= self._logged

    def lose(self, reason: str) -> None:
        """The run is not this process's any more."""
        if self.ended is None:
            self.end("lost")
            if self.on_lost is not None:
                self.on_lost(reason)


def _request(method: str, params: dict[str, Any]) -> bytes:
    message = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}
    return dumps(message).encode() + b"\n"
