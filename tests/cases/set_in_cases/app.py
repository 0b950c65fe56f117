async def show(discount: int) -> str:
    return f"{discount} percent"
