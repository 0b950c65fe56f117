"""A step that runs another workflow: awaited, cancelled with its parent, or left to itself.

It deliberately makes no attempts of its own: the child has its own journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from .detach import detached
from .errors import Halt, RunCancelled, RunPaused, WorkflowCancelled
from .parallel import ended_anyway, is_real
from .recording import Recording
from .settle import ended, forget, start

if TYPE_CHECKING:
    from .workflow import Workflow


class ChildStep(Recording):
    """What a step does with another workflow."""

    async def child(self, workflow: Workflow, inputs: dict[str, object]) -> object:
        """The output of a workflow that runs as this step."""
        run = self.idempotency_key
        work = start(self._run.call_child(workflow, inputs, run, self._key))
        try:
            await ended(work, None)
        except asyncio.CancelledError as cancellation:
            if is_real(cancellation):
                await self._cancel_child(run, work, cancellation)
                self._past.unknown = not work.done()
                self._record_cancelled()
            work.cancel()
            forget(work)
            raise
        try:
            return work.result()
        except RunPaused as pause:
            raise Halt(f"the run {run} is paused: {pause}", self._key) from None
        except WorkflowCancelled:
            raise RunCancelled(f"the run {run} was cancelled") from None

    async def detach(
        self,
        workflow: Workflow | Coroutine[Any, Any, object],
        inputs: dict[str, object] | None = None,
    ) -> None:
        """Leaves another workflow to itself, once its start is on the disk."""
        if isinstance(workflow, Coroutine):
            await detached(workflow)
        else:
            run = self.idempotency_key
            await self._run.detach_child(workflow, inputs or {}, run, self._key)

    async def _cancel_child(
        self,
        run: str,
        work: asyncio.Future[object],
        cancellation: asyncio.CancelledError,
    ) -> None:
        reason = f"its parent {self._run.id} was cancelled"
        forget(self._run.session.request("run.cancel", {"run": run, "reason": reason}))
        await ended_anyway(work, cancellation)
