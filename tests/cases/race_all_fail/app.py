import asyncio


class Broken(Exception):
    pass


async def broken(ms: int) -> str:
    await asyncio.sleep(ms / 1000)
    raise Broken(str(ms))
