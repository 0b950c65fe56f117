async def work(customer: str) -> str:
    return customer
