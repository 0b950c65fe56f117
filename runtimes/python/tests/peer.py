"""A peer that takes every record at once and keeps it in memory: enough to execute durable workflows in one process.

It deliberately keeps none of the sidecar's promises; those are tested against the sidecar itself.
"""

import atexit
import contextlib
import json
import os
import shutil
import socket
import tempfile
import threading
from typing import Any


class Peer:
    """Listens on a socket of its own; `records` is what it was told, by run."""

    def __init__(self) -> None:
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.hello: dict[str, Any] = {}
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
            for line in lines:
                message = json.loads(line)
                answer = self._answer(message["method"], message["params"])
                if answer is None:
                    continue
                if "id" in message:
                    answer = {"id": message["id"], "result": answer}
                told = json.dumps({"jsonrpc": "2.0", **answer}).encode() + b"\n"
                with contextlib.suppress(OSError):  # the client has gone
                    connection.sendall(told)

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
            return {"records": [first, *self.records[params["run"]]], "more": False}
        if method == "step.record":
            self.records[params["run"]].append(
                {"seq": params["seq"], "entries": params["entries"]}
            )
            return {
                "method": "run.ack",
                "params": {"run": params["run"], "seq": params["seq"]},
            }
        return {} if method in ("ping", "run.cancel") else None
