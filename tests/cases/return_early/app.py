async def find(key: str) -> str | None:
    return "kept" if key == "known" else None


async def compute(key: str) -> int:
    return len(key)
