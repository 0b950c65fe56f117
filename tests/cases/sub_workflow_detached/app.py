import asyncio


async def answer() -> str:
    return "at once"


async def audit(answer: str) -> None:
    await asyncio.sleep(0.05)
    raise RuntimeError(answer)
