from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol


class Http(Protocol):
    async def get(self, path: str) -> dict[str, Any]: ...


class Redis(Protocol):
    async def get(self, key: str) -> str | None: ...


@dataclass
class Product:
    sku: str
    name: str


async def product(catalog: Http, sku: str) -> Product:
    found = await catalog.get(f"/products/{sku}")
    return Product(sku, found["name"])


async def price(prices_cache: Redis, sku: str, currency: str) -> Decimal:
    return Decimal(await prices_cache.get(f"{sku}:{currency}") or "0")


async def reviews(sku: str) -> list[str]:
    return [f"{sku} is good"]


async def recommendations(sku: str) -> list[str]:
    return [f"{sku}-case"]
