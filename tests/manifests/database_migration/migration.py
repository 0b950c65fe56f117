from dataclasses import dataclass
from typing import Any, Protocol


class Connection(Protocol):
    async def fetchval(self, query: str, *args: Any) -> Any: ...


@dataclass
class Page:
    last_id: int
    is_last: bool


async def set_mode(new_db: Connection, table: str, mode: str) -> None:
    await new_db.fetchval("SELECT set_write_mode($1, $2)", table, mode)


async def copy_page(old_db: Connection, new_db: Connection, table: str, after: int) -> Page:
    last = await old_db.fetchval("SELECT page_end($1, $2)", table, after)
    await new_db.fetchval("SELECT import_page($1, $2, $3)", table, after, last)
    return Page(last or after, last is None)


async def compare(old_db: Connection, new_db: Connection, table: str) -> int:
    before = await old_db.fetchval("SELECT checksum($1)", table)
    after = await new_db.fetchval("SELECT checksum($1)", table)
    return int(before != after)
