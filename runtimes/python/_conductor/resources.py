"""Clients of resources: opened on first use, once in a process or an event loop, and closed when their users are done.

It deliberately knows no driver; those that need one are in modules of their own.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import logging
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from . import background, saturation
from .address import Env, scrubbed, shown
from .errors import MissingVariable, ResourceUnavailable, text_of
from .permits import Pool, Taken
from .settle import SETTLE_SECONDS, ended, forget
from .threads import submit

C = TypeVar("C")

logger = logging.getLogger("conductor")

EXIT_SECONDS = 5.0
"""How long the process waits at its exit for blocking functions that use a client."""

Address = Callable[[Env], str]
"""Where a resource is, from the environment as it is when the client is opened."""


class Ready(Protocol):
    """What says that a service is ready."""

    async def wait(self, address: str) -> None:
        """Returns when the service is ready; raises when it is not in time."""


class _Entry(Generic[C]):
    """One client, from the beginning of its opening to its closing."""

    def __init__(self) -> None:
        self.client: C | None = None
        self.failure: Exception | None = None
        self.opening: asyncio.Future[None] | None = None
        self.users = 0
        self.idle = threading.Condition()

    def entered(self, taken: Taken) -> None:
        """One user more, until `taken` is given back."""
        with self.idle:
            self.users += 1
        taken.add(self._left)

    def _left(self) -> None:
        with self.idle:
            self.users -= 1
            self.idle.notify_all()


class _Opening(Generic[C]):
    """Reads the address, and notes in the entry what the opening comes to."""

    def __init__(self, pool: Pool, where: Address | None, entry: _Entry[C]) -> None:
        self._pool = pool
        self._where = where
        self._entry = entry
        self._address = ""

    def __enter__(self) -> Callable[[], str]:
        self._entry.failure = None
        return self._read

    def _read(self) -> str:
        if self._where is not None:
            self._address = self._where(Env(self._pool.id))
        return self._address

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, MissingVariable):
            self._entry.failure = error
        elif isinstance(error, Exception):
            self._entry.failure = self._failure(error)
        elif error is not None:
            self._entry.failure = ResourceUnavailable(
                f"the opening of the resource {self._pool.id} was interrupted"
            )
        usage = saturation.usage(self._pool.id, self._pool.scope, self._pool.limit)
        usage.opening(succeeded=error is None)
        return isinstance(error, Exception)

    def _failure(self, error: Exception) -> ResourceUnavailable:
        where = f" ({shown(self._address)})" if self._address else ""
        text = f"{type(error).__qualname__}: {text_of(error)}"
        clean = scrubbed(text, self._address)
        failure = ResourceUnavailable(
            f"the resource {self._pool.id}{where} cannot be opened: {clean}"
        )
        if clean == text:  # else the cause would tell the password
            failure.__cause__ = error
        return failure


class Resource(Generic[C]):
    """A resource of which attempts are handed a client."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address | None = None,
        ready: Ready | None = None,
    ) -> None:
        self._pool = pool
        self._address = address
        self._ready = ready
        self._entries: dict[asyncio.AbstractEventLoop, _Entry[C]] = {}
        _resources.add(self)

    @property
    def pool(self) -> Pool:
        """The permits and the rate."""
        return self._pool

    async def _opened(self, address: str) -> C:
        """Makes the client."""
        raise NotImplementedError

    async def _closed(self, client: C) -> None:
        """Gives the client's connections up."""
        raise NotImplementedError

    def client(self) -> C:
        """The client that the attempt has opened, or why that could not be."""
        entry = self._entries.get(asyncio.get_running_loop())
        return self._of(entry)

    def _of(self, entry: _Entry[C] | None) -> C:
        if entry is None:
            raise ResourceUnavailable(f"the resource {self._pool.id} is not open")
        if entry.client is not None:
            return entry.client
        raise entry.failure or ResourceUnavailable(
            f"the resource {self._pool.id} is not open yet"
        )

    async def open(self, taken: Taken) -> None:
        """Opens the client where it is not; whoever comes meanwhile waits for the same opening."""
        loop = asyncio.get_running_loop()
        entry = self._entries.get(loop)
        if entry is None:
            entry = self._entries[loop] = _Entry()
            await _guard(loop)
        entry.entered(taken)
        if entry.client is not None:
            return
        if entry.opening is None:
            entry.opening = loop.create_task(self._open(entry))
            forget(entry.opening)
        await ended(entry.opening, None)

    async def _open(self, entry: _Entry[C]) -> None:
        try:
            with self._opening(entry) as where:
                address = where()
                if self._ready is not None:
                    await self._ready.wait(address)
                entry.client = await self._opened(address)
        finally:
            entry.opening = None

    def _opening(self, entry: _Entry[C]) -> _Opening[C]:
        return _Opening(self._pool, self._address, entry)

    async def close_here(self) -> None:
        """Closes the client of this event loop when its users are done with it; the next use opens another."""
        entry = self._entries.get(asyncio.get_running_loop())
        if entry is None:
            return
        await self._unused(entry)
        if self._entries.get(asyncio.get_running_loop()) is entry:
            del self._entries[asyncio.get_running_loop()]
        await self._close(entry)

    async def _unused(self, entry: _Entry[C]) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + SETTLE_SECONDS
        while entry.users and loop.time() < ends_at:
            await asyncio.sleep(0.01)

    async def _close(self, entry: _Entry[C]) -> None:
        client, entry.client = entry.client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._closed(client)
        except Exception:
            logger.exception("the resource %s cannot be closed", self._pool.id)

    def forget(self) -> None:
        """After a fork: the clients are the parent's. They are kept, because some hang up when they are freed."""
        _inherited.append(self._entries)
        self._entries = {}


