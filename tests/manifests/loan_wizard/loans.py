from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Offer:
    id: str
    amount: Decimal
    rate: Decimal


async def score(applicant: str, income: Decimal) -> int:
    return 400 + int(income // 100) + len(applicant)


async def make_offer(applicant: str, amount: Decimal, score: int, idempotency_key: str) -> Offer:
    return Offer(idempotency_key, amount, Decimal("4.9") if score > 700 else Decimal("7.9"))


async def sign_contract(offer: Offer, idempotency_key: str) -> str:
    return f"contract {offer.id} {idempotency_key}"


async def pay_out(offer: Offer, sign_contract: str, idempotency_key: str) -> Decimal:
    print(sign_contract, idempotency_key)
    return offer.amount


async def close_application(applicant: str, reason: str) -> None:
    print(applicant, reason)
