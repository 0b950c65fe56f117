import asyncio


async def slow() -> str:
    await asyncio.sleep(5)
    return "late"
