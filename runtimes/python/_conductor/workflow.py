"""What the runtime is told of a generated workflow.

It deliberately knows no steps: those are plain code in the workflow's module.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run


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
