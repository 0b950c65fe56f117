from typing import Any


async def gather(db: Any, kv: Any, api: Any, users: Any, name: str) -> str:
    return f"{name}: {[client is not None for client in (db, kv, api, users)]}"
