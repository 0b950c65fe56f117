from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Line:
    sku: str
    quantity: int


@dataclass
class Order:
    id: str
    customer_id: str
    email: str
    total: Decimal
    lines: list[Line]


ORDERS: dict[str, Order] = {}


async def load_order(order_id: str) -> Order:
    return ORDERS[order_id]
