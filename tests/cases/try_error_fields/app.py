class Broken(Exception):
    status = 503


async def work() -> str:
    raise Broken("always")
