import asyncio


class Broken(Exception):
    pass


async def slow() -> str:
    await asyncio.sleep(0.05)
    return "done"


async def broken() -> str:
    raise Broken("first")


async def note(text: str) -> str:
    return text
