async def start(seed: int) -> int:
    return seed + 1


async def double(n: int) -> int:
    return 2 * n
