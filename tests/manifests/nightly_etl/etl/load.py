from typing import Any, Protocol

from etl.extract import Batch, Partition


class Connection(Protocol):
    async def execute(self, query: str, *args: Any) -> str: ...


async def load(warehouse: Connection, partition: Partition, batch: Batch) -> int:
    await warehouse.execute("DELETE FROM events WHERE day = $1 AND shard = $2", partition.day, partition.shard)
    await warehouse.execute("COPY events FROM $1", batch.path)
    return batch.rows


async def refresh_views(warehouse: Connection) -> None:
    await warehouse.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY events_by_day")
