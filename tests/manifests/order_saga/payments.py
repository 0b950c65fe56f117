from dataclasses import dataclass
from decimal import Decimal

from orders import Order


class CardDeclined(Exception):
    pass


@dataclass
class Charge:
    id: str
    amount: Decimal


async def charge(order: Order, idempotency_key: str) -> Charge:
    if order.total <= 0:
        raise CardDeclined(order.customer_id)
    return Charge(id=f"ch_{idempotency_key}", amount=order.total)


async def refund(charge: Charge, idempotency_key: str) -> None:
    print("refund", charge.id, idempotency_key)
