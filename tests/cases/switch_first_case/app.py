async def label(text: str) -> str:
    return text
