"""Starts durable runs, attaches to them, carries them on, and tells callers how they ended.

It deliberately knows no steps: those are in the workflow's body.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

from . import detach, host, secrets, sessions, turns
from .compensate import undo_all
from .current import current_step
from .errors import (
    Halt,
    RecordedError,
    ResultError,
    RunPaused,
    RunRefused,
    StepFailed,
    WorkflowCancelled,
    WorkflowError,
    workflow_error,
)
from .exits import Returned
from .form import error_form
from .gone import only_recorded
from .history import History, read_all
from .ids import new_run_id
from .journal import Journal
from .jsontext import byte_size, dumps
from .parallel import REAL
from .remote import trace_headers
from .run import Run
from .session import Refused, Session
from .settle import all_ended, ended, forget
from .step import now_ms
from .trace import given
from .workflow import Workflow

logger = logging.getLogger("conductor")

ATTACHED_SECONDS = 3.0
"""How long a caller waits for another's run before it asks whether that has lost its owner."""

START_AGAIN_SECONDS = (0.25, 2.0)
"""Pauses between the starts of a run that is lost again and again, as while the disk is full; the first is at once."""

DEADLINE_KEY = "run"
"""No step can have this id."""


@dataclass(slots=True)
class Outcome:
    """How a run ended, as far as this process is concerned."""

    state: Literal["succeeded", "failed", "cancelled", "paused", "gone"]
    output: object = None
    error: WorkflowError | None = None
    cause: Exception | None = None

    def unwrap(self) -> object:
        """The output, or the error with its cause."""
        if self.error is not None:
            raise self.error from self.cause
        return self.output


@dataclass(slots=True)
class Ending:
    """How a run ends, and the entry that says so."""

    entry: str
    outcome: Outcome


def _ending(outcome: Outcome, kind: str, **fields: object) -> Ending:
    return Ending(dumps({kind: {**fields, "at": now_ms()}}), outcome)


