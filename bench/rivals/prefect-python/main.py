import asyncio

from app import FLOWS, left_behind, resume

from driver import drive


async def start(work: str, _run: str) -> None:
    await FLOWS[work]()


async def main() -> None:
    resuming = asyncio.ensure_future(resume(await left_behind()))
    await drive(start)
    del resuming


asyncio.run(main())
