async def work(n: int) -> int:
    return n + 1
