async def poll(last: int) -> int:
    return last + 1
