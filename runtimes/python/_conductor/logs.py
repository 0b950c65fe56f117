"""What the application's own lines of `logging` belong to.

It deliberately decides neither where lines go nor how they look.
"""

import logging
from collections.abc import Callable
from typing import Any

from .current import current_step

NAMES = ("workflow", "run", "step", "attempt", "trace_id", "span_id")


class _Placed:
    """A factory of records that say the step around the line."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        step = current_step()
        values: tuple[object, ...] = ("",) * len(NAMES)
        if step is not None:
            _, trace, span, _ = step.traceparent.split("-")
            values = (step.workflow, step.run, step.key, step.attempt, trace, span)
        # An `extra` of the same name would be an error of `logging`: these are nobody else's.
        vars(record).update(
            (f"conductor_{name}", value)
            for name, value in zip(NAMES, values, strict=True)
        )
        return record


def log_steps() -> None:
    """Lets every line of `logging` find its step: records have `conductor_run`, `conductor_step` and others, empty outside of durable runs."""
    make = logging.getLogRecordFactory()
    if not isinstance(make, _Placed):
        logging.setLogRecordFactory(_Placed(make))
