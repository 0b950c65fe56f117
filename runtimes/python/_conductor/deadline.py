"""Time limits of attempts, steps and blocks in workflows that keep no journal.

It deliberately knows no journal; deadlines of durable runs are absolute and recorded.
"""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import TypeVar

from .errors import DeadlineExceeded, StepFailed
from .limits import Limit
from .settle import over_time

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled when the time is over."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            with Limit(seconds):
                return await work
    except TimeoutError:
        if limit.expired():
            raise over_time(seconds) from None
        raise
    raise AssertionError("a time limit swallows nothing")


class Deadline:
    """Ends the step `step` (`None`: the workflow) when its time is over."""

    def __init__(self, step: str | None, seconds: float) -> None:
        self._step = step
        self._seconds = seconds
        self._limit = asyncio.timeout(seconds)
        self._told = Limit(seconds)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._told.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._told.__exit__()
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            over = DeadlineExceeded(f"not done within {self._seconds:g} s")
            raise StepFailed(self._step, 0, over) from None
