"""The code beside the services."""

from dataclasses import dataclass


@dataclass
class Quote:
    total: int
    currency: str


def order_of(user_id: str) -> list[str]:
    return [f"{user_id}-book", "pen"]


class Prices:
    """Made for each attempt."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def quote(self, items: list[str]) -> Quote:
        return Quote(total=10 * len(items), currency=self.currency)


async def ask_a_person(user_id: str) -> str:
    return f"somebody must look at {user_id}"
