import asyncio


async def work(ms: int) -> int:
    await asyncio.sleep(ms / 1000)
    return ms
