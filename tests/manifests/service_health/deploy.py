from typing import Any, Protocol


class Cluster(Protocol):
    async def call(self, method: str, **fields: Any) -> bool: ...


async def start_version(cluster: Cluster, service: str, version: str) -> None:
    await cluster.call("Start", service=service, version=version)


async def probe(cluster: Cluster, service: str, version: str) -> bool:
    return await cluster.call("Healthy", service=service, version=version)


async def shift_traffic(cluster: Cluster, service: str, version: str, percent: int) -> None:
    await cluster.call("Shift", service=service, version=version, percent=percent)


async def stop_version(cluster: Cluster, service: str, version: str) -> None:
    await cluster.call("Stop", service=service, version=version)
