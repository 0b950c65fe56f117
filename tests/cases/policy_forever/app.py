class Flaky(Exception):
    pass


ATTEMPTS: dict[str, int] = {}


async def flaky(fails: int, idempotency_key: str) -> int:
    ATTEMPTS[idempotency_key] = ATTEMPTS.get(idempotency_key, 0) + 1
    if ATTEMPTS[idempotency_key] <= fails:
        raise Flaky(f"attempt {ATTEMPTS[idempotency_key]}")
    return ATTEMPTS[idempotency_key]
