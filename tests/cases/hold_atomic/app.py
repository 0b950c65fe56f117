async def begin() -> str:
    return "begun"


async def commit(begin: str) -> str:
    return f"{begin} and done"
