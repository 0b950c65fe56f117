from typing import Any, Protocol

from corpus import Batch


class VectorStore(Protocol):
    async def upsert(self, ids: list[str], values: list[list[float]]) -> Any: ...


async def upsert(vectors: VectorStore, batch: Batch, embeddings: list[list[float]]) -> int:
    await vectors.upsert(batch.documents, embeddings)
    return len(embeddings)
