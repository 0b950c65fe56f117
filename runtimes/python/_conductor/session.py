"""A session with the sidecar: requests and answers, the lease, and a connection that comes back.

It deliberately knows neither steps nor workflows; it keeps the journals of the runs that it owns.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Protocol

from . import (
    ahead,
    config,
    endpoint,
    live,
    plans,
    process,
    saturation,
    shared,
    starting,
)
from .connection import Connection
from .errors import logger
from .ids import new_run_id
from .journal import Journal
from .jsontext import dumps, loads
from .lease import Lease
from .leases import Leases
from .lines import Request, acknowledged
from .settle import forget
from .version import VERSION as CLIENT_VERSION

VERSION = 1
RUN_UNKNOWN = -32011
STALE_EPOCH = -32013
ENDED = -32015
LIMIT = -32016
STORE = -32017
LOST = (RUN_UNKNOWN, STALE_EPOCH, STORE)
"""A refused record with one of these says that the run is another's, or that its start did not reach the disk."""
FIRST_CONNECT_DELAYS = (0.0, 0.05, 0.1, 0.2, 0.4)
MAX_RECONNECT_DELAY = 1.0
CLOSE_SECONDS = 1.0


class Refused(Exception):
    """The sidecar answered a request with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Away(ConnectionError):
    """The connection was lost before a request that must not be sent twice was answered."""


class Answering(Protocol):
    """Who answers what the sidecar asks: calls of functions that are served here."""

    session: Session | None

    @property
    def served(self) -> list[dict[str, str]]:
        """Name and signature of each function."""
        ...

    def asked(self, number: int, params: dict[str, Any]) -> None:
        """A call has come."""

    def cancel(self, call: int) -> None:
        """Nobody waits for a call any more."""


class Session:
    """What one event loop and the sidecar have to say to each other."""

    def __init__(
        self,
        *,
        serve: int = 0,
        plans: tuple[dict[str, object], ...] = (),
        dispatched: Callable[[dict[str, Any]], None] | None = None,
        worker: Answering | None = None,
    ) -> None:
        self.id = new_run_id()
        self.loop = asyncio.get_running_loop()
        self.value_bytes = 4 << 20
        self._message_bytes = 16 << 20
        self.owned: dict[str, Journal] = {}
        self.ahead = ahead.of(self)
        self.permits = Leases(
            lambda permit: self.notify("permit.release", {"permit": permit})
        )
        self._serve = serve
        self._plans = plans
        self._dispatched = dispatched
        self._worker = worker
        if worker is not None:
            worker.session = self
        self._connection: Connection | None = None
        self._greeted = False
        self._has_defined = False
        """Whether the sidecar was told the Plans over this connection."""
        self._closing = False
        self._opening: asyncio.Task[str | None] | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._requests: dict[int, Request] = {}
        self._next_id = 1
        self._hello_id = 0
        self._lease = Lease()
        self._timer: asyncio.TimerHandle | None = None
        self._is_background = False
        """The sidecar is one that an application has started: where it is gone, another one is."""

    @property
    def fileno(self) -> int:
        """The connection's descriptor, -1 when there is none."""
        return -1 if self._connection is None else self._connection.fileno

    @property
    def is_connected(self) -> bool:
        """Whether the sidecar hears what is said now."""
        return self._greeted

    @property
    def is_closing(self) -> bool:
        """Whether it is to hang up by its own will."""
        return self._closing

    async def open(self) -> str | None:
        """Connects unless it is connected. Says why that cannot be."""
        if self._greeted or self._reconnecting is not None:
            return None
        if self._opening is None:
            self._opening = self.loop.create_task(self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, task: asyncio.Task[str | None]) -> None:
        self._opening = None

    async def _open(self) -> str | None:
        reason: str | None = None
        for delay in FIRST_CONNECT_DELAYS:
            await asyncio.sleep(delay)
            reason = await self._connect()
            if reason is None:
                return None
            if starting.may_start():
                return await self._start(reason)
        return reason

    async def _start(self, reason: str) -> str | None:
        """Connects to a sidecar that is started where none is there."""
        why = await starting.start()
        if why is not None:
            return f"{reason}, and {why}"
        return await self._connect()

    async def _connect(self) -> str | None:
        path = config.find_socket()
        if path is None:
            return "there is no .conductor/sidecar.sock here or above"
        try:
            connection = await endpoint.connect(
                path, lambda: Connection(self._received, self._lost)
            )
        except OSError as error:
            return f"{path} cannot be reached ({error.strerror or error})"
        except ValueError as error:
            return f"{path} cannot be reached ({error})"
        self._connection = connection
        # A dispatch may come in the same breath as the answer: it was not claimed, so it is not lost.
        claimed = list(self.owned.values())
        try:
            answer = await self._hello(connection, claimed)
        except Refused as refusal:
            connection.close()
            return f"the sidecar at {path} refuses: {refusal}"
        except ConnectionError:
            return f"the sidecar at {path} hung up"
        self._welcome(answer, claimed)
        return None

    async def _hello(
        self, connection: Connection, claimed: list[Journal]
    ) -> dict[str, Any]:
        hello: dict[str, Any] = {
            "protocol": {"min": VERSION, "max": VERSION},
            "session": self.id,
            "client": {
                "name": "conductor-python",
                "version": CLIENT_VERSION,
                "language": "python",
            },
            "pid": os.getpid(),
            "process_start": process.start_time(),
            "serve": self._serve,
            "plans": list(self._plans),
            "owned": [
                {"run": journal.run, "epoch": journal.epoch} for journal in claimed
            ],
            "permits": self.permits.claims,
        }
        if self._worker is not None and self._worker.served:
            hello["tasks"] = self._worker.served
        request = self._make_request("hello", hello)
        request.sent = self.loop.time()
        connection.send(request.line)
        answer: dict[str, Any] = await request.answer
        self._lease.seconds = answer["lease_ms"] / 1000
        self._lease.renew(request.sent)
        return answer

    def _welcome(self, answer: dict[str, Any], claimed: list[Journal]) -> None:
        self._greeted = True
        self._has_defined = False
        self.value_bytes = answer["limits"]["value_bytes"]
        self._is_background = answer.get("sidecar", {}).get("background", False)
        self._message_bytes = answer["limits"]["message_bytes"]
        for request in list(self._requests.values()):
            self._send_request(request)
        kept = {item["run"]: item for item in answer["owned"]}
        for journal in claimed:
            if self.owned.get(journal.run) is not journal:
                continue
            item = kept.get(journal.run)
            if item is None or item["epoch"] != journal.epoch:
                self.give_up(journal, "another session owns the run")
                continue
            journal.acknowledged(item["next_seq"] - 1)
            journal.resend(item["next_seq"])
            if journal.on_reclaimed is not None:
                journal.on_reclaimed()
            if item["cancelling"] and journal.on_cancelling is not None:
                journal.on_cancelling("cancelled while the connection was lost")
        if self._timer is None:
            self._timer = self.loop.call_later(self._lease.seconds / 3, self._tick)
        saturation.attach(self)
        shared.attach(self, answer)
        live.attach(self, answer)
        if answer.get("wanted"):
            self.define()

    def _tick(self) -> None:
        """Renews the lease where nothing else has of late."""
        third = self._lease.seconds / 3
        self._timer = self.loop.call_later(third, self._tick)
        if self._greeted and self._lease.until - self.loop.time() < 2 * third:
            forget(self.request("ping", {}))

    @property
    def is_leased(self) -> bool:
        """Whether nobody can have been given yet what this process has."""
        return self._greeted and self.is_in_time

    @property
    def is_in_time(self) -> bool:
        """Whether the lease has not run out, with or without a connection."""
        return self.loop.time() < self._lease.until

    async def leased(self) -> None:
        """Waits until this process may begin attempts."""
        while not self.is_in_time:
            waiter: asyncio.Future[None] = self.loop.create_future()
            self._lease.waiters.append(waiter)
            await waiter

    def request(
        self, method: str, params: dict[str, Any], *, once: bool = False
    ) -> asyncio.Future[Any]:
        """Asks; the answer may take until the sidecar is back. What is asked `once` fails where that goes meanwhile."""
        request = self._make_request(method, params)
        request.once = once
        size = len(request.line)
        if size > self._message_bytes:
            # The sidecar would hang up on it, and again whenever it is sent after that.
            reason = (
                f"it takes {size} bytes; a message has at most {self._message_bytes}"
            )
            request.answer.set_exception(Refused(LIMIT, reason))
        elif self._greeted:
            self._send_request(request)
        return request.answer

    def _make_request(self, method: str, params: dict[str, Any]) -> Request:
        number = self._next_id
        self._next_id += 1
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        line = dumps(message).encode() + b"\n"
        request = Request(line, self.loop.create_future())
        request.overtakes = method == "run.start"
        if method == "hello":
            self._hello_id = number
        self._requests[number] = request
        request.answer.add_done_callback(lambda _: self._requests.pop(number, None))
        return request

    def _send_request(self, request: Request) -> None:
        request.sent = self.loop.time()
        self.send(request.line, overtakes=request.overtakes)

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tells; nothing is answered."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.send(dumps(message).encode() + b"\n")

    def define(self) -> None:
        """Tells the Plans of this build, once over each connection."""
        if self._has_defined:
            return
        self._has_defined = True
        text = plans.text()
        if text is not None:
            head = b'{"jsonrpc":"2.0","method":"plan.define","params":'
            line = head + text.strip().encode() + b"}\n"
            if len(line) <= self._message_bytes:
                self.send(line)

    def answer(self, number: int, result: object) -> None:
        """Answers what the sidecar asked."""
        line = dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode()
        if len(line) > self._message_bytes:
            reason = (
                f"the answer takes {len(line)} bytes, at most {self._message_bytes}"
            )
            form = {"types": ["conductor.ResultError"], "message": reason}
            return self.answer(number, {"error": form})
        self.send(line + b"\n")
        return None

    def send(self, line: bytes, *, overtakes: bool = False) -> bool:
        """Sends now, or not at all."""
        if self._greeted and self._connection is not None:
            self._connection.send(line if overtakes else self.ahead.unsent() + line)
            return True
        return False

    def at_the_end(self, more: Callable[[], None]) -> None:
        """Calls `more`, which sends, when this turn is over."""
        if self._greeted and self._connection is not None:
            self._connection.at_the_end(more)
        else:
            self.loop.call_soon(more)

    def _received(self, line: bytes) -> None:
        ack = acknowledged(line)
        if ack is not None:
            self._acknowledged(*ack)
            return
        message = loads(line)
        if "method" in message:
            if "id" in message:
                if self._worker is not None and message["method"] == "task.invoke":
                    self._worker.asked(message["id"], message["params"])
                return
            self._notified(message["method"], message["params"])
            return
        request = self._requests.get(message["id"])
        if message["id"] is None and not self._greeted:
            self._sent_away(message["error"])
        elif message["id"] is None:
            logger.error("the sidecar did not understand: %s", message["error"])
        if request is None or request.answer.done():
            return
        self._lease.renew(request.sent)
        error = message.get("error")
        if error is None:
            request.answer.set_result(message["result"])
        else:
            request.answer.set_exception(Refused(error["code"], error["message"]))

    def _sent_away(self, error: dict[str, Any]) -> None:
        """It does not let us in: no answer to the greeting will come, and the lease is not renewed."""
        hello = self._requests.get(self._hello_id)
        if hello is not None and not hello.answer.done():
            hello.answer.set_exception(Refused(error["code"], error["message"]))

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if method == "run.dispatch":
            if self._dispatched is not None:
                self._dispatched(params)
            return
        if method == "breaker.changed":
            shared.told(params)
            return
        if method == "policy.changed":
            live.told(params)
            return
        if method == "permit.recall":
            self.permits.recalled(params["resource"], params["keep"])
            return
        if method == "task.cancel":
            if self._worker is not None:
                self._worker.cancel(params["call"])
            return
        if method == "run.ack":
            self._acknowledged(params["run"], params["seq"])
            return
        run = params["run"]
        journal = self.owned.get(run) or self.ahead.ended.get(run)
        if journal is None or params["epoch"] != journal.epoch:
            return
        if method == "run.refused":
            code, message = params["code"], params["message"]
            if code == STORE and journal.refused(params["seq"]):
                return
            if code not in LOST:
                journal.refusal = message
            self.give_up(journal, message)
        elif method == "run.cancelling" and journal.on_cancelling is not None:
            journal.on_cancelling(params["reason"])
        elif method == "run.signal" and journal.on_signal is not None:
            journal.on_signal(params)

    def _acknowledged(self, run: str, seq: int) -> None:
        journal = self.owned.get(run) or self.ahead.ended.get(run)
        sent = None if journal is None else journal.acknowledged(seq)
        if sent is not None:
            self._lease.renew(sent)

    def give_up(self, journal: Journal, reason: str) -> None:
        """The run is another's."""
        logger.info("run %s is given up: %s", journal.run, reason)
        self.owned.pop(journal.run, None)
        journal.lose(reason)

    def _lost(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self._greeted = False
        self.ahead.lost()
        saturation.detach(self)
        shared.detach(self)
        hello = self._requests.pop(self._hello_id, None)
        if hello is not None and not hello.answer.done():
            hello.answer.set_exception(ConnectionError("the connection was lost"))
        for request in list(self._requests.values()):
            if request.once and request.sent and not request.answer.done():
                request.answer.set_exception(Away("the connection was lost"))
        is_needed = bool(
            self._requests
            or self.owned
            or self.permits.is_used()
            or self._serve
            or shared.is_used()
            or live.is_used()
        )
        self.permits.lost()
        if self._closing or self._opening or self._reconnecting or not is_needed:
            return
        self._reconnecting = self.loop.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        delay = 0.02
        said = False
        try:
            while (reason := await self._connect()) is not None:
                if not said:
                    logger.warning("the sidecar is away, waiting for it: %s", reason)
                    said = True
                if self._is_background and starting.may_start():
                    await starting.start()
                await asyncio.sleep(delay)
                delay = min(delay * 2, MAX_RECONNECT_DELAY)
        finally:
            self._reconnecting = None

    async def close(self) -> None:
        """Hangs up, after what is to be sent."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for journal in list(self.owned.values()):
            journal.flush()
            self.release(journal)
        self.permits.close()
        saturation.detach(self, is_last_word=True)
        shared.detach(self)
        self.ahead.lost()
        connection = self._connection
        if connection is not None:
            connection.close()
            await asyncio.wait((connection.closed,), timeout=CLOSE_SECONDS)

    def release(self, journal: Journal) -> None:
        """Gives an unfinished run back."""
        journal.flush()
        journal.end("finished")
        self.owned.pop(journal.run, None)
        self.notify("run.release", {"run": journal.run, "epoch": journal.epoch})
