from decimal import Decimal


async def rate() -> Decimal:
    return Decimal("0.20")
