import os
from datetime import timedelta

import restate

from driver import gate, note

rival = restate.Service("rival")


async def touch() -> int:
    return 1


@rival.handler()
async def ten_steps(ctx: restate.Context) -> None:
    for _ in range(10):
        await ctx.run_typed("touch", touch)


@rival.handler()
async def parallel(ctx: restate.Context) -> None:
    await restate.gather(*(ctx.run_typed("touch", touch) for _ in range(10)))


failed: set[str] = set()


async def charge(run: str) -> int:
    if run not in failed:
        failed.add(run)
        raise ConnectionError("try again")
    return 1


@rival.handler()
async def order(ctx: restate.Context) -> None:
    again = restate.RunOptions(
        max_attempts=4, initial_retry_interval=timedelta(milliseconds=1), retry_interval_factor=1
    )
    await ctx.run_typed("touch", touch)
    await ctx.run_typed("charge", charge, again, run=str(ctx.request().id))
    await ctx.run_typed("touch", touch)


@rival.handler()
async def fan_out(ctx: restate.Context) -> None:
    for _ in range(0, 1000, 50):
        await restate.gather(*(ctx.run_typed("touch", touch) for _ in range(50)))


async def stop(run: str) -> None:
    await gate(run)


async def mark(run: str) -> None:
    note("mark", run)


@rival.handler()
async def held(ctx: restate.Context) -> None:
    run = str(ctx.request().id)
    for _ in range(4):
        await ctx.run_typed("touch", touch)
    await ctx.run_typed("gate", stop, run=run)
    for _ in range(4):
        await ctx.run_typed("touch", touch)
    await ctx.run_typed("mark", mark, run=run)


@rival.handler()
async def asleep(ctx: restate.Context) -> None:
    await ctx.sleep(timedelta(seconds=float(os.environ["PAUSE"])))
    await ctx.run_typed("mark", mark, run=str(ctx.request().id))


app = restate.app([rival])
