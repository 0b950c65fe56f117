import asyncio

CALLS: list[int] = []


async def look_up() -> int:
    CALLS.append(1)
    number = len(CALLS)
    await asyncio.sleep(5 if number == 1 else 0.01)
    return number
