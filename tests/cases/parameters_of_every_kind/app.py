async def call(a: int, /, b: int, *rest: int, keyword: str, other: str = "o", **more: str) -> str:
    return f"{a} {b} {rest} {keyword} {other} {more}"
