"""The size of a sidecar: its memory, its way back after a kill, and its lists, each against what it is to be.

    cargo xtask bench size [--open N] [--runs N]

It speaks the protocol itself, so that no runtime is measured with it.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

PLAN = "blake3:00112233445566778899aabbccddeeff"
WORKFLOW = "ten_writes"
MIB = 1024.0


class Sidecar:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.socket = os.path.join(folder, "sidecar.sock")
        self.start()

    def start(self) -> None:
        binary = os.environ.get("CONDUCTOR_BINARY", "conductor")
        command = [binary, "sidecar", "--http", "off", "--data", self.folder, "--socket", self.socket]
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


def fill(store: str, runs: int) -> None:
    """As many runs as a busy year leaves: two workflows, one of which alone has failures."""
    database = sqlite3.connect(store)
    database.execute("PRAGMA synchronous = OFF")
    database.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO runs (id, workflow, plan, language, state, epoch, next_seq, input_digest, started_at,
            finished_at, input, output, error)
        SELECT printf('old-%08d', i), CASE i % 2 WHEN 0 THEN 'orders' ELSE 'invoices' END, 'p', 'python',
            CASE WHEN i % 20 = 0 THEN 'failed' WHEN i % 2 = 1 AND i % 11 = 0 THEN 'cancelled' ELSE 'succeeded' END,
            1, 12, 'd', 1780000000000 + i, 1780000000500 + i, '{"user_id":"u1","amount":"12.50"}', '{"id":"ch_1"}', NULL
        FROM n
        """,
        (runs,),
    )
    database.commit()
    database.close()


QUERIES = (
    "/v1/runs",
    "/v1/runs?limit=1000",
    "/v1/runs?state=failed",
    "/v1/runs?state=running",
    "/v1/runs?workflow=orders",
    "/v1/runs?workflow=orders&state=failed",
    # There is none: whoever looks through one index for the other's rows reads all of them.
    "/v1/runs?workflow=invoices&state=failed",
    "/v1/runs?workflow=unknown&state=succeeded",
    "/v1/runs?cursor=500000&state=cancelled",
    "/v1/runs/old-00500000",
)


class Verdicts:
    def __init__(self) -> None:
        self.failed = False

    def tell(self, what: str, value: float, bound: float, unit: str) -> None:
        good = value <= bound
        self.failed |= not good
        line = f"{what:<58}{value:10.2f} {unit:<3} of {bound:6.0f}  ratio {value / bound:5.2f}"
        print(line + ("" if good else "  TOO MUCH"), flush=True)


def measure(folder: str, count: int, runs: int) -> bool:
    verdicts = Verdicts()
    sidecar = Sidecar(folder)
    time.sleep(2)
    verdicts.tell("idle memory", sidecar.memory(), 12, "MB")
    command = [sys.executable, os.path.abspath(__file__), "--hold", folder, "--open", str(count)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    verdicts.tell(f"memory with {count} open runs", sidecar.memory(), 100, "MB")
    sidecar.kill()
    holder.kill()
    holder.wait()
    verdicts.tell(f"after kill -9, {count} open runs dispatched", dispatched(sidecar, count), 3, "s")
    verdicts.tell("memory then", sidecar.memory(), 100, "MB")
    sidecar.end()
    fill(os.path.join(folder, "journal.db"), runs)
    sidecar.start()
    print(f"with {runs} runs in the store, the median of 21 requests:")
    for path in QUERIES:
        times = []
        for _ in range(21):
            began = time.perf_counter()
            sidecar.get(path)
            times.append((time.perf_counter() - began) * 1000)
        # The machine's other work is in the slowest, the sidecar's is in all.
        verdicts.tell(f"GET {path}", sorted(times)[10], 50, "ms")
    sidecar.end()
    return not verdicts.failed


def main() -> None:
    parser = argparse.ArgumentParser(description="The size of a sidecar.")
    parser.add_argument("--open", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--hold", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hold:
        hold(given.hold, given.open)
    with tempfile.TemporaryDirectory(prefix="cdct") as folder:
        good = measure(folder, given.open, given.runs)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
