"""One event loop in a thread of its own, for callers that have none.

It deliberately knows no workflows.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

STOP_SECONDS = 5.0
"""How long the process waits at its exit for what is still running here."""


class _Background:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._run,
                    args=(self._loop,),
                    name="conductor-blocking",
                    daemon=True,
                )
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            self._stop = asyncio.Event()
            runner.run(self._stop.wait())

    def stop(self) -> None:
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(self._stop.set)
        thread.join(STOP_SECONDS)


_background = _Background()


def _reset_after_fork() -> None:
    global _background
    _background = _Background()


def stop() -> None:
    """Ends the event loop and its thread, where there are any."""
    _background.stop()


os.register_at_fork(after_in_child=_reset_after_fork)
atexit.register(stop)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result. An interruption (Ctrl-C) stops the waiting and, without durability, the work."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        coroutine.close()
        raise RuntimeError(
            "this would block a running event loop: await the workflow itself instead"
        )
    future = asyncio.run_coroutine_threadsafe(coroutine, _background.loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise
