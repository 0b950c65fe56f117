import asyncio


async def wait(ms: int) -> int:
    await asyncio.sleep(ms / 1000)
    return ms
