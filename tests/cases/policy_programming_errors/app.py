async def wrong(text: str) -> int:
    return int(text, base=1000)
