async def touch() -> int:
    return 1


async def look() -> int:
    return 1
