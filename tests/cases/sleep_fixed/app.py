async def note(text: str) -> str:
    return text
