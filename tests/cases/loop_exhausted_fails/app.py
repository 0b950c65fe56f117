async def ask() -> str:
    return "no"
