class Odd(Exception):
    pass


async def check(n: int) -> int:
    if n == 2:
        raise Odd(str(n))
    return n
