async def slow() -> None:
    return None
