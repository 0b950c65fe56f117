async def touch() -> int:
    return 1
