import asyncio
import os
from datetime import timedelta

import conductor_gen
from driver import RELEASED, drive

PAUSE = timedelta(seconds=float(os.environ.get("PAUSE", "0")))


async def start(work: str, run: str) -> object:
    match work:
        case "order" | "held":
            return await getattr(conductor_gen, work)(name=run, run_id=run)
        case "asleep":
            return await conductor_gen.asleep(name=run, pause=PAUSE, run_id=run)
        case _:
            return await getattr(conductor_gen, work)(run_id=run)


async def main() -> None:
    serving = asyncio.ensure_future(conductor_gen.serve()) if RELEASED else None
    await drive(start)
    del serving


asyncio.run(main())
