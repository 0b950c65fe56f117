"""A peer that takes every record at once and keeps it in memory: enough to execute durable workflows in one process.

It deliberately keeps none of the sidecar's promises; those are tested against the sidecar itself.
"""

import atexit
import contextlib
import functools
import json
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Peer:
    """Listens on a socket of its own; `records` is what it was told, by run."""

    def __init__(self) -> None:
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.hello: dict[str, Any] = {}
        self.greeted: list[socket.socket] = []
        self.lock = threading.Lock()
        self.held: dict[str, int] = {}
        """Permits that are held, by resource."""
        self.granted: dict[tuple[int, int], str] = {}
        """The resource of each permit, by connection and number."""
        self.waiting: list[tuple[str, int, int, Callable[[], None]]] = []
        self.workers: dict[str, socket.socket] = {}
        """Connections by the functions that they serve."""
        self.invoked: list[dict[str, Any]] = []
        self.asked: dict[int, tuple[socket.socket, int, int]] = {}
        """By the number of a call: who asked, under which number, and the id of the request."""
        folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, folder)
        self.path = os.path.join(folder, "s")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        os.environ["CONDUCTOR_SOCKET"] = self.path

    def entries(self, run: str) -> list[tuple[str, dict[str, Any]]]:
        """What was recorded, in order."""
        return [
            item
            for record in self.records[run]
            for entry in record["entries"]
            for item in entry.items()
        ]

    def kinds(self, run: str) -> list[str]:
        """What was recorded, as `kind key`."""
        return [
            f"{kind} {entry.get('key', '')}".strip()
            for kind, entry in self.entries(run)
        ]

    def _accept(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("r") as lines:
            for line in self._until_gone(lines):
                message = json.loads(line)
                if "method" not in message:
                    self._answered(message)
                    continue
                if message["method"].startswith("permit."):
                    self._permit(connection, message)
                    continue
                if message["method"].startswith("task."):
                    self._task(connection, message)
                    continue
                if message["method"] == "hello":
                    for task in message["params"].get("tasks", ()):
                        self.workers[task["function"]] = connection
                answer = self._answer(message["method"], message["params"])
                if answer is None:
                    continue
                if "id" in message:
                    part = answer if "error" in answer else {"result": answer}
                    answer = {"id": message["id"], **part}
                self._tell(connection, answer)
                if message["method"] == "hello":
                    self.greeted.append(connection)

    def dispatch(self, run: str, workflow: str, epoch: int, **more: object) -> bool:
        """Hands a run to whoever came first; False where nobody has."""
        if not self.greeted:
            return False
        params = {"run": run, "workflow": workflow, "epoch": epoch}
        own = {"plan": "blake3:0", "next_seq": 1, "started_at": 0, "cancelling": False}
        self.runs[run] = {"input": {}, "at": 0}
        self.records.setdefault(run, [])
        message = {"method": "run.dispatch", "params": {**params, **own, **more}}
        self._tell(self.greeted[0], message)
        return True

    @staticmethod
    def _until_gone(lines: Iterable[str]) -> Iterator[str]:
        """The lines, also of a client that goes without reading what it was told."""
        with contextlib.suppress(ConnectionResetError):
            yield from lines

    def _tell(self, connection: socket.socket, message: dict[str, Any]) -> None:
        told = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        with contextlib.suppress(OSError):  # the client has gone
            connection.sendall(told)

    def _task(self, connection: socket.socket, message: dict[str, Any]) -> None:
        """The broker: sends a call on to who serves the function, or says that nobody does once it is cancelled."""
        params = message["params"]
        with self.lock:
            if message["method"] == "task.invoke":
                number = len(self.invoked)
                self.invoked.append(params)
                self.asked[number] = (connection, params["call"], message["id"])
                worker = self.workers.get(params["function"])
                if worker is not None:
                    sent = {**params, "call": number}
                    request = {"id": number, "method": "task.invoke", "params": sent}
                    self._tell(worker, request)
                return
            for number, (asker, call, id) in list(self.asked.items()):
                if (asker, call) == (connection, params["call"]):
                    worker = self.workers.get(self.invoked[number]["function"])
                    if worker is None:
                        name = self.invoked[number]["function"]
                        error = {
                            "types": ["conductor.NoWorker"],
                            "message": f"no worker serves {name}",
                        }
                        self._tell(asker, {"id": id, "result": {"error": error}})
                    else:
                        cancel = {"method": "task.cancel", "params": {"call": number}}
                        self._tell(worker, cancel)

    def _answered(self, message: dict[str, Any]) -> None:
        with self.lock:
            asker, _, id = self.asked.pop(message["id"])
        self._tell(asker, {"id": id, "result": message["result"]})

    def _permit(self, connection: socket.socket, message: dict[str, Any]) -> None:
        params = message["params"]
        own = (connection.fileno(), params["permit"])
        with self.lock:
            if message["method"] == "permit.acquire":
                granted = {"id": message["id"], "result": {}}
                grant = functools.partial(self._tell, connection, granted)
                self.waiting.append(
                    (params["resource"], params["limit"], own[1], grant)
                )
                self.granted[own] = params["resource"]
            else:
                resource = self.granted.pop(own)
                before = len(self.waiting)
                self.waiting = [one for one in self.waiting if one[2] != own[1]]
                self.held[resource] -= before == len(self.waiting)
            for one in list(self.waiting):
                resource, limit = one[:2]
                if self.held.setdefault(resource, 0) < limit:
                    self.held[resource] += 1
                    self.waiting.remove(one)
                    one[3]()

    def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        if method == "hello":
            self.hello = params
            limits = {"value_bytes": 4 << 20, "message_bytes": 16 << 20}
            return {"protocol": 1, "lease_ms": 10_000, "limits": limits, "owned": []}
        if method == "run.start":
            run = params["run"]
            self.runs[run] = params
            known = self.records.setdefault(run, [])
            seq = 1 + max((record["seq"] for record in known), default=0)
            owned = {
                "outcome": "owned",
                "epoch": 1,
                "started_at": params["at"],
                "cancelling": False,
            }
            return {**owned, "next_seq": seq}
        if method == "run.read":
            run = self.runs[params["run"]]
            first = {
                "seq": 0,
                "entries": [{"run_started": {"input": run["input"], "at": run["at"]}}],
            }
            known = [first, *self.records[params["run"]]]
            asked = [record for record in known if record["seq"] >= params["from"]]
            return {"records": asked, "more": False}
        if method == "step.record":
            self.records[params["run"]].append(
                {"seq": params["seq"], "entries": params["entries"]}
            )
            return {
                "method": "run.ack",
                "params": {"run": params["run"], "seq": params["seq"]},
            }
        return {} if method in ("ping", "run.cancel") else None
