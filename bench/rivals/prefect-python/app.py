"""Flows of Prefect as its documentation writes them: tasks whose results are kept, and are taken when a flow run is run again."""

import asyncio

from prefect import Flow, flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas import filters
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_engine import run_flow_async
from prefect.runtime import flow_run
from prefect.states import Scheduled

from driver import gate, note


@task(persist_result=True)
async def touch(number: int) -> int:
    return 1


@flow
async def ten_steps() -> None:
    for number in range(10):
        await touch(number)


@flow
async def parallel() -> None:
    await asyncio.gather(*(touch(number) for number in range(10)))


failed: set[str] = set()


@task(persist_result=True, retries=3, retry_delay_seconds=0.001)
async def charge(run: str) -> int:
    if run not in failed:
        failed.add(run)
        raise ConnectionError("try again")
    return 1


@flow
async def order() -> None:
    await touch(0)
    await charge(str(flow_run.id))
    await touch(2)


@flow
async def fan_out() -> None:
    free = asyncio.Semaphore(50)

    async def one(number: int) -> None:
        async with free:
            await touch(number)

    await asyncio.gather(*(one(number) for number in range(1000)))


@task(persist_result=True)
async def stop(run: str) -> None:
    await gate(run)


@task(persist_result=True)
async def mark(run: str) -> None:
    note("mark", run)


@flow
async def held() -> None:
    run = str(flow_run.id)
    for number in range(4):
        await touch(number)
    await stop(run)
    for number in range(5, 9):
        await touch(number)
    await mark(run)


FLOWS = {
    "ten_steps": ten_steps,
    "one_write": ten_steps,
    "parallel": parallel,
    "order": order,
    "fan_out": fan_out,
    "held": held,
}

LEFT = filters.FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])
PAGE = 200
# As many as its server has connections to PostgreSQL by default; with a thousand at once it answers most with a failure.
AT_A_TIME = 15


async def unfinished(flow: Flow) -> list[FlowRun]:
    """The runs of a flow whose process has ended under them: one process runs them all."""
    of_flow = filters.FlowFilter(name=filters.FlowFilterName(any_=[flow.name]))
    left = filters.FlowRunFilter(state=filters.FlowRunFilterState(type=LEFT))
    found: list[FlowRun] = []
    async with get_client() as client:
        while True:
            page = await client.read_flow_runs(flow_filter=of_flow, flow_run_filter=left, limit=PAGE, offset=len(found))
            found += page
            if len(page) < PAGE:
                return found


async def again(flow: Flow, run: FlowRun, free: asyncio.Semaphore) -> None:
    """What `prefect flow-run retry` does, which takes no run that is left as running."""
    async with free, get_client() as client:
        await client.set_flow_run_state(run.id, Scheduled(), force=True)
        run = await client.read_flow_run(run.id)
        await run_flow_async(flow, flow_run=run, parameters=run.parameters)


async def left_behind() -> list[tuple[Flow, FlowRun]]:
    """The runs of all flows, before this process begins any: its own look the same."""
    return [(flow, run) for flow in set(FLOWS.values()) for run in await unfinished(flow)]


async def resume(left: list[tuple[Flow, FlowRun]]) -> None:
    free = asyncio.Semaphore(AT_A_TIME)
    await asyncio.gather(*(again(flow, run, free) for flow, run in left))
