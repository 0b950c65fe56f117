class Broken(Exception):
    pass


async def broken() -> str:
    raise Broken("always")


async def show(text: str) -> str:
    return text
