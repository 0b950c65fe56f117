"""Calls of functions that processes of other languages serve, through the sidecar's broker.

It deliberately knows no types: arguments and results are JSON here.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from . import sessions
from .errors import OutcomeUnknown, RecordedError
from .limits import time_left
from .remote import active_trace, trace_headers
from .session import Away, Session
from .settle import SETTLE_SECONDS, ended, forget
from .trace import given, is_same, of_attempt, of_run

if TYPE_CHECKING:
    from .step import Step

T = TypeVar("T")

NO_WORKER_SECONDS = 1.0
"""How long the sidecar may take to say that nobody serves the function."""

_calls = itertools.count(1)


class Lost(Exception):
    """The process that served the call died in it, or the sidecar did: nobody knows how far it came."""


def nothing(value: object) -> None:
    """The result of a function that has none."""


async def invoke(
    step: Step,
    function: str,
    signature: str,
    args: dict[str, object],
    decode: Callable[[object], T],
) -> T:
    """The result of an attempt of a step."""
    run = step.run
    params: dict[str, object] = {
        "function": function,
        "signature": signature,
        "args": args,
        "key": step.idempotency_key,
        "run": run.id,
        "workflow": run.workflow,
        "step": step.key,
        "attempt": step.attempt,
        "traceparent": _active_or(step.traceparent),
    }
    while True:
        try:
            patience = SETTLE_SECONDS if step.is_write else NO_WORKER_SECONDS
            return decode(await call(run.session, params, step.seconds(), patience))
        except Lost:
            step.cut_off(OutcomeUnknown(f"the worker of {function} died in the call"))


async def invoked(
    function: str,
    signature: str,
    args: dict[str, object],
    decode: Callable[[object], T],
    *,
    workflow: str,
    run: str,
    step: str,
) -> T:
    """The result of a call of a workflow that keeps no journal."""
    session = await sessions.for_this_loop(workflow, run)
    params: dict[str, object] = {
        "function": function,
        "signature": signature,
        "args": args,
        "key": f"{run}/{step}",
        "run": run,
        "workflow": workflow,
        "step": step,
        "attempt": 1,
        "traceparent": given(trace_headers().get("traceparent"))
        or of_attempt(of_run(run), f"{run}/{step}", 1),
    }
    try:
        return decode(await call(session, params, time_left(), NO_WORKER_SECONDS))
    except Lost:
        raise OutcomeUnknown(f"the worker of {function} died in the call") from None


def _active_or(own: str) -> str:
    """The span that the application has opened around the run, where that is the run's trace: it is what others can find."""
    active = given(active_trace())
    return own if active is None or not is_same(active, own) else active


async def call(
    session: Session,
    params: dict[str, object],
    seconds: float | None,
    patience: float,
) -> Any:
    """The result of one call. When it is cancelled, its real end is awaited for `patience` seconds."""
    number = next(_calls)
    request = {"call": number, **params}
    if seconds is not None:
        request["timeout_ms"] = max(1, round(seconds * 1000))
    answer = session.request("task.invoke", request, once=True)
    try:
        await ended(answer, None)
    except asyncio.CancelledError:
        session.notify("task.cancel", {"call": number})
        if not await ended(answer, patience):
            forget(answer)
            raise
        outcome = _outcome(answer)
        if "error" in outcome and not is_no_worker(outcome["error"]):
            # It stopped because it was told to; how far it came nobody knows.
            raise
        return _result(outcome)
    return _result(_outcome(answer))


def _outcome(answer: asyncio.Future[Any]) -> dict[str, Any]:
    try:
        outcome: dict[str, Any] = answer.result()
    except Away:
        raise Lost from None
    if outcome.get("lost"):
        raise Lost
    return outcome


def _result(outcome: dict[str, Any]) -> Any:
    if "error" in outcome:
        raise RecordedError(outcome["error"])
    return outcome["output"]


def is_no_worker(form: dict[str, Any]) -> bool:
    """Whether nobody served the function, so that the call was never made."""
    return form.get("types") == ["conductor.NoWorker"]
