"""PostgreSQL by asyncpg: a pool for each event loop, and its connections.

It deliberately knows no SQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from .held import held
from .permits import Pool
from .resources import Address, Ready, Resource

try:
    import asyncpg
    import asyncpg.pool
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"a resource of kind `postgres` needs the package {missing.name}: "
        "pip install asyncpg"
    ) from missing

CONNECT_SECONDS = 10
"""How long a new connection, or a free one of the pool, is waited for."""


class AsyncpgPostgres(Resource["asyncpg.pool.Pool[asyncpg.Record]"]):
    """A pool for each event loop."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        ready: Ready | None = None,
        min_size: int,
        max_size: int,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._min_size = min_size
        self._max_size = max_size

    async def _opened(self, address: str) -> asyncpg.pool.Pool[asyncpg.Record]:
        # With no connection kept, a pool would open whatever the address says; one connection says what is wrong.
        first = await asyncpg.connect(address, timeout=CONNECT_SECONDS)
        await first.close()
        return await asyncpg.create_pool(
            address,
            min_size=self._min_size,
            max_size=self._max_size,
            timeout=CONNECT_SECONDS,
        )

    async def _closed(self, client: asyncpg.pool.Pool[asyncpg.Record]) -> None:
        await client.close()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection for one call, given back as it was lent: without a transaction.

        It is a `PoolConnectionProxy`, which does what a `Connection` does and is none to type checkers.
        """
        kept = held(self.pool)
        if kept is None:
            async with self.client().acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection
            return
        async with kept.lock:
            connection = await kept.connection(
                self, lambda: self.client().acquire(timeout=CONNECT_SECONDS)
            )
            yield connection
            if connection.is_in_transaction():
                raise RuntimeError("a transaction is still open at the step's end")
