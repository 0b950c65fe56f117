"""A durable run of ten writes: Conductor with its sidecar against the same written by hand on sqlite3 in the process.

    cargo xtask bench [--runs N]

The rival commits each step's start and end itself (WAL, synchronous=FULL) and keeps no lease, no policy and no history
page: it is the least that a careful engineer would write. Both run the same empty functions on the same disk.
"""

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

STEPS = 10
AT_A_TIME = 64

Run = Callable[[str], Awaitable[int]]

TASKS = """\
async def touch() -> int:
    return 1
"""


def manifest() -> str:
    steps = "\n".join(f"      - {{task: touch, id: w{number}}}" for number in range(STEPS))
    tasks = "tasks:\n  - {id: touch, ref: tasks.touch, in_doubt: retry}\n"
    return f"{tasks}workflows:\n  - id: ten_writes\n    entrypoint: true\n    steps:\n{steps}\n"


class Rival:
    """Ten steps whose starts and results are committed before the next begins."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS steps (run TEXT, step INTEGER, result TEXT, PRIMARY KEY (run, step))"
        )

    async def run(self, run: str) -> int:
        from tasks import touch  # type: ignore[import-not-found]

        known = dict(self.db.execute("SELECT step, result FROM steps WHERE run = ?", (run,)).fetchall())
        result = None
        for step in range(STEPS):
            recorded = known.get(step)
            if recorded is not None:
                result = json.loads(recorded)
                continue
            # The end of one step and the start of the next ride in one commit, as in Conductor.
            self.db.execute("BEGIN IMMEDIATE")
            if step > 0:
                self.record(run, step - 1, result)
            self.db.execute("INSERT OR IGNORE INTO steps (run, step) VALUES (?, ?)", (run, step))
            self.db.execute("COMMIT")
            result = await touch()
        self.record(run, STEPS - 1, result)
        assert isinstance(result, int)
        return result

    def record(self, run: str, step: int, result: object) -> None:
        sql = "UPDATE steps SET result = ? WHERE run = ? AND step = ?"
        self.db.execute(sql, (json.dumps(result), run, step))


async def measure(run: Run, runs: int, label: str) -> dict[str, float]:
    for number in range(20):
        await run(f"{label}-warm-{number}")
    times = []
    for number in range(runs):
        start = time.perf_counter()
        await run(f"{label}-{number}")
        times.append((time.perf_counter() - start) * 1000)
    free = asyncio.Semaphore(AT_A_TIME)

    async def one(number: int) -> None:
        async with free:
            await run(f"{label}-wide-{number}")

    start = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(runs * 4)))
    took = time.perf_counter() - start
    p99 = sorted(times)[int(len(times) * 0.99)]
    return {"p50_ms": statistics.median(times), "p99_ms": p99, "runs_per_s": runs * 4 / took}


async def worker(runs: int) -> None:
    """Runs in the project's folder, where the generated package lies."""
    from conductor_gen import ten_writes  # type: ignore[import-not-found]

    async def conductor(run: str) -> int:
        result: int = await ten_writes(run_id=run)
        return result

    figures = {
        "conductor": await measure(conductor, runs, "c"),
        "sqlite3 by hand": await measure(Rival("rival.db").run, runs, "r"),
    }
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description="Durable runs against a rival written by hand.")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        sys.path.insert(0, os.getcwd())
        asyncio.run(worker(given.runs))
        return
    binary = os.environ.get("CONDUCTOR_BINARY", "conductor")
    with tempfile.TemporaryDirectory(prefix="cdct") as folder:
        Path(folder, "concurrency.yaml").write_text(manifest())
        Path(folder, "tasks.py").write_text(TASKS)
        subprocess.run([binary, "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        sidecar = subprocess.Popen(
            [binary, "sidecar", "--http", "off"], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        try:
            assert sidecar.stdout is not None
            while sidecar.stdout.readline().strip() != "ready":
                assert sidecar.poll() is None, "the sidecar ended"
            command = [sys.executable, os.path.abspath(__file__), "--worker", "--runs", str(given.runs)]
            output = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
        finally:
            sidecar.send_signal(signal.SIGTERM)
            sidecar.wait(timeout=20)
    print(f"{STEPS} writes a run; p50 and p99 one at a time, throughput {AT_A_TIME} at a time")
    for name, figures in json.loads(output).items():
        line = f"{figures['p50_ms']:8.2f} ms p50 {figures['p99_ms']:8.2f} ms p99 {figures['runs_per_s']:8.0f} runs/s"
        print(f"{name:<16}{line}")


if __name__ == "__main__":
    main()
