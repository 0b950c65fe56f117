"""The dependency, as the files of the working directory say."""

import asyncio
from pathlib import Path


class Refused(Exception):
    """It answers, and says no."""


def _state(who: str) -> str:
    own = Path(f"weather.{who}")
    return (own if own.exists() else Path("weather")).read_text()


async def ask(who: str) -> str:
    with open("asked.log", "a") as log:
        log.write(f"{who}\n")
    while _state(who) == "hangs":
        await asyncio.sleep(0.002)
    match _state(who):
        case "down":
            raise ConnectionError("nobody answers")
        case "refuses":
            raise Refused("not you")
    return "fine"
