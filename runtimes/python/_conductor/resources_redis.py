"""Redis by redis-py: a client with a bounded pool of connections, for asynchronous functions and for blocking ones.

It deliberately knows no commands beyond the one that tells whether the server answers.
"""

from __future__ import annotations

from .permits import Pool
from .resources import Address, BlockingResource, Ready, Resource

try:
    import redis
    import redis.asyncio
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"a resource of kind `redis` needs the package {missing.name}: pip install redis"
    ) from missing

CONNECT_SECONDS = 10
"""How long a new connection, or a free one of the pool, is waited for."""


class AsyncRedis(Resource[redis.asyncio.Redis]):
    """A client for each event loop."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        ready: Ready | None = None,
        max_size: int,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._max_size = max_size

    async def _opened(self, address: str) -> redis.asyncio.Redis:
        connections = redis.asyncio.BlockingConnectionPool.from_url(
            address,
            max_connections=self._max_size,
            timeout=CONNECT_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
        )
        client = redis.asyncio.Redis.from_pool(connections)
        try:
            await client.ping()
        except BaseException:
            await client.aclose()
            raise
        return client

    async def _closed(self, client: redis.asyncio.Redis) -> None:
        await client.aclose()


class BlockingRedis(BlockingResource[redis.Redis]):
    """A client for all threads of the process."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        ready: Ready | None = None,
        max_size: int,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._max_size = max_size

    def _open_now(self, address: str) -> redis.Redis:
        connections = redis.BlockingConnectionPool.from_url(
            address,
            max_connections=self._max_size,
            timeout=CONNECT_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
        )
        client = redis.Redis.from_pool(connections)
        try:
            client.ping()
        except BaseException:
            client.close()
            raise
        return client

    def _close_now(self, client: redis.Redis) -> None:
        client.close()