class BlockingResource(Resource[C]):
    """A client for blocking functions: one for all threads and event loops of the process."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address | None = None,
        ready: Ready | None = None,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._renew()

    def _renew(self) -> None:
        self._entry: _Entry[C] = _Entry()
        self._lock = threading.Lock()

    def _open_now(self, address: str) -> C:
        """Makes the client, in a thread."""
        raise NotImplementedError

    def _close_now(self, client: C) -> None:
        """Gives the client's connections up."""
        raise NotImplementedError

    def client(self) -> C:
        """The client that an attempt has opened, or why that could not be."""
        return self._of(self._entry)

    async def open(self, taken: Taken) -> None:
        """Opens the client where it is not, in a thread; whoever comes meanwhile waits for the same opening."""
        entry = self._entry
        entry.entered(taken)
        if entry.client is None:
            await submit(self._open_once, entry)

    def _open_once(self, entry: _Entry[C]) -> None:
        before = entry.failure
        with self._lock:
            if entry.client is not None or entry.failure is not before:
                return  # somebody else has tried meanwhile
            with self._opening(entry) as where:
                address = where()
                if self._ready is not None:
                    asyncio.run(self._ready.wait(address))
                entry.client = self._open_now(address)

    async def close_here(self) -> None:
        """Closes the client of the process when its users are done with it; the next use opens another."""
        await submit(self.close_now, SETTLE_SECONDS)

    def close_now(self, seconds: float) -> None:
        """Closes the client, after `seconds` even where it is in use."""
        entry = self._entry
        with entry.idle:
            entry.idle.wait_for(lambda: not entry.users, seconds)
        with self._lock:
            if self._entry is entry:
                self._entry = _Entry()
        client, entry.client = entry.client, None
        if client is None:
            return
        try:
            self._close_now(client)
        except Exception:
            logger.exception("the resource %s cannot be closed", self._pool.id)

    def forget(self) -> None:
        _inherited.append(self._entry)
        self._renew()


class Custom(Resource[C]):
    """A client that the user's own asynchronous function makes, for each event loop."""

    def __init__(
        self,
        pool: Pool,
        *,
        open: Callable[[], Awaitable[C]],
        close: Callable[[C], object] | None = None,
    ) -> None:
        super().__init__(pool)
        self._make = open
        self._end = close

    async def _opened(self, address: str) -> C:
        return await self._make()

    async def _closed(self, client: C) -> None:
        if self._end is not None:
            ended = self._end(client)
            if isinstance(ended, Awaitable):
                await ended


class BlockingCustom(BlockingResource[C]):
    """A client that the user's own blocking function makes, once in a process."""

    def __init__(
        self,
        pool: Pool,
        *,
        open: Callable[[], C],
        close: Callable[[C], object] | None = None,
    ) -> None:
        super().__init__(pool)
        self._make = open
        self._end = close

    def _open_now(self, address: str) -> C:
        return self._make()

    def _close_now(self, client: C) -> None:
        if self._end is None:
            return
        ended = self._end(client)
        if isinstance(ended, Coroutine):
            asyncio.run(ended)


_resources: weakref.WeakSet[Resource[Any]] = weakref.WeakSet()
_guards: dict[asyncio.AbstractEventLoop, _Guard] = {}
_inherited: list[object] = []


async def close() -> None:
    """Closes the clients of this event loop, and those that all of the process share, when their users are done."""
    await asyncio.gather(*(resource.close_here() for resource in list(_resources)))


async def close_of_this_loop() -> None:
    """Closes the clients of this event loop."""
    own = [one for one in list(_resources) if not isinstance(one, BlockingResource)]
    await asyncio.gather(*(resource.close_here() for resource in own))


class _Guard:
    """Closes a loop's clients when it is shut down.

    That cancels all tasks, once, and waits for them. The tasks of a client may live on (those of a pool of psycopg do
    where they are connecting) until the client is closed: so it is closed when the tasks are cancelled. What is opened
    later yet, by those who clean up, is closed when the loop ends its asynchronous generators.
    """

    def __init__(self) -> None:
        self._at_the_end = self._close_at_the_end()
        self._keeper: asyncio.Task[None] | None = None

    async def watch(self) -> None:
        """Begins to wait for the end."""
        if self._keeper is None:
            await anext(self._at_the_end)
        if self._keeper is None or self._keeper.done():
            # In a context of its own: it is nobody's and keeps nothing of a run.
            self._keeper = asyncio.get_running_loop().create_task(
                self._close_when_cancelled(),
                name="conductor-resources",
                context=contextvars.Context(),
            )

    async def _close_when_cancelled(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await close_of_this_loop()

    async def _close_at_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await close_of_this_loop()


async def _guard(loop: asyncio.AbstractEventLoop) -> None:
    """Sees to it that the loop's clients are closed at its end."""
    if loop not in _guards:
        for old in [other for other in _guards if other.is_closed()]:
            del _guards[old]
        _guards[loop] = _Guard()
    await _guards[loop].watch()


def _close_at_exit() -> None:
    background.stop()
    for resource in list(_resources):
        if isinstance(resource, BlockingResource):
            resource.close_now(EXIT_SECONDS)


def _forget_after_fork() -> None:
    """The child must not speak on its parent's connections."""
    for resource in list(_resources):
        resource.forget()
    _guards.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(_close_at_exit)
