async def work() -> str:
    return "alone"
