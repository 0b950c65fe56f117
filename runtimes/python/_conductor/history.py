"""A run's past: its committed records folded into what each step has come to.

It deliberately decides nothing; steps read it and go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .session import Session

UndoLocally = Callable[[], Coroutine[Any, Any, None]]

Outcome = Literal["succeeded", "failed", "tolerated", "skipped", "cancelled"]


@dataclass(slots=True)
class Past:
    """What one step has come to."""

    task: str = ""
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
    unknown: bool = False
    """An attempt may have happened although it failed."""
    deadline_at: int | None = None
    outcome: Outcome | None = None
    output: object = None
    error: dict[str, object] | None = None
    generation: int | None = None
    """In which it began; `None` where this process begins it."""


@dataclass(slots=True)
class History:
    """What a run has come to."""

    input: dict[str, object] = field(default_factory=dict)
    trace: str | None = None
    """The caller's `traceparent`."""
    steps: dict[str, Past] = field(default_factory=dict)
    chosen: dict[str, object] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    """Ids of the steps that run workflows of their own."""
    undo: list[tuple[str, dict[str, Any] | UndoLocally | None]] = field(
        default_factory=list
    )
    """What must be undone, in the order of completion: the step's key, and its compensation's arguments. A child has none,
    and one without a journal is undone by the process that has run it."""
    signals: set[str] = field(default_factory=set)
    """Ids of the signals that were taken."""
    generation: int = 1
    """Counts how often a person let the run go on from a step before."""
    restarted_at: int | None = None
    _counted: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    """What counts so far of the records, and the generation of each; kept while they are read."""

    def key_of(self, run: str, key: str) -> str:
        """A step's idempotency key, which is the run's id of one that is a workflow: that of the generation in which it began."""
        past = self.steps.get(key)
        own = past.generation if past is not None else None
        generation = own or self.generation
        return f"{run}/{key}" if generation == 1 else f"{run}/{key}#{generation}"

    def past(self, key: str) -> Past:
        """Of one step."""
        past = self.steps.get(key)
        if past is None:
            past = self.steps[key] = Past()
        return past

    def add(self, entries: list[dict[str, dict[str, Any]]]) -> None:
        """Folds the entries of one record."""
        for entry in entries:
            for kind, content in entry.items():
                self._fold(kind, content)

    def completed(self, key: str, undo: dict[str, Any] | None) -> None:
        """A step has completed, or may have."""
        if undo is not None or step_id(key) in self.children:
            self.undo.append((key, undo))

    def noted(self, steps: list[dict[str, Any]]) -> None:
        """Steps inside of an atomic block have completed, or may have."""
        for step in steps:
            self.past(step["key"]).task = step["task"]
            self.undo.append((step["key"], step["args"]))

    def is_read(self) -> None:
        """All of the records have been added."""
        self._counted.clear()

    def _fold(self, kind: str, entry: dict[str, Any]) -> None:
        if kind == "run_restarted":
            self._restart(entry)
        else:
            self._counted.append((self.generation, kind, entry))
            self._count(kind, entry)

    def _restart(self, entry: dict[str, Any]) -> None:
        """What is forgotten counts as if it had never been recorded; what is reopened has only begun."""
        forget, reopen = set(entry["forget"]), set(entry.get("reopen", ()))
        counted = [
            (generation, kind, fields)
            for generation, kind, fields in self._counted
            if (key := fields.get("key")) not in forget
            and (key not in reopen or kind == "step_started")
        ]
        counted += [(0, "step_reopened", {"key": key}) for key in sorted(reopen)]
        self.steps.clear()
        self.chosen.clear()
        self.undo.clear()
        self.signals.clear()
        self._counted = counted
        for self.generation, kind, fields in counted:
            self._count(kind, fields)
        self.generation = entry["generation"]
        self.restarted_at = entry["at"]
        if "input" in entry:
            self._counted.append((self.generation, "run_reopened", entry))
            self.input = entry["input"]

    def _count(self, kind: str, entry: dict[str, Any]) -> None:
        if kind == "run_started":
            self.input = entry["input"]
            self.trace = entry.get("traceparent")
        elif kind == "run_reopened":
            self.input = entry.get("input", self.input)
        elif kind == "chosen":
            self.chosen[entry["key"]] = entry["value"]
        elif kind.startswith("step_") or kind == "attempt_failed":
            self._fold_step(kind, entry, self.past(entry["key"]))

    def _fold_step(self, kind: str, entry: dict[str, Any], past: Past) -> None:
        if kind == "step_started":
            past.attempt = entry["attempt"]
            past.generation = past.generation or self.generation
            past.deadline_at = entry.get("deadline_at", past.deadline_at)
            past.is_open = True
            past.task = entry.get("task", "")
            return
        if kind == "step_reopened":
            self.steps[entry["key"]] = Past(
                task=past.task, attempt=past.attempt, generation=past.generation
            )
            return
        past.is_open = False
        if isinstance(entry.get("undo"), list):
            self.noted(entry["undo"])
        elif kind == "step_succeeded" or "undo" in entry:
            self.completed(entry["key"], entry.get("undo"))
        if kind == "attempt_failed":
            past.unknown = past.unknown or entry.get("unknown", False)
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
            if "signal" in entry:
                self.signals.add(entry["signal"])
        elif kind == "step_failed":
            past.outcome = "tolerated" if entry["tolerated"] else "failed"
            past.error = entry["error"]
        elif kind == "step_skipped":
            past.outcome = "skipped"
        elif kind == "step_cancelled":
            past.outcome = "cancelled"


def step_id(key: str) -> str:
    """The step's id: its key without the iterations around it."""
    return key.rpartition("].")[2]


async def read_all(
    session: Session,
    run: str,
    children: tuple[str, ...] = (),
    page: dict[str, Any] | None = None,
) -> History:
    """What is recorded of a run, of which the first page may be here already."""
    history = History(children=children)
    seq, more = 0, True
    while more:
        asked = {"run": run, "from": seq}
        read = page or await session.request("run.read", asked)
        for record in read["records"]:
            history.add(record["entries"])
            seq = record["seq"] + 1
        more, page = read["more"], None
    history.is_read()
    return history
