import asyncio

from app import FLOWS, again, unfinished

from driver import drive


async def start(work: str, _run: str) -> None:
    await FLOWS[work]()


async def main() -> None:
    left = [(flow, run) for flow in set(FLOWS.values()) for run in await unfinished(flow)]
    resumed = [asyncio.ensure_future(again(flow, run)) for flow, run in left]
    await drive(start)
    del resumed


asyncio.run(main())
