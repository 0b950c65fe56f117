async def a() -> int:
    return 1


async def b(a: int) -> int:
    return a + 10


async def c(a: int) -> int:
    return a + 100


async def d(b: int, c: int) -> int:
    return b + c
