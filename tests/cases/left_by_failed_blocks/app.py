import asyncio


class Broken(Exception):
    pass


async def fine(what: str) -> str:
    return what


async def broken() -> str:
    raise Broken("always")


async def slow() -> str:
    await asyncio.sleep(60)
    return "slow"


async def later() -> str:
    await asyncio.sleep(0.1)
    return "later"
