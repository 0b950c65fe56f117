async def work() -> int:
    return 100
