"""What a workflow raises, and what its parts tell each other by raising.

It deliberately knows nothing of journals, sockets and policies.
"""

import contextlib
import logging
from typing import TypedDict

logger = logging.getLogger("conductor")
"""Generated code logs here what it tolerates."""


class WorkflowError(Exception):
    """A workflow failed. `__cause__` is the error of the user's own code."""

    def __init__(
        self,
        message: str,
        *,
        workflow: str,
        run: str,
        step: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message)
        self.workflow = workflow
        self.run = run
        self.step = step
        self.attempts = attempts


class WorkflowCancelled(WorkflowError):
    """Somebody cancelled the run."""


class RunCancelled(Exception):
    """A workflow that was called as a step was cancelled by somebody else."""


class RunPaused(WorkflowError):
    """The run waits for a person: `conductor show RUN` says why."""


class SidecarUnavailable(WorkflowError):
    """A durable workflow found no sidecar to keep its journal."""


class RunRefused(WorkflowError):
    """The sidecar does not let this call start, continue or keep the run."""


class RecordedError(Exception):
    """An error that only the journal still knows: the attempt ran in another process."""

    def __init__(self, form: dict[str, object]) -> None:
        types = form.get("types")
        self.types = tuple(map(str, types)) if isinstance(types, list) else ()
        self.code = form.get("code")
        self.fields = form.get("fields") or {}
        self.stack = form.get("stack")
        self.message = str(form.get("message", ""))
        self.form = form
        super().__init__(
            f"{self.types[0]}: {self.message}" if self.types else self.message
        )


class RemoteError(Exception):
    """A service answered with an error, or did not answer. `fields` says more, as plain JSON."""

    types: tuple[str, ...] = ()
    """Its names in policies and in the journal, most specific first."""

    def __init__(
        self, code: str | None, message: str, fields: dict[str, object]
    ) -> None:
        super().__init__(message if code is None else f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields


class GrpcError(RemoteError):
    """A gRPC call failed: `code` is the name of its status, such as `UNAVAILABLE`."""

    types: tuple[str, ...] = ("GrpcError",)


class HttpError(RemoteError):
    """An HTTP API answered with an error: `code` is its status as text, such as `503`; `None` where it did not answer."""

    types: tuple[str, ...] = ("HttpError",)

    def __init__(
        self,
        code: str | None,
        message: str,
        fields: dict[str, object],
        name: str | None = None,
    ) -> None:
        super().__init__(code, message, fields)
        if name is not None:
            self.types = (name, "HttpError")


class DeadlineExceeded(TimeoutError):
    """The time allowed for a step, a block or a whole workflow is over."""


class CircuitOpen(Exception):
    """The circuit breaker of the task lets no call through now."""


class OutcomeUnknown(Exception):
    """A write was started and nobody can tell whether it happened."""


class LoopExhausted(Exception):
    """A loop came to the bound of its iterations."""


class SignalTimeout(TimeoutError):
    """A signal did not come in time."""


class SignalRefused(Exception):
    """A signal was sent to a run that is not there or has ended."""


class Failure(Exception):
    """A `fail` of the manifest: an error of the type that it names."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.types = (type,)
        self.message = message


class Caught(TypedDict):
    """What a `catch` of the manifest sees of an error."""

    type: str
    message: str
    step: str
    attempts: int
    status: int | None


class ResultError(TypeError):
    """A value is not of the type that the code declares for it. Never retried."""


class ResourceUnavailable(ConnectionError):
    """The client of a resource cannot be opened. The next attempt tries again."""


class MissingVariable(ResourceUnavailable):
    """The address of a resource is read from an environment variable that is not set. Never retried."""


class ExpressionError(ArithmeticError):
    """An expression of the manifest has no value, as CEL defines it. Never retried."""


class StepFailed(Exception):
    """Carries the failure of a step up to its workflow. Users see `WorkflowError`."""

    def __init__(self, step: str | None, attempts: int, error: Exception) -> None:
        super().__init__(step, attempts, error)
        self.step = step
        self.attempts = attempts
        self.error = error

    def is_any_of(self, *patterns: str) -> bool:
        """Whether the error is of one of the types, or has one of the codes."""
        from .policy import is_any_of

        return is_any_of(self.error, patterns)

    def described(self) -> Caught:
        """The error as a `catch` sees it, whether it happened in this process or is recorded."""
        from .form import described

        return described(self)

    def of(self, workflow: str, run: str | None) -> WorkflowError:
        """The failure as the workflow's caller sees it."""
        return workflow_error(workflow, run, self.step, self.attempts, self.error)


class Halt(BaseException):
    """Stops a run without ending it: a person must look at `step`."""

    def __init__(self, reason: str, step: str) -> None:
        super().__init__(reason, step)
        self.reason = reason
        self.step = step


def text_of(error: Exception) -> str:
    """What the error says of itself, where it can."""
    text = "it has no text"
    with contextlib.suppress(Exception):
        text = str(error)
    return text


def workflow_error(
    workflow: str, run: str | None, step: str | None, attempts: int, error: Exception
) -> WorkflowError:
    """The exception for a failed run; the caller raises it from `error`."""
    where = f"workflow {workflow} failed"
    if step is not None:
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        where += f" at step {step} after {tries}"
    if run is not None:
        where += f" (run {run})"
    name = f"{type(error).__qualname__}: "
    if isinstance(error, RecordedError):
        name = ""
    elif isinstance(error, Failure):
        name = f"{error.types[0]}: "
    return WorkflowError(
        f"{where}: {name}{text_of(error)}",
        workflow=workflow,
        run=run or "",
        step=step,
        attempts=attempts,
    )
