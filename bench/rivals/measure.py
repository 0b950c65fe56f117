"""The measurements: which work the systems do, in turns, and what is read from them meanwhile.

It knows no engine, only systems that can be started, asked and ended.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rivals import install
from rivals.processes import Disk, children, computed, memory
from rivals.systems import SYSTEMS, System

STEPS = 10
AT_A_TIME = 64
FEW_AT_A_TIME = 8
LATENCY_WORKS = ("ten_steps", "one_write", "parallel", "order", "fan_out")
# Systems that are up at the same time and take turns.
GROUPS = {
    "Python": ("hand-python", "conductor-python", "dbos-python", "restate-python", "temporal-python", "dapr-python"),
    "TypeScript": ("hand-typescript", "conductor-typescript", "restate-typescript", "temporal-typescript"),
    "Python with PostgreSQL": (
        "conductor-python-postgres",
        "dbos-python-postgres",
        "temporal-python-postgres",
        "prefect-python-postgres",
    ),
    "TypeScript with PostgreSQL": (
        "conductor-typescript-postgres",
        "dbos-typescript-postgres",
        "temporal-typescript-postgres",
    ),
}


@dataclass
class Plan:
    """How much is done."""

    rounds: int
    runs: int
    work_s: float
    """A turn has so many runs of a work, or as many as fit into this time, two at least."""
    fan_outs: int
    """Rounds with a fan-out."""
    wide_s: float
    idle_s: float
    flushed: int
    open: int
    """Runs that are open when everything is killed."""
    open_s: float
    """A system whose 64 at a time would take longer than this for so many has a tenth of them open."""
    timers: int
    cold: int
    without: tuple[str, ...] = ()
    """Systems that are too slow for it."""

    def systems(self, group: str) -> list[str]:
        return [name for name in GROUPS[group] if name not in self.without]


QUICK = Plan(
    rounds=4,
    runs=6,
    work_s=0.3,
    fan_outs=1,
    wide_s=0.8,
    idle_s=2.0,
    flushed=5,
    open=1000,
    open_s=20.0,
    timers=0,
    cold=1,
    without=(
        "temporal-python",
        "temporal-typescript",
        "temporal-python-postgres",
        "temporal-typescript-postgres",
        "prefect-python-postgres",
        "dapr-python",
    ),
)
FULL = Plan(
    rounds=12,
    runs=20,
    work_s=1.0,
    fan_outs=3,
    wide_s=2.0,
    idle_s=10.0,
    flushed=30,
    open=1000,
    open_s=120.0,
    timers=10_000,
    cold=5,
)
# A system that takes this many times the time of a turn for its 64 workflows does them in every fifth round.
SLOW = 8


@dataclass
class Figures:
    """By what was measured and by system: one figure a round."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    failed: list[dict[str, str]] = field(default_factory=list)

    def add(self, what: str, system: str, value: float) -> None:
        self.values.setdefault(what, {}).setdefault(system, []).append(value)

    def guard(self, what: str, system: str, work: Callable[[], object]) -> bool:
        """Does it, and notes a failure, which ends no other system's measurement."""
        try:
            work()
        except (RuntimeError, OSError, AssertionError, subprocess.SubprocessError) as error:
            traceback.print_exc()
            self.failed.append({"what": what, "system": system, "error": str(error)[-400:]})
            return False
        return True


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def flush(place: Path, count: int = 60) -> float:
    """Milliseconds of one fdatasync of a page that was written, on the disk where all systems keep theirs."""
    file = os.open(place / "flushed", os.O_RDWR | os.O_CREAT, 0o600)
    times = []
    for number in range(count):
        os.pwrite(file, b"p" * 4096, number * 4096)
        began = time.perf_counter()
        os.fdatasync(file)
        times.append((time.perf_counter() - began) * 1000)
    os.close(file)
    return statistics.median(times)


