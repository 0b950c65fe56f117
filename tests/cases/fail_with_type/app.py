async def score(name: str) -> int:
    return 10 * len(name)
