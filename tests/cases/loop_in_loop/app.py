async def add(n: int) -> int:
    return n + 1
