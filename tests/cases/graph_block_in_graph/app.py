async def left() -> str:
    return "l"


async def right() -> str:
    return "r"


async def join(left: str, right: str) -> str:
    return left + right
