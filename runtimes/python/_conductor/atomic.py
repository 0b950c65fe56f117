"""Blocks that are one step to the journal: nothing inside is recorded, and after a crash all of it is done again.

It deliberately does not know what is inside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from . import compensate, current, gone, signals
from .errors import Halt, RecordedError, ResultError, RunPaused, StepFailed
from .form import error_form
from .history import step_id
from .jsontext import byte_size, dumps
from .step import now_ms

if TYPE_CHECKING:
    from .permits import Pool
    from .run import Run

Left = dict[str, Any]
"""`{"last": the block's result, "results": those of its steps that others read}`, as JSON."""


async def atomic(
    run: Run,
    key: str,
    work: Coroutine[Any, Any, dict[str, object]],
    pool: Pool | None,
    *,
    lends: bool,
    critical: bool,
) -> Left:
    """What the block leaves, which is recorded when all of it is done."""
    past = run.history.past(key)
    try:
        if past.outcome == "succeeded":
            return cast("Left", past.output)
        if past.outcome in ("failed", "tolerated"):
            # In an earlier life of the run; it is not done again to see whether it works now.
            error = RecordedError(past.error or {})
            raise StepFailed(key, past.attempt, error)
        gone.check()
        held = contextlib.nullcontext() if pool is None else run.hold(pool, lends=lends)
        async with held:
            return await _done(run, key, work, critical=critical)
    finally:
        work.close()


async def _done(
    run: Run,
    key: str,
    work: Coroutine[Any, Any, dict[str, object]],
    *,
    critical: bool,
) -> Left:
    run.journal.record(
        "step_started", key=key, task=step_id(key), attempt=1, at=now_ms()
    )
    await run.journal.barrier()
    await run.may_begin()
    with (
        current.inside(run.place_of(key, 1)),
        compensate.noting(run.history) as noted,
        signals.of_run(run),
    ):
        try:
            output = await work
            _check_size(key, output, run.session.value_bytes)
        except RunPaused as pause:
            raise Halt(str(pause), key) from pause.__cause__
        except StepFailed as failure:
            # It is the block that has failed, as it will have for whoever reads it in the journal.
            error = failure.error
            _record_failure(run, key, error, noted, critical=critical)
            raise StepFailed(key, 1, error) from error
    past = run.history.past(key)
    past.outcome, past.output = "succeeded", output
    undo = {"undo": noted} if noted else {}
    run.journal.record(
        "step_succeeded", key=key, attempt=1, output=output, **undo, at=now_ms()
    )
    return output


def _check_size(key: str, output: dict[str, object], limit: int) -> None:
    size = byte_size(dumps(output))
    if size > limit:
        message = f"what {key} leaves has {size} bytes as JSON, the limit is {limit}"
        raise StepFailed(key, 1, ResultError(message))


def _record_failure(
    run: Run,
    key: str,
    error: Exception,
    noted: list[dict[str, Any]],
    *,
    critical: bool,
) -> None:
    past = run.history.past(key)
    past.attempt, past.error = 1, error_form(error)
    past.outcome = "failed" if critical else "tolerated"
    undo = {"undo": noted} if noted else {}
    run.journal.record(
        "step_failed",
        key=key,
        attempt=1,
        error=past.error,
        tolerated=not critical,
        **undo,
        at=now_ms(),
    )


@contextlib.contextmanager
def attempting(key: str, attempt: int) -> Iterator[None]:
    """Around an attempt of a step inside: user code can ask for it, although nothing is recorded of it."""
    around = current.current_step()
    if around is None:
        yield
    else:
        with current.inside(replace(around, key=key, attempt=attempt)):
            yield
