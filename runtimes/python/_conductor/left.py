"""What a step has come to inside of a block that may fail after it.

It deliberately knows no steps: generated code makes one for each result that is read behind such a block.
"""

from collections.abc import Awaitable, Callable
from typing import Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")


class Left(Generic[T]):
    """A result that is there although the block around its step has failed."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    async def of(
        self, step: Callable[P, Awaitable[U]], *args: P.args, **options: P.kwargs
    ) -> U:
        """What the step comes to, left here as soon as it is known."""
        result = await step(*args, **options)
        self.value = cast("T", result)
        return result
