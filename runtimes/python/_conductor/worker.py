"""Functions of this process that workflows of other languages call: takes calls, answers them, stops what is cancelled.

It deliberately knows neither types nor who asks: decoding and encoding are generated.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import current
from .form import error_form
from .limits import Limit
from .remote import traced
from .session import Session
from .settle import SETTLE_SECONDS
from .trace import of_run


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller asks for."""

    args: dict[str, Any]
    """By the parameters' names."""
    key: str
    """The same at every attempt."""


@dataclass(frozen=True, slots=True)
class Task:
    """A function that is served."""

    function: str
    """As `py:shop.charge`."""
    signature: str
    """A digest of its parameters and its result."""
    serve: Callable[[Call], Coroutine[Any, Any, object]]
    """From the arguments to the result, both as JSON."""


class Worker:
    """The calls that are under way."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._by_name = {task.function: task for task in tasks}
        self._running: dict[int, asyncio.Task[None]] = {}
        self.session: Session | None = None

    @property
    def served(self) -> list[dict[str, str]]:
        """What the sidecar is told of the functions."""
        return [
            {"function": task.function, "signature": task.signature}
            for task in self._by_name.values()
        ]

    def asked(self, number: int, params: dict[str, Any]) -> None:
        """A call has come; it is answered when it has ended."""
        context = contextvars.copy_context()
        context.run(current.enter, partial(_place_of, params))
        loop = asyncio.get_running_loop()
        work = loop.create_task(self._answer(number, params), context=context)
        self._running[params["call"]] = work
        work.add_done_callback(lambda _: self._running.pop(params["call"], None))

    def cancel(self, call: int) -> None:
        """Nobody waits for it any more."""
        work = self._running.get(call)
        if work is not None:
            work.cancel()

    async def _answer(self, number: int, params: dict[str, Any]) -> None:
        timeout = params.get("timeout_ms")
        limit = Limit(None if timeout is None else timeout / 1000)
        with limit, traced(params.get("traceparent")):
            outcome = await _outcome(self._serve(params))
        if self.session is not None:
            self.session.answer(number, outcome)

    def _serve(self, params: dict[str, Any]) -> Awaitable[object]:
        task = self._by_name[params["function"]]
        return task.serve(Call(params["args"], params["key"]))

    async def drain(self) -> None:
        """Waits for the calls under way, within the bound."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=SETTLE_SECONDS)


def _place_of(params: dict[str, Any]) -> current.CurrentStep:
    return current.CurrentStep(
        params["workflow"],
        params["run"],
        params["step"],
        params["attempt"],
        lambda: params.get("traceparent") or of_run(params["run"]),
    )


async def _outcome(work: Awaitable[object]) -> dict[str, Any]:
    ended = asyncio.ensure_future(work)
    try:
        await asyncio.wait((ended,))
    except asyncio.CancelledError:
        ended.cancel()
        await asyncio.wait((ended,))
    if ended.cancelled():
        stopped = {"types": ["conductor.Cancelled"], "message": "it was cancelled"}
        return {"error": stopped}
    error = ended.exception()
    if error is None:
        return {"output": ended.result()}
    if not isinstance(error, Exception):
        error = RuntimeError(f"the function raised {error!r}")
    return {"error": error_form(error)}
