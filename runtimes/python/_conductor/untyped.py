"""Calls of code that its author has not annotated, spelled so that strict type checkers know it.

It deliberately does nothing else.
"""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def untyped(value: object) -> Any:
    """The value itself, as something of which nothing is known."""
    return value


def made(make: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """What `make` makes, whose parameters may have no types."""
    return make(*args, **kwargs)
