"""What a careful engineer writes without an engine: each step is in SQLite before the next begins."""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable

from driver import RELEASED, drive, gate, note

Step = Callable[[], Awaitable[object]]

db = sqlite3.connect("journal.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, work TEXT, ended INTEGER)")
db.execute("CREATE TABLE IF NOT EXISTS steps (run TEXT, step INTEGER, result TEXT, PRIMARY KEY (run, step))")


class Run:
    def __init__(self, work: str, run: str) -> None:
        self.work, self.run, self.is_open, self.ended = work, run, False, None
        rows = db.execute("SELECT step, result FROM steps WHERE run = ?", (run,)).fetchall()
        self.known = {step: result for step, result in rows if result is not None}

    def begin(self, step: int) -> None:
        """The end of one step and the start of the next ride in one commit."""
        db.execute("BEGIN IMMEDIATE")
        if not self.is_open:
            db.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, NULL)", (self.run, self.work))
            self.is_open = True
        self.write_ended()
        db.execute("INSERT OR IGNORE INTO steps (run, step) VALUES (?, ?)", (self.run, step))
        db.execute("COMMIT")

    def write_ended(self) -> None:
        if self.ended is not None:
            step, result = self.ended
            db.execute("UPDATE steps SET result = ? WHERE run = ? AND step = ?", (json.dumps(result), self.run, step))
            self.ended = None

    async def step(self, step: int, function: Step) -> object:
        if step in self.known:
            return json.loads(self.known[step])
        self.begin(step)
        result = await function()
        self.ended = (step, result)
        return result

    async def alone(self, step: int, function: Step) -> object:
        """A step beside others: both its commits are its own."""
        if step in self.known:
            return json.loads(self.known[step])
        self.begin(step)
        result = await function()
        db.execute("UPDATE steps SET result = ? WHERE run = ? AND step = ?", (json.dumps(result), self.run, step))
        return result

    def end(self) -> None:
        db.execute("BEGIN IMMEDIATE")
        self.write_ended()
        db.execute("UPDATE runs SET ended = ? WHERE run = ?", (int(time.time()), self.run))
        db.execute("COMMIT")


async def touch() -> int:
    return 1


async def look() -> int:
    return 1


failed: set[str] = set()


async def charge(run: str) -> int:
    if run not in failed:
        failed.add(run)
        raise ConnectionError("try again")
    return 1


async def retried(function: Step) -> object:
    for _ in range(3):
        try:
            return await function()
        except ConnectionError:
            await asyncio.sleep(0.001)
    return await function()


async def mark(run: str) -> None:
    note("mark", run)


async def ten_steps(run: Run) -> None:
    for number in range(10):
        await run.step(number, touch)


async def one_write(run: Run) -> None:
    for _ in range(9):
        await look()
    await run.step(9, touch)


async def parallel(run: Run) -> None:
    await asyncio.gather(*(run.alone(number, touch) for number in range(10)))


async def order(run: Run) -> None:
    await run.step(0, touch)
    await run.step(1, lambda: retried(lambda: charge(run.run)))
    await run.step(2, touch)


async def fan_out(run: Run) -> None:
    free = asyncio.Semaphore(50)

    async def one(item: int) -> None:
        async with free:
            await run.alone(item, touch)

    await asyncio.gather(*(one(item) for item in range(1000)))


async def held(run: Run) -> None:
    for number in range(4):
        await run.step(number, touch)
    await run.step(4, lambda: gate(run.run))
    for number in range(5, 9):
        await run.step(number, touch)
    await run.step(9, lambda: mark(run.run))


async def asleep(run: Run) -> None:
    due = await run.step(0, wake)
    await asyncio.sleep(float(str(due)) - time.time())
    await run.step(1, lambda: mark(run.run))


async def wake() -> float:
    return time.time() + float(os.environ["PAUSE"])


WORKS = {work.__name__: work for work in (ten_steps, one_write, parallel, order, fan_out, held, asleep)}


async def start(work: str, name: str) -> None:
    run = Run(work, name)
    await WORKS[work](run)
    run.end()


async def main() -> None:
    left = db.execute("SELECT run, work FROM runs WHERE ended IS NULL").fetchall() if RELEASED else []
    resumed = [asyncio.ensure_future(start(work, run)) for run, work in left]
    await drive(start)
    del resumed


asyncio.run(main())
