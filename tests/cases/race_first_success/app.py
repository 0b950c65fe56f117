import asyncio


async def ask(ms: int) -> int:
    await asyncio.sleep(ms / 1000)
    return ms
