from dataclasses import dataclass
from typing import Any, Protocol


class Connection(Protocol):
    async def execute(self, query: str, *args: Any) -> str: ...


@dataclass
class Booking:
    id: str
    quantity: int


async def lock_items(db: Connection, sku: str) -> None:
    await db.execute("CREATE TEMPORARY TABLE IF NOT EXISTS locked AS SELECT id FROM items WHERE sku = $1", sku)


async def take_out(db: Connection, source: str, quantity: int, idempotency_key: str) -> None:
    await db.execute("SELECT take_out($1, $2, $3)", source, quantity, idempotency_key)


async def put_in(db: Connection, target: str, quantity: int, idempotency_key: str) -> Booking:
    await db.execute("SELECT put_in($1, $2, $3)", target, quantity, idempotency_key)
    return Booking(idempotency_key, quantity)
