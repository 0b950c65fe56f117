class Down(Exception):
    pass


async def ask(host: str) -> str:
    if host == "down":
        raise Down(host)
    return host
