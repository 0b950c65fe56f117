"""What stands in for a step that has failed, in workflows that keep no journal.

It deliberately knows no policy; durable steps record that they fall back.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from .errors import ExpressionError, StepFailed, logger

T = TypeVar("T")


def fall_back(failure: StepFailed) -> None:
    """Says that something stands in for a call. Where an argument has no value there was no call."""
    if isinstance(failure.error, ExpressionError):
        raise failure
    logger.warning("step %s falls back", failure.step, exc_info=failure.error)


async def instead(failure: StepFailed, other: Coroutine[Any, Any, T]) -> T:
    """The result of another task; where it fails too, its error is the step's."""
    try:
        fall_back(failure)
        return await other
    except StepFailed as last:
        other.close()
        if last is failure:
            raise
        raise StepFailed(failure.step, failure.attempts, last.error) from last.error
