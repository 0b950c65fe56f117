async def number(n: int) -> int:
    return n
