import asyncio


class Broken(Exception):
    pass


async def broken() -> str:
    raise Broken("first")


async def slow() -> str:
    await asyncio.sleep(0.05)
    return "second"
