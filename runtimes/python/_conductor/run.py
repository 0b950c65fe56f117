"""A durable run while it is executed here: what its generated code is given.

It deliberately knows neither how the run began nor what its end means to callers.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextvars import Context, Token, copy_context
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from . import atomic, trace, waits
from .current import CurrentStep
from .errors import DeadlineExceeded, Halt, ResultError, StepFailed
from .exits import NOBODY_WAITS, ended_well, shielded
from .form import error_form
from .gone import only_recorded
from .held import Holding
from .history import History
from .journal import Journal
from .limits import Limit, lift
from .parallel import REAL, Branches, OnFailure, each, is_real, race
from .permits import Pool, Taker
from .session import Session
from .settle import forget
from .step import Effect, InDoubt, Step, now_ms

if TYPE_CHECKING:
    from .breaker import Breaker
    from .live import LivePolicy
    from .recording import Undo
    from .workflow import Workflow

Given = TypeVar("Given")
T = TypeVar("T")

CallChild = Callable[
    ["Workflow", dict[str, object], str, dict[str, str], str],
    Coroutine[Any, Any, object],
]

DetachChild = Callable[
    ["Workflow", dict[str, object], str, str], Coroutine[Any, Any, None]
]


class Run:
    """One run, from its inputs to its steps."""

    def __init__(
        self,
        run: str,
        session: Session,
        journal: Journal,
        history: History,
        call: CallChild,
        detach: DetachChild,
        workflow: str,
    ) -> None:
        self.id = run
        self.workflow = workflow
        self.session = session
        self.journal = journal
        self.history = history
        self.trace = history.trace or trace.of_run(run)
        """`traceparent` of the caller, or of the run's own making."""
        self.unsettled: set[asyncio.Future[Any]] = set()
        """Idempotent writes that were given up and may still be running."""
        self._call = call
        self._detach = detach
        self._mailbox: waits.Mailbox | None = None

    @property
    def input(self) -> dict[str, object]:
        """The inputs as they are recorded."""
        return self.history.input

    def given(self, name: str) -> object:
        """An input that must be there."""
        try:
            return self.input[name]
        except KeyError:
            raise ResultError(f"the input {name} is missing") from None

    def step(
        self,
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
    ) -> Step:
        """A step with the limits of its policy, in seconds."""
        return Step(
            self,
            key,
            task=task,
            effect=effect,
            idempotent=idempotent,
            in_doubt=in_doubt,
            barrier=barrier,
            critical=critical,
            timeout=timeout,
            deadline=deadline,
            policy=policy,
            uses=uses,
            fallback=fallback,
            breaker=breaker,
            undo=undo,
            child=child,
        )

    def skip(self, key: str) -> None:
        """A step whose `when` does not hold."""
        past = self.history.past(key)
        if past.outcome is None:
            past.outcome = "skipped"
            self.journal.record("step_skipped", key=key, at=now_ms())

    def tolerate(self, key: str, failure: StepFailed) -> None:
        """A block that is not critical has failed."""
        past = self.history.past(key)
        if past.outcome is None:
            past.outcome = "tolerated"
            self.journal.record(
                "step_failed",
                key=key,
                attempt=failure.attempts,
                error=error_form(failure.error),
                tolerated=True,
                at=now_ms(),
            )

    def parallel(
        self,
        key: str,
        *,
        max_concurrency: int | None = None,
        on_failure: OnFailure = "cancel",
    ) -> Branches:
        """Branches of which the first failure is recorded, so that replay need not decide again."""
        decided, gone = self._decided(key)
        return Branches(
            on_failure=on_failure,
            max_concurrency=max_concurrency,
            decide=partial(self.choose, key),
            decided=decided,
            gone=gone if on_failure == "cancel" else None,
        )

    def race(
        self, key: str, branches: Mapping[str, Coroutine[Any, Any, T]]
    ) -> Coroutine[Any, Any, T]:
        """The result of the first branch that succeeds, which is recorded."""
        decided, gone = self._decided(key)
        choose = partial(self.choose, key)
        return race(branches, decide=choose, decided=decided, gone=gone)

    def map(
        self,
        key: str,
        items: Iterable[Given],
        work: Callable[[int, Given], Coroutine[Any, Any, T]],
        *,
        max_concurrency: int | None = None,
    ) -> Coroutine[Any, Any, list[T]]:
        """The results of `work` for each item; the first failure is recorded."""
        decided, gone = self._decided(key)
        return each(
            items,
            work,
            max_concurrency=max_concurrency,
            decide=partial(self.choose, key),
            decided=decided,
            gone=gone,
        )

    def _decided(self, key: str) -> tuple[str | None, Context | None]:
        """Which branch decided in an earlier life of the run, and where the others are gone through."""
        chosen = self.history.chosen.get(key)
        if not isinstance(chosen, str):
            return None, None
        context = copy_context()
        context.run(only_recorded.set, True)
        return chosen, context

    async def ending(self, work: Coroutine[Any, Any, T]) -> T:
        """Does `work` in a `finally`, unless the run goes on in another process or waits for a person."""
        before = sys.exception()
        goes_on = isinstance(before, asyncio.CancelledError) and not is_real(before)
        if goes_on or isinstance(before, NOBODY_WAITS):
            work.close()
            return cast("T", None)
        context = copy_context()
        context.run(lift)
        context.run(only_recorded.set, False)
        return await ended_well(before, shielded(work, context, local=True))

    async def sleep(self, key: str, time: float | dt.timedelta) -> None:
        """Lets time pass, also while no process executes the run."""
        await waits.sleep(self, key, time)

    async def wait_for(
        self,
        key: str,
        signal: str,
        *,
        check: Callable[[object], object] | None = None,
        timeout: float | None = None,
        on_timeout: Literal["fail", "null"] = "fail",
        critical: bool = True,
    ) -> object:
        """The data of a signal as JSON."""
        return await waits.wait_for(
            self,
            key,
            signal,
            check=check,
            timeout=timeout,
            on_timeout=on_timeout,
            critical=critical,
        )

    async def emit(
        self,
        key: str,
        signal: str,
        *,
        data: object = None,
        to: str | None = None,
        barrier: bool = True,
        critical: bool = True,
    ) -> None:
        """Sends a signal to a run, to this one where `to` is missing."""
        await waits.emit(
            self, key, signal, data=data, to=to, barrier=barrier, critical=critical
        )

    async def mailbox(self) -> waits.Mailbox:
        """The signals of this run: those that came before this process had it, too."""
        mailbox = self._mailbox
        if mailbox is None:
            mailbox = waits.Mailbox(self.history.signals, self._ask_for_signals)
            self._mailbox = mailbox
            self.journal.on_signal = self._signalled
            self.journal.on_reclaimed = mailbox.missed
        await mailbox.complete()
        return mailbox

    async def _ask_for_signals(self) -> None:
        """Delivers every signal that was sent to the run, page by page."""
        more: dict[str, object] = {}
        while True:
            page = await self.session.request("signal.list", {"run": self.id, **more})
            for signal in page["signals"]:
                self._signalled(signal)
                more = {"from": signal["ordinal"] + 1}
            if not page.get("more"):
                return

    def _signalled(self, signal: dict[str, Any]) -> None:
        if self._mailbox is not None:
            self._mailbox.deliver(
                signal["signal"], signal["ordinal"], signal["id"], signal["data"]
            )

    def hold(self, pool: Pool, *, lends: bool = False) -> Holding:
        """Keeps a permit over several steps."""
        return Holding(pool, lends=lends, session=self.session)

    async def atomic(
        self,
        key: str,
        work: Coroutine[Any, Any, dict[str, object]],
        *,
        pool: Pool | None = None,
        lends: bool = False,
        critical: bool = True,
    ) -> atomic.Left:
        """A hold that is one step to the journal."""
        return await atomic.atomic(
            self, key, work, pool, lends=lends, critical=critical
        )

    def choose(self, key: str, value: object) -> None:
        """Records a decision that was not computed from recorded values."""
        self.history.chosen[key] = value
        self.journal.record("chosen", key=key, value=value, at=now_ms())

    def deadline(self, key: str, seconds: float) -> RunDeadline:
        """Ends a block when its time is over, counted from when it began in whatever process."""
        return RunDeadline(self, key, seconds)

    @property
    def may_begin_now(self) -> bool:
        """Whether this process may begin attempts of the run at once."""
        return self.session.is_in_time and self.journal.ended != "lost"

    async def may_begin(self) -> None:
        """Waits until this process may begin attempts of the run."""
        await self.session.leased()
        if self.journal.ended == "lost":
            # Its task is cancelled; a branch has one of its own, which would come this far first.
            raise asyncio.CancelledError

    def outwait(self, work: asyncio.Future[Any], is_write: bool) -> None:
        """Lets work that was given up go on; the run does not end before a write has."""
        forget(work)
        if is_write:
            self.unsettled.add(work)
            work.add_done_callback(self.unsettled.discard)

    def call_child(
        self, workflow: Workflow, inputs: dict[str, object], run: str, key: str
    ) -> Coroutine[Any, Any, object]:
        """The output of another workflow's run."""
        parent = {"run": self.id, "key": key}
        return self._call(workflow, inputs, run, parent, self.trace_of(key, 1))

    def detach_child(
        self, workflow: Workflow, inputs: dict[str, object], run: str, key: str
    ) -> Coroutine[Any, Any, None]:
        """Starts another workflow's run, which nobody awaits."""
        return self._detach(workflow, inputs, run, self.trace_of(key, 1))

    def trace_of(self, key: str, attempt: int) -> str:
        """The `traceparent` of an attempt."""
        return trace.of_attempt(self.trace, self.key_of(key), attempt)

    def place_of(self, key: str, attempt: int) -> CurrentStep:
        """An attempt, for the user's code."""
        trace = partial(self.trace_of, key, attempt)
        return CurrentStep(self.workflow, self.id, key, attempt, trace)

    def key_of(self, key: str) -> str:
        """The idempotency key of a step."""
        return self.history.key_of(self.id, key)


