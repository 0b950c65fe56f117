import asyncio
from concurrent.futures import ThreadPoolExecutor

from app import BLOCKING, start_asynchronous, start_blocking
from dbos import DBOS

from driver import drive

pool = ThreadPoolExecutor(64)


async def start(work: str, run: str) -> None:
    if work in BLOCKING:
        await asyncio.get_running_loop().run_in_executor(pool, start_blocking, work, run)
    else:
        await start_asynchronous(work, run)


async def main() -> None:
    DBOS.launch()
    await drive(start)


asyncio.run(main())
