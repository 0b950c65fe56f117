import asyncio

CALLS: list[int] = []


async def slow() -> int:
    CALLS.append(1)
    if len(CALLS) == 1:
        await asyncio.sleep(10)
    return len(CALLS)