class Execution:
    """A run that this process owns."""

    def __init__(
        self,
        session: Session,
        workflow: Workflow,
        run: str,
        answer: dict[str, Any],
        inputs: dict[str, object] | None,
    ) -> None:
        self.workflow = workflow
        self.run = run
        self.waiters = 0
        self.is_served = inputs is None
        self._session = session
        self._answer = answer
        self._inputs = inputs
        self._reason: str | None = None
        self._has_result = False
        """The body has ended: a cancellation that comes now changes nothing."""
        self._is_over = False
        self._give_back: Callable[[], None] | None = None
        self._show_secrets: Callable[[], None] | None = None
        self._journal = Journal(
            run,
            answer["epoch"],
            answer["next_seq"],
            session.send,
            session.at_the_end,
            session.ahead,
            answer.get("start") if answer["next_seq"] == 1 else None,
        )
        self._journal.on_lost = self._lost
        self._journal.on_cancelling = self._cancel
        session.owned[run] = self._journal
        self.task = session.loop.create_task(self._drive(), name=f"run {run}")
        _executions(session)[run] = self
        self.task.add_done_callback(self._forget)
        if answer["cancelling"]:
            self._reason = "cancelled while nobody executed it"

    def _forget(self, task: asyncio.Task[Outcome]) -> None:
        if self._give_back is not None:
            self._give_back()
        if self._show_secrets is not None:
            self._show_secrets()
        executions = _executions(self._session)
        if executions.get(self.run) is self:
            del executions[self.run]
        if self._session.owned.get(self.run) is self._journal:
            self._session.release(self._journal)

    def _lost(self, reason: str) -> None:
        self.task.cancel()

    def _cancel(self, reason: str) -> None:
        if self._reason is None and not self._has_result:
            self._reason = reason
            self.task.cancel(REAL)

    def detach(self) -> None:
        """Stops executing here; the run goes on elsewhere."""
        if not self._is_over:
            self.task.cancel()

    async def wait(self) -> Outcome:
        """The outcome. When the last waiter is cancelled the run is given back."""
        self.waiters += 1
        try:
            await ended(self.task, None)
        finally:
            self.waiters -= 1
            if not self.task.done() and self.waiters == 0 and not self.is_served:
                self.detach()
        return self._gone() if self.task.cancelled() else self.task.result()

    async def accepted(self) -> bool:
        """Waits until the start of the run is on the disk. False where that was lost."""
        await self._journal.stored()
        return self._journal.ended != "lost"

    async def _drive(self) -> Outcome:
        only_recorded.set(False)  # what holds of the parent does not hold of its child
        try:
            history = await self._history()
            self._show_secrets = secrets.hide(self.workflow, history.input)
            run = Run(
                self.run,
                self._session,
                self._journal,
                history,
                _call_child,
                start_detached,
                self.workflow.name,
            )
            ending = await self._perform(run)
            self._has_result = True
            ending = await self._undone(run, ending)
        except asyncio.CancelledError:
            return self._gone()
        except Refused as refusal:
            return self._refused(str(refusal))
        self._is_over = True
        self._journal.record_text(ending.entry)
        return await self._end(ending.outcome)

    async def _history(self) -> History:
        children = tuple(self.workflow.children)
        if self._inputs is not None and self._answer["next_seq"] == 1:
            trace = self._answer.get("traceparent")
            return History(input=self._inputs, trace=trace, children=children)
        page = self._answer.pop("history", None)
        while True:
            try:
                return await read_all(self._session, self.run, children, page)
            except asyncio.CancelledError:
                # What a run that is cancelled has done must be known all the same.
                if self._reason is None or self._journal.ended is not None:
                    raise

    async def _perform(self, run: Run) -> Ending:
        token = only_recorded.set(self._reason is not None)
        try:
            if self.workflow.deadline is None:
                output = await self._in_turn(run)
            else:
                output = await self._within_deadline(run, self.workflow.deadline)
            return self._succeeded(output)
        except Returned as end:
            return self._succeeded(end.output)
        except asyncio.CancelledError:
            if self._journal.ended is not None or self._reason is None:
                raise
            return self._cancelled()
        except StepFailed as failure:
            return self._failed(failure.step, failure.attempts, failure.error)
        except Halt as halt:
            return self._paused(halt)
        except Exception as error:
            logger.exception("run %s failed outside of a step", self.run)
            return self._failed(None, 0, error)
        finally:
            only_recorded.reset(token)

    async def _in_turn(self, run: Run) -> object:
        """The steps, once the workflow's `concurrency` lets the run in; its place is kept until the run has ended."""
        concurrency = self.workflow.concurrency
        if concurrency is not None:
            place = turns.resource(self.workflow.name, concurrency, run)
            self._give_back = await host.take(place, self._session)
        return await self.workflow.body(run)

    async def _within_deadline(self, run: Run, seconds: float) -> object:
        """The deadline counts from the start of the run, or of its last generation, wherever that was."""
        chosen = run.history.chosen
        restarted_at = run.history.restarted_at
        started_at: int = restarted_at or self._answer["started_at"]
        chosen[f"{DEADLINE_KEY}.deadline"] = started_at + round(seconds * 1000)
        try:
            async with run.deadline(DEADLINE_KEY, seconds):
                return await self._in_turn(run)
        except StepFailed as failure:
            if failure.step == DEADLINE_KEY:
                raise StepFailed(None, 0, failure.error) from failure.error
            raise

    async def _undone(self, run: Run, ending: Ending) -> Ending:
        """What a run that failed or was cancelled did is undone before its end is recorded."""
        await all_ended(run.unsettled)
        if ending.outcome.state in ("failed", "cancelled"):
            try:
                await undo_all(run, self.workflow, run.history)
            except Halt as halt:
                return self._paused(halt)
        return ending

    def _succeeded(self, output: object) -> Ending:
        text = dumps(output)
        limit = self._session.value_bytes
        if byte_size(text) > limit:
            raise ResultError(
                f"the output has {byte_size(text)} bytes as JSON, the limit is {limit}"
            )
        entry = f'{{"run_succeeded":{{"output":{text},"at":{now_ms()}}}}}'
        return Ending(entry, Outcome("succeeded", output))

    def _failed(self, step: str | None, attempts: int, error: Exception) -> Ending:
        form = error_form(error)
        failure = workflow_error(self.workflow.name, self.run, step, attempts, error)
        return _ending(
            Outcome("failed", error=failure, cause=error),
            "run_failed",
            error=form,
            step=step,
            attempts=attempts,
        )

    def _cancelled(self) -> Ending:
        reason = self._reason or ""
        error = _cancelled(self.workflow, self.run, reason)
        return _ending(
            Outcome("cancelled", error=error), "run_cancelled", reason=reason
        )

    def _paused(self, halt: Halt) -> Ending:
        error = _paused(self.workflow, self.run, halt.reason)
        cause = halt.__cause__ if isinstance(halt.__cause__, Exception) else None
        return _ending(
            Outcome("paused", error=error, cause=cause),
            "run_paused",
            reason=halt.reason,
            step=halt.step,
        )

    def _gone(self) -> Outcome:
        """Somebody else has the run, unless the sidecar refused what was recorded: that would happen again."""
        refusal = self._journal.refusal
        if refusal is None:
            return Outcome("gone")
        if self.is_served:
            # It is kept: whoever it is handed to next would end here too.
            logger.error("run %s is stuck, the sidecar refused: %s", self.run, refusal)
        else:
            epoch = self._journal.epoch
            self._session.notify("run.release", {"run": self.run, "epoch": epoch})
        return self._refused(refusal)

    def _refused(self, reason: str) -> Outcome:
        error = RunRefused(
            f"run {self.run}: {reason}", workflow=self.workflow.name, run=self.run
        )
        return Outcome("failed", error=error)

    async def _end(self, outcome: Outcome) -> Outcome:
        """Nobody is shown an end before it is on the disk."""
        await self._journal.concluded()
        if self._give_back is not None:
            self._give_back()
        if self._journal.ended == "lost":
            return self._gone()
        logger.debug("run %s: %d waits for the disk", self.run, self._journal.waits)
        self._journal.end("finished")
        self._session.owned.pop(self.run, None)
        return outcome


