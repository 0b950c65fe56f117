"""The size of a sidecar: its memory, its way back after a kill, and its lists, each against what it is to be.

    cargo xtask bench size [--open N] [--runs N] [--only memory|lists|lists-postgres]

It speaks the protocol itself, so that no runtime is measured with it.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from busy_year import Postgres, Sqlite, Store
from rows import Rows

PLAN = "blake3:00112233445566778899aabbccddeeff"
WORKFLOW = "ten_writes"
MIB = 1024.0


class Sidecar:
    def __init__(self, folder: str, arguments: Sequence[str] = ()) -> None:
        self.folder = folder
        self.arguments = arguments
        self.socket = os.path.join(folder, "sidecar.sock")
        self.start()

    def start(self) -> None:
        binary = os.environ.get("CONDUCTOR_BINARY", "conductor")
        command = [binary, "sidecar", "--http", "off", "--data", self.folder, "--socket", self.socket, *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        while self.process.stdout.readline().strip() != "ready":
            assert self.process.poll() is None, "the sidecar ended"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def memory(self) -> float:
        """Resident memory in MB, pages of the program's file included."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / MIB

    def get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200, body
        return json.loads(body)


class Client:
    """One session."""

    def __init__(self, sidecar: Sidecar, serve: int) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(sidecar.socket)
        self.lines = self.socket.makefile("rb")
        start = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]
        self.send(
            {
                "id": 0,
                "method": "hello",
                "params": {
                    "protocol": {"min": 1, "max": 1},
                    "session": str(uuid.uuid4()),
                    "client": {"name": "bench", "version": "0", "language": "python"},
                    "pid": os.getpid(),
                    "process_start": int(start),
                    "serve": serve,
                    "plans": [{"workflow": WORKFLOW, "digest": PLAN}],
                    "owned": [],
                },
            }
        )
        assert "result" in self.receive(), "the greeting was refused"

    def send(self, *messages: dict[str, Any]) -> None:
        text = "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
        self.socket.sendall(text.encode())

    def receive(self) -> dict[str, Any]:
        line = self.lines.readline()
        assert line, "the sidecar hung up"
        message: dict[str, Any] = json.loads(line)
        return message


def begin(client: Client, count: int) -> None:
    """Runs that have begun a step and are left so, as an application has them that waits for others."""
    for first in range(0, count, 100):
        messages = []
        for number in range(first, min(first + 100, count)):
            at = 1790000000000 + number
            entry = {"step_started": {"key": "w0", "task": "touch", "attempt": 1, "at": at}}
            record = {"run": f"run-{number}", "epoch": 1, "seq": 1, "entries": [entry]}
            given = {"user_id": f"u{number}", "amount": "12.50"}
            start = {"run": f"run-{number}", "workflow": WORKFLOW, "plan": PLAN, "input": given, "at": at}
            messages.append({"id": number + 1, "method": "run.start", "params": start})
            messages.append({"method": "step.record", "params": record})
        client.send(*messages)
        acknowledged = 0
        while acknowledged < len(messages) // 2:
            message = client.receive()
            assert "error" not in message, message
            acknowledged += message.get("method") == "run.ack" and message["params"]["seq"] == 1


def hold(folder: str, count: int) -> None:
    """In a process of its own, which is killed with all that it holds."""
    sidecar = Sidecar.__new__(Sidecar)
    sidecar.socket = os.path.join(folder, "sidecar.sock")
    client = Client(sidecar, 0)
    begin(client, count)
    print("held", flush=True)
    while True:
        client.receive()


def dispatched(sidecar: Sidecar, count: int) -> float:
    """Seconds from the start of the sidecar to the last dispatch."""
    began = time.perf_counter()
    sidecar.start()
    client = Client(sidecar, count)
    seen: set[str] = set()
    while len(seen) < count:
        message = client.receive()
        if message.get("method") == "run.dispatch":
            seen.add(message["params"]["run"])
    return time.perf_counter() - began


