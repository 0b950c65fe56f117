from driver import gate, note


async def touch() -> int:
    return 1


async def look() -> int:
    return 1


async def numbers() -> list[int]:
    return list(range(1000))


async def work(item: int) -> int:
    return item


failed: set[str] = set()


async def charge(name: str) -> int:
    if name not in failed:
        failed.add(name)
        raise ConnectionError("try again")
    return 1


async def stop(name: str) -> None:
    await gate(name)


async def mark(name: str) -> None:
    note("mark", name)
