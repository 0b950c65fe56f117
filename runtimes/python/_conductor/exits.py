"""Ways out of a workflow's steps that are no failures, and what is done on the way whatever it is.

It deliberately knows no journal; durable runs decide which ways out are theirs.
"""

import asyncio
import contextvars
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from .errors import Halt
from .limits import lift

T = TypeVar("T")


class Returned(BaseException):
    """A `return` inside a block: the run ends with success."""

    def __init__(self, output: Any = None) -> None:
        super().__init__()
        self.output = output


class Lost(BaseException):
    """A branch of a race that was skipped, or whose failure is tolerated: it wins nothing."""


NOBODY_WAITS = (Halt, GeneratorExit, KeyboardInterrupt, SystemExit)
"""The run goes on later, or the process ends: nothing more is begun."""


async def ending(work: Coroutine[Any, Any, T]) -> T:
    """Does `work` in a `finally`, whoever cancels meanwhile. Its failure counts, unless the block was cancelled."""
    before = sys.exception()
    if isinstance(before, NOBODY_WAITS):
        work.close()
        return cast("T", None)
    context = contextvars.copy_context()
    context.run(lift)
    return await ended_well(before, shielded(work, context))


async def ended_well(before: BaseException | None, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; its failure does not take the place of a cancellation, which goes on then."""
    try:
        return await work
    except (Exception, Returned):
        if isinstance(before, asyncio.CancelledError):
            return cast("T", None)
        raise


async def shielded(
    work: Coroutine[Any, Any, T],
    context: contextvars.Context,
    local: bool = False,
) -> T:
    """The result of `work`, after which a cancellation goes on that came meanwhile. With `local`, one that only stops
    the work in this process is let through."""
    task = asyncio.get_running_loop().create_task(work, context=context)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as cancellation:
            if local and not cancellation.args:
                task.cancel()
            cancelled = cancellation
    if cancelled is not None:
        if not task.cancelled():
            task.exception()
        raise cancelled
    return task.result()