# With dates in the middle and near the begin of the year.
QUERIES = (
    "",
    "limit=1000",
    "cursor=500000",
    "state=failed",
    "state=running",
    "cursor=500000&state=cancelled",
    "workflow=orders",
    "workflow=reports",
    "workflow=unknown&state=succeeded",
    "workflow=orders&state=failed",
    # There is none: whoever looks through one index for the other's rows reads all of them.
    "workflow=invoices&state=failed",
    "since=2025-12-01T00:00:00Z",
    "until=2025-12-01T00:00:00Z",
    "since=2025-12-01T00:00:00Z&until=2025-12-02T00:00:00Z",
    "workflow=reports&since=2025-07-01T00:00:00Z",
    "workflow=reports&until=2025-07-01T00:00:00Z",
    "workflow=invoices&state=failed&until=2025-12-01T00:00:00Z",
    "state=running&since=2025-07-01T00:00:00Z",
    "state=failed&since=2025-07-01T00:00:00Z&until=2025-07-02T00:00:00Z",
    "error=CardDeclined",
    "error=stolen",
    "error=nothing like it",
    "error=stolen&workflow=orders&state=failed",
    "error=stolen&since=2025-07-01T00:00:00Z",
    "input=user.id=u777",
    "input=user.id=nobody",
    "input=nothing like it",
    "input=user.id=u777&workflow=orders",
    "input=user.id=u777&state=failed",
    "input=user.id=u777&since=2025-07-01T00:00:00Z",
)


def lists(store: Store, runs: int, rows: Rows) -> None:
    sidecar = Sidecar(str(store.folder), store.arguments)
    sidecar.end()
    began = time.perf_counter()
    store.fill(runs)
    print(f"{store.title} filled with {runs} runs in {time.perf_counter() - began:.1f} s")
    sidecar.start()
    print(f"what they hold was noted in {store.noted(runs):.1f} s; the median of 21 requests:")
    for query in (*QUERIES, None):
        path = "/v1/runs/old-00500000" if query is None else f"/v1/runs?{quote(query, safe='=&')}"
        times, pages = [], 1
        for _ in range(21):
            began = time.perf_counter()
            answer = sidecar.get(path)
            times.append((time.perf_counter() - began) * 1000)
        found, beside = len(answer.get("runs", ())), ""
        if answer.get("searched_to") is not None:
            # The page has ended before it was full, for the sake of time: how long all of it takes.
            began = time.perf_counter()
            while (cursor := answer["next"]) is not None and found < 50:
                answer = sidecar.get(f"{path}&cursor={cursor}")
                found, pages = found + len(answer["runs"]), pages + 1
            beside = f"{pages} pages in {time.perf_counter() - began:.2f} s for {found} runs"
        # The machine's other work is in the slowest, the sidecar's is in all.
        rows.most(path if query is None else f"{store.title}: runs {query}", sorted(times)[10], 50, "ms", beside)
    sidecar.end()
    store.end()


def memory(folder: str, count: int, rows: Rows) -> None:
    sidecar = Sidecar(folder)
    time.sleep(2)
    rows.most("idle memory", sidecar.memory(), 12, "MB")
    command = [sys.executable, os.path.abspath(__file__), "--hold", folder, "--open", str(count)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    rows.most(f"memory with {count} open runs", sidecar.memory(), 100, "MB")
    # Stopped, it does not complain that the sidecar hangs up.
    holder.send_signal(signal.SIGSTOP)
    sidecar.kill()
    holder.kill()
    holder.wait()
    rows.most(f"after kill -9, {count} open runs dispatched", dispatched(sidecar, count), 3, "s")
    rows.most("memory then", sidecar.memory(), 100, "MB")
    sidecar.end()


PARTS = ("memory", "lists", "lists-postgres")


def measure(part: str, folder: str, given: argparse.Namespace, rows: Rows) -> None:
    match part:
        case "memory":
            memory(folder, given.open, rows)
        case "lists":
            lists(Sqlite(Path(folder)), given.runs, rows)
        case _:
            lists(Postgres(Path(folder)), given.runs, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="The size of a sidecar.")
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--hold", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hold:
        hold(given.hold, given.open)
    rows = Rows()
    for part in PARTS:
        if given.only in (None, part):
            with tempfile.TemporaryDirectory(prefix="cdct") as folder:
                measure(part, folder, given, rows)
    raise SystemExit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
