"""Undoing what a run did, in the reverse order of recorded completion; neither cancellation nor a deadline reaches it.

It deliberately does not know why; when an undoing fails for good, the run waits for a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from . import limits
from .errors import (
    ExpressionError,
    Halt,
    OutcomeUnknown,
    RunPaused,
    StepFailed,
    text_of,
)
from .form import error_form
from .history import History, read_all, step_id
from .settle import is_over_time

if TYPE_CHECKING:
    from .run import Run
    from .workflow import Workflow

T = TypeVar("T")

Undoing = Callable[[], Coroutine[Any, Any, None]]
"""A call that undoes a step; its arguments were computed when the step completed."""


NO_VALUE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression raises that has no value, or that looks into the result of a step whose outcome is unknown."""


def recorded(
    undo: Callable[[Any], dict[str, object]], result: object
) -> dict[str, Any]:
    """The arguments of a compensation as JSON; where one has no value, why."""
    try:
        return undo(result)
    except NO_VALUE as error:
        return {"": error_form(_valueless(error, result))}


def _valueless(error: Exception, result: object) -> Exception:
    if isinstance(error, ExpressionError):
        return error
    if result is None:
        return ExpressionError("its outcome is unknown, and so is what would undo it")
    return ExpressionError(text_of(error))


async def undo_all(
    run: Run,
    workflow: Workflow,
    history: History,
    prefix: str = "",
    of: str | None = None,
) -> None:
    """Undoes everything that the history says, which is that of the run `of`: of this one, or of a child whose path
    inside of its parent is `prefix`."""
    for key, args in reversed(history.undo):
        past = history.past(key)
        if args is None:
            child = workflow.children[step_id(key)]
            child_id = history.key_of(of or run.id, key)
            inside = await read_all(run.session, child_id, tuple(child.children))
            await undo_all(run, child, inside, f"{prefix}{key}/", child_id)
            continue
        full = f"{prefix}{key}.compensate"
        if not isinstance(args, dict):
            try:
                await args()
            except RunPaused as pause:
                raise Halt(str(pause), full) from pause.__cause__
            continue
        if run.history.past(full).outcome is not None:
            continue
        if "" in args:
            raise Halt(_could_not(key, args[""]["message"]), full)
        by_id = workflow.undo
        identity = step_id(key)
        undo = by_id.get(f"{identity}/{past.task}") or by_id[identity]
        try:
            await undo(run, full, args)
        except StepFailed as failure:
            raise Halt(_could_not(key, text_of(failure.error)), full) from failure.error
        except NO_VALUE as error:
            # What is recorded is not of the types that the code has by now.
            raise Halt(_could_not(key, text_of(error)), full) from error


def _could_not(key: str, why: str) -> str:
    return f"what `{key}` did could not be undone: {why}"


_current: ContextVar[Compensating | Adopted | None] = ContextVar(
    "conductor_compensating", default=None
)


class Adopted:
    """Around a workflow without durability that runs as a step of a durable one, which undoes it as a whole."""

    def __init__(self, history: History, key: str) -> None:
        self._history = history
        self._key = key
        self._token: Token[Compensating | Adopted | None] | None = None
        self.has_undo = False

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)

    def add(self, _: str, undo: Undoing | Exception) -> None:
        """The workflow has succeeded, and this undoes it."""
        if not isinstance(undo, Exception):
            self.has_undo = True
            self._history.undo.append((self._key, undo))


