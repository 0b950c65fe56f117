"""A step that runs another workflow: awaited, cancelled with its parent, or left to itself.

It deliberately makes no attempts of its own: the child has its own journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from . import gone
from .detach import detached
from .errors import Halt, RunCancelled, RunPaused, WorkflowCancelled
from .parallel import is_real
from .recording import Recording
from .settle import ended, forget, start

if TYPE_CHECKING:
    from .workflow import Workflow

ASK_AGAIN_SECONDS = 1.0
"""How long a child that is to be cancelled has until it is asked again."""


class ChildStep(Recording):
    """What a step does with another workflow."""

    async def child(self, workflow: Workflow, inputs: dict[str, object]) -> object:
        """The output of a workflow that runs as this step."""
        run = self.idempotency_key
        work = start(self._run.call_child(workflow, inputs, run, self._key))
        try:
            gone.check()
            await ended(work, None)
        except asyncio.CancelledError as cancellation:
            self._cancelled = await self._child_cancelled(run, work, cancellation)
        try:
            return work.result()
        except RunPaused as pause:
            raise Halt(f"the run {run} is paused: {pause}", self._key) from None
        except WorkflowCancelled:
            if self._cancelled is not None:
                self._record_cancelled()
                raise self._cancelled from None
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

    async def _child_cancelled(
        self,
        run: str,
        work: asyncio.Future[object],
        cancellation: asyncio.CancelledError,
    ) -> asyncio.CancelledError:
        """Cancels the child, and waits for its real end: it may have succeeded before it heard of it. Says what to raise."""
        reason = f"its parent {self._run.id} was cancelled"
        asked: asyncio.Future[Any] | None = None
        while is_real(cancellation):
            if work.done():
                return cancellation
            if asked is None or asked.done():
                # Again and again: it may not have begun when it was asked for the first time.
                asked = self._run.session.request(
                    "run.cancel", {"run": run, "reason": reason}
                )
                forget(asked)
            try:
                await ended(work, ASK_AGAIN_SECONDS)
            except asyncio.CancelledError as again:
                cancellation = again
        work.cancel()
        forget(work)
        raise cancellation
