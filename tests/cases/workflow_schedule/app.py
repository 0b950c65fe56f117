async def report(days: int) -> str:
    return f"{days} days"
