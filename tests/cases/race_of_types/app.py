import asyncio


async def cached() -> str:
    await asyncio.sleep(0.05)
    return "kept"


async def computed() -> int:
    return 42


async def show(value: str | int) -> str:
    return str(value)
