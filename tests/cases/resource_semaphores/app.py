import asyncio


async def work() -> int:
    await asyncio.sleep(0.01)
    return 1
