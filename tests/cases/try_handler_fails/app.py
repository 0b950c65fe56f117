class Broken(Exception):
    pass


async def work() -> str:
    raise Broken("inside")
