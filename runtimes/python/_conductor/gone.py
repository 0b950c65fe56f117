"""Whether code is only gone through for what is recorded of it: in a run that was cancelled, in branches that have lost.

It deliberately knows no steps; whatever would begin something new asks here first.
"""

import asyncio
from contextvars import ContextVar

from .parallel import REAL

only_recorded: ContextVar[bool] = ContextVar("conductor_only_recorded", default=False)


def check() -> None:
    """Ends the branch, as its cancellation did before the process died, where nothing new may begin."""
    if only_recorded.get():
        raise asyncio.CancelledError(REAL)
