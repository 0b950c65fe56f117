"""The speed of durable steps, against what the disk and a socket take by themselves.

    cargo xtask bench speed [--runs N] [--only steps|waits|wide|processor]

All that is compared is measured in one run, in turns.
"""

import argparse
import base64
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rows import Rows

STEPS = 10
AT_A_TIME = 64
ROOT = Path(__file__).resolve().parent.parent
SPEED = ROOT / "bench" / "speed"

# What a step may cost beyond the disk and the socket, how much 64 at a time gain, and how often a run of ten reads and a
# write may wait for the disk.
COST, GAIN, WAITS = 1.5, 20.0, 3


def workflow(name: str, steps: list[str]) -> str:
    lines = "\n".join(f"      - {{task: {task}, id: s{number}}}" for number, task in enumerate(steps))
    return f"  - id: {name}\n    entrypoint: true\n    steps:\n{lines}\n"


def manifest(touch: str, look: str) -> str:
    tasks = f'  - {{id: touch, ref: "{touch}", in_doubt: retry}}\n  - {{id: look, ref: "{look}", effect: read}}\n'
    writes = workflow("ten_writes", ["touch"] * STEPS)
    reads = workflow("one_write", ["look"] * 5 + ["touch"] + ["look"] * 5)
    return f"tasks:\n{tasks}workflows:\n{writes}{reads}"


REFERENCES = {
    "python": ("tasks.touch", "tasks.look"),
    "typescript": ("tasks.touch", "tasks.look"),
    "go": ("go:example.com/speed/tasks.Touch", "go:example.com/speed/tasks.Look"),
}

KEY = base64.b64encode(b"k" * 32).decode()


