import asyncio
import os

from app import ACTIVITIES, PAUSE, WORKFLOWS
from temporalio.client import Client
from temporalio.worker import Worker

from driver import drive


async def main() -> None:
    client = await Client.connect(os.environ["ADDRESS"])

    async def start(work: str, run: str) -> None:
        name = "ten_steps" if work == "one_write" else work
        arguments = [PAUSE] if work == "asleep" else []
        await client.execute_workflow(name, args=arguments, id=run, task_queue="rival")

    # As many activities may stand at the gate as workflows are left open.
    async with Worker(
        client, task_queue="rival", workflows=WORKFLOWS, activities=ACTIVITIES, max_concurrent_activities=1100
    ):
        await drive(start)


asyncio.run(main())
