class Refused(Exception):
    pass


CALLS: list[int] = []


async def ask() -> int:
    CALLS.append(1)
    if len(CALLS) < 5:
        raise Refused("not you")
    raise OSError("nobody answers")