class RunDeadline:
    """The time limit of a block or a whole run. Its expiry is a recorded choice."""

    def __init__(self, run: Run, key: str, seconds: float) -> None:
        self._run = run
        self._key = key
        self._seconds = seconds
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._told = Limit(None)
        self._gone: Token[bool] | None = None

    async def __aenter__(self) -> None:
        chosen = self._run.history.chosen
        begin = f"{self._key}.deadline"
        if self._is_over():
            # In an earlier life of the run: what is inside is gone through for what is recorded of it.
            self._gone = only_recorded.set(True)
            return
        ends_at = chosen.get(begin)
        if not isinstance(ends_at, int):
            ends_at = now_ms() + round(self._seconds * 1000)
            self._run.choose(begin, ends_at)
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        left = max(0.0, (ends_at - now_ms()) / 1000)
        self._told = Limit(left)
        self._told.__enter__()
        self._timer = loop.call_later(left, self._expire)

    def _is_over(self) -> bool:
        return f"{self._key}.expired" in self._run.history.chosen

    def _expire(self) -> None:
        self._run.choose(f"{self._key}.expired", True)
        if self._task is not None:
            self._task.cancel(REAL)

    def _failure(self) -> StepFailed:
        over = DeadlineExceeded(f"not done within {self._seconds:g} s")
        return StepFailed(self._key, 0, over)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._gone is not None:
            only_recorded.reset(self._gone)
            self._gone = None
            task = asyncio.current_task()
            is_cancelled = task is not None and task.cancelling() > 0
            if isinstance(error, Halt) or is_cancelled or only_recorded.get():
                return
            raise self._failure() from None
        if self._timer is not None:
            self._timer.cancel()
        self._told.__exit__()
        if not self._is_over() or self._task is None or isinstance(error, Halt):
            return
        if self._task.uncancel() == 0:
            raise self._failure() from None