def commits(system: System, figures: Figures, runs: int, group: str) -> None:
    """What eleven bare commits in its database take."""
    assert system.postgres is not None
    program = Path(__file__).with_name("commits.py")
    command = [str(install.python("psycopg")), str(program), system.postgres.url(), str(runs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    for how, took in json.loads(done.stdout).items():
        figures.add(f"eleven_commits.{how}.ms", group, statistics.median(took))


def idle(system: System, figures: Figures, seconds: float) -> None:
    before = computed(system.pids())
    time.sleep(seconds)
    figures.add("idle.processor_percent", system.name, (computed(system.pids()) - before) / seconds * 100)
    remember(system, figures, "idle")


def remember(system: System, figures: Figures, when: str) -> None:
    """The memory beside the application, and of the processes that run its steps."""
    application = [pid for worker in system.workers for pid in children(worker.process.pid)]
    for where, pids in (("beside", system.beside()), ("application", application)):
        found = [memory(pid) for pid in pids]
        for kind in ("pss", "rss"):
            figures.add(f"{when}.{where}.{kind}_mb", system.name, sum(one[kind] for one in found))


@dataclass
class Pace:
    """What a system has done in a second so far: workflows of each work, one at a time, and 64 at a time."""

    one: dict[str, float] = field(default_factory=dict)
    wide: float = 0.0


def latency(system: System, figures: Figures, plan: Plan, number: int, pace: Pace) -> None:
    """One workflow at a time."""
    for work in LATENCY_WORKS:
        if work == "fan_out":
            runs = 1 if number < plan.fan_outs else 0
        else:
            runs = max(2, min(plan.runs, round(pace.one[work] * plan.work_s)))
        if runs:
            times = system.client().ask(do="one", work=work, runs=runs)["ms"]
            figures.add(f"{work}.ms", system.name, statistics.median(times))


def wide(system: System, figures: Figures, plan: Plan, number: int, pace: Pace) -> None:
    """64 workflows at a time, and what a step costs meanwhile; then 8, with which some engines do more."""
    if number % 5 and AT_A_TIME / pace.wide > SLOW * plan.wide_s:
        return
    lots = max(1, round(pace.wide * plan.wide_s / AT_A_TIME))
    runs = AT_A_TIME * lots
    before = computed(system.pids())
    answer = system.client().ask(do="wide", work="ten_steps", runs=runs, width=AT_A_TIME)
    took = computed(system.pids()) - before
    pace.wide = runs / answer["seconds"]
    figures.add("wide.per_s", system.name, pace.wide)
    figures.add("wide.processor_us", system.name, took * 1e6 / runs / STEPS)
    remember(system, figures, "loaded")
    runs = FEW_AT_A_TIME * max(2, lots)
    answer = system.client().ask(do="wide", work="ten_steps", runs=runs, width=FEW_AT_A_TIME)
    figures.add("narrow.per_s", system.name, runs / answer["seconds"])


def warm(system: System) -> Pace:
    """The first workflows, which compile code and fill caches."""
    client, pace = system.client(), Pace()
    answer = client.ask(do="wide", work="ten_steps", runs=AT_A_TIME, width=AT_A_TIME)
    if answer["seconds"] < 5:
        answer = client.ask(do="wide", work="ten_steps", runs=AT_A_TIME, width=AT_A_TIME)
    pace.wide = AT_A_TIME / answer["seconds"]
    for work in LATENCY_WORKS[:-1]:
        pace.one[work] = 1000 / statistics.median(client.ask(do="one", work=work, runs=3)["ms"])
    return pace


def disk(system: System, figures: Figures, plan: Plan) -> None:
    counter = Disk(system.pids(), system.folder)
    try:
        for work in ("ten_steps", "one_write"):
            for _ in range(plan.flushed):
                system.client().ask(do="one", work=work, runs=1)
                flushes, wrote = counter.since()
                figures.add(f"{work}.flushes", system.name, flushes)
                figures.add(f"{work}.written_kb", system.name, wrote / 1024)
    finally:
        counter.end()


def side_by_side(group: str, place: Path, figures: Figures, plan: Plan) -> None:
    """Starts a group and lets its systems do the same in turns, each round in the other direction."""
    names = plan.systems(group)
    up: list[System] = []
    paces: dict[str, Pace] = {}

    def begin(name: str) -> None:
        system = SYSTEMS[name](place / name)
        up.append(system)
        system.start(PAUSE="0")
        idle(system, figures, plan.idle_s)
        paces[name] = warm(system)

    def turn(system: System, number: int) -> None:
        latency(system, figures, plan, number, paces[system.name])
        wide(system, figures, plan, number, paces[system.name])

    try:
        for name in names:
            say(f"  {name} starts")
            figures.guard("start", name, partial(begin, name))
        works = [system for system in up if system.name in paces]
        for number in range(plan.rounds):
            figures.add("flush_ms", group, flush(place))
            for system in works:
                if system.postgres and not system.is_engine:
                    commits(system, figures, plan.runs, group)
            for system in works if number % 2 == 0 else works[::-1]:
                say(f"  round {number + 1}: {system.name}")
                figures.guard("round", system.name, partial(turn, system, number))
        for system in works:
            figures.guard("disk", system.name, partial(disk, system, figures, plan))
    finally:
        for system in up:
            system.end()


@contextmanager
def made(name: str, place: Path) -> Iterator[System]:
    """A system of which nothing runs afterwards."""
    system = SYSTEMS[name](place / name)
    try:
        yield system
    finally:
        system.end()


def cold(name: str, place: Path, figures: Figures, plan: Plan) -> None:
    """From nothing running but a database to the end of a first workflow, on a folder that was used before."""
    with made(name, place) as system:
        for number in range(plan.cold + 1):
            began = time.perf_counter()
            system.start(PAUSE="0")
            system.client().ask(do="one", work="ten_steps", runs=1)
            if number > 0:
                figures.add("cold.ms", name, (time.perf_counter() - began) * 1000)
            system.stop()


def opened(name: str, figures: Figures, plan: Plan) -> int:
    """How many runs a system has open when it is killed."""
    rates = figures.values.get("wide.per_s", {}).get(name, [])
    is_slow = rates and plan.open / statistics.median(rates) > plan.open_s
    return plan.open // 10 if is_slow else plan.open


def crash(name: str, place: Path, figures: Figures, plan: Plan) -> None:
    """Kills everything but a database while runs are half done, starts it again, and waits for the last step of the last run."""
    runs = opened(name, figures, plan)
    with made(name, place) as system:
        system.start(PAUSE="0")
        system.client().ask(do="open", work="held", runs=runs)
        system.served().ask(do="until", place="gate", runs=runs)
        system.stop(signal.SIGKILL)
        began = time.perf_counter()
        system.start(RELEASED="1")
        system.served().ask(do="until", place="mark", runs=runs)
        figures.add("crash.s", name, time.perf_counter() - began)
        figures.add("crash.runs", name, runs)


def timers(name: str, place: Path, figures: Figures, plan: Plan) -> None:
    """Many workflows that sleep: what they take while they do, and when the last one has woken."""
    pause = 60.0
    with made(name, place) as system:
        system.start(PAUSE=str(pause))
        began = time.perf_counter()
        system.client().ask(do="open", work="asleep", runs=plan.timers)
        system.served().ask(do="until", place="mark", runs=1)
        remember(system, figures, "asleep")
        system.served().ask(do="until", place="mark", runs=plan.timers)
        figures.add("asleep.s", name, time.perf_counter() - began - pause)


def alone(names: Iterable[str], place: Path, figures: Figures, plan: Plan) -> None:
    """What has to be measured of one system at a time."""
    parts: list[tuple[str, Callable[[str, Path, Figures, Plan], None], int]] = [
        ("cold", cold, plan.cold),
        ("crash", crash, plan.open),
        ("timers", timers, plan.timers),
    ]
    for what, work, count in parts:
        for name in [name for name in names if count and what not in SYSTEMS[name].lacks]:
            say(f"  {what}: {name}")
            folder = place / what
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
            figures.guard(what, name, partial(work, name, folder, figures, plan))
