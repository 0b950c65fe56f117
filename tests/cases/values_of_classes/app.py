from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class State(Enum):
    OPEN = "open"
    PAID = "paid"


@dataclass
class Line:
    sku: str
    price: Decimal


@dataclass
class Customer:
    name: str
    vat: str | None


@dataclass
class Order:
    state: State
    customer: Customer
    lines: list[Line]


async def load(order_id: str) -> Order:
    return Order(State.OPEN, Customer(order_id, "AT1"), [Line("a", Decimal("1.50")), Line("b", Decimal(2))])


async def bill(vat: str, lines: list[Line]) -> Decimal:
    return sum((line.price for line in lines), Decimal(len(vat)))
