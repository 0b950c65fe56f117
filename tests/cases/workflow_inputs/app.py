from decimal import Decimal
from enum import Enum


class Color(Enum):
    RED = "red"
    BLUE = "blue"


async def show(
    flag: bool,
    count: int,
    ratio: float,
    price: Decimal,
    name: str | None,
    tags: list[str],
    limits: dict[str, int],
    color: Color,
    token: str,
    inferred: int,
) -> str:
    return f"{flag} {count} {ratio} {price} {name} {tags} {limits} {color.value} {len(token)} {inferred}"
