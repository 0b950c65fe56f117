from erp import Price


async def push_prices(prices: list[Price]) -> None:
    print("push", len(prices))