class Project:
    """One language's worker, built, with its sidecar."""

    def __init__(self, folder: Path, language: str, environment: dict[str, str]) -> None:
        self.folder = folder / language
        self.language = language
        subprocess.run(["cp", "-r", str(SPEED / language), str(self.folder)], check=True)
        Path(self.folder, "concurrency.yaml").write_text(manifest(*REFERENCES[language]))
        binary = os.environ.get("CONDUCTOR_BINARY", "conductor")
        subprocess.run([binary, "build"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        if language == "go":
            subprocess.run(["go", "build", "-o", "worker", "."], cwd=self.folder, check=True)
        self.sidecar = subprocess.Popen(
            [binary, "sidecar", "--http", "off"],
            cwd=self.folder,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.sidecar.stdout is not None
        while self.sidecar.stdout.readline().strip() != "ready":
            assert self.sidecar.poll() is None, "the sidecar ended"

    def command(self) -> list[str]:
        return {
            "python": [sys.executable, "worker.py"],
            "typescript": ["node", "worker.js"],
            "go": ["./worker"],
        }[self.language]

    def work(self, *arguments: str) -> Any:
        output = subprocess.run(
            [*self.command(), *arguments], cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        return json.loads(output)

    def said(self, *arguments: str) -> str:
        """What it says of its runs."""
        command = [*self.command(), *arguments]
        environment = os.environ | {"CONDUCTOR_LOG": "debug"}
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True, env=environment)
        return done.stderr

    def end(self) -> None:
        self.sidecar.send_signal(signal.SIGTERM)
        self.sidecar.wait(timeout=30)


def processor(pid: int) -> float:
    """Milliseconds that a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


class Echo:
    """The other end of a bare socket: a process that sends back what it gets."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "echo.sock")
        program = folder / "echo"
        subprocess.run(["cc", "-O2", "-o", str(program), str(SPEED / "echo.c")], check=True)
        self.process = subprocess.Popen([str(program), self.socket], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def steps(folder: Path, runs: int, rows: Rows) -> None:
    """One run at a time, against a flush and a round trip, measured by the same process in turns with the runs."""
    echo = Echo(folder)
    try:
        for language in REFERENCES:
            one_at_a_time(folder, language, runs, echo, rows)
    finally:
        echo.end()


def tenth(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=10)[0]


def one_at_a_time(folder: Path, language: str, runs: int, echo: Echo, rows: Rows) -> None:
    project = Project(folder, language, {})
    try:
        figures = project.work("one", str(runs), echo.socket)
    finally:
        project.end()
    # What else the machine does is in the median, and not in what one run of ten takes at most: run and base are told by that.
    run, base = figures["runs_ms"], [sum(both) for both in zip(figures["flush_ms"], figures["trip_ms"], strict=True)]
    step, flush, trip, base = (tenth(part) / STEPS for part in (run, figures["flush_ms"], figures["trip_ms"], base))
    beside = f"a step {step:.3f} ms, fdatasync {flush:.3f} ms, round trip {trip:.3f} ms"
    rows.most(f"{language}: a write against flush and round trip", step / base, COST, "times", beside)


def waits(folder: Path, runs: int, rows: Rows) -> None:
    """How often a run of ten reads and one write waits for the disk, as the runtimes count it."""
    for language in REFERENCES:
        project = Project(folder, language, {})
        try:
            said = project.said("waits", str(runs))
        finally:
            project.end()
        found = [int(one or other) for one, other in re.findall(r"(\d+) waits for the disk|waits=(\d+)", said)]
        assert len(found) == runs, f"{len(found)} of {runs} runs said how often they waited"
        rows.most(f"{language}: ten reads and a write, waits for the disk", max(found), WAITS, "")


def slow_disk(folder: Path, milliseconds: float) -> dict[str, str]:
    library, control = folder / "shim.so", folder / f"control-{milliseconds}"
    source = ROOT / "tests/tests/torture/shim.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    # Clock, flush and room, as the library reads them.
    words = (0, int(milliseconds * 1000), 0)
    control.write_bytes(b"".join(word.to_bytes(8, sys.byteorder) for word in words))
    # A process's log rests on a slow disk. Its own flushes are not slowed here: with a key it has no log.
    return {"LD_PRELOAD": str(library), "STORM_CONTROL": str(control), "CONDUCTOR_KEY": KEY}


def wide(folder: Path, runs: int, rows: Rows) -> None:
    """On a slow disk: 64 runs at a time against one."""
    for milliseconds in (1.0, 2.0, 5.0, 10.0):
        place = folder / f"slow-{milliseconds}"
        place.mkdir()
        for language in REFERENCES:
            project = Project(place, language, slow_disk(folder, milliseconds))
            try:
                one = project.work("wide", str(max(20, runs // 10)), "1")["runs_per_s"]
                many = project.work("wide", str(runs * 4), str(AT_A_TIME))["runs_per_s"]
            finally:
                project.end()
            what = f"{language}, fdatasync + {milliseconds:g} ms: {AT_A_TIME} at a time against one"
            rows.least(what, many / one, GAIN, "times", f"{one:.1f} and {many:.1f} runs/s")


def computed(folder: Path, runs: int, rows: Rows) -> None:
    """The processor's time of a step, in the sidecar and in the client in Python."""
    place = folder / "processor"
    place.mkdir()
    project = Project(place, "python", {})
    try:
        before = processor(project.sidecar.pid)
        figures = project.work("wide", str(runs * 4), str(AT_A_TIME))
        count = figures["runs"] * STEPS
        sidecar = (processor(project.sidecar.pid) - before) * 1000 / count
        client = figures["processor_ms"] * 1000 / count
    finally:
        project.end()
    beside = f"sidecar {sidecar:.1f} us a step, client in Python {client:.1f} us"
    rows.most("processor's time of the sidecar against the client's", sidecar / client, 1, "times", beside)


PARTS = {"steps": steps, "waits": waits, "wide": wide, "processor": computed}


def main() -> None:
    parser = argparse.ArgumentParser(description="The speed of durable steps.")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--only", choices=sorted(PARTS))
    given = parser.parse_args()
    rows = Rows()
    for name, part in PARTS.items():
        if given.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="cdct") as folder:
                part(Path(folder), given.runs, rows)
    raise SystemExit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
