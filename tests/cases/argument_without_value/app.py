async def take(x: int) -> int:
    return x


async def instead(x: int) -> int:
    return x
