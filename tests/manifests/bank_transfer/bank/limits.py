from decimal import Decimal


class LimitExceeded(Exception):
    pass


async def check(source: str, amount: Decimal) -> None:
    if amount > Decimal(10_000):
        raise LimitExceeded(source)
