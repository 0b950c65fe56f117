"""Time limits of attempts, steps and blocks in workflows that keep no journal.

It deliberately knows no journal; deadlines of durable runs are absolute and recorded.
"""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, TypeVar

from . import limits
from .errors import DeadlineExceeded, StepFailed
from .limits import Limit
from .settle import over_time

T = TypeVar("T")


class _Expiry:
    """The end of the time of one task's work."""

    __slots__ = ("is_over", "task")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.is_over = False

    def __call__(self) -> None:
        self.is_over = True
        self.task.cancel()


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled when the time is over.

    It does what `asyncio.timeout` does, in one frame and half of the time: attempts are what workflows are made of.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task(loop)
    if task is None:
        raise RuntimeError("a time limit needs a task")
    ends_at = loop.time() + seconds
    token = limits.until(ends_at)
    cancellations = task.cancelling()
    expiry = _Expiry(task)
    timer = loop.call_at(ends_at, expiry)
    try:
        result = await work
    except asyncio.CancelledError:
        if expiry.is_over and task.uncancel() <= cancellations:
            raise over_time(seconds) from None
        raise
    except BaseException:
        if expiry.is_over:
            task.uncancel()
        raise
    finally:
        timer.cancel()
        limits.lifted(token)
    if expiry.is_over:
        task.uncancel()
    return result


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
