async def price() -> int:
    return 5


async def quote() -> str:
    return "ask us"


async def show(answer: int | str) -> str:
    return f"costs {answer}"
