"""Errors as the journal, the API and other languages know them.

It deliberately knows no policies: those match the error itself, by the same names.
"""

import os
import traceback

from .errors import (
    Caught,
    Failure,
    RecordedError,
    RemoteError,
    ResultError,
    RunCancelled,
    RunPaused,
    StepFailed,
    WorkflowCancelled,
    WorkflowError,
    text_of,
)
from .jsontext import byte_size, dumps
from .policy import error_code, type_names
from .scalars import encode_any

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_TEXT = 16_384
"""Characters of a message or a stack that are kept."""
MAX_FIELDS = 262_144
"""Bytes of the fields, as JSON, that are kept: whole fields only."""


def cause_of(error: Exception) -> Exception:
    """The user's own error inside one of a workflow that was called as a step."""
    if isinstance(error, WorkflowError) and isinstance(error.__cause__, Exception):
        return cause_of(error.__cause__)
    return error


def child_failed(step: str, error: Exception) -> StepFailed:
    """The failure of a step that called another workflow: that workflow's own. A paused one pauses its parent."""
    if isinstance(error, RunPaused):
        raise error
    if isinstance(error, WorkflowCancelled):
        error = RunCancelled(f"the run {error.run} was cancelled")
    return StepFailed(step, 1, cause_of(error))


def error_form(error: Exception) -> dict[str, object]:
    """The error as `{types, code, message, fields, stack}`."""
    if isinstance(error, RecordedError):
        return error.form
    message = error.message if isinstance(error, RemoteError) else text_of(error)
    form: dict[str, object] = {
        "types": type_names(error),
        "message": _writable(message[:MAX_TEXT]),
    }
    code = error_code(error)
    if code is not None:
        form["code"] = _writable(code[:MAX_TEXT])
    fields = _fields(error)
    if fields:
        form["fields"] = fields
    stack = _stack(error)
    if stack:
        form["stack"] = _writable(stack)
    return form


def described(failure: StepFailed) -> Caught:
    """A failure as a `catch` of the manifest sees it."""
    error = failure.error
    form = error.form if isinstance(error, RecordedError) else error_form(error)
    types, code = form.get("types"), str(form.get("code", ""))
    first = str(types[0]) if isinstance(types, list) and types else ""
    return {
        "type": first.rpartition(".")[2],
        "message": str(form.get("message", "")),
        "step": failure.step or "",
        "attempts": failure.attempts,
        "status": int(code) if code.isascii() and code.isdigit() else None,
    }


def _writable(text: str) -> str:
    """Text with its lone surrogates spelled out: as they are, no journal takes them."""
    return text.encode("utf-8", "backslashreplace").decode()


def _fields(error: Exception) -> dict[str, object]:
    """Attributes of the error that are plain JSON, as far as there is room for them."""
    fields: dict[str, object] = {}
    if isinstance(error, Failure):
        return fields
    room = MAX_FIELDS
    given = error.fields if isinstance(error, RemoteError) else vars(error)
    for name, value in given.items():
        if name.startswith("_"):
            continue
        try:
            field = encode_any({name: value})
            size = byte_size(dumps(field))
        except ResultError:
            continue
        if size <= room:
            room -= size
            fields.update(field)
    return fields


def _stack(error: Exception) -> str:
    """The frames outside of the runtime."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(HERE)
    ]
    return "".join(traceback.format_list(frames))[-MAX_TEXT:]
