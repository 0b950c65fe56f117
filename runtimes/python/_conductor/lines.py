"""Single lines of the protocol: what a request remembers until it is answered, and what the commonest notice says.

It deliberately knows no session.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Request:
    """A request that is not answered yet."""

    line: bytes
    answer: asyncio.Future[Any]
    sent: float = 0.0
    once: bool = False
    """Whether it must not be sent again over another connection."""
    overtakes: bool = False
    """Whether what stands in the log, and so may be sent later, need not be sent before it."""


_ACK = re.compile(
    rb'\{"jsonrpc":"2\.0","method":"run\.ack",'
    rb'"params":\{"run":"([^"\\]+)","seq":([0-9]+)\}\}'
)


def acknowledged(line: bytes) -> tuple[str, int] | None:
    """The run and the number of a `run.ack` as the sidecar writes it; of anything else `None`. A parser takes five times as long."""
    found = _ACK.fullmatch(line)
    return None if found is None else (found[1].decode(), int(found[2]))
