"""gRPC servers: one channel that all calls share.

It deliberately knows no methods and no messages but those of the standard health check.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from .health import place
from .permits import Pool
from .resources import Address, BlockingResource, Ready, Resource

try:
    import grpc
    import grpc.aio
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "a resource of kind `grpc` needs the package grpcio: pip install grpcio"
    ) from missing

CLOSE_SECONDS = 5.0
"""How long calls that are still under way have when a channel is closed."""
SERVING = b"\x08\x01"
"""`grpc.health.v1.HealthCheckResponse` with `status: SERVING`, as protobuf writes it."""


def _target(address: str) -> str:
    """What the library takes: `host:port`, or one of its own schemes such as `unix:`."""
    if urlsplit(address).scheme not in ("http", "https", "grpc", "grpcs"):
        return address
    host, port, _ = place(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _credentials(address: str, ca: str | None) -> grpc.ChannelCredentials | None:
    if ca is None and not address.startswith(("https://", "grpcs://")):
        return None
    trusted = None if ca is None else (_project() / ca).read_bytes()
    return grpc.ssl_channel_credentials(root_certificates=trusted)


def _project() -> Path:
    """The folder that holds the generated package, where paths of the manifest begin."""
    return Path(__file__).resolve().parents[2]


class AsyncGrpc(Resource[grpc.aio.Channel]):
    """A channel for each event loop."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        ca: str | None = None,
        ready: Ready | None = None,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._ca = ca

    async def _opened(self, address: str) -> grpc.aio.Channel:
        return _channel(address, self._ca)

    async def _closed(self, client: grpc.aio.Channel) -> None:
        await client.close(CLOSE_SECONDS)


def _channel(address: str, ca: str | None) -> grpc.aio.Channel:
    credentials = _credentials(address, ca)
    if credentials is None:
        return grpc.aio.insecure_channel(_target(address))
    return grpc.aio.secure_channel(_target(address), credentials)


class BlockingGrpc(BlockingResource[grpc.Channel]):
    """A channel for all threads of the process."""

    def __init__(
        self,
        pool: Pool,
        *,
        address: Address,
        ca: str | None = None,
        ready: Ready | None = None,
    ) -> None:
        super().__init__(pool, address=address, ready=ready)
        self._ca = ca

    def _open_now(self, address: str) -> grpc.Channel:
        credentials = _credentials(address, self._ca)
        if credentials is None:
            return grpc.insecure_channel(_target(address))
        return grpc.secure_channel(_target(address), credentials)

    def _close_now(self, client: grpc.Channel) -> None:
        client.close()


class Health:
    """`grpc.health.v1.Health/Check` answers `SERVING`."""

    def __init__(self, ca: str | None = None) -> None:
        self._ca = ca

    async def __call__(self, address: str) -> None:
        async with _channel(address, self._ca) as channel:
            check: Callable[..., grpc.aio.UnaryUnaryCall[bytes, bytes]] = (
                channel.unary_unary("/grpc.health.v1.Health/Check")
            )
            try:
                answer = await check(b"")
            except grpc.aio.AioRpcError as error:
                raise ConnectionError(
                    f"{error.code().name}: {error.details()}"
                ) from error
        if answer != SERVING:
            raise ConnectionError("its health check does not answer SERVING")
