import asyncio


class Declined(Exception):
    pass


async def step(n: int) -> int:
    return n


async def slow(n: int) -> int:
    await asyncio.sleep(60)
    return n


async def decline(n: int) -> int:
    raise Declined(n)


async def book(n: int) -> int:
    return n


async def unbook(n: int) -> None:
    pass
