"""Generated Python without durability: against the same written by hand, and against the usual libraries.

    cargo xtask bench python [--rounds N]

All are called in one process and one event loop, in turn, so that what slows the machine slows all of them; the ratio is
the median of the rounds' ratios. The steps do nothing: what is measured is what stands around them. By hand means what a
careful engineer would write and leave in the code: `asyncio.TaskGroup`, `asyncio.timeout`, a loop of attempts with
backoff, a breaker of a few lines, and one exception that says which step failed after how many attempts.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

from rows import Rows

WIDTH = 10
CALLS = 100
"""Calls of one contender in a round, so that the clock's grain does not matter."""

BY_HAND_AT_MOST = 1.10
LIBRARIES_AT_LEAST = 3.0

TASKS = """\
async def noop() -> int:
    return 1
"""


def manifest() -> str:
    def calls(indent: str) -> str:
        return "".join(f"{indent}- {{task: noop, id: s{number}}}\n" for number in range(WIDTH))

    return (
        "tasks:\n"
        "  - {id: noop, ref: tasks.noop, effect: none}\n"
        "policies:\n"
        "  - {id: guard, retries: 3, timeout: 1s, circuit_breaker: {failures: 5}}\n"
        "workflows:\n"
        f"  - id: in_sequence\n    durable: false\n    entrypoint: true\n    steps:\n{calls('      ')}"
        f"  - id: in_parallel\n    durable: false\n    entrypoint: true\n    steps:\n      - parallel:\n{calls('          ')}"
        "  - id: guarded\n    durable: false\n    entrypoint: true\n    steps:\n"
        "      - {task: noop, id: s0, policy: guard}\n"
    )


class Failed(Exception):
    """A workflow failed; the cause is the step's own error."""

    def __init__(self, workflow: str, step: str, attempts: int) -> None:
        super().__init__(f"{workflow} failed at {step} after {attempts} attempts")
        self.workflow = workflow
        self.step = step
        self.attempts = attempts


class BreakerOpen(Exception):
    """Calls have failed too often of late."""


class Breaker:
    """Opens after `failures` within `window` seconds; lets one call try after `open_for`."""

    def __init__(self, failures: int, window: float, open_for: float) -> None:
        self.failures = failures
        self.window = window
        self.open_for = open_for
        self.failed_at: deque[float] = deque(maxlen=failures)
        self.open_until: float | None = None
        self.is_trying = False

    def before(self) -> None:
        if self.open_until is None:
            return
        if time.monotonic() < self.open_until or self.is_trying:
            raise BreakerOpen
        self.is_trying = True

    def succeeded(self) -> None:
        if self.is_trying:
            self.is_trying = False
            self.open_until = None
            self.failed_at.clear()

    def failed(self) -> None:
        now = time.monotonic()
        self.failed_at.append(now)
        is_full = len(self.failed_at) == self.failures
        if self.is_trying or (is_full and now - self.failed_at[0] <= self.window):
            self.open_until = now + self.open_for
            self.is_trying = False


def sequence_by_hand(noop: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[object]]:
    async def in_sequence() -> int:
        step = "s0"
        try:
            await noop()
            step = "s1"
            await noop()
            step = "s2"
            await noop()
            step = "s3"
            await noop()
            step = "s4"
            await noop()
            step = "s5"
            await noop()
            step = "s6"
            await noop()
            step = "s7"
            await noop()
            step = "s8"
            await noop()
            step = "s9"
            result: int = await noop()
            return result
        except Exception as error:
            raise Failed("in_sequence", step, 1) from error

    return in_sequence


def parallel_by_hand(noop: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[object]]:
    async def branch(step: str) -> int:
        try:
            result: int = await noop()
        except Exception as error:
            raise Failed("in_parallel", step, 1) from error
        return result

    async def in_parallel() -> dict[str, int]:
        try:
            async with asyncio.TaskGroup() as group:
                s0 = group.create_task(branch("s0"))
                s1 = group.create_task(branch("s1"))
                s2 = group.create_task(branch("s2"))
                s3 = group.create_task(branch("s3"))
                s4 = group.create_task(branch("s4"))
                s5 = group.create_task(branch("s5"))
                s6 = group.create_task(branch("s6"))
                s7 = group.create_task(branch("s7"))
                s8 = group.create_task(branch("s8"))
                s9 = group.create_task(branch("s9"))
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return {
            "s0": s0.result(),
            "s1": s1.result(),
            "s2": s2.result(),
            "s3": s3.result(),
            "s4": s4.result(),
            "s5": s5.result(),
            "s6": s6.result(),
            "s7": s7.result(),
            "s8": s8.result(),
            "s9": s9.result(),
        }

    return in_parallel


