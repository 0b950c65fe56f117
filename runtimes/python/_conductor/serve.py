"""Takes runs that the sidecar hands out: started elsewhere, or left behind by a crash.

It deliberately knows nothing of how a run is executed.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from . import config, detach, resources, sessions
from .errors import logger
from .execute import Execution, all_of
from .session import Session
from .settle import SETTLE_SECONDS
from .worker import Task, Worker
from .workflow import Workflow

AT_A_TIME = 256
"""How many handed-out runs one process holds."""


async def serve(workflows: Sequence[Workflow], tasks: Sequence[Task] = ()) -> None:
    """Serves until cancelled; then lets what has begun settle, and gives the runs back."""
    config.may_connect("serve", "")
    by_name = {workflow.name: workflow for workflow in workflows}
    is_open = True

    def take(dispatch: dict[str, Any]) -> None:
        workflow = by_name.get(dispatch["workflow"])
        run, epoch = dispatch["run"], dispatch["epoch"]
        if workflow is None or not is_open:
            session.notify("run.release", {"run": run, "epoch": epoch})
        else:
            if run in session.owned:
                # Others had it in between, of which this process has not heard.
                session.give_up(session.owned[run], "it was handed out again")
            Execution(session, workflow, run, dispatch, None)

    plans = tuple(workflow.served for workflow in workflows)
    worker = Worker(tasks)
    session = Session(serve=AT_A_TIME, plans=plans, dispatched=take, worker=worker)
    await sessions.guard(session)
    try:
        reason = await session.open()
        if reason is not None:
            raise config.unavailable("serve", "", reason)
        served = [*by_name, *(task.function for task in tasks)]
        logger.info("serving %s", ", ".join(served) or "no durable workflow")
        await asyncio.Event().wait()
    finally:
        is_open = False
        await _drain(session)
        await worker.drain()
        await detach.drain()
        await resources.close_of_this_loop()
        await sessions.unguard(session)


async def _drain(session: Session) -> None:
    executions = all_of(session)
    for execution in executions:
        execution.detach()
    if executions:
        tasks = [execution.task for execution in executions]
        await asyncio.wait(tasks, timeout=SETTLE_SECONDS)
