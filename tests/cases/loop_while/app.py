async def next_number(n: int) -> int:
    return n + 1