_by_session: WeakKeyDictionary[Session, dict[str, Execution]] = WeakKeyDictionary()


def _executions(session: Session) -> dict[str, Execution]:
    return _by_session.setdefault(session, {})


def all_of(session: Session) -> list[Execution]:
    """The runs that are executed for `session`."""
    return list(_executions(session).values())


async def call(
    workflow: Workflow, inputs: dict[str, object], run_id: str | None
) -> object:
    """The output of the run, as JSON: starts it, continues it, or waits for whoever executes it."""
    run = new_run_id() if run_id is None else run_id
    step = current_step()
    around = None if step is None else step.traceparent
    trace = given(trace_headers().get("traceparent")) or around
    return await _call(workflow, inputs, run, None, trace)


async def start_detached(
    workflow: Workflow, inputs: dict[str, object], run: str, trace: str
) -> None:
    """Starts a run that nobody awaits; its start is on the disk when this returns."""
    session = await sessions.for_this_loop(workflow.name, run)
    request = _request(workflow, inputs, run)
    request["traceparent"] = trace
    while True:
        answer = await _start(session, workflow, run, request)
        if answer["outcome"] != "owned":
            return  # it runs elsewhere, or has ended
        execution = Execution(session, workflow, run, answer, inputs)
        execution.is_served = True
        detach.keep(execution.task)
        if await execution.accepted():
            return


async def _call_child(
    workflow: Workflow,
    inputs: dict[str, object],
    run: str,
    parent: dict[str, str],
    trace: str,
) -> object:
    return await _call(workflow, inputs, run, parent, trace)


