"""A shop that files in its folder break: `broken` declines cards, `stuck` lets payments hang."""

import asyncio
from pathlib import Path


class CardDeclined(Exception):
    """The bank says no."""


async def reserve(user_id: str, amount: int) -> dict[str, str]:
    await asyncio.sleep(0.02)
    return {"user": user_id, "amount": str(amount)}


async def charge(user_id: str, amount: int) -> str:
    await asyncio.sleep(0.08)
    if Path("broken").exists():
        raise CardDeclined(f"card of {user_id} declined: insufficient funds for {amount}")
    return f"ch_{user_id}"


async def pack(user_id: str) -> str:
    await asyncio.sleep(0.15)
    return f"a box for {user_id}"


async def ship(user_id: str) -> str:
    await asyncio.sleep(0.03)
    return f"shipped to {user_id}"


async def pay(amount: int) -> str:
    while Path("stuck").exists():
        await asyncio.sleep(0.01)
    return f"paid {amount}"


async def speak(text: str) -> str:
    if text.startswith("fail:"):
        raise ValueError(text.removeprefix("fail:"))
    return text * (4_000_000 // len(text)) if text.startswith("long:") else text


async def shelves(count: int) -> list[int]:
    return list(range(count))


async def look(number: int) -> int:
    return number
