async def ship(order: str) -> str:
    return f"{order} is on its way"
