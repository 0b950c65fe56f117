"""What the patterns call: work that takes a while, decisions, and lists."""

import asyncio


async def work() -> str:
    await asyncio.sleep(0.01)
    return "done"


async def use(item: str) -> str:
    await asyncio.sleep(0.01)
    return f"{item} is done"


async def decide() -> bool:
    return True


async def items() -> list[str]:
    return ["a", "b", "c"]


async def next_state(state: str) -> str:
    return {"new": "checked", "checked": "new", "open": "done"}.get(state, "done")
