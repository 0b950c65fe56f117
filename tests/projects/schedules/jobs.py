async def sweep(days: int) -> str:
    return f"swept {days} days"
