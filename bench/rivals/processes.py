"""What a tree of processes costs: processor, memory, bytes written, flushes.

It knows /proc and strace, and no engine.
"""

import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import time
from itertools import islice
from pathlib import Path
from typing import Any

TICK = os.sysconf("SC_CLK_TCK")
FLUSHES = "fsync,fdatasync,sync_file_range,msync,sync,syncfs"
WRITES = "write,pwrite64,writev,pwritev,pwritev2"
PATIENCE = 600.0
# Python keeps what it has compiled, as it does where no image of a build machine says otherwise.
USUAL = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
# What processes print; RocksDB keeps what is durable in files that end in .log, too.
LOGS = ("server.log", "worker.log", "sidecar.log", "postgres.log")


def children(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = task.read_text().split()
        except OSError:
            continue
        for child in below:
            found += children(int(child))
    return found


def processor(pid: int) -> float:
    """Seconds computed by a process and by its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def memory(pid: int) -> dict[str, float]:
    """MB of a process: its own part of what is shared (PSS), and all that is resident (RSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name.lower(): int(text.split(f"\n{name}:")[1].split()[0]) / 1024 for name in ("Pss", "Rss")}


def computed(pids: list[int]) -> float:
    """Seconds computed by all of them."""
    seconds = 0.0
    for pid in pids:
        try:
            seconds += processor(pid)
        except (OSError, IndexError):
            continue  # It has ended between the listing and the reading.
    return seconds


def tally(lines: list[str], folder: str) -> tuple[int, int]:
    """Of what strace has noted: the flushes, and the bytes written to files below the folder that are no logs."""
    flushed, wrote = 0, 0
    begun: dict[str, bool] = {}
    for line in lines:
        thread = line.split(" ", 1)[0]
        if re.search(rf"\b({FLUSHES.replace(',', '|')})\(", line):
            flushed += 1
            continue
        call = re.search(rf"\b({WRITES.replace(',', '|')})\(\d+<([^>]*)>", line)
        if call:
            begun[thread] = call[2].startswith(folder) and Path(call[2]).name not in LOGS
        ended = re.search(r"\) += (\d+)$", line)
        if ended and begun.pop(thread, False):
            wrote += int(ended[1])
    return flushed, wrote


class Disk:
    """What a tree of processes does to the disk, with strace: it slows them down, so nothing is timed meanwhile.

    The kernel's own count of bytes (`/proc/PID/io`) is of whole folios, which are far larger than what is written.
    """

    def __init__(self, pids: list[int], folder: Path) -> None:
        self.folder = folder
        self.log = folder / "strace.log"
        self.read = 0
        traced = ["-e", f"trace={FLUSHES},{WRITES}", "-e", "signal=none", "-y", "-s", "0"]
        command = ["strace", "-f", "-qq", *traced, "-o", str(self.log)]
        for pid in pids:
            command += ["-p", str(pid)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not all(self._is_traced(pid) for pid in pids):
            assert time.monotonic() < deadline and self.process.poll() is None, "strace does not attach"
            time.sleep(0.02)

    @staticmethod
    def _is_traced(pid: int) -> bool:
        threads = Path(f"/proc/{pid}/task").glob("*/status")
        return all("TracerPid:\t0\n" not in thread.read_text() for thread in threads)

    def since(self) -> tuple[int, int]:
        """Flushes and bytes since it was asked before."""
        time.sleep(0.1)
        lines = self.log.read_text().splitlines()
        begun, self.read = self.read, len(lines)
        return tally(lines[begun:], str(self.folder))

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def low_ports(count: int) -> list[int]:
    """Free ports that are a `smallint`; the kernel gives higher ones."""
    return list(islice(filter(is_free, random.sample(range(10_000, 1 << 15), 1000)), count))


def wait(process: subprocess.Popen[Any], seconds: float) -> None:
    """For its end, which it comes to in that time or is killed."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Server:
    """A process that takes part, with what it prints in a file."""

    def __init__(self, command: list[str], folder: Path, log: str, **more: Any) -> None:
        self.output = open(folder / log, "ab")
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, **more
        )

    def end(self, sign: int) -> None:
        pids = children(self.process.pid) if sign == signal.SIGKILL else [self.process.pid]
        for pid in pids:
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                continue
        wait(self.process, 60)
        self.output.close()


class Worker:
    """A process of the application, which is asked and answers (`driver.py`, `driver.js`)."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        answers, theirs = os.pipe()
        self.log = folder / "worker.log"
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=USUAL | environment | {"ANSWERS": str(theirs)},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=[theirs],
                text=True,
            )
        os.close(theirs)
        self.answers = os.fdopen(answers)
        self.said()

    def ask(self, **asked: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return self.said()

    def said(self) -> dict[str, Any]:
        if not select.select([self.answers], [], [], PATIENCE)[0]:
            raise RuntimeError(f"the worker has not answered for {PATIENCE:.0f} s; {self.log}")
        line = self.answers.readline()
        if not line:
            raise RuntimeError(f"the worker ended; {self.log}: {self.log.read_text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self, sign: int) -> None:
        """Killed, or as one ends to whom nothing more is said."""
        assert self.process.stdin is not None
        if sign == signal.SIGKILL:
            self.process.kill()
        self.process.stdin.close()
        wait(self.process, 20)
        self.answers.close()
