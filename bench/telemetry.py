"""What it costs durable runs that everything is told of them.

    cargo xtask bench telemetry [--seconds S] [--rounds N]

Two sidecars on one disk run the same work in turns: one is asked for its metrics each second and exports spans and log records to an
OpenTelemetry collector, the other does neither. A round is four turns, told, plain, plain, told or the other way round, so that what
changes slowly is in both; its figure is what the told ones have done less. The collector is the real one, with its output thrown away
and at the lowest priority: it would be another machine's. Who has no turn is stopped (SIGSTOP), with the collector: what is not sent
yet is sent in the next turn of its own, in none of the other's.
"""

import argparse
import http.client
import json
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import nullcontext
from pathlib import Path

from rows import Rows
from sidecar_speed import AT_A_TIME, ROOT, STEPS, Project, processor

# Percent of the throughput that telemetry may take.
COST = 5.0

# Between two scrapes, in seconds.
SCRAPE = 1.0

COLLECTOR = """\
receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}}}
exporters: {{file: {{path: /dev/null}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    logs: {{receivers: [otlp], exporters: [file]}}
"""


class Collector:
    """An OpenTelemetry collector that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        program = ROOT / "target" / "otel-collector" / "collector"
        assert program.exists(), f"no {program}: cargo xtask setup"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        config = folder / "collector.yaml"
        config.write_text(COLLECTOR.format(port=self.port))
        command = ["nice", "-n", "19", str(program), "--config", str(config)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the collector ended")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class OverSocket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("sidecar", timeout=30)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def metrics(project: Project, accepted: str = "") -> bytes:
    connection = OverSocket(project.folder / ".conductor" / "sidecar.sock")
    connection.request("GET", "/metrics", headers={"Accept": accepted})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return body


def metric(project: Project, name: str) -> float:
    """The sum over its series; 0 where it has none."""
    text = metrics(project).decode()
    return sum(float(value) for value in re.findall(rf"^conductor_{name}(?:\{{[^\n]*\}})? (\S+)$", text, re.MULTILINE))


class Scraper:
    """Asks for what Prometheus asks for, each second, until it is told to stop."""

    FORM = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    def __init__(self, project: Project) -> None:
        self.project, self.over, self.count = project, threading.Event(), 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while not self.over.is_set():
            metrics(self.project, self.FORM)
            self.count += 1
            self.over.wait(SCRAPE)

    def end(self) -> int:
        self.over.set()
        self.thread.join()
        return self.count


class Worker:
    """A process that does runs when it is told to."""

    def __init__(self, project: Project, width: int) -> None:
        self.project = project
        self.process = subprocess.Popen(
            [*project.command(), "turns", str(width)],
            cwd=project.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self, runs: int) -> tuple[float, float]:
        """Runs a second, and microseconds of the processor that the sidecar takes for a step of one."""
        assert self.process.stdin is not None and self.process.stdout is not None
        before = processor(self.project.sidecar.pid)
        self.process.stdin.write(f"{runs}\n")
        self.process.stdin.flush()
        figures = json.loads(self.process.stdout.readline())
        return figures["runs_per_s"], (processor(self.project.sidecar.pid) - before) * 1000 / (runs * STEPS)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Telling:
    """A sidecar that tells everything, and a collector; both work only within `with`, and are asked for metrics then."""

    def __init__(self, project: Project, collector: Collector) -> None:
        self.project, self.collector, self.scrapes = project, collector, 0
        self.scraper: Scraper | None = None
        self.signal(signal.SIGSTOP)

    def signal(self, number: signal.Signals) -> None:
        self.project.sidecar.send_signal(number)
        self.collector.process.send_signal(number)

    def __enter__(self) -> None:
        self.signal(signal.SIGCONT)
        self.scraper = Scraper(self.project)

    def __exit__(self, *_: object) -> None:
        assert self.scraper is not None
        self.scrapes += self.scraper.end()
        self.signal(signal.SIGSTOP)


Turns = dict[str, list[float]]


def one_round(plain: Worker, told: Worker, telling: Telling, runs: int, is_plain_first: bool) -> Turns:
    """Runs a second and microseconds of the processor, by kind."""
    figures: Turns = {"plain": [], "told": [], "plain_us": [], "told_us": []}
    for is_plain in (
        is_plain_first,
        not is_plain_first,
        not is_plain_first,
        is_plain_first,
    ):
        kind, worker = ("plain", plain) if is_plain else ("told", told)
        with nullcontext() if is_plain else telling:
            speed, computed = worker.turn(runs)
        figures[kind].append(speed)
        figures[f"{kind}_us"].append(computed)
    return figures


def cost(figures: Turns) -> float:
    """Percent of the throughput, which is that of all runs of both turns."""
    plain, told = (statistics.harmonic_mean(figures[kind]) for kind in ("plain", "told"))
    return (1 - told / plain) * 100


def compare(
    project: Project,
    telling: Telling,
    width: int,
    seconds: float,
    rounds: int,
    rows: Rows,
) -> None:
    plain, told = Worker(project, width), Worker(telling.project, width)
    try:
        with telling:
            told.turn(20 * max(1, width // 8))
            before = metric(telling.project, "exported_total")
        guess, _ = plain.turn(20 * max(1, width // 8))
        runs = max(width, round(guess * seconds))
        computed, scrapes = processor(telling.collector.process.pid), telling.scrapes
        found = [one_round(plain, told, telling, runs, number % 2 == 0) for number in range(rounds)]
    finally:
        plain.end()
        told.end()
    computed = processor(telling.collector.process.pid) - computed
    with telling:
        sent = metric(telling.project, "exported_total") - before
        lost, failed = (metric(telling.project, f"export_{name}_total") for name in ("lost", "failures"))
    assert lost == 0 and failed == 0, f"{lost} were lost, {failed} requests failed"
    # A run of ten steps is a span, as are each step and its attempt; where much is to do, runs come first.
    told_of = 2 * rounds * runs * 1.1 * 21
    assert sent >= told_of / 10, f"only {sent} of {told_of} were exported"
    low, middle, high = statistics.quantiles([cost(one) for one in found], n=4)
    medians = {name: statistics.median(each for one in found for each in one[name]) for name in found[0]}
    beside = (
        f"quartiles {low:.1f} and {high:.1f}; {medians['plain']:.1f} and {medians['told']:.1f} runs/s, sidecar "
        f"{medians['plain_us']:.0f} and {medians['told_us']:.0f} us a step, {rounds} rounds of 4 x {runs}, "
        f"{telling.scrapes - scrapes} scrapes, {sent:.0f} of {told_of:.0f} spans and records sent meanwhile, "
        f"collector {computed:.0f} ms"
    )
    rows.most(
        f"telemetry, {width} at a time: throughput that it takes",
        middle,
        COST,
        "%",
        beside,
    )


def measure(folder: Path, seconds: float, rounds: int, rows: Rows) -> None:
    collector = Collector(folder)
    places = [folder / "plain", folder / "told"]
    for place in places:
        place.mkdir()
    projects: list[Project] = []
    telling: Telling | None = None
    try:
        projects.append(Project(places[0], "python", {}))
        endpoint = f"http://127.0.0.1:{collector.port}"
        projects.append(Project(places[1], "python", {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}))
        telling = Telling(projects[1], collector)
        for width in (1, AT_A_TIME):
            compare(projects[0], telling, width, seconds, rounds, rows)
    finally:
        if telling is not None:
            telling.signal(signal.SIGCONT)
        collector.end()
        for project in projects:
            project.end()


def main() -> None:
    parser = argparse.ArgumentParser(description="What telemetry costs durable runs.")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a turn takes, about")
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    rows = Rows()
    with tempfile.TemporaryDirectory(prefix="cdct") as folder:
        measure(Path(folder), given.seconds, given.rounds, rows)
    raise SystemExit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
