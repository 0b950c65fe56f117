class Broken(Exception):
    pass


async def begin(what: str, idempotency_key: str) -> str:
    return f"began {what}"


async def revert(what: str) -> None:
    return None


async def broken() -> str:
    raise Broken("it does not work")
