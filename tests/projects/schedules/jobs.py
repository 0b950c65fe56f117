async def sweep(days: int) -> str:
    return f"swept {days} days"


async def greet(token: str) -> str:
    raise ConnectionError(f"nobody knows {token}")
