"""Branches that run at the same time: at most so many at once, the siblings of a failed one cancelled.

It deliberately knows no journal: what a first failure means for one is told to a callback. It is no
`asyncio.TaskGroup`, because nested ones lose cancellations in some versions of Python (cpython #116720, #133747).
"""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from .errors import Halt
from .settle import SETTLE_SECONDS, ended

T = TypeVar("T")

REAL = "cancelled by the workflow"
"""The message of a cancellation that the journal is told of. Any other only stops the work in this process."""

OnFailure = Literal["cancel", "wait"]


class Branches:
    """Starts branches inside an `async with` block, which ends when all of them have."""

    def __init__(
        self,
        *,
        on_failure: OnFailure = "cancel",
        max_concurrency: int | None = None,
        first_failure: Callable[[str], None] | None = None,
        only: str | None = None,
    ) -> None:
        self._on_failure = on_failure
        self._permits = asyncio.Semaphore(max_concurrency) if max_concurrency else None
        self._first_failure = first_failure
        self._only = only
        self._tasks: list[asyncio.Task[Any]] = []
        self._failed: asyncio.Task[Any] | None = None
        self._has_failed = False

    def start(self, name: str, branch: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """Starts a branch; its result is there after the block."""
        loop = asyncio.get_running_loop()
        if self._only is not None and name != self._only:
            branch.close()
            return loop.create_future()
        work = branch
        if self._permits is not None or self._first_failure is not None:
            work = self._watched(name, branch)
        task = loop.create_task(work, name=name)
        if work is not branch:  # cancelled before its turn, it was never begun
            task.add_done_callback(lambda _: branch.close())
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        return task

    async def _watched(self, name: str, branch: Coroutine[Any, Any, T]) -> T:
        """The branch in its turn. Its failure is told in the same moment, so that both stand in one record."""
        if self._permits is not None:
            await self._permits.acquire()
        goes_on = True
        try:
            return await branch
        except Exception:
            goes_on = self._on_failure == "wait"
            if not self._has_failed:
                self._has_failed = True
                if self._first_failure is not None:
                    self._first_failure(name)
            raise
        finally:
            if self._permits is not None and goes_on:
                self._permits.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cancelled: asyncio.CancelledError | None = None
        if error is not None:
            self._cancel_all(message_of(error))
        while pending := [task for task in self._tasks if not task.done()]:
            try:
                await asyncio.wait(pending)
            except asyncio.CancelledError as cancellation:
                cancelled = cancellation
                self._cancel_all(message_of(cancellation))
        if cancelled is not None:
            raise cancelled
        if error is None and self._failed is not None:
            try:
                self._failed.result()
            finally:
                self._failed = None  # breaks the cycle through the traceback
        if error is None and any(task.cancelled() for task in self._tasks):
            raise asyncio.CancelledError

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        if isinstance(task.exception(), Halt):
            self._failed = task
            self._cancel_all(None)
        elif self._failed is None:
            self._failed = task
            if self._on_failure == "cancel":
                self._cancel_all(REAL)

    def _cancel_all(self, message: str | None) -> None:
        for task in self._tasks:
            if not task.done():
                task.cancel(message)


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
