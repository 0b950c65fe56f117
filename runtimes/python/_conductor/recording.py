"""What is recorded of one step of a durable run, and what its records say.

It deliberately makes no attempts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import compensate
from .errors import (
    ExpressionError,
    Halt,
    RecordedError,
    ResultError,
    StepFailed,
)
from .form import cause_of, error_form
from .jsontext import byte_size, dumps
from .parallel import is_real
from .permits import Taken

if TYPE_CHECKING:
    from .cache import Slot
    from .run import Run

T = TypeVar("T")

Undo = Callable[[Any], dict[str, object]]
"""The arguments of a compensation as JSON, from the step's result; `None` where that is unknown."""


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


class Recording:
    """A step's entries in the journal."""

    def __init__(
        self,
        run: Run,
        key: str,
        *,
        is_write: bool,
        critical: bool,
        fallback: bool,
        undo: Undo | None,
    ) -> None:
        self._run = run
        self._key = key
        self._is_write = is_write
        self._critical = critical
        self._has_fallback = fallback
        self._undo = undo
        self._slot: Slot | None = None
        self._taken = Taken()
        self._past = run.history.past(key)
        self._failure: Exception | None = None
        self._cancelled: asyncio.CancelledError | None = None
        self._undo_args: dict[str, Any] | None = None
        self._is_undone_here = False
        """By what this process keeps: after a crash nobody knows how."""

    def _over(self) -> None:
        """The attempt is over: it gives back what it holds."""
        self._taken.over()

    @property
    def idempotency_key(self) -> str:
        """The same at every attempt, here and after a crash."""
        return self._run.key_of(self._key)

    @property
    def traceparent(self) -> str:
        """Of the attempt."""
        return self._run.trace_of(self._key, self._past.attempt)

    @property
    def failures(self) -> int:
        """Attempts that failed before this one, in whatever process."""
        return self._past.failures

    @property
    def is_exhausted(self) -> bool:
        """Whether all attempts have failed, in whatever process, and the fallback is still to be asked."""
        return self._past.exhausted is not None and self._past.outcome is None

    @property
    def is_tolerated(self) -> bool:
        """Whether it has failed and that is tolerated."""
        return self._past.outcome == "tolerated"

    @property
    def output(self) -> object:
        """The result as JSON; `None` where the failure is tolerated."""
        self.raise_failure()
        return self._past.output

    def raise_failure(self) -> None:
        """Raises what a recorded failure was."""
        if self._past.outcome == "failed":
            error = self._failure or RecordedError(self._past.error or {})
            raise StepFailed(self._key, self._past.attempt, error) from error

    def given(self, value: Callable[[], T]) -> T:
        """An argument. Where it has no value the step fails before there is an attempt."""
        past = self._past
        if past.outcome is None and past.exhausted is None:
            try:
                return value()
            except ExpressionError as error:
                self._has_fallback = False
                self._give_up(error)
        # There is no attempt that asks for it.
        return cast("T", None)

    def succeed(self, output: object, result: object = None) -> None:
        """Records the result of an attempt; `result` is what its compensation looks at."""
        undo = self._undo_of(result)
        self._succeed(output, undo)
        if self._slot is not None:
            self._slot.keep(output)
        self._go_on_cancelling()

    def stand_in(self, output: object) -> None:
        """Records a result that comes from no attempt: of a fallback, or a kept one."""
        undo = self._undo_of(None) if self._past.unknown else None
        self._succeed(output, undo)
        self._go_on_cancelling()

    def _succeed(self, output: object, undo: str | None) -> None:
        text = dumps(output)
        limit = self._run.session.value_bytes
        if byte_size(text) > limit:
            raise ResultError(
                f"the result has {byte_size(text)} bytes as JSON, the limit is {limit}"
            )
        self._over()
        past = self._past
        past.outcome = "succeeded"
        past.output = output
        self._run.history.completed(self._key, self._undo_args)
        more = "" if undo is None else f'"undo":{undo},'
        self._run.journal.record_text(
            f'{{"step_succeeded":{{"key":{dumps(self._key)},'
            f'"attempt":{past.attempt},"output":{text},{more}"at":{now_ms()}}}}}'
        )

    def _undo_of(self, result: object) -> str | None:
        """The arguments of the compensation, computed now."""
        if self._is_undone_here:
            lost = ExpressionError("it has no journal, and its process is gone")
            return dumps({"": error_form(lost)})
        if self._undo is None:
            return None
        self._undo_args = compensate.recorded(self._undo, result)
        return dumps(self._undo_args)

    def _may_have_happened(self) -> dict[str, Any]:
        """`undo` for the entry of a step of which some attempt may have happened."""
        if self._undo is None or not self._past.unknown:
            return {}
        self._undo_of(None)
        self._run.history.completed(self._key, self._undo_args)
        return {"undo": self._undo_args}

    def retry(self, error: Exception, delay: float) -> None:
        """Records a failure that another attempt follows, in `delay` seconds."""
        past = self._past
        past.failures += 1
        past.delay_ms = round(delay * 1000)
        past.retry_at = now_ms() + past.delay_ms
        self._attempt_failed(error_form(cause_of(error)), retry_at=past.retry_at)

    def exhaust(self, error: Exception) -> None:
        """Records a failure that no attempt follows, but the fallback."""
        if isinstance(error, ExpressionError):
            # An argument has no value: there was no call that something could stand in for.
            self._has_fallback = False
            self._give_up(error)
            return
        self._past.exhausted = error_form(cause_of(error))
        self._attempt_failed(self._past.exhausted)

    def _attempt_failed(self, form: dict[str, object], **more: object) -> None:
        self._over()
        past = self._past
        if past.unknown:
            more["unknown"] = True
        self._run.journal.record(
            "attempt_failed",
            key=self._key,
            attempt=past.attempt,
            error=form,
            **more,
            at=now_ms(),
        )
        if self._cancelled is not None and is_real(self._cancelled):
            self._record_cancelled()
        self._go_on_cancelling()

    def _give_up(self, error: Exception) -> None:
        if self._has_fallback:
            self.exhaust(error)
        elif self._critical:
            raise self.failed(error) from error
        else:
            self.tolerate(error)

    async def fall_back(self, other: Coroutine[Any, Any, object]) -> None:
        """Takes the result of another task, or its failure, for the step's own."""
        try:
            output = await other
        except StepFailed as failure:
            self._has_fallback = False
            self._give_up(failure.error)
        except asyncio.CancelledError as cancellation:
            if is_real(cancellation):
                self._record_cancelled()
            raise
        else:
            self.stand_in(output)

    def failed(self, error: Exception) -> StepFailed:
        """Records the step's failure."""
        cause = cause_of(error)
        self._record_failure(cause, tolerated=False)
        return StepFailed(self._key, self._past.attempt, cause)

    def tolerate(self, error: Exception) -> None:
        """Records the failure of a step that is not critical."""
        self._record_failure(cause_of(error), tolerated=True)

    def _record_failure(self, error: Exception, *, tolerated: bool) -> None:
        self._over()
        past = self._past
        past.outcome = "tolerated" if tolerated else "failed"
        past.error = error_form(error)
        self._failure = error
        self._run.journal.record(
            "step_failed",
            key=self._key,
            attempt=past.attempt,
            error=past.error,
            tolerated=tolerated,
            **self._may_have_happened(),
            at=now_ms(),
        )
        self._go_on_cancelling()

    def _go_on_cancelling(self) -> None:
        if self._cancelled is not None:
            raise self._cancelled

    def _record_cancelled(self) -> None:
        self._past.outcome = "cancelled"
        self._run.journal.record(
            "step_cancelled",
            key=self._key,
            unknown=self._past.unknown and self._is_write,
            **self._may_have_happened(),
            at=now_ms(),
        )

    def _paused(self, error: Exception) -> Halt:
        self._run.journal.record(
            "step_in_doubt",
            key=self._key,
            attempt=self._past.attempt,
            error=error_form(error),
            at=now_ms(),
        )
        return Halt(f"the outcome of {self._key} is unknown: {error}", self._key)
