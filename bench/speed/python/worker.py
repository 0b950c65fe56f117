"""Runs of ten writes.

python worker.py one RUNS ECHO      one at a time, in turns with a flush and a bare round trip
python worker.py waits RUNS         of ten reads and one write, saying how often each waited for the disk
python worker.py wide RUNS WIDTH    so many at a time
python worker.py turns WIDTH        the same, for each line with a number of runs
"""

import asyncio
import json
import logging
import os
import sys
import time
import uuid

from conductor_gen import one_write, ten_writes

# As much as a commit of one record writes, and as much as a record is on the socket.
PAGE = b"p" * 4120
LINE = b"l" * 300 + b"\n"
TURN = 10
"""So many runs follow one another, and then as many times what they are compared with."""


class Trip(asyncio.Protocol):
    def __init__(self) -> None:
        self.back: asyncio.Future[None] | None = None
        self.missing = 0

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing == 0 and self.back is not None:
            self.back.set_result(None)


async def one(runs: int, echo: str) -> dict[str, list[float]]:
    transport, trip = await asyncio.get_running_loop().create_unix_connection(Trip, echo)
    file = os.open("flushed", os.O_RDWR | os.O_CREAT)
    os.pwrite(file, PAGE * 4096, 0)
    os.fsync(file)
    figures: dict[str, list[float]] = {"runs_ms": [], "flush_ms": [], "trip_ms": []}
    for number in range(runs):
        if number % TURN == 0:
            for _ in range(min(TURN, runs - number)):
                start = time.perf_counter()
                await ten_writes(run_id=str(uuid.uuid4()))
                figures["runs_ms"].append((time.perf_counter() - start) * 1000)
            # The sidecar commits behind them, and would be in the way of what they are compared with.
            await asyncio.sleep(0.03)
        flushes = trips = 0.0
        for step in range(10):
            start = time.perf_counter()
            os.pwrite(file, PAGE, (10 * number + step) % 4096 * len(PAGE))
            os.fdatasync(file)
            between = time.perf_counter()
            trip.back, trip.missing = (
                asyncio.get_running_loop().create_future(),
                len(LINE),
            )
            transport.write(LINE)
            await trip.back
            flushes += between - start
            trips += time.perf_counter() - between
        figures["flush_ms"].append(flushes * 1000)
        figures["trip_ms"].append(trips * 1000)
    return figures


async def waits(runs: int) -> None:
    logging.basicConfig()
    logging.getLogger("conductor").setLevel(logging.DEBUG)
    for _ in range(runs):
        await one_write(run_id=str(uuid.uuid4()))


async def turns(width: int) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await wide(int(line), width)), flush=True)


async def wide(runs: int, width: int) -> dict[str, float]:
    free = asyncio.Semaphore(width)

    async def run() -> None:
        async with free:
            await ten_writes(run_id=str(uuid.uuid4()))

    await run()
    start, computed = time.perf_counter(), time.process_time()
    await asyncio.gather(*(run() for _ in range(runs)))
    took = time.perf_counter() - start
    return {
        "runs": runs,
        "runs_per_s": runs / took,
        "processor_ms": (time.process_time() - computed) * 1000,
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one", count, echo]:
            print(json.dumps(asyncio.run(one(int(count), echo))))
        case ["waits", count]:
            asyncio.run(waits(int(count)))
        case ["turns", width]:
            asyncio.run(turns(int(width)))
        case ["wide", count, width]:
            print(json.dumps(asyncio.run(wide(int(count), int(width)))))
