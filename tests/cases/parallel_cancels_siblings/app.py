import asyncio


class Broken(Exception):
    pass


async def slow() -> str:
    await asyncio.sleep(10)
    return "never seen"


async def broken() -> str:
    await asyncio.sleep(0.01)
    raise Broken("first")
