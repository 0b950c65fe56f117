import asyncio


async def slow(ms: int) -> int:
    await asyncio.sleep(ms / 1000)
    return ms
