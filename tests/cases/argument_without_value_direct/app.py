async def take(x: int, idempotency_key: str) -> int:
    return x


async def instead(x: int, idempotency_key: str) -> int:
    return x
