"""Further calls beside one that takes long: the first success counts.

It deliberately knows no journal, no permits and no time limits: each call has its own.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .settle import forget, start

T = TypeVar("T")


async def hedged(
    call: Callable[[], Coroutine[Any, Any, T]], *, after: float, max: int
) -> T:
    """The first success. While no call has ended one more is made each `after` seconds, `max` at most beside the first.

    Fails as the call that ended last, when all have failed.
    """
    loop = asyncio.get_running_loop()
    calls = [start(call())]
    pending = set(calls)
    wakes_at = loop.time() + after
    try:
        while True:
            may_hedge = len(calls) <= max and len(pending) == len(calls)
            seconds = wakes_at - loop.time() if may_hedge else None
            done, pending = await asyncio.wait(
                pending, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            ended = [one for one in calls if one in done]
            for one in ended:
                if not one.cancelled() and one.exception() is None:
                    return one.result()
            if not pending:
                return _result(ended[-1])
            if not ended:
                calls.append(start(call()))
                pending.add(calls[-1])
                wakes_at = loop.time() + after
    finally:
        for one in calls:
            if not one.done():
                forget(one)
                one.cancel()


def _result(call: asyncio.Task[T]) -> T:
    if call.cancelled():
        raise RuntimeError("the function cancelled itself")
    return call.result()
