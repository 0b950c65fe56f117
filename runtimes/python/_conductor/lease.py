"""The lease of a session: until when its process may begin attempts.

It deliberately knows no connection.
"""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Lease:
    seconds: float = 0.0
    """Unknown until the sidecar has said it in its answer to `hello`."""
    until: float = 0.0
    waiters: list[asyncio.Future[None]] = field(default_factory=list)

    def renew(self, sent: float) -> None:
        self.until = max(self.until, sent + self.seconds)
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
