"""Waiting until a service says that it is ready, for a time at most.

It deliberately knows no client library; what asks by gRPC stands beside its channels.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from .errors import logger

Check = Callable[[str], Awaitable[None]]
"""Asks the service at an address once. Raises where it is not ready."""

ASK_SECONDS = 2.0
"""How long one answer may take."""
PAUSES = (0.05, 1.0)
"""Between two questions: the first pause, which doubles, and the longest."""


class Ready:
    """How long a service is waited for, and how it is asked."""

    def __init__(self, seconds: float, check: Check) -> None:
        self._seconds = seconds
        self._check = check

    async def wait(self, address: str) -> None:
        """Returns when the service is ready; raises when it is not in time."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._seconds
        pause = PAUSES[0]
        while True:
            try:
                left = max(0.0, ends_at - loop.time())
                async with asyncio.timeout(min(ASK_SECONDS, left)):
                    await self._check(address)
                return
            except (OSError, ValueError, EOFError) as error:
                problem = error
            if loop.time() + pause > ends_at:
                raise TimeoutError(
                    f"it was not ready within {self._seconds:g} s: {describe(problem)}"
                ) from problem
            logger.debug("waiting for %s: %s", address, problem)
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSES[1])


def describe(problem: Exception) -> str:
    """What the problem says, or its kind where it says nothing."""
    return str(problem) or type(problem).__qualname__


def place(address: str) -> tuple[str, int, bool]:
    """Host and port of an address, and whether it is spoken to by TLS."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    is_tls = parts.scheme in ("https", "grpcs", "rediss")
    host = parts.hostname or "localhost"
    return host, parts.port or (443 if is_tls else 80), is_tls


async def tcp(address: str) -> None:
    """A connection is accepted."""
    host, port, _ = place(address)
    _, writer = await asyncio.open_connection(host, port)
    writer.close()


class Http:
    """A request for a path is answered with 2xx."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def __call__(self, address: str) -> None:
        host, port, is_tls = place(address)
        # Whether it is there is asked, not who it is: the client itself checks the certificate.
        context = ssl._create_unverified_context() if is_tls else None
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        try:
            request = (
                f"GET {self._path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
                "Accept: */*\r\nConnection: close\r\n\r\n"
            )
            writer.write(request.encode())
            status = (await reader.readline()).decode("latin-1").split()
        finally:
            writer.close()
        if len(status) < 2 or not status[1].startswith("2"):
            answer = " ".join(status[1:]) or "nothing"
            raise ConnectionError(f"GET {self._path} is answered with {answer}")
