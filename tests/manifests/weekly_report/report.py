from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Sales:
    total: Decimal
    orders: int


async def sales() -> Sales:
    return Sales(Decimal("1200.50"), 31)


async def churn() -> float:
    return 0.013


async def tickets() -> int:
    return 12


async def render(sales: Sales, churn: float, open_tickets: int) -> str:
    return f"{sales.orders} orders, {sales.total}; churn {churn:.1%}; tickets {open_tickets}"


async def mail(body: str, idempotency_key: str) -> None:
    print(idempotency_key, body)
