"""One step of a durable run: its attempts, each between its entries in the journal.

It deliberately decides neither whether to try again nor how long to wait: that stands in the generated loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from . import current, gone
from .childstep import ChildStep
from .compensate import Adopted
from .contained import contained, result_of
from .errors import (
    CircuitOpen,
    DeadlineExceeded,
    OutcomeUnknown,
    RecordedError,
)
from .hedge import hedged
from .history import step_id
from .jsontext import dumps
from .parallel import REAL, ended_anyway, is_real
from .permits import Taken, Taker, take
from .recording import Undo, now_ms
from .settle import (
    SETTLE_SECONDS,
    ended,
    forget,
    has_succeeded,
    over_time,
    start,
    wake,
)
from .threads import submit

if TYPE_CHECKING:
    from .breaker import Attempt, Breaker
    from .cache import Slot
    from .live import LivePolicy
    from .run import Run

__all__ = ["Effect", "InDoubt", "Step", "now_ms"]

P = ParamSpec("P")
T = TypeVar("T")

Effect = Literal["none", "read", "write"]
InDoubt = Literal["retry", "fail", "pause"]
Within = tuple[float | None, Callable[[], Exception]]
"""What is left of an attempt's time, and the error when it is over."""


class Step(ChildStep):
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
        policy: LivePolicy | None = None,
        uses: tuple[Taker, ...] = (),
        fallback: bool = False,
        breaker: Breaker | None = None,
        undo: Undo | None = None,
        child: bool = False,
    ) -> None:
        is_write = effect == "write"
        super().__init__(
            run,
            key,
            is_write=is_write,
            critical=critical,
            fallback=fallback,
            undo=undo,
        )
        self._task = task or step_id(key)
        self._may_repeat = idempotent or not is_write
        self._in_doubt = in_doubt
        self._barrier = is_write if barrier is None else barrier
        self._is_child = child
        self._timeout = timeout
        self._deadline = deadline
        self._policy = policy
        self._uses = uses
        self._breaker = breaker
        self._refusal: CircuitOpen | None = None
        self._let_in: Attempt | None = None
        self._is_remote = False
        self._past.task = self._task

    def cached(self, slot: Slot) -> None:
        """Takes the result that is kept of an equal call; else keeps what this one comes to."""
        past = self._past
        if past.outcome is None and past.exhausted is None:
            kept = slot.found()
            if kept is None:
                self._slot = slot
            else:
                self.stand_in(kept.value)

    async def next_attempt(self) -> bool:
        """Begins an attempt where one is needed: waits out the backoff, for permits, for the disk before a write."""
        past = self._past
        if past.outcome == "cancelled":
            raise asyncio.CancelledError(REAL)
        if self.is_exhausted and not self._has_fallback:
            # Only a person can have said so.
            self._give_up(RecordedError(past.exhausted or {}))
        if past.outcome is not None or past.exhausted is not None:
            return False
        if self._is_child and past.is_open:
            past.is_open = False
            return True  # another process began it, and it goes on
        has_begun = False
        try:
            if past.is_open:
                self._cut_off_by_a_crash()
            gone.check()
            if past.retry_at is not None:
                await self._back_off(past.retry_at)
            if self._breaker is None or await self._is_let_through(self._breaker):
                self._check_deadline()
                if self._uses:
                    self._taken = await self._take_of(self._uses)
                await self._begin()
            has_begun = True
        except asyncio.CancelledError as cancellation:
            self._stopped(cancellation)
            raise
        except (DeadlineExceeded, OutcomeUnknown) as error:
            self._give_up(error)
        finally:
            if not has_begun:
                self._over()
        return has_begun

    def _over(self) -> None:
        super()._over()
        if self._let_in is not None:
            self._let_in.abandon()
            self._let_in = None

    def _stopped(self, cancellation: asyncio.CancelledError) -> None:
        """No attempt is running; one before may have happened."""
        if not is_real(cancellation) or not self._past.attempt:
            return
        self._needs_a_person()
        self._record_cancelled()

    def _needs_a_person(self) -> None:
        """Nothing will undo a write of which nobody can tell whether it happened."""
        if self._past.unknown and self._in_doubt == "pause" and self._undo is None:
            raise self._paused(OutcomeUnknown("it was cancelled while it ran"))

    async def _is_let_through(self, breaker: Breaker) -> bool:
        """Where the breaker is open the attempt is none: it fails in the place of its call."""
        self._refusal = None
        attempt = breaker.attempt()
        try:
            await attempt.begin()
            self._let_in = attempt
        except CircuitOpen as refusal:
            self._refusal = refusal
        return self._refusal is None

    def _cut_off_by_a_crash(self) -> None:
        """The last attempt has no outcome, and this process did not make it."""
        self._past.is_open = False
        self._past.unknown = self._past.unknown or self._is_write
        if not self._is_write or self._in_doubt == "retry":
            return
        error = OutcomeUnknown(
            f"attempt {self._past.attempt} was cut off; nobody knows whether it happened"
        )
        if self._in_doubt == "pause":
            raise self._paused(error)
        raise error

    async def _back_off(self, ends_at: int) -> None:
        past = self._past
        if past.deadline_at is not None and past.deadline_at < ends_at:
            raise self._over_deadline()
        # A clock that was set back since must not make the wait longer than it was meant to be.
        milliseconds = min(ends_at - now_ms(), past.delay_ms)
        if milliseconds > 0:
            await asyncio.sleep(milliseconds / 1000)

    def _check_deadline(self) -> None:
        left = self._left()
        if left is not None and left <= 0:
            raise self._over_deadline()

    async def _take_of(self, uses: tuple[Taker, ...]) -> Taken:
        """Waiting counts against the deadline, not against the time of the attempt."""
        session = self._run.session
        try:
            return await take(uses, seconds=self._left(), session=session)
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
        if not run.may_begin_now:
            await run.may_begin()
        if self._policy is not None:
            self._timeout = self._policy.timeout
        past.attempt += 1
        ends = past.deadline_at
        deadline = "" if ends is None else f'"deadline_at":{ends},'
        run.journal.record_text(
            f'{{"step_started":{{"key":{dumps(self._key)},"task":{dumps(self._task)},'
            f'"attempt":{past.attempt},{deadline}"at":{now_ms()}}}}}'
        )
        current.enter(partial(run.place_of, self._key, past.attempt))
        if self._barrier:
            await run.journal.barrier()
            if not run.may_begin_now:
                await run.may_begin()

    def _over_deadline(self) -> DeadlineExceeded:
        return DeadlineExceeded(f"not done within {self._deadline:g} s")

    async def in_thread(
        self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The attempt's result, from a function that blocks."""
        self._raise_refusal()
        with self._taken.watching():
            work = submit(function, *args, **kwargs)
        return await self._outcome(work, self._limit())

    async def awaited(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The attempt's result, from an asynchronous function."""
        if self._refusal is not None:
            coroutine.close()
            self._raise_refusal()
        within = self._limit()
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._taken.watching():
            work = start(contained(coroutine, told), within[0])

        def over(_: asyncio.Future[T]) -> None:
            # Of a task that is cancelled before it begins nobody else would.
            coroutine.close()
            wake(told)

        work.add_done_callback(over)
        return await self._outcome(work, within, told)

    async def hedged(
        self,
        call: Callable[[], Coroutine[Any, Any, T] | asyncio.Future[T]],
        *,
        after: float,
        max: int,
        uses: tuple[Taker, ...] = (),
    ) -> T:
        """The attempt's result, from the first of several calls to succeed. Each but the first takes of `uses` itself."""
        self._raise_refusal()
        works: list[asyncio.Future[T]] = []

        async def one() -> T:
            if not works:
                return await self._one_of_several(call, works, self._taken)
            taken = await self._take_of(uses)
            try:
                return await self._one_of_several(call, works, taken)
            finally:
                taken.over()

        try:
            return self._ended_well(await hedged(one, after=after, max=max))
        except asyncio.CancelledError as cancellation:
            return await self._hedge_cancelled(works, cancellation)
        except BaseException as error:
            self._ended_badly(error)
            raise
        finally:
            self._taken.over()

    async def _one_of_several(
        self,
        call: Callable[[], Coroutine[Any, Any, T] | asyncio.Future[T]],
        works: list[asyncio.Future[T]],
        taken: Taken,
    ) -> T:
        limit, error = self._limit()
        with taken.watching():
            made = call()
            if isinstance(made, asyncio.Future):
                work = made
            else:
                work = start(contained(made), limit)
                work.add_done_callback(lambda _: made.close())
        works.append(work)
        # Another call may win: the run does not end before a write that it left behind.
        self._run.outwait(work, self._is_write)
        try:
            if not await ended(work, limit):
                return await self._timed_out(work, error())
        except asyncio.CancelledError:
            if isinstance(work, asyncio.Task):
                work.cancel()
            raise
        return result_of(work)

    async def _hedge_cancelled(
        self, works: list[asyncio.Future[T]], cancellation: asyncio.CancelledError
    ) -> T:
        for work in works if self._is_write else []:
            cancellation = await ended_anyway(work, cancellation)
            if has_succeeded(work):
                self._cancelled = cancellation
                return self._ended_well(work.result())
        raise self._cut_off_by_cancellation(cancellation)

    def _raise_refusal(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    def _ended_well(self, result: T) -> T:
        if self._let_in is not None:
            self._let_in.succeed()
            self._let_in = None
        return result

    def _ended_badly(self, error: BaseException) -> None:
        if self._let_in is not None:
            self._let_in.fail(error)
            self._let_in = None

    async def _outcome(
        self,
        work: asyncio.Future[T],
        within: Within,
        told: asyncio.Future[None] | None = None,
    ) -> T:
        limit, error = within
        try:
            if not await ended(work, limit, told):
                result = await self._timed_out(work, error())
            else:
                result = result_of(work)
        except asyncio.CancelledError as cancellation:
            return await self._cancelled_in(work, cancellation)
        except BaseException as error:
            self._ended_badly(error)
            raise
        finally:
            self._taken.over()
        return self._ended_well(result)

    def _limit(self) -> Within:
        limit, left = self._timeout, self._left()
        if left is not None and (limit is None or left < limit):
            return max(0.0, left), self._over_deadline
        return limit, lambda: over_time(limit or 0.0)

    async def _timed_out(self, work: asyncio.Future[T], error: Exception) -> T:
        """The real end counts where there is one within the bound; else `in_doubt` decides."""
        is_task = isinstance(work, asyncio.Task)
        if is_task:
            work.cancel()
        if not self._is_write:
            await self._told_of_no_worker(work)
            forget(work)
            raise error
        if not is_task and self._may_repeat and self._in_doubt == "retry":
            self._past.unknown = True
            self._run.outwait(work, True)
            raise error
        is_patient = not self._may_repeat and self._in_doubt == "retry"
        # Of a write that must not happen twice nothing more is tried while it runs, however long that is.
        has_ended = await ended(work, None if is_patient else SETTLE_SECONDS)
        if has_ended and not work.cancelled():
            return result_of(work)
        forget(work)
        self._past.unknown = True
        if self._in_doubt == "pause":
            raise self._paused(error)
        if self._in_doubt == "fail":
            raise OutcomeUnknown(f"nobody knows whether it happened: {error}")
        raise error

    async def _told_of_no_worker(self, work: asyncio.Future[T]) -> None:
        """Of a call in another process: that nobody serves it is the better error."""
        if self._is_remote:
            await ended(work, SETTLE_SECONDS)
            if work.done() and not work.cancelled() and work.exception() is not None:
                work.result()

    async def local(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a workflow without a journal, which is undone as a whole where this run is."""
        with Adopted(self._run.history, self._key) as adopted:
            result = await self.awaited(work)
        self._is_undone_here = adopted.has_undo
        return result

    @property
    def run(self) -> Run:
        """The run that it is a step of."""
        return self._run

    @property
    def key(self) -> str:
        """Its key in the journal."""
        return self._key

    @property
    def attempt(self) -> int:
        """The number of the attempt."""
        return self._past.attempt

    @property
    def is_write(self) -> bool:
        """Whether its effect can be noticed."""
        return self._is_write

    def seconds(self) -> float | None:
        """What is left of the attempt's time, told to the process that serves it."""
        self._is_remote = True
        return self._limit()[0]

    def cut_off(self, error: OutcomeUnknown) -> None:
        """The process that served the attempt died in it: that is as a crash of this one, which `in_doubt` decides on."""
        self._past.unknown = self._past.unknown or self._is_write
        if self._may_repeat or self._in_doubt == "retry":
            return
        raise self._paused(error) if self._in_doubt == "pause" else error

    async def _cancelled_in(
        self, work: asyncio.Future[T], cancellation: asyncio.CancelledError
    ) -> T:
        """A started write is settled first; what it really came to is recorded before the cancellation goes on."""
        is_task = isinstance(work, asyncio.Task)
        if is_task and (is_real(cancellation) or not self._is_write):
            work.cancel()
        if self._is_write or is_task:
            cancellation = await ended_anyway(work, cancellation)
        if self._is_write and has_succeeded(work):
            self._cancelled = cancellation
            return self._ended_well(work.result())
        if is_task:
            work.cancel()
        has_failed = work.done() and not work.cancelled()
        forget(work)
        raise self._cut_off_by_cancellation(cancellation, has_failed=has_failed)

    def _cut_off_by_cancellation(
        self, cancellation: asyncio.CancelledError, *, has_failed: bool = False
    ) -> asyncio.CancelledError:
        self._ended_badly(cancellation)
        if is_real(cancellation):
            if self._is_write and not has_failed:
                self._past.unknown = True
            self._needs_a_person()
            self._record_cancelled()
        return cancellation
