"""The step of a durable run that the code is in, for logs and for the user's own code.

It deliberately decides nothing.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """One attempt of a step."""

    workflow: str
    run: str
    key: str
    attempt: int
    trace: Callable[[], str] = field(repr=False)

    @property
    def traceparent(self) -> str:
        """Of the W3C's trace context: what the attempt belongs to, in whatever process or language."""
        return self.trace()


Place = Callable[[], CurrentStep]
"""Makes it when it is asked for: of most attempts nobody asks."""

_place: ContextVar[Place | None] = ContextVar("conductor_step", default=None)


def current_step() -> CurrentStep | None:
    """The attempt around the code that runs; `None` outside of durable runs."""
    place = _place.get()
    return None if place is None else place()


def enter(place: Place) -> None:
    """Threads and tasks that are started in this context are in the step."""
    _place.set(place)


@contextlib.contextmanager
def inside(step: CurrentStep) -> Iterator[None]:
    """Around code that is part of the step."""
    token = _place.set(lambda: step)
    try:
        yield
    finally:
        _place.reset(token)
