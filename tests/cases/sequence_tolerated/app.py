class Broken(Exception):
    pass


async def fine() -> str:
    return "fine"


async def broken() -> str:
    raise Broken("always")
