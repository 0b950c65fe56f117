import asyncio


async def slow() -> int:
    await asyncio.sleep(10)
    return 1
