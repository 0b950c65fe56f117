"""The nearest time limit around the code that runs: what a remote call may tell the service.

It deliberately ends nothing: whoever sets a limit keeps it.
"""

import asyncio
from contextvars import ContextVar, Token
from typing import Final

_ends_at: ContextVar[float | None] = ContextVar("conductor_limit", default=None)


def time_left() -> float | None:
    """Seconds until the nearest limit; `None` where there is none."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return None
    return ends_at - asyncio.get_running_loop().time()


def lift() -> None:
    """No limit reaches what runs in this context from here on."""
    _ends_at.set(None)


def until(ends_at: float) -> Token[float | None]:
    """A limit by the clock of the event loop. `lifted` takes it back."""
    outer = _ends_at.get()
    return _ends_at.set(ends_at if outer is None or ends_at < outer else outer)


lifted: Final = _ends_at.reset


class Limit:
    """Says to what is called inside of it that its time is over in so many seconds, unless it is before."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._token: Token[float | None] | None = None

    def __enter__(self) -> None:
        if self._seconds is None:
            return
        self._token = until(asyncio.get_running_loop().time() + self._seconds)

    def __exit__(self, *error: object) -> None:
        if self._token is not None:
            lifted(self._token)
            self._token = None
