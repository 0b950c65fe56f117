class Broken(Exception):
    pass


async def extra() -> str:
    raise Broken("always")


async def page(extra: str | None) -> str:
    return extra or "without"
