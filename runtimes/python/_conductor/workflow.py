"""What the runtime is told of a generated workflow.

It deliberately knows no steps: those are plain code in the workflow's module.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from . import secrets

if TYPE_CHECKING:
    from .run import Run


Undo = Callable[["Run", str, dict[str, Any]], Coroutine[Any, Any, object]]
"""Undoes a step: its run, the key under which that is recorded, and the recorded arguments."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many runs of a workflow go on at a time; further ones wait."""

    limit: int
    key: Callable[[Run], object] | None = None
    """Runs with different keys, as JSON, do not wait for each other."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the sidecar begins runs of a workflow by itself."""

    cron: str
    """Minute, hour, day of the month, month and day of the week."""
    time_zone: str
    """A name of the IANA database."""
    missed: str
    """What becomes of times at which nobody served: `skip`, `once` or `all`."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A durable workflow."""

    name: str
    """Its id in the manifest."""
    plan: str
    """Digest of its Plan."""
    body: Callable[[Run], Awaitable[object]]
    """Its steps, from a run to the output as JSON."""
    deadline: float | None = None
    """Seconds from a run's start."""
    writes: tuple[str, ...] = ()
    """Keys of the steps whose unknown outcome matters."""
    undo: Mapping[str, Undo] = field(default_factory=dict)
    """What undoes a step, by the step's id; where exclusive branches have one id, by `id/task`."""
    children: Mapping[str, Workflow] = field(default_factory=dict)
    """Workflows that its steps run, by the step's id."""
    concurrency: Concurrency | None = None
    schedule: Schedule | None = None
    secret: tuple[str, ...] = ()
    """Names of the inputs that nobody may see."""

    def __post_init__(self) -> None:
        # Any of them may be handed the secret of one that runs it.
        logging.getLogger(self.body.__module__).addFilter(secrets.FILTER)

    @property
    def served(self) -> dict[str, object]:
        """What the sidecar is told of it by a process that serves it."""
        described: dict[str, object] = {"workflow": self.name, "digest": self.plan}
        if self.schedule is not None:
            described["schedule"] = asdict(self.schedule)
        if self.secret:
            described["secret"] = list(self.secret)
        return described
