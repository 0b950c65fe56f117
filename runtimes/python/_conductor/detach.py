"""Workflows that are started and not awaited: they go on in this process, and its shutdown waits for them.

It deliberately knows no steps.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from .errors import logger
from .settle import SETTLE_SECONDS

_running: set[asyncio.Task[Any]] = set()


async def detached(work: Coroutine[Any, Any, object]) -> None:
    """Starts a workflow that keeps no journal: if the process dies, it is lost."""
    keep(asyncio.get_running_loop().create_task(work))


def keep(task: asyncio.Task[Any]) -> None:
    """Says what becomes of it, and keeps the process from forgetting it."""
    _running.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        logger.error("a detached workflow failed", exc_info=task.exception())


async def drain() -> None:
    """Waits for what was left running in this event loop, within the bound."""
    loop = asyncio.get_running_loop()
    mine = [task for task in _running if task.get_loop() is loop]
    if mine:
        await asyncio.wait(mine, timeout=SETTLE_SECONDS)
