from dataclasses import dataclass

from orders import Order


@dataclass
class Reservation:
    id: str
    warehouse: str


class OutOfStock(Exception):
    pass


HELD: dict[str, Reservation] = {}


async def reserve(order: Order, idempotency_key: str) -> Reservation:
    if any(line.quantity > 100 for line in order.lines):
        raise OutOfStock(order.id)
    return HELD.setdefault(idempotency_key, Reservation(id=idempotency_key, warehouse="north"))


async def release(reservation: Reservation) -> None:
    HELD.pop(reservation.id, None)
