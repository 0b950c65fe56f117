from decimal import Decimal


async def device_check(device: str) -> float:
    return 0.1 if device else 0.9


async def velocity_check(card: str, amount: Decimal) -> float:
    return 0.2 if amount < 1000 and card else 0.7


async def model_score(card: str, device: str, amount: Decimal) -> float:
    return 0.05 + 0.0001 * float(amount) + 0.0 * len(card + device)


async def block_card(card: str) -> None:
    print("blocked", card[-4:])
