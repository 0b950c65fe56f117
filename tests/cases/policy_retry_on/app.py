class Busy(Exception):
    pass


class Refused(Exception):
    pass


CALLS: list[int] = []


async def work() -> int:
    CALLS.append(1)
    if len(CALLS) == 1:
        raise Busy("once")
    raise Refused("for good")
