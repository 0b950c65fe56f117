"""The call of one attempt, from which only results and ordinary errors come.

It deliberately knows no journal.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from .settle import wake

T = TypeVar("T")


async def contained(
    coroutine: Coroutine[Any, Any, T], told: asyncio.Future[None] | None = None
) -> T:
    """An exit of one step ends no other, as in threads; a task would let it out of the event loop."""
    try:
        return await coroutine
    except SystemExit as error:
        raise _exited(error) from error
    finally:
        if told is not None:
            wake(told)  # a turn of the loop before the callbacks of the task


def _exited(error: BaseException) -> RuntimeError:
    return RuntimeError(f"the function raised {error!r}")


def result_of(work: asyncio.Future[T]) -> T:
    """Its result, or its error raised."""
    if work.cancelled():
        raise RuntimeError("the function cancelled itself")
    try:
        return work.result()
    except GeneratorExit as error:
        raise _exited(error) from error
