async def first() -> int:
    return 1


async def second(first: int) -> int:
    return first + 1


async def clean(first: int | None) -> None:
    print(first)