async def _call(
    workflow: Workflow,
    inputs: dict[str, object],
    run: str,
    parent: dict[str, str] | None,
    trace: str | None,
) -> object:
    session = await sessions.for_this_loop(workflow.name, run)
    request = _request(workflow, inputs, run)
    if parent is not None:
        request["parent"] = parent
    if trace is not None:
        request["traceparent"] = trace
    end: asyncio.Future[Any] | None = None
    pause = 0.0
    try:
        while True:
            answer = await _start(session, workflow, run, request)
            local = _executions(session).get(run)
            if answer["outcome"] == "owned":
                local = Execution(session, workflow, run, answer, inputs)
            if local is not None:
                outcome = await local.wait()
                if outcome.state != "gone":
                    return outcome.unwrap()
                await asyncio.sleep(pause)
                least, most = START_AGAIN_SECONDS
                pause = min(max(2 * pause, least), most)
                continue
            end = end or session.request("run.await", {"run": run})
            is_finished = answer["outcome"] == "finished"
            if await ended(end, None if is_finished else ATTACHED_SECONDS):
                return _told(workflow, run, _answer(workflow, run, end)).unwrap()
    finally:
        if end is not None:
            forget(end)
            end.cancel()


def _request(workflow: Workflow, inputs: dict[str, object], run: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "run": run,
        "workflow": workflow.name,
        "plan": workflow.plan,
        "input": inputs,
        "at": now_ms(),
    }
    if workflow.secret:
        request["secret"] = list(workflow.secret)
    return request


async def _start(
    session: Session, workflow: Workflow, run: str, request: dict[str, Any]
) -> dict[str, Any]:
    answer = session.request("run.start", request)
    try:
        await ended(answer, None)
    except asyncio.CancelledError:
        # Whoever is cancelled here must not keep a run that nobody executes.
        def give_back(late: asyncio.Future[Any]) -> None:
            if late.exception() is None and late.result()["outcome"] == "owned":
                epoch = late.result()["epoch"]
                session.notify("run.release", {"run": run, "epoch": epoch})

        answer.add_done_callback(give_back)
        raise
    owned = _answer(workflow, run, answer)
    if owned.get("wanted"):
        session.define()
    return {**owned, "traceparent": request.get("traceparent"), "start": request}


def _answer(
    workflow: Workflow, run: str, answer: asyncio.Future[Any]
) -> dict[str, Any]:
    try:
        result: dict[str, Any] = answer.result()
    except Refused as refusal:
        raise RunRefused(
            f"workflow {workflow.name} (run {run}) was refused: {refusal}",
            workflow=workflow.name,
            run=run,
        ) from None
    return result


def _told(workflow: Workflow, run: str, end: dict[str, Any]) -> Outcome:
    """The outcome of a run that another executed."""
    state = end["state"]
    if state == "succeeded":
        return Outcome("succeeded", end.get("output"))
    form = end.get("error") or {}
    reason = str(form.get("message", ""))
    if state == "cancelled":
        return Outcome("cancelled", error=_cancelled(workflow, run, reason))
    if state == "paused":
        return Outcome("paused", error=_paused(workflow, run, reason))
    cause = RecordedError(form)
    step, attempts = form.get("step"), form.get("attempts", 0)
    failure = workflow_error(workflow.name, run, step, attempts, cause)
    return Outcome("failed", error=failure, cause=cause)


def _cancelled(workflow: Workflow, run: str, reason: str) -> WorkflowCancelled:
    return WorkflowCancelled(
        f"workflow {workflow.name} (run {run}) was cancelled: {reason}",
        workflow=workflow.name,
        run=run,
    )


def _paused(workflow: Workflow, run: str, reason: str) -> RunPaused:
    return RunPaused(
        f"workflow {workflow.name} (run {run}) is paused: {reason}",
        workflow=workflow.name,
        run=run,
    )
