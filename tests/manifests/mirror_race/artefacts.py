class ChecksumMismatch(Exception):
    pass


async def fetch(host: str, name: str) -> str:
    return f"/var/cache/{host}/{name}"


async def verify(path: str, checksum: str) -> None:
    if not path.endswith(checksum[:1]):
        raise ChecksumMismatch(path)


async def install(path: str) -> str:
    return f"/opt/{path.rsplit('/', 1)[-1]}"
