class Broken(Exception):
    pass


async def work(kind: str) -> str:
    if kind == "key":
        raise KeyError(kind)
    if kind == "index":
        raise IndexError(kind)
    raise Broken(kind)
