from dataclasses import dataclass


@dataclass
class Hand:
    total: int


async def draw(total: int) -> Hand:
    return Hand(total + 4)
