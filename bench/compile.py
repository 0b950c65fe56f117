"""How long `conductor check` and `plan` take, from a shop to 100,000 steps, beside a real validator of workflow files.

The rival is actionlint (Go module proxy), which checks GitHub workflows: YAML, jobs, needs, typed expressions. It gets a
file of as many steps, each with an expression, and its optional outside tools are off. Both are whole processes; rounds
are interleaved and the medians shown. Ratios of one run count, not the milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rows import Rows

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
STEPS_OF_A_WORKFLOW = 10
FUNCTIONS_OF_A_MODULE = 1_000
# So many tasks are to be checked, and planned, in so many milliseconds; and each of the most to take no longer than
# each of these, but for what single runs differ.
CHECKED, CHECKED_MS, LINEAR = 10_000, 250, 1.25


def module(first: int, tasks: int) -> str:
    """The functions of tasks from `first` on, at most as many as a module has."""
    lines = ["async def start(order_id: str) -> int: ...", ""]
    last = min(first + FUNCTIONS_OF_A_MODULE, tasks)
    lines += [f"async def work_{n}(count: int, label: str) -> int: ..." for n in range(first, last)]
    return "\n".join(lines) + "\n"


def manifest(tasks: int) -> str:
    """Workflows of ten steps: calls in sequence, in parallel, in a switch and in a map, with typed expressions."""
    lines = ['version: "1.0"', "tasks:", "  - {id: start, ref: app_0.start, effect: read}"]
    lines += [
        f"  - {{id: work_{n}, ref: app_{n // FUNCTIONS_OF_A_MODULE}.work_{n}, policy: careful, idempotent: true}}"
        for n in range(tasks)
    ]
    lines += ["policies:", "  - {id: careful, retries: 3, timeout: 2s}", "workflows:"]
    for first in range(0, tasks, STEPS_OF_A_WORKFLOW):
        lines += [
            f"  - id: flow_{first // STEPS_OF_A_WORKFLOW}",
            "    input: {order_id: string, items: list<int>}",
            "    deadline: 10m",
            "    steps:",
            "      - task: start",
        ]
        for n in range(first, min(first + STEPS_OF_A_WORKFLOW, tasks)):
            call = f'task: work_{n}, with: {{count: "${{start + {n}}}", label: "${{input.order_id}}-{n}"}}'
            place = n - first
            if place in (3, 4):
                opening = ["      - parallel:"] if place == 3 else []
                lines += [*opening, f"          - {{{call}}}"]
            elif place == 6:
                lines += [
                    "      - switch:",
                    f"          - {{when: '${{start > {n}}}', steps: [{{{call}}}]}}",
                    "          - default: [{sleep: 1s}]",
                ]
            elif place == 8:
                lines += [f"      - map: {{over: '${{input.items}}', as: item, steps: [{{{call}}}]}}"]
            else:
                lines += [f"      - {{{call}}}"]
    return "\n".join(lines) + "\n"


def plain_manifest(tasks: int) -> str:
    """The same tasks in sequences and parallel blocks; every argument is bound by its name."""
    lines = ['version: "1.0"', "tasks:"]
    for n in range(tasks):
        module = n // FUNCTIONS_OF_A_MODULE
        lines += [f"  - id: work_{n}", f"    ref: app_{module}.work_{n}", "    effect: read", "    policy: careful"]
    lines += ["policies:", "  - {id: careful, retries: 3, timeout: 2s}", "workflows:"]
    for first in range(0, tasks, STEPS_OF_A_WORKFLOW):
        lines += [f"  - id: flow_{first // STEPS_OF_A_WORKFLOW}", "    steps:"]
        for n in range(first, min(first + STEPS_OF_A_WORKFLOW, tasks)):
            place = n - first
            lines += ["      - parallel:"] if place == 4 else []
            lines += [f"          - task: work_{n}" if 4 <= place <= 6 else f"      - task: work_{n}"]
    return "\n".join(lines) + "\n"


def workflow_file(steps: int) -> str:
    """A GitHub workflow of as many steps, ten a job."""
    lines = ["name: bench", "on: push", "jobs:"]
    for first in range(0, steps, STEPS_OF_A_WORKFLOW):
        lines += [f"  job_{first}:", "    runs-on: ubuntu-latest", "    steps:"]
        for n in range(first, min(first + STEPS_OF_A_WORKFLOW, steps)):
            lines += [
                f"      - id: work_{n}",
                f"        if: ${{{{ github.run_number > {n} }}}}",
                f"        run: echo ${{{{ github.sha }}}} {n}",
            ]
    return "\n".join(lines) + "\n"


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Milliseconds, and the peak of memory in MiB, of a command that must succeed."""
    start = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(child.pid, 0)
    took = (time.perf_counter() - start) * 1000
    if status != 0:
        assert child.stderr is not None
        sys.exit(f"{' '.join(command)} failed:\n{child.stderr.read().decode()[:2000]}")
    return took, usage.ru_maxrss / 1024


