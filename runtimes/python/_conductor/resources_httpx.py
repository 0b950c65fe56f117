"""HTTP APIs by httpx: one client with its kept connections, for asynchronous functions and for blocking ones.

It deliberately knows no operations; time limits are the attempts'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .address import Env
from .permits import Pool
from .resources import Address, BlockingResource, Ready, Resource

try:
    import httpx
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"a resource of kind `http` needs the package {missing.name}: pip install httpx"
    ) from missing

Headers = Callable[[Env], Mapping[str, str]]
"""What is sent with each request, from the environment as it is when the client is opened."""


def _base(address: str) -> str:
    return address if address.endswith("/") else f"{address}/"


def _limits(max_size: int | None) -> httpx.Limits:
    """Without a limit of its own a resource has as many connections as there are attempts."""
    return httpx.Limits(max_connections=max_size, max_keepalive_connections=max_size)


class AsyncHttp(Resource[httpx.AsyncClient]):
    """A client for each event loop."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        headers: Headers | None = None,
        ready: Ready | None = None,
        max_size: int | None = None,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._headers = headers
        self._max_size = max_size

    async def _opened(self, address: str) -> httpx.AsyncClient:
        headers = self._headers(Env(self.pool.id)) if self._headers else None
        return httpx.AsyncClient(
            base_url=_base(address),
            headers=headers,
            timeout=None,
            limits=_limits(self._max_size),
        )

    async def _closed(self, client: httpx.AsyncClient) -> None:
        await client.aclose()


class BlockingHttp(BlockingResource[httpx.Client]):
    """A client for all threads of the process."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        headers: Headers | None = None,
        ready: Ready | None = None,
        max_size: int | None = None,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._headers = headers
        self._max_size = max_size

    def _open_now(self, address: str) -> httpx.Client:
        headers = self._headers(Env(self.pool.id)) if self._headers else None
        return httpx.Client(
            base_url=_base(address),
            headers=headers,
            timeout=None,
            limits=_limits(self._max_size),
        )

    def _close_now(self, client: httpx.Client) -> None:
        client.close()
