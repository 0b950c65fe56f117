async def report(source: str, target: str, details: str, idempotency_key: str) -> None:
    print("fraud desk:", source, target, details, idempotency_key)
