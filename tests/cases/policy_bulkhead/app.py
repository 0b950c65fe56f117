import asyncio


async def work() -> int:
    await asyncio.sleep(0.02)
    return 1
