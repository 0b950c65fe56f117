async def cell(value: int, width: int) -> int:
    return 10 * width + value
