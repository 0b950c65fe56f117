"""Waiting for started work that cannot be taken back: its real end counts, within a bound.

It deliberately knows no journal; what an unknown outcome means is its callers' business.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from .errors import OutcomeUnknown
from .limits import Limit
from .threads import HOLDER

T = TypeVar("T")

SETTLE_SECONDS = 30.0
"""How long the real end of a write is awaited after its time is over."""


_OVER_TIME = "_conductor_over_time"


async def ended(
    work: asyncio.Future[Any],
    seconds: float | None,
    told: asyncio.Future[None] | None = None,
) -> bool:
    """Waits until `work` has ended, for `seconds` at most, and says whether it has. `told` is set when it is about to."""
    if work.done():
        return True
    loop = asyncio.get_running_loop()
    end = loop.create_future() if told is None else told
    timer = None if seconds is None else loop.call_later(seconds, wake, end)

    def over(_: asyncio.Future[Any]) -> None:
        wake(end)

    if told is None:
        work.add_done_callback(over)
    try:
        await end
    finally:
        if timer is not None:
            timer.cancel()
        if told is None:
            work.remove_done_callback(over)
    return work.done()


def wake(waiter: asyncio.Future[None]) -> None:
    """Lets whoever waits go on."""
    if not waiter.done():
        waiter.set_result(None)


def forget(work: asyncio.Future[Any]) -> None:
    """Lets `work` end unseen."""
    work.add_done_callback(_retrieve)


def _retrieve(work: asyncio.Future[Any]) -> None:
    if not work.cancelled():
        work.exception()


def over_time(seconds: float) -> TimeoutError:
    """The error of an attempt that took too long."""
    error = TimeoutError(f"no answer within {seconds * 1000:.0f} ms")
    vars(error)[_OVER_TIME] = True
    return error


def is_over_time(error: Exception) -> bool:
    """Whether the attempt was cut off by its own time limit, rather than told of one by somebody else."""
    return _OVER_TIME in vars(error)


async def settled(
    work: asyncio.Future[T],
    *,
    timeout: float | None = None,
    in_doubt: str,
    late: Callable[[T], object] | None = None,
) -> T:
    """The result of a started write of a workflow that keeps no journal.

    When its time is over, or its caller is cancelled, the real end is awaited first: a thread cannot be interrupted,
    and nothing more may be tried while the write still runs. `late` is told of a success that came after that.
    """
    try:
        if await ended(work, timeout):
            return work.result()
    except asyncio.CancelledError:
        if isinstance(work, asyncio.Task):
            work.cancel()
        await ended(work, SETTLE_SECONDS)
        forget(work)
        if late is not None and has_succeeded(work):
            late(work.result())
        raise
    if isinstance(work, asyncio.Task):
        work.cancel()
    if not await ended(work, None if in_doubt == "retry" else SETTLE_SECONDS):
        forget(work)
        raise OutcomeUnknown("the write was still running when its time was over")
    if work.cancelled():
        if in_doubt == "retry":
            raise over_time(timeout or 0.0)
        raise OutcomeUnknown("the write was cut off when its time was over")
    return work.result()


def has_succeeded(work: asyncio.Future[Any]) -> bool:
    """Whether it has ended with a result."""
    return work.done() and not work.cancelled() and work.exception() is None


def start(
    coroutine: Coroutine[Any, Any, T], seconds: float | None = None
) -> asyncio.Task[T]:
    """Runs an asynchronous function beside its caller, which so can outwait it; it is told how long it may take."""
    loop = asyncio.get_running_loop()
    with Limit(seconds):
        context = contextvars.copy_context()
    holder = HOLDER.get()
    if holder is None:
        return loop.create_task(coroutine, context=context)
    context.run(HOLDER.set, None)
    task = loop.create_task(coroutine, context=context)
    holder.started()
    task.add_done_callback(lambda _: holder.ended())
    return task


async def all_ended(works: Iterable[asyncio.Future[Any]]) -> None:
    """Waits for every one of `works`, within the bound."""
    pending = [work for work in works if not work.done()]
    if pending:
        await asyncio.wait(pending, timeout=SETTLE_SECONDS)
