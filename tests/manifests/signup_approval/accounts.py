from dataclasses import dataclass


@dataclass
class Account:
    id: str
    email: str
    country: str


ACCOUNTS: dict[str, Account] = {}


async def create(email: str, country: str, idempotency_key: str) -> Account:
    return ACCOUNTS.setdefault(idempotency_key, Account(idempotency_key, email, country))


async def activate(account: Account) -> None:
    print("active", account.id)


async def reject(account: Account) -> None:
    ACCOUNTS.pop(account.id, None)
