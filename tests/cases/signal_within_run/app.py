async def measure() -> int:
    return 180
