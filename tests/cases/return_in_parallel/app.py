import asyncio


async def quick() -> int:
    return 1


async def slow() -> int:
    await asyncio.sleep(5)
    return 2
