import asyncio
import os

from app import app
from hypercorn.asyncio import serve
from hypercorn.config import Config

from driver import drive


async def nothing(_work: str, _run: str) -> None:
    pass


async def main() -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['PORT']}"]
    serving = asyncio.ensure_future(serve(app, config))
    await drive(nothing)
    del serving


asyncio.run(main())
