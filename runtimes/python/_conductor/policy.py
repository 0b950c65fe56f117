"""Which errors are tried again, and how long a workflow waits before it does.

It deliberately knows neither clocks nor journals: errors and numbers in, a decision out.
"""

import contextlib
import random
import re
from collections.abc import Iterable
from typing import Literal

from .errors import (
    CircuitOpen,
    DeadlineExceeded,
    ExpressionError,
    Failure,
    MissingVariable,
    OutcomeUnknown,
    RecordedError,
    RemoteError,
    ResultError,
    StepFailed,
    WorkflowCancelled,
)
from .settle import is_over_time

Jitter = Literal["none", "full", "equal"]

PROGRAMMING_ERRORS = (
    TypeError,
    AttributeError,
    NameError,
    AssertionError,
    NotImplementedError,
    SyntaxError,
    ImportError,
)
"""Errors that another attempt would only repeat."""

ELSEWHERE = ("ReferenceError", *(kind.__name__ for kind in PROGRAMMING_ERRORS))
"""The names of such errors in this and other languages."""

NEVER_AGAIN = (
    DeadlineExceeded,
    ExpressionError,
    MissingVariable,
    OutcomeUnknown,
    ResultError,
    StepFailed,
    WorkflowCancelled,
)


REFUSED_BY_GRPC = (
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
)
"""Status codes of gRPC that say that the call itself is wrong."""

MENDED_BY_WAITING = ("408", "425", "429")
"""Those status codes of HTTP from 400 to 499 that do not."""


def is_retryable(
    error: Exception,
    *,
    retry_on: tuple[str, ...] = (),
    abort_on: tuple[str, ...] = (),
) -> bool:
    """Whether another attempt may help."""
    if isinstance(error, NEVER_AGAIN):
        return False
    if isinstance(error, CircuitOpen):
        # An open breaker is an answer in itself, unless the policy says otherwise by its name.
        return "CircuitOpen" in retry_on and "CircuitOpen" not in abort_on
    if abort_on and is_any_of(error, abort_on):
        return False
    if retry_on:
        return is_any_of(error, retry_on)
    if isinstance(error, PROGRAMMING_ERRORS):
        return False
    names = type_names(error)
    if isinstance(error, RecordedError) and _is_of_program(names):
        return False
    return not _is_refused(names, error_code(error))


def is_of_domain(
    error: Exception,
    *,
    retry_on: tuple[str, ...] = (),
    abort_on: tuple[str, ...] = (),
) -> bool:
    """Whether it is an answer of the one who was called, by what the policy says of it, and no failure of his."""
    if isinstance(error, NEVER_AGAIN) or is_over_time(error):
        return False
    return not is_retryable(error, retry_on=retry_on, abort_on=abort_on)


def type_names(error: BaseException) -> list[str]:
    """The names of the error's classes, most specific first, without `object`."""
    if isinstance(error, (Failure, RecordedError, RemoteError)):
        return list(error.types)
    return [
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in type(error).__mro__
        if kind not in (object, BaseException)
    ]


def error_code(error: BaseException) -> str | None:
    """The status or code that the error carries, as text."""
    for name in ("code", "status", "status_code"):
        code = None
        with contextlib.suppress(Exception):  # a property of the user's
            code = getattr(error, name)
        if isinstance(code, (int, str)) and not isinstance(code, bool):
            return str(code)
    return None


def _is_of_program(names: list[str]) -> bool:
    """Whether an error of another process says that its program is wrong."""
    return any(re.split(r"[./]", name)[-1] in ELSEWHERE for name in names)


def is_any_of(error: BaseException, patterns: Iterable[str]) -> bool:
    """Whether a pattern is a code of the error, or the name of one of its types, whole or its last part."""
    names = type_names(error)
    code = error_code(error)
    return any(
        (code is not None and (pattern == code or _is_of_class(pattern, code)))
        or any(
            pattern in (name, name.rpartition(".")[2], name.rpartition("/")[2])
            for name in names
        )
        for pattern in patterns
    )


def _is_refused(names: list[str], code: str | None) -> bool:
    """Whether a service says that the call itself is wrong, so that another attempt would only repeat it."""
    if code is None:
        return False
    last = [name.rpartition(".")[2] for name in names]
    if "GrpcError" in last and code in REFUSED_BY_GRPC:
        return True
    is_client_error = "HttpError" in last and _is_of_class("4xx", code)
    return is_client_error and code not in MENDED_BY_WAITING


def _is_of_class(pattern: str, code: str) -> bool:
    """Whether `5xx` means `503`."""
    is_status = len(code) == 3 and code.isascii() and code.isdigit()
    return is_status and pattern == f"{code[0]}xx"


def constant(initial: float, max_delay: float, jitter: Jitter) -> float:
    """Seconds before the next attempt: always the same."""
    return _spread(min(initial, max_delay), jitter)


def linear(failures: int, initial: float, max_delay: float, jitter: Jitter) -> float:
    """Seconds before the next attempt after `failures`, growing by the same step."""
    return _spread(min(initial * failures, max_delay), jitter)


def exponential(
    failures: int,
    initial: float,
    multiplier: float,
    max_delay: float,
    jitter: Jitter,
) -> float:
    """Seconds before the next attempt after `failures`, growing by the same factor."""
    try:
        delay = initial * multiplier ** (failures - 1)
    except OverflowError:
        delay = max_delay
    return _spread(min(delay, max_delay), jitter)


def _spread(delay: float, jitter: Jitter) -> float:
    if jitter == "full":
        return random.uniform(0.0, delay)
    if jitter == "equal":
        return delay / 2 + random.uniform(0.0, delay / 2)
    return delay
