async def check(name: str) -> bool:
    return name.startswith("b")
