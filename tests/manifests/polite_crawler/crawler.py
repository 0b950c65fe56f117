from typing import Protocol


class Site(Protocol):
    async def get(self, path: str) -> str: ...


class Busy(Exception):
    pass


async def sitemap(site: Site) -> list[str]:
    return (await site.get("/sitemap.txt")).splitlines()


async def fetch_page(site: Site, path: str) -> str:
    return await site.get(path)
