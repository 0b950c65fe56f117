"""Connects to the sidecar: over the socket of this machine, or over TLS to another one.

It deliberately says no more than who comes: what follows is the session's.
"""

import asyncio
import os
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from .connection import Connection
from .jsontext import dumps

HANDSHAKE_SECONDS = 10


async def connect(place: str, make: Callable[[], Connection]) -> Connection:
    """Raises `OSError` where nobody can be reached, and `ValueError` where `place` is no address."""
    loop = asyncio.get_running_loop()
    if "://" not in place:
        _, local = await loop.create_unix_connection(make, place)
        return local
    scheme, host, port = _split(place)
    token = _token()
    if scheme == "tls":
        _, connection = await loop.create_connection(
            make,
            host,
            port,
            ssl=_context(),
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
        )
    else:
        _, connection = await loop.create_connection(make, host, port)
    if token:
        params = {"token": token}
        message = {"jsonrpc": "2.0", "method": "authenticate", "params": params}
        connection.send(dumps(message).encode() + b"\n")
    return connection


def _token() -> str:
    """The token, or nothing.

    Its file is read at each connection: who exchanges it need not start anything again.
    """
    path = os.environ.get("CONDUCTOR_TOKEN_FILE")
    token = os.environ.get("CONDUCTOR_TOKEN", "")
    if token or not path:
        return token
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        raise ValueError(f"CONDUCTOR_TOKEN_FILE {path}: {error.strerror}") from None


def _split(place: str) -> tuple[str, str, int]:
    parts = urlsplit(place)
    host, port = parts.hostname, parts.port
    if parts.scheme not in ("tls", "tcp") or host is None or port is None:
        raise ValueError("it is neither a path nor tls://HOST:PORT")
    return parts.scheme, host, port


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=os.environ.get("CONDUCTOR_CA") or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    own = os.environ.get("CONDUCTOR_CERT")
    if own:
        context.load_cert_chain(own, os.environ.get("CONDUCTOR_CERT_KEY") or None)
    return context
