async def create() -> None:
    print("create")


async def grant() -> None:
    print("grant")


async def warm() -> None:
    print("warm")


async def open_shop() -> str:
    return "open"
