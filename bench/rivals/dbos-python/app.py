"""Workflows of DBOS as its documentation writes them: plain functions with decorators, in threads."""

import asyncio
import os

from dbos import DBOS, DBOSConfig, SetWorkflowID

from driver import gate, note

config: DBOSConfig = {
    "name": "rival",
    "system_database_url": os.environ["DATABASE"],
    "application_version": "1",
    "log_level": "ERROR",
}
DBOS(config=config)


@DBOS.step()
def touch() -> int:
    return 1


@DBOS.workflow()
def ten_steps() -> None:
    for _ in range(10):
        touch()


@DBOS.step()
async def touch_async() -> int:
    return 1


@DBOS.workflow()
async def parallel() -> None:
    await asyncio.gather(*(touch_async() for _ in range(10)))


failed: set[str] = set()


@DBOS.step(retries_allowed=True, max_attempts=4, interval_seconds=0.001, backoff_rate=1)
def charge(run: str) -> int:
    if run not in failed:
        failed.add(run)
        raise ConnectionError("try again")
    return 1


@DBOS.workflow()
def order() -> None:
    touch()
    charge(str(DBOS.workflow_id))
    touch()


@DBOS.workflow()
async def fan_out() -> None:
    free = asyncio.Semaphore(50)

    async def one() -> None:
        async with free:
            await touch_async()

    await asyncio.gather(*(one() for _ in range(1000)))


@DBOS.step()
async def stop(run: str) -> None:
    await gate(run)


@DBOS.step()
async def mark(run: str) -> None:
    note("mark", run)


@DBOS.workflow()
async def held() -> None:
    run = str(DBOS.workflow_id)
    for _ in range(4):
        await touch_async()
    await stop(run)
    for _ in range(4):
        await touch_async()
    await mark(run)


@DBOS.workflow()
async def asleep() -> None:
    await DBOS.sleep_async(float(os.environ["PAUSE"]))
    await mark(str(DBOS.workflow_id))


BLOCKING = {"ten_steps": ten_steps, "one_write": ten_steps, "order": order}
ASYNCHRONOUS = {"parallel": parallel, "fan_out": fan_out, "held": held, "asleep": asleep}


def start_blocking(work: str, run: str) -> None:
    with SetWorkflowID(run):
        BLOCKING[work]()


async def start_asynchronous(work: str, run: str) -> None:
    with SetWorkflowID(run):
        await ASYNCHRONOUS[work]()
