from dataclasses import dataclass


@dataclass
class Image:
    path: str
    width: int
    height: int


class NotAllowed(Exception):
    pass


async def download(url: str) -> Image:
    return Image(path=f"/tmp/{url.rsplit('/', 1)[-1]}", width=4000, height=3000)


async def moderate(image: Image) -> float:
    if image.width == 0:
        raise NotAllowed(image.path)
    return 0.02


async def thumbnail(image: Image, size: int = 256) -> Image:
    return Image(f"{image.path}.{size}", size, size * image.height // image.width)


async def watermark(image: Image) -> Image:
    return Image(f"{image.path}.marked", image.width, image.height)


async def describe(image: Image) -> str:
    return f"A picture of {image.width} by {image.height} points"


async def publish(files: list[Image], caption: str) -> str:
    return f"https://cdn.example.com/{files[0].path}?caption={caption}"
