from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Place:
    rank: int
    player: str
    points: int


async def open_season(name: str, idempotency_key: str) -> None:
    print("open", name, idempotency_key)


async def add_result(name: str, player: str, points: int, idempotency_key: str) -> None:
    print(name, player, points, idempotency_key)


async def freeze_table(name: str) -> list[Place]:
    return [Place(1, name, 3)]


async def pay_prize(player: str, amount: Decimal, idempotency_key: str) -> None:
    print(player, amount, idempotency_key)
