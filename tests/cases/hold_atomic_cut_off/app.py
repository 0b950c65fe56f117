async def before(x: int, idempotency_key: str) -> int:
    return x


async def book(x: int, idempotency_key: str) -> int:
    return x


async def undo(x: int, result: int | None, idempotency_key: str) -> None:
    return None
