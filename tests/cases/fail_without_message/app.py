async def check() -> bool:
    return False