class Compensating:
    """Around the steps of a workflow without durability: undoes them where it fails or is cancelled."""

    def __init__(self, workflow: str, run: str | None) -> None:
        self._workflow = workflow
        self._run = run
        self._outer: Compensating | Adopted | None = None
        self._token: Token[Compensating | Adopted | None] | None = None
        self._undo: list[tuple[str, Undoing | Exception]] = []

    async def __aenter__(self) -> None:
        self._outer = _current.get()
        self._token = _current.set(self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if error is None:
            if self._outer is not None and self._undo:
                self._outer.add(self._workflow, self.undo_all)
        elif isinstance(error, (Exception, asyncio.CancelledError)) and not isinstance(
            error, RunPaused
        ):
            await _unreached(self.undo_all())

    def add(self, key: str, undo: Undoing | Exception) -> None:
        """A step has completed, or may have; an error says that it cannot be undone."""
        self._undo.append((key, undo))

    async def undo_all(self) -> None:
        """Undoes everything, the last first."""
        while self._undo:
            key, undo = self._undo.pop()
            try:
                if isinstance(undo, Exception):
                    raise StepFailed(key, 0, undo)
                await undo()
            except StepFailed as failure:
                raise self._paused(
                    _could_not(key, text_of(failure.error))
                ) from failure.error

    def _paused(self, reason: str) -> RunPaused:
        return RunPaused(
            f"workflow {self._workflow} is paused: {reason}",
            workflow=self._workflow,
            run=self._run or "",
        )


async def _unreached(work: Coroutine[Any, Any, None]) -> None:
    """Waits for the end of `work` whatever happens; a cancellation goes on after that."""
    context = contextvars.copy_context()
    context.run(limits.lift)
    context.run(_current.set, None)
    task = asyncio.get_running_loop().create_task(work, context=context)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as again:
            cancellation = again
    task.result()
    if cancellation is not None:
        raise cancellation


class _Undoable:
    """Around a step that has a compensation, where it makes no entries of its own in a journal."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._is_unknown = False
        self._has_completed = False
        self._attempt = _Attempt(self)

    def __enter__(self) -> Self:
        return self

    def attempt(self) -> _Attempt:
        """Around one attempt of a write."""
        return self._attempt

    def may_have_happened(self) -> None:
        """An attempt was cut off."""
        self._is_unknown = True

    def completed(self, result: T) -> T:
        """The step has this result."""
        self._has_completed = True
        self._add(result)
        return result

    def _add(self, result: object) -> None:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_unknown and not self._has_completed:
            self._add(None)


class Undoable(_Undoable):
    """Around a step that has a compensation, in a workflow without durability."""

    def __init__(self, key: str, undo: Callable[[Any], Undoing]) -> None:
        super().__init__(key)
        self._undo = undo

    def _add(self, result: object) -> None:
        run = _current.get()
        if run is None:
            return
        try:
            run.add(self._key, self._undo(result))
        except NO_VALUE as error:
            run.add(self._key, _valueless(error, result))


_noted: ContextVar[tuple[History, list[dict[str, Any]]] | None] = ContextVar(
    "conductor_noted", default=None
)


@contextlib.contextmanager
def noting(history: History) -> Iterator[list[dict[str, Any]]]:
    """Around an atomic block of a durable run: what must be undone of it, for the entry that records the block."""
    noted: list[dict[str, Any]] = []
    token = _noted.set((history, noted))
    try:
        yield noted
    finally:
        _noted.reset(token)


class AtomicUndoable(_Undoable):
    """Around a step that has a compensation, inside of an atomic block."""

    def __init__(
        self,
        key: str,
        undo: Callable[[Any], dict[str, object]],
        *,
        task: str | None = None,
    ) -> None:
        super().__init__(key)
        self._undo = undo
        self._task = step_id(key) if task is None else task

    def _add(self, result: object) -> None:
        known = _noted.get()
        if known is None:
            return
        history, noted = known
        args = recorded(self._undo, result)
        step = {"key": self._key, "task": self._task, "args": args}
        noted.append(step)
        history.noted([step])


class _Attempt:
    """One attempt: where it is cut off, nobody knows whether it happened."""

    def __init__(self, step: _Undoable) -> None:
        self._step = step

    def __enter__(self) -> None:
        """It begins."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, (asyncio.CancelledError, OutcomeUnknown)) or (
            isinstance(error, TimeoutError) and is_over_time(error)
        ):
            self._step.may_have_happened()
