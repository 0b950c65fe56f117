"""Calls a workflow N times, 64 at a time, and prints what the process holds a quarter of the way and at the end.

python measure.py WORKFLOW N
"""

import asyncio
import gc
import json
import os
import sys
import threading
from pathlib import Path

import conductor_gen
from conductor_gen import WorkflowError

AT_A_TIME = 64


async def called(workflow: str, n: int) -> None:
    """One in five fails of itself, one in seven is left by its caller."""
    call = asyncio.ensure_future(getattr(conductor_gen, workflow)(n=n))
    if workflow == "plain" and n % 7 == 0:
        await asyncio.sleep(0)
        call.cancel()
    try:
        await call
    except (WorkflowError, asyncio.CancelledError):
        pass


async def runs(workflow: str, first: int, last: int) -> None:
    numbers = iter(range(first, last))

    async def caller() -> None:
        for n in numbers:
            await called(workflow, n)

    await asyncio.gather(*(caller() for _ in range(AT_A_TIME)))


async def cancelled_timers_dropped() -> None:
    """asyncio holds up to a hundred cancelled timers, and more only while they are fewer than the others."""
    loop = asyncio.get_running_loop()
    for timer in [loop.call_later(3600, gc.collect) for _ in range(1000)]:
        timer.cancel()
    await asyncio.sleep(0)


async def reading() -> dict[str, int]:
    # What was cut off may still be on its way out.
    await asyncio.sleep(0.5)
    await cancelled_timers_dropped()
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory": pages * os.sysconf("SC_PAGESIZE"),
        "objects": len(gc.get_objects()),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
        "handles": len(os.listdir("/proc/self/fd")),
    }


async def main(workflow: str, count: int) -> None:
    await runs(workflow, 0, count // 4)
    before = await reading()
    await runs(workflow, count // 4, count)
    print(json.dumps({"before": before, "after": await reading()}))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