def rival(folder: Path) -> list[str] | None:
    """actionlint, built by the Go toolchain; `None` where that cannot be done."""
    built = folder / "bin" / "actionlint"
    environment = {**os.environ, "GOBIN": str(built.parent), "GOFLAGS": "-mod=mod"}
    made = subprocess.run(["go", "install", ACTIONLINT], env=environment, capture_output=True, check=False)
    if made.returncode != 0:
        print("actionlint could not be built:", made.stderr.decode()[-500:])
        return None
    return [str(built), "-no-color", "-shellcheck=", "-pyflakes=", "flow.yml"]


def project(folder: Path, tasks: int, plain: bool) -> Path:
    """A project of that many tasks."""
    root = folder / f"tasks_{tasks}"
    root.mkdir()
    for first in range(0, tasks, FUNCTIONS_OF_A_MODULE):
        (root / f"app_{first // FUNCTIONS_OF_A_MODULE}.py").write_text(module(first, tasks))
    (root / "concurrency.yaml").write_text(plain_manifest(tasks) if plain else manifest(tasks))
    (root / "flow.yml").write_text(workflow_file(tasks))
    return root


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 1_000, 10_000, 100_000])
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    conductor = os.environ["CONDUCTOR_BINARY"]
    rows = Rows("compile", is_shown=False)
    middles: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        other = rival(folder)
        print(f"{'tasks':>8} {'check ms':>10} {'us/task':>8} {'MiB':>6} {'actionlint ms':>14} {'ratio':>6}")
        for size in arguments.sizes:
            root = project(folder, size, arguments.plain)
            ours, plans, theirs, peak = [], [], [], 0.0
            # The largest take seconds, of which a disturbance is a small part.
            for _ in range(max(2, arguments.rounds * CHECKED // max(size, CHECKED))):
                took, memory = timed([conductor, "check"], root)
                ours.append(took)
                peak = max(peak, memory)
                if size == CHECKED:
                    plans.append(timed([conductor, "plan"], root)[0])
                if other:
                    theirs.append(timed(other, root)[0])
            mine = middles[size] = statistics.median(ours)
            beside = statistics.median(theirs) if theirs else float("nan")
            print(
                f"{size:>8} {mine:>10.1f} {mine * 1000 / size:>8.1f} {peak:>6.0f} {beside:>14.1f} {beside / mine:>6.1f}"
            )
            if plans:
                planned = statistics.median(plans)
                print(f"{size:>8} {planned:>10.1f}  `conductor plan`, which checks, too")
                rows.most(f"{size:,} tasks checked", mine, CHECKED_MS, "ms")
                rows.most(f"{size:,} tasks checked and planned", planned, CHECKED_MS, "ms")
    least, largest = min((size for size in middles if size >= CHECKED), default=0), max(middles)
    if CHECKED <= least < largest:
        growth = middles[largest] / largest / (middles[least] / least)
        rows.most(f"time of a task among {largest:,} against one among {least:,}", growth, LINEAR, "times")
    rows.keep()


if __name__ == "__main__":
    main()
