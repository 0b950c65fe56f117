from dataclasses import dataclass


@dataclass
class Item:
    name: str
    price: int


async def items() -> list[Item]:
    return [Item("pen", 2), Item("lamp", 30), Item("desk", 200)]


async def show(names: list[str], total: list[int], unique: bool) -> str:
    return f"{names} {sum(total)} {unique}"
