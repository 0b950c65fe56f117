"""What it costs durable runs that everything is told of them.

    cargo xtask bench telemetry [--seconds S] [--rounds N]

Two sidecars on one disk run the same work in turns: one is asked for its metrics each second and exports spans and log records to an
OpenTelemetry collector, the other does neither. A figure is the median over the rounds of what the first one's throughput is less
than the second one's in the same round. The collector is the real one, with its output thrown away and at the lowest priority: it
would be another machine's. Before each turn it has had everything, so that no turn pays for the one before.
"""

import argparse
import http.client
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from rows import Rows
from sidecar_speed import AT_A_TIME, ROOT, STEPS, Project, processor

# Percent of the throughput that telemetry may take.
COST = 5.0

# Between two scrapes, and until all is exported after a turn, in seconds.
SCRAPE, PATIENCE = 1.0, 300.0

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
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
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
    return sum(
        float(value)
        for value in re.findall(
            rf"^conductor_{name}(?:\{{[^\n]*\}})? (\S+)$", text, re.MULTILINE
        )
    )


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


def exported(project: Project) -> float:
    """Waits until all is exported, and says how many seconds that took."""
    began, sent = time.monotonic(), -1.0
    while time.monotonic() - began < PATIENCE:
        now = metric(project, "exported_total")
        if now == sent and metric(project, "export_behind_seconds") == 0:
            return time.monotonic() - began
        sent = now
        # Longer than it takes to look for something new.
        time.sleep(1.0)
    raise AssertionError("the export has no end")


def turn(project: Project, runs: int, width: int) -> tuple[float, float]:
    """Runs a second, and microseconds of the processor that the sidecar takes for a step of one. Some runs go first, uncounted:
    who had the turn before would be warm."""
    project.work("wide", str(max(width, runs // 10)), str(width))
    before = processor(project.sidecar.pid)
    speed = project.work("wide", str(runs), str(width))["runs_per_s"]
    return speed, (processor(project.sidecar.pid) - before) * 1000 / (runs * STEPS)


def turns(
    plain: Project, told: Project, runs: int, width: int, rounds: int
) -> tuple[list[dict[str, float]], int]:
    """Figures of both, round for round, and how often the metrics were asked for."""
    figures, scrapes = [], 0
    for number in range(rounds):
        one: dict[str, float] = {}
        for project in (plain, told) if number % 2 == 0 else (told, plain):
            exported(told)
            if project is plain:
                one["plain"], one["plain_us"] = turn(plain, runs, width)
                continue
            scraper = Scraper(told)
            try:
                one["told"], one["told_us"] = turn(told, runs, width)
            finally:
                scrapes += scraper.end()
            one["behind"] = exported(told)
        figures.append(one)
    return figures, scrapes


def measure(folder: Path, seconds: float, rounds: int, rows: Rows) -> None:
    collector = Collector(folder)
    places = [folder / "plain", folder / "told"]
    for place in places:
        place.mkdir()
    projects: list[Project] = []
    try:
        projects.append(Project(places[0], "python", {}))
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}"
        }
        projects.append(Project(places[1], "python", variables))
        plain, told = projects
        for width in (1, AT_A_TIME):
            # So many runs as take that time, found by the plain one, which is warm then as the other is after its own.
            guess = plain.work("wide", str(20 * max(1, width // 8)), str(width))[
                "runs_per_s"
            ]
            told.work("wide", str(20 * max(1, width // 8)), str(width))
            exported(told)
            runs = max(width, round(guess * seconds))
            before, computed = (
                metric(told, "exported_total"),
                processor(collector.process.pid),
            )
            figures, scrapes = turns(plain, told, runs, width, rounds)
            sent = metric(told, "exported_total") - before
            lost = metric(told, "export_lost_total")
            assert lost == 0 and metric(told, "export_failures_total") == 0, (
                f"{lost} were lost"
            )
            # A run of ten steps is a span, as are each step and its attempt.
            assert sent >= rounds * runs * 21, f"only {sent} were exported"
            cost = statistics.median(
                (1 - one["told"] / one["plain"]) * 100 for one in figures
            )
            middle = {
                name: statistics.median(one[name] for one in figures)
                for name in figures[0]
            }
            beside = (
                f"{middle['plain']:.1f} and {middle['told']:.1f} runs/s, sidecar {middle['plain_us']:.0f} and "
                f"{middle['told_us']:.0f} us a step, {rounds} rounds of {runs}, {scrapes} scrapes, "
                f"{sent:.0f} spans and records, all sent {middle['behind']:.1f} s after a turn, "
                f"collector {processor(collector.process.pid) - computed:.0f} ms"
            )
            rows.most(
                f"telemetry, {width} at a time: throughput that it takes",
                cost,
                COST,
                "%",
                beside,
            )
    finally:
        for project in projects:
            project.end()
        collector.end()


def main() -> None:
    parser = argparse.ArgumentParser(description="What telemetry costs durable runs.")
    parser.add_argument(
        "--seconds", type=float, default=5, help="that a turn takes, about"
    )
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    rows = Rows()
    with tempfile.TemporaryDirectory(prefix="cdct") as folder:
        measure(Path(folder), given.seconds, given.rounds, rows)
    raise SystemExit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
