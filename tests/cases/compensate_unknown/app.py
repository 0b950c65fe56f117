import asyncio


async def book(seat: int) -> int:
    await asyncio.sleep(60)
    return seat


async def unbook(seat: int, result: int | None) -> None:
    pass
