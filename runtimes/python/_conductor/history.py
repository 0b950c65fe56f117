"""A run's past: its committed records folded into what each step has come to.

It deliberately decides nothing; steps read it and go on from there.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["succeeded", "failed", "tolerated", "skipped", "cancelled"]


@dataclass(slots=True)
class Past:
    """What one step has come to."""

    attempt: int = 0
    """Number of the last attempt that was started."""
    failures: int = 0
    """Attempts that failed and were to be followed by another."""
    is_open: bool = False
    """The last attempt has no outcome: a crash cut it off."""
    retry_at: int | None = None
    delay_ms: int = 0
    """How long the wait until `retry_at` was to be, whatever the clock says now."""
    exhausted: dict[str, object] | None = None
    """The error after which no attempt follows, but the fallback."""
    deadline_at: int | None = None
    outcome: Outcome | None = None
    output: object = None
    error: dict[str, object] | None = None


@dataclass(slots=True)
class History:
    """What a run has come to."""

    input: dict[str, object] = field(default_factory=dict)
    steps: dict[str, Past] = field(default_factory=dict)
    chosen: dict[str, object] = field(default_factory=dict)

    def past(self, key: str) -> Past:
        """Of one step."""
        return self.steps.setdefault(key, Past())

    def add(self, entries: list[dict[str, dict[str, Any]]]) -> None:
        """Folds the entries of one record."""
        for entry in entries:
            for kind, content in entry.items():
                self._fold(kind, content)

    def _fold(self, kind: str, entry: dict[str, Any]) -> None:
        if kind == "run_started":
            self.input = entry["input"]
        elif kind == "chosen":
            self.chosen[entry["key"]] = entry["value"]
        elif kind.startswith("step_") or kind == "attempt_failed":
            self._fold_step(kind, entry, self.past(entry["key"]))

    def _fold_step(self, kind: str, entry: dict[str, Any], past: Past) -> None:
        if kind == "step_started":
            past.attempt = entry["attempt"]
            past.deadline_at = entry.get("deadline_at", past.deadline_at)
            past.is_open = True
            return
        past.is_open = False
        if kind == "attempt_failed":
            retry_at = entry.get("retry_at")
            if retry_at is None:
                past.exhausted = entry["error"]
                return
            past.failures += 1
            past.retry_at = retry_at
            past.delay_ms = retry_at - entry["at"]
        elif kind == "step_succeeded":
            past.outcome = "succeeded"
            past.output = entry["output"]
        elif kind == "step_failed":
            past.outcome = "tolerated" if entry["tolerated"] else "failed"
            past.error = entry["error"]
        elif kind == "step_skipped":
            past.outcome = "skipped"
        elif kind == "step_cancelled":
            past.outcome = "cancelled"
