"""One step of a durable run: its attempts, each between its entries in the journal.

It deliberately decides neither whether to try again nor how long to wait: that stands in the generated loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from .errors import (
    DeadlineExceeded,
    ExpressionError,
    Halt,
    OutcomeUnknown,
    RecordedError,
    ResultError,
    RunPaused,
    StepFailed,
)
from .form import cause_of, error_form
from .journal import dumps
from .parallel import ended_anyway, is_real
from .permits import Taken, Taker, take
from .settle import SETTLE_SECONDS, ended, forget, over_time, start
from .threads import submit

if TYPE_CHECKING:
    from .run import Run
    from .workflow import Workflow

P = ParamSpec("P")
T = TypeVar("T")

Effect = Literal["none", "read", "write"]
InDoubt = Literal["retry", "fail", "pause"]


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


class Step:
    """A step that is being executed, or was in an earlier life of the run."""

    def __init__(
        self,
        run: Run,
        key: str,
        *,
        task: str | None = None,
        effect: Effect,
        idempotent: bool = False,
        in_doubt: InDoubt = "retry",
        barrier: bool | None = None,
        critical: bool = True,
        timeout: float | None = None,
        deadline: float | None = None,
        uses: tuple[Taker, ...] = (),
        fallback: bool = False,
    ) -> None:
        self._run = run
        self._key = key
        self._task = task or key
        self._is_write = effect == "write"
        self._may_repeat = idempotent or not self._is_write
        self._in_doubt = in_doubt
        self._barrier = self._is_write if barrier is None else barrier
        self._critical = critical
        self._timeout = timeout
        self._deadline = deadline
        self._uses = uses
        self._taken = Taken()
        self._has_fallback = fallback
        self._past = run.history.past(key)
        self._failure: Exception | None = None
        self._cancelled: asyncio.CancelledError | None = None
        self._was_cut_off = False

    @property
    def idempotency_key(self) -> str:
        """The same at every attempt, here and after a crash."""
        return f"{self._run.id}/{self._key}"

    @property
    def failures(self) -> int:
        """Attempts that failed before this one, in whatever process."""
        return self._past.failures

    @property
    def is_exhausted(self) -> bool:
        """Whether all attempts have failed, in whatever process, and the fallback is still to be asked."""
        return self._past.exhausted is not None and self._past.outcome is None

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

    async def next_attempt(self) -> bool:
        """Begins an attempt where one is needed: waits out the backoff, for permits, for the disk before a write."""
        if self._past.outcome is not None or self._past.exhausted is not None:
            return False
        has_begun = False
        try:
            if self._past.is_open:
                self._cut_off_by_a_crash()
            await self._back_off()
            await self._take()
            await self._begin()
            has_begun = True
        except asyncio.CancelledError as cancellation:
            if is_real(cancellation) and self._past.attempt:
                self._record_cancelled(unknown=self._was_cut_off)
            raise
        except (DeadlineExceeded, OutcomeUnknown) as error:
            self._give_up(error)
        finally:
            if not has_begun:
                self._taken.over()
        return has_begun

    def _give_up(self, error: Exception) -> None:
        if self._has_fallback:
            self.exhaust(error)
        elif self._critical:
            raise self.failed(error) from error
        else:
            self.tolerate(error)

    def _cut_off_by_a_crash(self) -> None:
        """The last attempt has no outcome, and this process did not make it."""
        self._past.is_open = False
        self._was_cut_off = self._is_write
        if not self._is_write or self._in_doubt == "retry":
            return
        error = OutcomeUnknown(
            f"attempt {self._past.attempt} was cut off; nobody knows whether it happened"
        )
        if self._in_doubt == "pause":
            raise self._paused(error)
        raise error

    async def _back_off(self) -> None:
        past = self._past
        if past.retry_at is not None:
            ends_at = past.retry_at
            if past.deadline_at is not None and past.deadline_at < ends_at:
                raise self._over_deadline()
            # A clock that was set back since must not make the wait longer than it was meant to be.
            milliseconds = min(ends_at - now_ms(), past.delay_ms)
            if milliseconds > 0:
                await asyncio.sleep(milliseconds / 1000)

    async def _take(self) -> None:
        """Waiting counts against the deadline, not against the time of the attempt."""
        left = self._left()
        if left is not None and left <= 0:
            raise self._over_deadline()
        if not self._uses:
            return
        try:
            self._taken = await take(
                self._uses, seconds=left, session=self._run.session
            )
        except TimeoutError:
            raise self._over_deadline() from None

    def _left(self) -> float | None:
        """Seconds until the deadline, which begins with the first attempt."""
        past = self._past
        if past.deadline_at is None and self._deadline is not None:
            past.deadline_at = now_ms() + round(self._deadline * 1000)
        if past.deadline_at is None:
            return None
        return (past.deadline_at - now_ms()) / 1000

    async def _begin(self) -> None:
        run, past = self._run, self._past
        await run.session.leased()
        past.attempt += 1
        entry: dict[str, Any] = {
            "key": self._key,
            "task": self._task,
            "attempt": past.attempt,
        }
        if past.deadline_at is not None:
            entry["deadline_at"] = past.deadline_at
        run.journal.record("step_started", **entry, at=now_ms())
        if self._barrier:
            await run.journal.barrier()
            await run.session.leased()

    def _over_deadline(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"not done within {self._deadline:g} s")

    async def in_thread(
        self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The attempt's result, from a function that blocks."""
        with self._taken.watching():
            work = submit(function, *args, **kwargs)
        return await self._outcome(work)

    async def awaited(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The attempt's result, from an asynchronous function."""
        limit, _ = self._limit()
        with self._taken.watching():
            work = start(_contained(coroutine), limit)
        # Of a task that is cancelled before it begins nobody else would.
        work.add_done_callback(lambda _: coroutine.close())
        return await self._outcome(work)

    async def _outcome(self, work: asyncio.Future[T]) -> T:
        try:
            limit, error = self._limit()
            if not await ended(work, limit):
                return await self._timed_out(work, error)
        except asyncio.CancelledError as cancellation:
            return await self._cancelled_in(work, cancellation)
        finally:
            self._taken.over()
        return _result(work)

    def _limit(self) -> tuple[float | None, Exception]:
        """What is left of the attempt's time, and the error when it is over."""
        limit = self._timeout
        error: Exception = over_time(limit or 0.0)
        left = self._left()
        if left is not None and (limit is None or left < limit):
            return max(0.0, left), self._over_deadline()
        return limit, error

    async def _timed_out(self, work: asyncio.Future[T], error: Exception) -> T:
        """The real end counts where there is one within the bound; else `in_doubt` decides."""
        is_task = isinstance(work, asyncio.Task)
        if is_task:
            work.cancel()
        elif self._may_repeat:
            self._run.outwait(work, self._is_write)
            raise error
        has_ended = await ended(work, SETTLE_SECONDS)
        if not has_ended and not self._may_repeat and self._in_doubt == "retry":
            # Nothing more is tried while it still runs.
            has_ended = await ended(work, None)
        if has_ended and not work.cancelled():
            return _result(work)
        forget(work)
        if not self._may_repeat and self._in_doubt == "pause":
            raise self._paused(error)
        if not self._may_repeat and self._in_doubt == "fail":
            raise OutcomeUnknown(f"nobody knows whether it happened: {error}")
        raise error

    async def _cancelled_in(
        self, work: asyncio.Future[T], cancellation: asyncio.CancelledError
    ) -> T:
        """A started write is settled first; what it really came to is recorded before the cancellation goes on."""
        is_task = isinstance(work, asyncio.Task)
        if is_task and (is_real(cancellation) or not self._is_write):
            work.cancel()
        if self._is_write or is_task:
            cancellation = await ended_anyway(work, cancellation)
        if self._is_write and work.done() and not work.cancelled():
            self._cancelled = cancellation
            return _result(work)
        if is_task:
            work.cancel()
        forget(work)
        if is_real(cancellation):
            self._record_cancelled(unknown=self._is_write)
        raise cancellation

    def _record_cancelled(self, *, unknown: bool) -> None:
        self._run.journal.record(
            "step_cancelled", key=self._key, unknown=unknown, at=now_ms()
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

    def succeed(self, output: object) -> None:
        """Records the result."""
        text = dumps(output)
        limit = self._run.session.value_bytes
        if len(text) > limit:
            raise ResultError(
                f"the result has {len(text)} bytes as JSON, the limit is {limit}"
            )
        self._past.outcome = "succeeded"
        self._past.output = output
        self._run.journal.record_text(
            f'{{"step_succeeded":{{"key":{dumps(self._key)},'
            f'"attempt":{self._past.attempt},"output":{text},"at":{now_ms()}}}}}'
        )
        self._go_on_cancelling()

    def retry(self, error: Exception, delay: float) -> None:
        """Records a failure that another attempt follows, in `delay` seconds."""
        self._taken.over()
        now = now_ms()
        past = self._past
        past.failures += 1
        past.delay_ms = round(delay * 1000)
        past.retry_at = now + past.delay_ms
        self._run.journal.record(
            "attempt_failed",
            key=self._key,
            attempt=past.attempt,
            error=error_form(cause_of(error)),
            retry_at=past.retry_at,
            at=now,
        )
        if self._cancelled is not None and is_real(self._cancelled):
            self._record_cancelled(unknown=False)
        self._go_on_cancelling()

    def exhaust(self, error: Exception) -> None:
        """Records a failure that no attempt follows, but the fallback."""
        if isinstance(error, ExpressionError):
            # An argument has no value: there was no call that something could stand in for.
            self._has_fallback = False
            self._give_up(error)
            return
        self._taken.over()
        cause = cause_of(error)
        self._past.exhausted = error_form(cause)
        self._run.journal.record(
            "attempt_failed",
            key=self._key,
            attempt=self._past.attempt,
            error=self._past.exhausted,
            at=now_ms(),
        )
        if self._cancelled is not None and is_real(self._cancelled):
            self._record_cancelled(unknown=False)
        self._go_on_cancelling()

    async def fall_back(self, other: Coroutine[Any, Any, object]) -> None:
        """Takes the result of another task, or its failure, for the step's own."""
        try:
            output = await other
        except StepFailed as failure:
            self._has_fallback = False
            self._give_up(failure.error)
        except asyncio.CancelledError as cancellation:
            if is_real(cancellation):
                self._record_cancelled(unknown=self._was_cut_off)
            raise
        else:
            self.succeed(output)

    def failed(self, error: Exception) -> StepFailed:
        """Records the step's failure."""
        cause = cause_of(error)
        self._record_failure(cause, tolerated=False)
        return StepFailed(self._key, self._past.attempt, cause)

    def tolerate(self, error: Exception) -> None:
        """Records the failure of a step that is not critical."""
        self._record_failure(cause_of(error), tolerated=True)

    def _record_failure(self, error: Exception, *, tolerated: bool) -> None:
        self._taken.over()
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
            at=now_ms(),
        )
        self._go_on_cancelling()

    def _go_on_cancelling(self) -> None:
        if self._cancelled is not None:
            raise self._cancelled

    async def child(self, workflow: Workflow, inputs: dict[str, object]) -> object:
        """The output of a workflow that runs as this step."""
        run = self.idempotency_key
        work = start(self._run.call_child(workflow, inputs, run, self._key))
        try:
            await ended(work, None)
        except asyncio.CancelledError as cancellation:
            if is_real(cancellation):
                await self._cancel_child(run, work, cancellation)
                self._record_cancelled(unknown=not work.done())
            work.cancel()
            forget(work)
            raise
        try:
            return work.result()
        except RunPaused as pause:
            raise Halt(f"the run {run} is paused: {pause}", self._key) from None

    async def _cancel_child(
        self,
        run: str,
        work: asyncio.Future[object],
        cancellation: asyncio.CancelledError,
    ) -> None:
        reason = f"its parent {self._run.id} was cancelled"
        forget(self._run.session.request("run.cancel", {"run": run, "reason": reason}))
        await ended_anyway(work, cancellation)


async def _contained(coroutine: Coroutine[Any, Any, T]) -> T:
    """An exit of one step ends no other, as in threads; a task would let it out of the event loop."""
    try:
        return await coroutine
    except SystemExit as error:
        raise _exited(error) from error


def _exited(error: BaseException) -> RuntimeError:
    return RuntimeError(f"the function raised {error!r}")


def _result(work: asyncio.Future[T]) -> T:
    if work.cancelled():
        raise RuntimeError("the function cancelled itself")
    try:
        return work.result()
    except GeneratorExit as error:
        raise _exited(error) from error
