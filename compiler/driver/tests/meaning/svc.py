from dataclasses import dataclass


@dataclass
class Item:
    id: str
    size: int


async def list_items(owner: str) -> list[Item]:
    return []


async def resize(item: Item, factor: int) -> Item:
    return item


async def poll(job: str) -> str:
    return "done"


async def charge(amount: int, idempotency_key: str) -> str:
    return "c"


async def refund(charge_id: str | None) -> None:
    return None


async def notify(text: str) -> None:
    return None
