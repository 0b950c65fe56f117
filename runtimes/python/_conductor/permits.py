"""Permits and rate limits: who may begin an attempt now, and who is next.

It deliberately knows neither clients nor journals. First come, first served, over all threads and event loops of the
process; limits that processes share are asked of `host`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol

from . import host, saturation
from .held import held
from .rates import Rate
from .saturation import Scope
from .threads import HOLDER, Holder

if TYPE_CHECKING:
    from .session import Session

GiveBack = Callable[[], None]
"""Gives one thing back, from any thread."""


class Starts:
    """When the last attempts began or will begin, as many as matter."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._at: deque[float] = deque()
        self._lock = threading.Lock()

    def change(self, rate: Rate) -> None:
        """Another rate for those who come from now on."""
        with self._lock:
            self._rate = rate

    def reserve(self, now: float) -> float:
        """The moment, not before `now`, at which the next attempt may begin."""
        with self._lock:
            while self._at and self._at[0] + self._rate.seconds <= now:
                self._at.popleft()
            at = now
            if len(self._at) >= self._rate.permits:
                at = max(self._at[-self._rate.permits] + self._rate.seconds, now)
            # The starts in waiting are in order, so that the newest is never before the one before it.
            if self._at:
                at = max(at, self._at[-1])
            self._at.append(at)
            return at


class _Waiter:
    """Whoever waits for a permit, in whatever event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.granted: asyncio.Future[None] = self._loop.create_future()

    def grant(self) -> bool:
        """Wakes it. False where its event loop is no more."""
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            return False
        return True

    def _wake(self) -> None:
        if not self.granted.done():
            self.granted.set_result(None)


class Permits:
    """A bounded number of permits of this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._held = 0
        self._waiting: deque[_Waiter] = deque()

    def take_now(self) -> bool:
        """Takes a permit where one is free and nobody waits."""
        with self._lock:
            if self._waiting or self._held >= self._limit:
                return False
            self._held += 1
            return True

    async def take(self) -> None:
        """Takes a permit in its turn."""
        with self._lock:
            if not self._waiting and self._held < self._limit:
                self._held += 1
                return
            waiter = _Waiter()
            self._waiting.append(waiter)
        try:
            await waiter.granted
        except BaseException:
            with self._lock:
                is_granted = waiter not in self._waiting
                if not is_granted:
                    self._waiting.remove(waiter)
            if is_granted:
                self.give_back()
            raise

    def give_back(self) -> None:
        """Gives a permit to the next in the queue. From any thread."""
        with self._lock:
            self._held -= 1
            self._let_in()

    def change(self, limit: int) -> None:
        """Another number of permits; those that are held are kept. From any thread."""
        with self._lock:
            self._limit = limit
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._held < self._limit:
            self._held += self._waiting.popleft().grant()


class Pool:
    """What is limited: a resource, or the attempts of one task."""

    def __init__(
        self,
        id: str,
        *,
        limit: int | None = None,
        rate: Rate | None = None,
        scope: Scope = "process",
    ) -> None:
        self.id = id
        self.limit = limit
        self.rate = rate
        self.scope: Scope = scope
        self._reset()
        _pools.add(self)

    def _reset(self) -> None:
        self._permits = None if self.limit is None else Permits(self.limit)
        self._starts = None if self.rate is None else Starts(self.rate)

    def change(self, limit: int | None, rate: Rate | None) -> None:
        """Other numbers from now on, in the place of those that it has."""
        if self._permits is not None and limit is not None:
            self.limit = limit
            self._permits.change(limit)
        if self._starts is not None and rate is not None:
            self.rate = rate
            self._starts.change(rate)

    @property
    def pool(self) -> Pool:
        """Itself: a pool can be taken without a client."""
        return self

    async def open(self, taken: Taken) -> None:
        """There is nothing to open."""

    async def take(self, taken: Taken, session: Session | None) -> None:
        """Waits for the rate and for a permit, which `taken` gives back."""
        if self.limit is None and self.rate is None:
            return
        usage = saturation.usage(self.id, self.scope, self.limit)
        with usage.waiting():
            give_back: GiveBack | None = None
            if self.scope == "host":
                give_back = await host.take(self, session)
            if give_back is None:
                give_back = await self._take_here()
        taken.add(give_back)
        taken.add(usage.freed)

    async def _take_here(self) -> GiveBack:
        permits = self._permits
        if self._starts is not None:
            now = time.monotonic()
            pause = self._starts.reserve(now) - now
            if pause > 0:
                await asyncio.sleep(pause)
        if permits is None:
            return _nothing
        await permits.take()
        return permits.give_back


def _nothing() -> None:
    """A rate has nothing to give back."""


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _reset_after_fork() -> None:
    """The parent's permits are the parent's."""
    for pool in list(_pools):
        pool._reset()


os.register_at_fork(after_in_child=_reset_after_fork)


class Taker(Protocol):
    """What an attempt takes before it begins: permits, and a client that must be open."""

    @property
    def pool(self) -> Pool:
        """The permits and the rate."""
        ...

    async def open(self, taken: Taken) -> None:
        """Opens the client where it is not. A failure is kept for whoever asks for the client."""


_UNWATCHED: Final = contextlib.nullcontext()


class Taken:
    """What one attempt holds: given back when it is over and no thread or task of it runs any longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: list[GiveBack] = []
        self._running = 0
        self._is_over = False

    def add(self, give_back: GiveBack) -> None:
        """Holds one thing more."""
        self._given.append(give_back)

    def started(self) -> None:
        """A thread or task of the attempt has begun."""
        with self._lock:
            self._running += 1

    def ended(self) -> None:
        """It has ended. From any thread."""
        with self._lock:
            self._running -= 1
        self._settle()

    def over(self) -> None:
        """The attempt is over; what it left running keeps what it holds."""
        self._is_over = True
        if self._given:
            self._settle()

    def _settle(self) -> None:
        with self._lock:
            if not self._is_over or self._running:
                return
            given, self._given = self._given, []
        for give_back in reversed(given):
            give_back()

    def watching(self) -> contextlib.AbstractContextManager[None]:
        """Threads and tasks that are started inside count as the attempt's."""
        if not self._given and HOLDER.get() is None:
            return _UNWATCHED
        return self._watching()

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        token = HOLDER.set(self)
        try:
            yield
        finally:
            HOLDER.reset(token)


async def take(
    takers: tuple[Taker, ...],
    *,
    seconds: float | None = None,
    session: Session | None = None,
) -> Taken:
    """Takes of each in the given order, then opens what is not open. `TimeoutError` when the time is over before."""
    taken = Taken()
    try:
        async with asyncio.timeout(seconds):
            for taker in takers:
                if held(taker.pool) is None:
                    await taker.pool.take(taken, session)
            for taker in takers:
                await taker.open(taken)
    except BaseException:
        taken.over()
        raise
    return taken


class Using:
    """Takes for the length of an `async with` block, and of the threads and tasks that it leaves running."""

    def __init__(self, *takers: Taker) -> None:
        self._takers = takers

    async def __aenter__(self) -> None:
        self._taken = await take(self._takers)
        self._token: Token[Holder | None] = HOLDER.set(self._taken)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        HOLDER.reset(self._token)
        self._taken.over()
