"""Values of a durable run as its journal has them: each reader gets a decode of its own.

It deliberately knows no types; the decoders are generated.
"""

from collections.abc import Callable
from typing import Generic, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Recorded(Generic[T_co]):
    """A recorded value of a type that can be changed. What one reader does to it, no other sees."""

    __slots__ = ("_decode", "_json")

    def __init__(self, json: object, decode: Callable[[object], T_co]) -> None:
        self._json = json
        self._decode = decode

    @property
    def json(self) -> object:
        """What is recorded."""
        return self._json

    def value(self) -> T_co:
        """The value, made anew."""
        return self._decode(self._json)


def _nothing(json: object) -> None:
    return None


NOTHING: Recorded[None] = Recorded(None, _nothing)
"""The result of a step in a block that was not done."""


def done(result: Recorded[T] | Recorded[None]) -> Recorded[T]:
    """The result of a step that has surely been done."""
    if result is NOTHING:
        raise AssertionError("every way has done it before")
    return cast("Recorded[T]", result)
