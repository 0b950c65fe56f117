from dataclasses import dataclass
from typing import Literal


@dataclass
class Status:
    state: Literal["running", "done", "failed"]
    progress: float


async def start_export(report: str, idempotency_key: str) -> str:
    return f"{report}-{idempotency_key}"


async def export_status(export_id: str) -> Status:
    return Status("done" if export_id else "running", 1.0)


async def download_export(export_id: str) -> str:
    return f"/exports/{export_id}.csv"
