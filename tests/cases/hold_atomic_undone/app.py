class Broken(Exception):
    pass


LOG: list[str] = []


async def book(what: str, idempotency_key: str) -> str:
    LOG.append(f"book {what} {idempotency_key}")
    return f"{what} 1"


async def cancel(what: str, result: str, reason: str = "failed") -> None:
    LOG.append(f"cancel {what} {result} {reason}")


async def broken() -> None:
    raise Broken("; ".join(LOG))
