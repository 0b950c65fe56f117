import asyncio

from app import PAUSE, runtime
from dapr.ext.workflow import WorkflowState, WorkflowStatus
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError

from driver import drive


async def end(client: DaprWorkflowClient, run: str) -> WorkflowState | None:
    """Waits again where the sidecar has put the run's actor away, which ends the wait and not the run."""
    while True:
        try:
            return await client.wait_for_workflow_completion(run)
        except AioRpcError as error:
            if "actor is closed" not in str(error.details()):
                raise


async def main() -> None:
    client = DaprWorkflowClient()
    # The sidecar opens SQLite's file anew for whatever comes at once, and files run out.
    free = asyncio.Semaphore(64)

    async def start(work: str, run: str) -> None:
        name = "ten_steps" if work == "one_write" else work
        pause = PAUSE if work == "asleep" else None
        async with free:
            await client.schedule_new_workflow(name, input=pause, instance_id=run)
        ended = await end(client, run)
        if ended is None or ended.runtime_status != WorkflowStatus.COMPLETED:
            raise RuntimeError(f"{work} has not come to its end: {ended}")

    await drive(start)


runtime.start()
asyncio.run(main())
