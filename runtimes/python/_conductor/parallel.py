"""Branches that run at the same time: at most so many at once, the siblings of the one that decides cancelled.

It deliberately knows no journal: what a decision means for one is told to a callback. It is no
`asyncio.TaskGroup`, because nested ones lose cancellations in some versions of Python (cpython #116720, #133747).
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextvars import Context
from functools import partial
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from .errors import Halt
from .exits import Lost, Returned
from .settle import SETTLE_SECONDS, ended

Given = TypeVar("Given")
T = TypeVar("T")

REAL = "cancelled by the workflow"
"""The message of a cancellation that the journal is told of. Any other only stops the work in this process."""

OnFailure = Literal["cancel", "wait"]


class _Later(Generic[T]):
    """A branch that starts when those that it needs have ended."""

    def __init__(
        self, name: str, make: Callable[[], Coroutine[Any, Any, T]], needs: int
    ) -> None:
        self.name = name
        self.make = make
        self.needs = needs
        self.result: asyncio.Future[T] = asyncio.get_running_loop().create_future()


class Branches:
    """Starts branches inside an `async with` block, which ends when all of them have."""

    def __init__(
        self,
        *,
        on_failure: OnFailure = "cancel",
        max_concurrency: int | None = None,
        decide: Callable[[str], None] | None = None,
        decided: str | None = None,
        gone: Context | None = None,
    ) -> None:
        """`decide` is told which branch decided; `decided` is the one that an earlier life of the run told, and then
        the others run in the context `gone`."""
        self._on_failure = on_failure
        self._width = max_concurrency
        self._permits = asyncio.Semaphore(max_concurrency) if max_concurrency else None
        self._decide = decide
        self._decided = decided
        self._gone = gone
        self._is_decided = False
        self._is_stopped = False
        self._tasks: list[asyncio.Task[Any]] = []
        self._running = 0
        self._idle: asyncio.Future[None] | None = None
        self._failed: asyncio.Task[Any] | None = None
        self._paused: asyncio.Task[Any] | None = None
        self._dependents: dict[asyncio.Future[Any], list[_Later[Any]]] = {}
        self._results: dict[asyncio.Task[Any], asyncio.Future[Any]] = {}

    def start(self, name: str, branch: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Starts a branch; its result is there after the block."""
        if self._permits is None and self._decide is None:
            return self._spawn(name, branch)
        waits = self._width is not None and self._running >= self._width
        task = self._spawn(name, self._in_turn(name, branch, waits=waits))
        task.add_done_callback(partial(_close, branch))
        return task

    def _spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        loop = asyncio.get_running_loop()
        if self._gone is not None and name != self._decided:
            task = loop.create_task(work, name=name, context=self._gone.copy())
        else:
            task = loop.create_task(work, name=name)
        if name == self._decided:
            self._failed = task
        task.add_done_callback(self._ended)
        self._running += 1
        self._tasks.append(task)
        return task

    def after(
        self,
        name: str,
        make: Callable[[], Coroutine[Any, Any, T]],
        *needs: asyncio.Future[Any],
    ) -> asyncio.Future[T]:
        """Starts a branch when all that it needs have ended."""
        later = _Later(name, make, len(needs))
        for need in needs:
            self._dependents.setdefault(need, []).append(later)
        return later.result

    async def _in_turn(
        self, name: str, branch: Coroutine[Any, Any, T], *, waits: bool
    ) -> T:
        if self._permits is None:
            return await self._deciding(name, branch)
        async with self._permits:
            if waits and self._is_stopped:
                # Its turn comes between the decision and its cancellation.
                raise asyncio.CancelledError(REAL)
            return await self._deciding(name, branch)

    async def _deciding(self, name: str, branch: Coroutine[Any, Any, T]) -> T:
        """The branch. Its decision is told in the same moment, so that both stand in one record."""
        try:
            return await branch
        except (Exception, Returned) as error:
            # After another branch has decided, a `return` is one end among others.
            decides = not self._is_decided and self._decided in (None, name)
            returns = isinstance(error, Returned) and decides
            is_last = self._on_failure == "cancel" or returns
            self._is_stopped |= is_last and self._gone is None
            self._decides(name)
            raise

    def _decides(self, name: str) -> None:
        task = asyncio.current_task()
        is_cancelled = task is not None and task.cancelling() > 0
        if self._is_decided or self._decided is not None or is_cancelled:
            return
        self._is_decided = True
        if self._decide is not None:
            self._decide(name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cancelled = await self._all_ended(error)
        failed, self._failed = self._failed, None
        paused, self._paused = self._paused, None  # these break cycles of tracebacks
        if paused is not None and (cancelled is None or is_real(cancelled)):
            paused.result()
        if cancelled is not None:
            raise cancelled
        if error is None:
            self._conclude(failed)

    async def _all_ended(
        self, error: BaseException | None
    ) -> asyncio.CancelledError | None:
        """Waits for all branches. Says who cancelled them meanwhile."""
        cancelled: asyncio.CancelledError | None = None
        if error is not None:
            self._cancel_all(message_of(error))
        while self._running:
            self._idle = asyncio.get_running_loop().create_future()
            try:
                await self._idle
            except asyncio.CancelledError as cancellation:
                cancelled = cancellation
                self._cancel_all(message_of(cancellation))
        return cancelled

    def _conclude(self, failed: asyncio.Task[Any] | None) -> None:
        """Raises what decided, or how a branch was cancelled."""
        if failed is not None:
            failed.result()
        for task in self._tasks:
            if task.cancelled():
                task.result()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._judge(task)
        self._running -= 1
        if not self._running and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _judge(self, task: asyncio.Task[Any]) -> None:
        """What the end of a branch means for the others."""
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._succeeded(task)
        elif isinstance(error, Halt):
            self._paused = self._paused or task
            self._cancel_all(None)
        elif self._failed in (None, task) and not isinstance(error, Lost):
            self._failed = task
            is_last = self._on_failure == "cancel" or isinstance(error, Returned)
            if is_last and self._gone is None:
                self._cancel_all(REAL)

    def _succeeded(self, task: asyncio.Task[Any]) -> None:
        """Starts what waited for the branch."""
        ended = self._results.pop(task, None) or task
        if isinstance(ended, asyncio.Task):
            pass
        elif not ended.done():
            ended.set_result(task.result())
        for later in self._dependents.pop(ended, ()):
            later.needs -= 1
            is_over = self._failed is not None or self._paused is not None
            if later.needs == 0 and (not is_over or self._gone is not None):
                started = self.start(later.name, later.make())
                self._results[started] = later.result

    def _cancel_all(self, message: str | None) -> None:
        for task in self._tasks:
            if not task.done():
                task.cancel(message)

    async def in_turns(
        self,
        items: Iterable[tuple[int, Given]],
        work: Callable[[int, Given], Coroutine[Any, Any, T]],
        results: list[T | None],
    ) -> None:
        """Takes one item after the other, beside others who do."""
        for index, item in items:
            if self._decide is None:
                results[index] = await work(index, item)
            else:
                results[index] = await self._deciding(str(index), work(index, item))

    def worker(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts something that makes decisions for itself."""
        self._spawn("", work)


class _Race(Branches):
    """The first success decides."""

    winner: asyncio.Task[Any] | None = None

    async def _deciding(self, name: str, branch: Coroutine[Any, Any, T]) -> T:
        try:
            result = await branch
        except Returned:
            self._decides(name)
            raise
        self._decides(name)
        return result

    def _decides(self, name: str) -> None:
        before = self._is_decided
        super()._decides(name)
        if self._is_decided and not before:
            self.winner = asyncio.current_task()

    def _spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = super()._spawn(name, work)
        if name == self._decided:
            self.winner = task
        return task

    def run(self, branches: Mapping[str, Coroutine[Any, Any, Any]]) -> None:
        """Starts all branches."""
        for name, branch in branches.items():
            task = self._spawn(name, self._deciding(name, branch))
            task.add_done_callback(partial(_close, branch))

    def _judge(self, task: asyncio.Task[Any]) -> None:
        if task is self.winner:
            self._cancel_all(REAL)
        elif not task.cancelled() and isinstance(task.exception(), Halt):
            self._paused = self._paused or task
            self._cancel_all(None)

    def _conclude(self, failed: asyncio.Task[Any] | None) -> None:
        if self.winner is not None:
            return
        for task in self._tasks:
            error = None if task.cancelled() else task.exception()
            if task.cancelled() or (error is not None and not isinstance(error, Lost)):
                task.result()


async def race(
    branches: Mapping[str, Coroutine[Any, Any, T]],
    *,
    decide: Callable[[str], None] | None = None,
    decided: str | None = None,
    gone: Context | None = None,
) -> T:
    """The result of the first branch that succeeds; the others are cancelled. Where all fail, the failure of the first
    in the order of the branches; null where none failed either."""
    running = _Race(decide=decide, decided=decided, gone=gone)
    async with running:
        running.run(branches)
    winner, running.winner = running.winner, None
    result: Any = None if winner is None else winner.result()
    won: T = result
    return won


async def each(
    items: Iterable[Given],
    work: Callable[[int, Given], Coroutine[Any, Any, T]],
    *,
    max_concurrency: int | None = None,
    decide: Callable[[str], None] | None = None,
    decided: str | None = None,
    gone: Context | None = None,
) -> list[T]:
    """The results of `work` for each item, in the order of the items."""
    todo = list(items)
    if decided is not None or max_concurrency is None or max_concurrency >= len(todo):
        branches = Branches(decide=decide, decided=decided, gone=gone)
        async with branches:
            tasks = [
                branches.start(str(index), work(index, item))
                for index, item in enumerate(todo)
            ]
        return [task.result() for task in tasks]
    results: list[Any] = [None] * len(todo)
    branches = Branches(decide=decide)
    turns: Iterator[tuple[int, Given]] = iter(enumerate(todo))
    async with branches:
        for _ in range(max_concurrency):
            branches.worker(branches.in_turns(turns, work, results))
    return results


def _close(branch: Coroutine[Any, Any, Any], task: asyncio.Task[Any]) -> None:
    """Cancelled before its turn, it was never begun."""
    branch.close()


def message_of(error: BaseException) -> str | None:
    """What a cancellation says of itself."""
    return REAL if is_real(error) else None


async def ended_anyway(
    work: asyncio.Future[Any], cancellation: asyncio.CancelledError
) -> asyncio.CancelledError:
    """Waits for `work` within the bound, however often it is cancelled meanwhile. Says what to raise then."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + SETTLE_SECONDS
    while True:
        try:
            await ended(work, max(0.0, ends_at - loop.time()))
            return cancellation
        except asyncio.CancelledError as again:
            if is_real(again):
                cancellation = again


def is_real(error: BaseException) -> bool:
    """Whether the workflow itself cancels, so that the journal is to be told."""
    return isinstance(error, asyncio.CancelledError) and error.args == (REAL,)
