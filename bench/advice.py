"""How long `conductor lint` takes over 1,000 workflows, and `conductor draft` without a model over a shop and over as many.

Whole processes; the median of the rounds. Beside each figure stands the processor's time of the same runs, which a busy machine
leaves alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compile import STEPS_OF_A_WORKFLOW, project
from rows import Rows

WORKFLOWS = 1_000
LINTED_MS, DRAFTED_MS = 300, 50
INSTRUCTION = "run work_1 and work_2 in parallel, then work_3 with 3 retries and a timeout of 2 seconds"


def of_a_shop(folder: Path) -> Path:
    """As many workflows as the one of the README: two steps, then two at the same time, of tasks that others call, too."""
    tasks = range(WORKFLOWS // 5)
    functions = [f"async def work_{n}(user_id: str, amount: int) -> int: ..." for n in tasks]
    lines = ['version: "1.0"', "policies:", "  - {id: careful, retries: 3, timeout: 2s}", "tasks:"]
    lines += [f"  - {{id: work_{n}, ref: app.work_{n}, policy: careful, idempotent: true}}" for n in tasks]
    lines.append("workflows:")
    for number in range(WORKFLOWS):
        first, second, third, fourth = (f"task: work_{(number * 4 + n) % len(tasks)}" for n in range(4))
        lines += [f"  - id: flow_{number}", "    input: {user_id: string, amount: int}", "    steps:"]
        lines += [f"      - {first}", f"      - {second}", "      - parallel:", f"          - {third}", f"          - {fourth}"]
    root = folder / "shop"
    root.mkdir()
    (root / "app.py").write_text("\n".join(functions) + "\n")
    (root / "concurrency.yaml").write_text("\n".join(lines) + "\n")
    return root


def timed(command: list[str], folder: Path, rounds: int) -> tuple[float, float]:
    """Milliseconds of a run, and of the processor, each the median; findings are no failure."""
    walls, works = [], []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        walls.append((time.perf_counter() - start) * 1000)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        works.append((after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000)
        if done.returncode not in (0, 1) or b"error" in done.stderr:
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr.decode()[:2000]}")
    return statistics.median(walls), statistics.median(works)


def main() -> None:
    """Measures and prints the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    conductor = os.environ["CONDUCTOR_BINARY"]
    rows = Rows("advice")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        large = project(folder, WORKFLOWS * STEPS_OF_A_WORKFLOW, plain=False)
        small = project(folder, 10, plain=False)
        draft = [conductor, "draft", "--workflow", "drafted", INSTRUCTION]
        for what, command, root, bound in (
            (f"{WORKFLOWS:,} workflows of four steps linted", [conductor, "lint"], of_a_shop(folder), LINTED_MS),
            (f"{WORKFLOWS:,} workflows of {STEPS_OF_A_WORKFLOW} steps linted", [conductor, "lint"], large, LINTED_MS),
            ("an instruction drafted, 10 tasks", draft, small, DRAFTED_MS),
        ):
            wall, work = timed(command, root, arguments.rounds)
            rows.most(what, wall, bound, "ms", beside=f"{work:.0f} ms of the processor")
    rows.keep()
    sys.exit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
