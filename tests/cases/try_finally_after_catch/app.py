class Broken(Exception):
    pass


async def work() -> str:
    raise Broken("always")


async def note(text: str) -> str:
    return text
