async def write(node: str, key: str, value: str) -> int:
    print(node, key, value)
    return 1


async def mark_stale(node: str, key: str) -> None:
    print("compare", key, "on", node)