def guarded_by_hand(noop: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[object]]:
    breaker = Breaker(failures=5, window=30.0, open_for=30.0)

    async def guarded() -> int:
        attempts = 0
        while True:
            try:
                breaker.before()
                attempts += 1
                try:
                    async with asyncio.timeout(1.0):
                        result: int = await noop()
                except Exception:
                    breaker.failed()
                    raise
                breaker.succeeded()
                return result
            except Exception as error:
                if attempts > 3 or isinstance(error, (BreakerOpen, TypeError, AttributeError, NameError)):
                    raise Failed("guarded", "s0", attempts) from error
                await asyncio.sleep(random.uniform(0, min(30.0, 0.1 * 2 ** (attempts - 1))))

    return guarded


def by_hand() -> dict[str, Callable[[], Awaitable[object]]]:
    from tasks import noop  # type: ignore[import-not-found]

    return {
        "in_sequence": sequence_by_hand(noop),
        "in_parallel": parallel_by_hand(noop),
        "guarded": guarded_by_hand(noop),
    }


def with_library(
    retry: Callable[[Callable[[], Awaitable[int]]], Callable[[], Awaitable[int]]],
) -> dict[str, Callable[[], Awaitable[object]]]:
    """Each step wrapped by the library's decorator, as its documentation shows; `asyncio` does the rest."""
    from tasks import noop

    step = retry(noop)

    async def in_sequence() -> int:
        result = 0
        for _ in range(WIDTH):
            result = await step()
        return result

    async def in_parallel() -> list[int]:
        return list(await asyncio.gather(*(step() for _ in range(WIDTH))))

    breaker = Breaker(failures=5, window=30.0, open_for=30.0)

    async def call() -> int:
        breaker.before()
        try:
            async with asyncio.timeout(1.0):
                result: int = await noop()
        except Exception:
            breaker.failed()
            raise
        breaker.succeeded()
        return result

    return {"in_sequence": in_sequence, "in_parallel": in_parallel, "guarded": retry(call)}


def contenders() -> dict[str, dict[str, Callable[[], Awaitable[object]]]]:
    import conductor_gen  # type: ignore[import-not-found]
    import stamina  # type: ignore[import-not-found]
    import tenacity  # type: ignore[import-not-found]

    generated = {name: getattr(conductor_gen, name) for name in ("in_sequence", "in_parallel", "guarded")}
    retry = tenacity.retry(
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=30),
        retry=tenacity.retry_if_exception_type(Exception),
        reraise=True,
    )
    return {
        "generated": generated,
        "by hand": by_hand(),
        "tenacity": with_library(retry),
        "stamina": with_library(stamina.retry(on=Exception, attempts=4)),
    }


async def worker(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Microseconds a call, by what is called and by contender."""
    known = contenders()
    times: dict[str, dict[str, list[float]]] = {}
    order = list(known)
    for name in known["generated"]:
        times[name] = {contender: [] for contender in known}
        for number in range(rounds + 10):
            random.shuffle(order)
            for contender in order:
                call = known[contender][name]
                start = time.perf_counter()
                for _ in range(CALLS):
                    await call()
                if number >= 10:
                    took = (time.perf_counter() - start) / CALLS * 1e6
                    times[name][contender].append(took)
    return times


def report(times: dict[str, dict[str, list[float]]]) -> bool:
    holds, rows = True, Rows("python", is_shown=False)
    for name, by_contender in times.items():
        ours = by_contender["generated"]
        line = f"{name:<12} generated {statistics.median(ours):8.2f} us"
        for contender, theirs in by_contender.items():
            if contender == "generated":
                continue
            if contender == "by hand":
                ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
                holds &= ratio <= BY_HAND_AT_MOST
                rows.most(f"Python, {name}: against code by hand", ratio, BY_HAND_AT_MOST, "times")
                line += f"   by hand {statistics.median(theirs):8.2f} us, ratio {ratio:.3f}"
            else:
                faster = statistics.median(other / one for one, other in zip(ours, theirs, strict=True))
                bound = LIBRARIES_AT_LEAST if name == "guarded" else 1.0
                rows.least(f"Python, {name}: times faster than {contender}", faster, bound, "times")
                line += f"   {contender} {statistics.median(theirs):8.2f} us, {faster:.1f} times"
                holds &= name != "guarded" or faster >= LIBRARIES_AT_LEAST
        print(line)
    rows.keep()
    return holds


def main() -> None:
    parser = argparse.ArgumentParser(description="Generated Python without durability against rivals.")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        sys.path.insert(0, os.getcwd())
        print(json.dumps(asyncio.run(worker(given.rounds))))
        return
    binary = os.environ.get("CONDUCTOR_BINARY", "conductor")
    with tempfile.TemporaryDirectory(prefix="cdct") as folder:
        Path(folder, "concurrency.yaml").write_text(manifest())
        Path(folder, "tasks.py").write_text(TASKS)
        subprocess.run([binary, "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        command = [sys.executable, os.path.abspath(__file__), "--worker", "--rounds", str(given.rounds)]
        output = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
    holds = report(json.loads(output))
    print(
        f"at most {BY_HAND_AT_MOST} times by hand, at least {LIBRARIES_AT_LEAST:g} times faster than libraries: {'holds' if holds else 'DOES NOT HOLD'}"
    )
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
