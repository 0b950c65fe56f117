async def call(n: int) -> int:
    return n
