"""One application of several: calls runs that others may be calling too, and serves those that nobody calls.

python app.py FOLDER     `FOLDER/limit` says up to which number runs exist; without it nothing more is called
"""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from conductor_gen import WorkflowError, main_python, serve
from tasks import note

AT_A_TIME = int(os.environ.get("TORTURE_AT_A_TIME", "4"))
NEWEST = 12
PATIENCE = 20
"""Seconds after which it is strange that something has not ended."""


def limit(folder: Path) -> int | None:
    try:
        return int((folder / "limit").read_text())
    except (FileNotFoundError, ValueError):
        return None


async def call(folder: Path) -> None:
    """Calls one of the newest runs after the other: new ones, ones that others have, ones that are done."""
    while (upper := limit(folder)) is not None:
        n = random.randrange(max(0, upper - NEWEST), upper)
        run = f"python-{n}"
        try:
            output = await main_python(n=n, run_id=run)
        except WorkflowError:
            pass
        else:
            note(run=run, event="returned", output=output)
        await asyncio.sleep(0.05)


def tell() -> None:
    """Says where everything stands that has not ended."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


async def main(folder: Path) -> None:
    loop, own = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        loop.call_later(PATIENCE, tell)
        if own is not None:
            own.cancel()

    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGUSR1, tell)
    print("up")
    async with asyncio.TaskGroup() as group:
        group.create_task(serve())
        for _ in range(AT_A_TIME):
            group.create_task(call(folder))


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1])))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise SystemExit(130) from None
