from dataclasses import dataclass


@dataclass
class Chunk:
    start: float
    end: float


@dataclass
class Probe:
    seconds: float
    chunks: list[Chunk]


async def probe(path: str) -> Probe:
    seconds = 10.0 * len(path)
    return Probe(seconds, [Chunk(at, at + 10) for at in range(0, int(seconds), 10)])


async def encode(path: str, chunk: Chunk, height: int) -> str:
    return f"{path}.{height}.{chunk.start}"


async def join(parts: list[str], height: int) -> str:
    return f"{height}:{len(parts)}"


async def publish(path: str, files: list[str]) -> str:
    return f"https://video.example.com/{path}?{len(files)}"
