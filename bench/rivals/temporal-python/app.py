import asyncio
import os
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from driver import gate, note

LIMIT = timedelta(minutes=10)


@activity.defn
async def touch() -> int:
    return 1


failed: set[str] = set()


@activity.defn
async def charge(run: str) -> int:
    if run not in failed:
        failed.add(run)
        raise ConnectionError("try again")
    return 1


@activity.defn
async def stop(run: str) -> None:
    standing = asyncio.ensure_future(gate(run))
    while not (await asyncio.wait([standing], timeout=0.5))[0]:
        activity.heartbeat()


@activity.defn
async def mark(run: str) -> None:
    note("mark", run)


async def step() -> None:
    await workflow.execute_activity(touch, start_to_close_timeout=LIMIT)


@workflow.defn(name="ten_steps")
class TenSteps:
    @workflow.run
    async def run(self) -> None:
        for _ in range(10):
            await step()


@workflow.defn(name="parallel")
class Parallel:
    @workflow.run
    async def run(self) -> None:
        await asyncio.gather(*(step() for _ in range(10)))


@workflow.defn(name="order")
class Order:
    @workflow.run
    async def run(self) -> None:
        again = RetryPolicy(initial_interval=timedelta(milliseconds=1), backoff_coefficient=1.0, maximum_attempts=4)
        await step()
        run = workflow.info().workflow_id
        await workflow.execute_activity(charge, run, start_to_close_timeout=LIMIT, retry_policy=again)
        await step()


@workflow.defn(name="fan_out")
class FanOut:
    @workflow.run
    async def run(self) -> None:
        free = asyncio.Semaphore(50)

        async def one() -> None:
            async with free:
                await step()

        await asyncio.gather(*(one() for _ in range(1000)))


@workflow.defn(name="held")
class Held:
    @workflow.run
    async def run(self) -> None:
        run = workflow.info().workflow_id
        alive = timedelta(seconds=2)
        for _ in range(4):
            await step()
        await workflow.execute_activity(stop, run, start_to_close_timeout=LIMIT, heartbeat_timeout=alive)
        for _ in range(4):
            await step()
        await workflow.execute_activity(mark, run, start_to_close_timeout=LIMIT)


@workflow.defn(name="asleep")
class Asleep:
    @workflow.run
    async def run(self, pause: float) -> None:
        await asyncio.sleep(pause)
        await workflow.execute_activity(mark, workflow.info().workflow_id, start_to_close_timeout=LIMIT)


WORKFLOWS = [TenSteps, Parallel, Order, FanOut, Held, Asleep]
ACTIVITIES = [touch, charge, stop, mark]
PAUSE = float(os.environ.get("PAUSE", "0"))
