from decimal import Decimal


class InsufficientFunds(Exception):
    pass


class AccountClosed(Exception):
    pass


async def debit(account: str, amount: Decimal, idempotency_key: str) -> str:
    return f"debit {account} {amount} {idempotency_key}"


async def credit(account: str, amount: Decimal, idempotency_key: str) -> str:
    return f"credit {account} {amount} {idempotency_key}"


async def credit_back(account: str, amount: Decimal, reason: str, idempotency_key: str) -> None:
    print("credit back", account, amount, reason, idempotency_key)
