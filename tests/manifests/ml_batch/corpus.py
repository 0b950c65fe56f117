from dataclasses import dataclass


@dataclass
class Batch:
    documents: list[str]


async def split(path: str, batch_size: int) -> list[Batch]:
    documents = [f"{path}/{number}" for number in range(4 * batch_size)]
    return [Batch(documents[at : at + batch_size]) for at in range(0, len(documents), batch_size)]
