from dataclasses import dataclass
from datetime import date, timedelta


@dataclass
class Partition:
    day: date
    shard: int


@dataclass
class Batch:
    path: str
    rows: int


async def list_partitions(days_back: int = 1) -> list[Partition]:
    day = date.today() - timedelta(days=days_back)
    return [Partition(day, shard) for shard in range(32)]


async def extract(partition: Partition) -> Batch:
    return Batch(path=f"/data/{partition.day}/{partition.shard}.parquet", rows=1000)
