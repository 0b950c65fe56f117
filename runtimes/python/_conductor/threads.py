"""Threads for functions that block: as many as are busy at once, kept for a while, never waited for at exit.

It deliberately knows nothing of attempts and outcomes. `asyncio.to_thread` would let 32 blocked functions starve the
rest, and would keep the process from ending while one of them hangs.
"""

import asyncio
import contextlib
import contextvars
import functools
import os
import queue
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

IDLE_SECONDS = 10.0
"""How long a thread without work is kept."""

_Job = Callable[[], None]


class Holder(Protocol):
    """Holds something until all that was started for it has ended."""

    def started(self) -> None:
        """A thread or task has begun."""

    def ended(self) -> None:
        """It has ended. From any thread."""


HOLDER: ContextVar[Holder | None] = ContextVar("conductor_holder", default=None)
"""For whom threads and tasks are started here. What runs in them starts nothing for it."""


class _Pool:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[_Worker] = []

    def run(self, job: _Job) -> None:
        with self.lock:
            worker = self.idle.pop() if self.idle else None
        if worker is None:
            worker = _Worker(self)
            worker.start()
        worker.inbox.put(job)


class _Worker(threading.Thread):
    def __init__(self, pool: _Pool) -> None:
        super().__init__(name="conductor-task", daemon=True)
        self.pool = pool
        self.inbox: queue.SimpleQueue[_Job] = queue.SimpleQueue()

    def run(self) -> None:
        while True:
            try:
                job = self.inbox.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                if self._retire():
                    return
                continue
            job()
            del job
            with self.pool.lock:
                self.pool.idle.append(self)

    def _retire(self) -> bool:
        with self.pool.lock:
            if self in self.pool.idle:
                self.pool.idle.remove(self)
                return True
        return False


_pool = _Pool()


def _reset_after_fork() -> None:
    global _pool
    _pool = _Pool()


os.register_at_fork(after_in_child=_reset_after_fork)


def submit(
    function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> asyncio.Future[T]:
    """Starts `function` in a thread. Cancelling the future does not stop it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    holder = HOLDER.get()
    context = contextvars.copy_context()
    context.run(HOLDER.set, None)
    call = functools.partial(context.run, function, *args, **kwargs)
    if holder is not None:
        holder.started()
    _pool.run(functools.partial(_perform, call, loop, future, holder))
    return future


def _perform(
    call: Callable[[], T],
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[T],
    holder: Holder | None,
) -> None:
    with _Delivery(loop, future, holder):
        result = call()
        _tell(loop, _succeed, future, result)


class _Delivery:
    """Hands an error of whatever kind to the future that waits."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
        holder: Holder | None,
    ) -> None:
        self._loop = loop
        self._future = future
        self._holder = holder

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if self._holder is not None:
            self._holder.ended()
        if error is not None:
            _tell(self._loop, _fail, self._future, error)
        return True


def _tell(
    loop: asyncio.AbstractEventLoop,
    settle: Callable[[asyncio.Future[Any], Any], None],
    future: asyncio.Future[Any],
    outcome: object,
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(settle, future, outcome)


def _succeed(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if future.done():
        return
    if not isinstance(error, Exception) or isinstance(error, StopIteration):
        # A future cannot carry StopIteration, and an exit of one thread ends no other.
        error = RuntimeError(f"the function raised {error!r}")
    future.set_exception(error)


async def in_thread(
    function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """The result of `function`, run in a thread. When cancelled, it leaves the thread to its end."""
    return await submit(function, *args, **kwargs)
