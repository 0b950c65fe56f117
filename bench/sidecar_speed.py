"""The speed of durable steps, against what the disk and a socket take by themselves.

    cargo xtask bench speed [--runs N] [--only steps|wide|processor]

All that is compared is measured in one run, in turns.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

STEPS = 10
AT_A_TIME = 64
ROOT = Path(__file__).resolve().parent.parent
SPEED = ROOT / "bench" / "speed"

# What a step may cost beyond the disk and the socket, how much 64 at a time gain, and whose processor's time is the larger.
COST, GAIN = 1.5, 20.0


def manifest(reference: str) -> str:
    steps = "\n".join(f"      - {{task: touch, id: w{number}}}" for number in range(STEPS))
    tasks = f'tasks:\n  - {{id: touch, ref: "{reference}", in_doubt: retry}}\n'
    return f"{tasks}workflows:\n  - id: ten_writes\n    entrypoint: true\n    steps:\n{steps}\n"


REFERENCES = {"python": "tasks.touch", "typescript": "tasks.touch", "go": "go:example.com/speed/tasks.Touch"}


class Project:
    """One language's worker, built, with its sidecar."""

    def __init__(self, folder: Path, language: str, environment: dict[str, str]) -> None:
        self.folder = folder / language
        self.language = language
        subprocess.run(["cp", "-r", str(SPEED / language), str(self.folder)], check=True)
        Path(self.folder, "concurrency.yaml").write_text(manifest(REFERENCES[language]))
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


def steps(folder: Path, runs: int) -> bool:
    """One run at a time, against a flush and a round trip, measured by the same process in turns with the runs."""
    echo = Echo(folder)
    try:
        return all([one_at_a_time(folder, language, runs, echo) for language in REFERENCES])
    finally:
        echo.end()


def one_at_a_time(folder: Path, language: str, runs: int, echo: Echo) -> bool:
    project = Project(folder, language, {})
    try:
        figures = project.work("one", str(runs), echo.socket)
    finally:
        project.end()
    # What else the machine does is in the median, and not in what one time of ten takes at most: all three are told by that.
    step = statistics.quantiles(figures["runs_ms"], n=10)[0] / STEPS
    flush = statistics.quantiles(figures["flush_ms"], n=10)[0]
    trip = statistics.quantiles(figures["trip_ms"], n=10)[0]
    ratio = step / (flush + trip)
    print(
        f"{language:<11} a step {step:6.3f} ms; fdatasync {flush:6.3f} ms, round trip {trip:6.3f} ms; "
        f"ratio {ratio:4.2f} of {COST}" + ("" if ratio <= COST else "  TOO MUCH"),
        flush=True,
    )
    return ratio <= COST


def slow_disk(folder: Path, milliseconds: float) -> dict[str, str]:
    library, control = folder / "shim.so", folder / f"control-{milliseconds}"
    source = ROOT / "tests/tests/torture/shim.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    # Clock, flush and room, as the library reads them.
    words = (0, int(milliseconds * 1000), 0)
    control.write_bytes(b"".join(word.to_bytes(8, sys.byteorder) for word in words))
    return {"LD_PRELOAD": str(library), "STORM_CONTROL": str(control)}


def wide(folder: Path, runs: int) -> bool:
    """On a slow disk: 64 runs at a time against one."""
    good = False
    for milliseconds in (1.0, 2.0, 5.0, 10.0):
        place = folder / f"slow-{milliseconds}"
        place.mkdir()
        project = Project(place, "python", slow_disk(folder, milliseconds))
        try:
            one = project.work("wide", str(max(20, runs // 10)), "1")["runs_per_s"]
            many = project.work("wide", str(runs * 4), str(AT_A_TIME))["runs_per_s"]
        finally:
            project.end()
        gain = many / one
        good |= gain >= GAIN
        print(
            f"fdatasync + {milliseconds:4.1f} ms: {one:7.1f} runs/s one at a time, {many:7.1f} runs/s {AT_A_TIME} at a time: "
            f"{gain:4.1f} times, of {GAIN:.0f}",
            flush=True,
        )
    return good


def computed(folder: Path, runs: int) -> bool:
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
    print(f"processor's time of a step: sidecar {sidecar:6.1f} us, client {client:6.1f} us: ratio {sidecar / client:4.2f} of 1")
    return sidecar < client


PARTS = {"steps": steps, "wide": wide, "processor": computed}


def main() -> None:
    parser = argparse.ArgumentParser(description="The speed of durable steps.")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--only", choices=sorted(PARTS))
    given = parser.parse_args()
    good = True
    for name, part in PARTS.items():
        if given.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="cdct") as folder:
                good &= part(Path(folder), given.runs)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
