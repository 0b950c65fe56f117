"""Errors as the journal, the API and other languages know them.

It deliberately knows no policies: those match the error itself, by the same names.
"""

import contextlib
import os
import traceback

from .errors import RecordedError, ResultError, WorkflowError
from .policy import error_code, type_names
from .scalars import encode_any

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_TEXT = 16_384
"""Characters of a message or a stack that are kept."""


def cause_of(error: Exception) -> Exception:
    """The user's own error inside one of a workflow that was called as a step."""
    if isinstance(error, WorkflowError) and isinstance(error.__cause__, Exception):
        return cause_of(error.__cause__)
    return error


def error_form(error: Exception) -> dict[str, object]:
    """The error as `{types, code, message, fields, stack}`."""
    if isinstance(error, RecordedError):
        return error.form
    form: dict[str, object] = {
        "types": type_names(error),
        "message": _message(error)[:MAX_TEXT],
    }
    code = error_code(error)
    if code is not None:
        form["code"] = code
    fields = _fields(error)
    if fields:
        form["fields"] = fields
    stack = _stack(error)
    if stack:
        form["stack"] = stack
    return form


def _message(error: Exception) -> str:
    text = f"an error of class {type(error).__qualname__} that has no text"
    with contextlib.suppress(Exception):
        text = str(error)
    return text


def _fields(error: Exception) -> dict[str, object]:
    """Attributes of the error that are plain JSON."""
    fields: dict[str, object] = {}
    for name, value in vars(error).items():
        if name.startswith("_"):
            continue
        try:
            fields[name] = encode_any(value)
        except ResultError:
            continue
    return fields


def _stack(error: Exception) -> str:
    """The frames outside of the runtime."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(HERE)
    ]
    return "".join(traceback.format_list(frames))[-MAX_TEXT:]
