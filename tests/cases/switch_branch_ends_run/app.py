async def find(key: str) -> str:
    return f"value of {key}"


async def use(find: str) -> str:
    return find.upper()
