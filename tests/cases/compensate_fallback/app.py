async def reserve(item: str) -> str:
    return f"reservation of {item}"


async def release(item: str, result: str | None) -> None:
    return None


async def mark(item: str, result: str | None) -> None:
    return None


async def pay() -> None:
    return None
