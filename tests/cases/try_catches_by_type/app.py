class Declined(Exception):
    pass


class NoFunds(Declined):
    pass


async def pay(amount: int) -> str:
    if amount > 100:
        raise NoFunds("too much")
    return "paid"


async def dun(reason: str) -> str:
    return f"asked again: {reason}"
