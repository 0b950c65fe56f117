"""A permit, or a connection, that is kept over several steps.

It deliberately knows no steps: those inside ask here before they take a permit or a connection of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .permits import Pool, Taken
    from .session import Session

T = TypeVar("T")


class Held:
    """What the steps inside a block share: the permit of a resource, and its connections once one is asked for."""

    def __init__(self, pool: Pool, outer: Held | None) -> None:
        self.pool = pool
        self.outer = outer
        self.lock = asyncio.Lock()
        """One step at a time uses the connection."""
        self._connections: dict[int, Any] = {}
        self._stack = contextlib.AsyncExitStack()

    async def connection(
        self,
        owner: object,
        make: Callable[[], contextlib.AbstractAsyncContextManager[T]],
    ) -> T:
        """The connection of `owner`, which is lent for as long as the block lasts."""
        known: T | None = self._connections.get(id(owner))
        if known is None:
            known = await self._stack.enter_async_context(make())
            self._connections[id(owner)] = known
        return known

    async def close(self) -> None:
        """Gives the connections back."""
        await self._stack.aclose()


_held: ContextVar[Held | None] = ContextVar("conductor_held", default=None)


def held(pool: Pool) -> Held | None:
    """What a block around the code that runs keeps of the resource."""
    known = _held.get()
    while known is not None and known.pool is not pool:
        known = known.outer
    return known


class Holding:
    """Keeps a permit for the length of an `async with` block. With `lends`, the steps inside take none of their own."""

    def __init__(
        self, pool: Pool, *, lends: bool = False, session: Session | None = None
    ) -> None:
        self._pool = pool
        self._lends = lends
        self._session = session
        self._taken: Taken | None = None
        self._held: Held | None = None
        self._token: Token[Held | None] | None = None

    async def __aenter__(self) -> None:
        from .gone import only_recorded
        from .permits import take

        if only_recorded.get():
            return
        self._taken = await take((self._pool,), session=self._session)
        if self._lends:
            self._held = Held(self._pool, _held.get())
            self._token = _held.set(self._held)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _held.reset(self._token)
        try:
            if self._held is not None:
                await self._held.close()
        finally:
            if self._taken is not None:
                self._taken.over()
