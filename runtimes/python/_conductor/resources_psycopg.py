"""PostgreSQL by psycopg 3: a pool for asynchronous functions, a pool for blocking ones, and connections of either.

It deliberately knows no SQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Iterator

from .held import held
from .permits import Pool
from .resources import Address, BlockingResource, Ready, Resource

try:
    import psycopg
    import psycopg_pool
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"a resource of kind `postgres` needs the package {missing.name}: "
        "pip install 'psycopg[binary,pool]'"
    ) from missing

CONNECT_SECONDS = 10
"""How long a new connection, or a free one of the pool, is waited for."""


class AsyncPostgres(Resource[psycopg_pool.AsyncConnectionPool]):
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
        self._lent: dict[
            psycopg_pool.AsyncConnectionPool, weakref.WeakSet[psycopg.AsyncConnection]
        ] = {}

    async def _opened(self, address: str) -> psycopg_pool.AsyncConnectionPool:
        # A pool hides why it cannot connect; one connection says it.
        first = await psycopg.AsyncConnection.connect(
            address, connect_timeout=CONNECT_SECONDS
        )
        await first.close()
        connections: weakref.WeakSet[psycopg.AsyncConnection] = weakref.WeakSet()

        async def keep(connection: psycopg.AsyncConnection) -> None:
            connections.add(connection)

        pool: psycopg_pool.AsyncConnectionPool = psycopg_pool.AsyncConnectionPool(
            address,
            configure=keep,
            kwargs={"connect_timeout": CONNECT_SECONDS},
            min_size=self._min_size,
            max_size=self._max_size,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            check=psycopg_pool.AsyncConnectionPool.check_connection,
            name=self.pool.id,
            open=False,
        )
        await pool.open()
        self._lent[pool] = connections
        return pool

    async def _closed(self, client: psycopg_pool.AsyncConnectionPool) -> None:
        # The end of an event loop cancels the pool's own tasks first, and then its closing stops half way.
        with contextlib.suppress(asyncio.CancelledError):
            await client.close()
        for connection in list(self._lent.pop(client, ())):
            await connection.close()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """A connection for one call: what it did is committed when it returns, rolled back when it raises."""
        kept = held(self.pool)
        if kept is None:
            async with self.client().connection() as connection:
                yield connection
            return
        async with kept.lock:
            connection = await kept.connection(self, self.client().connection)
            try:
                yield connection
            except BaseException:
                await connection.rollback()
                raise
            await connection.commit()


class BlockingPostgres(BlockingResource[psycopg_pool.ConnectionPool]):
    """A pool for all threads of the process."""

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

    def _open_now(self, address: str) -> psycopg_pool.ConnectionPool:
        # A pool hides why it cannot connect; one connection says it.
        psycopg.Connection.connect(address, connect_timeout=CONNECT_SECONDS).close()
        return psycopg_pool.ConnectionPool(
            address,
            kwargs={"connect_timeout": CONNECT_SECONDS},
            min_size=self._min_size,
            max_size=self._max_size,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            check=psycopg_pool.ConnectionPool.check_connection,
            name=self.pool.id,
            open=True,
        )

    def _close_now(self, client: psycopg_pool.ConnectionPool) -> None:
        client.close()

    @contextlib.contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection for one call: what it did is committed when it returns, rolled back when it raises."""
        with self.client().connection() as connection:
            yield connection
