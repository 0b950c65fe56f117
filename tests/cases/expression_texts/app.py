async def say(text: str) -> str:
    return text
