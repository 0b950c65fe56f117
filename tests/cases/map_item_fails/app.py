import asyncio


class Odd(Exception):
    pass


async def check(n: int) -> int:
    await asyncio.sleep(n / 100)
    if n == 2:
        raise Odd(f"{n} is not liked")
    return n
