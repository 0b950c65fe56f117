class Broken(Exception):
    pass


async def broken(n: int) -> int:
    raise Broken(str(n))
