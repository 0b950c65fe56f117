"""Steps that succeed, fail once, fail for good, and wait, as their user wants."""

import asyncio
import logging
from pathlib import Path

log = logging.getLogger("shop")


class Declined(Exception):
    pass


async def look_up(user_id: str) -> str:
    log.warning("looking up")
    return user_id.split("-")[0]


async def charge(user_id: str, look_up: str, attempt_log: str = "attempts.log") -> str:
    with Path(attempt_log).open("a") as attempts:
        attempts.write(f"{user_id}\n")
    tries = Path(attempt_log).read_text().splitlines().count(user_id)
    if look_up == "flaky" and tries == 1:
        raise ConnectionError("the line is down")
    if look_up == "poor":
        raise Declined(f"no money: {user_id}")
    while look_up == "slow" and not Path("open").exists():
        await asyncio.sleep(0.005)
    return f"paid by {user_id}"


async def ship(charge: str) -> str:
    return f"shipped, {charge}"
