from accounts import Account


async def welcome(account: Account, idempotency_key: str) -> None:
    print("welcome", account.email, idempotency_key)
