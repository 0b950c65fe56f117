from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol


class Client(Protocol):
    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]: ...


class Declined(Exception):
    pass


@dataclass
class Payment:
    id: str
    amount: Decimal
    queued: bool


async def authorize(provider: Client, account: str, amount: Decimal, idempotency_key: str) -> Payment:
    answer = await provider.post("/authorizations", {"account": account, "amount": str(amount), "key": idempotency_key})
    if answer["state"] == "declined":
        raise Declined(account)
    return Payment(answer["id"], amount, queued=False)


async def queue_payment(account: str, amount: Decimal, idempotency_key: str) -> Payment:
    return Payment(f"queued:{account}:{idempotency_key}", amount, queued=True)
