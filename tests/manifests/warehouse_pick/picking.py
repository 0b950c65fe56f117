async def plan_route(items: list[str]) -> list[str]:
    return sorted(items)


async def pick(bin: str) -> str:
    return f"box of {bin}"


async def move_to_belt(box: str) -> str:
    return box


async def pack(order_id: str, boxes: list[str]) -> str:
    return f"{order_id}: {len(boxes)}"
