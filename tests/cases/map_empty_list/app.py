async def items() -> list[str]:
    return []


async def use(item: str) -> str:
    return item
