"""Keeps the values of secret inputs out of what this process logs of workflows.

It deliberately knows no run: what is hidden is counted, and found in any text.
"""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .workflow import Workflow

STARS = "***"
SHORT = 4
"""Shorter texts are not looked for inside of others."""

_hidden: Counter[str] = Counter()


class Stars(logging.Filter):
    """Writes stars in place of what is hidden, in messages and in tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not _hidden:
            return True
        message = record.getMessage()
        shown = masked(message)
        if shown != message:
            record.msg, record.args = shown, ()
        if record.exc_info and not record.exc_text:
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            shown = masked(text)
            if shown != text:
                record.exc_info, record.exc_text = None, shown
        return True


FILTER = Stars()
logging.getLogger("conductor").addFilter(FILTER)


def masked(text: str) -> str:
    """The text without what is hidden."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, STARS)
    return text


def hide(workflow: Workflow, inputs: dict[str, object]) -> Callable[[], None]:
    """Hides the values of the workflow's secret inputs until what it returns is called."""
    found = {
        text
        for name in workflow.secret
        for text in _texts(inputs.get(name))
        if len(text) >= SHORT
    }
    _hidden.update(found)

    def show() -> None:
        for text in found:
            _hidden[text] -= 1
            if _hidden[text] <= 0:
                del _hidden[text]

    return show


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case bool() | None:
            pass
        case int() | float():
            yield str(value)
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)
