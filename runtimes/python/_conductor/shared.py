"""Circuit breakers that all processes of the host share: what the sidecar says of them, and what it is told.

It deliberately counts no calls; `breaker` does. Without a sidecar each process decides alone, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from . import config, sessions
from .errors import SidecarUnavailable, logger
from .settle import ended, forget

if TYPE_CHECKING:
    from .session import Session

ASK_AGAIN_SECONDS: Final = 5.0
"""How long a process that found no sidecar decides alone before it looks for one again."""
ANSWER_SECONDS: Final = 1.0
"""How long a call waits for the answer whether it may try, before this process decides alone."""


class Circuit(Protocol):
    """A breaker of this process, as far as others have a say in it."""

    id: str

    def told(self, change: dict[str, Any]) -> None:
        """It has changed for all processes."""

    def unmentioned(self) -> None:
        """The sidecar says nothing of it: it is closed for all."""

    def own(self, *, is_same: bool) -> dict[str, Any] | None:
        """What a sidecar must hear of it that knows nothing yet, or, where it is the same as before, what is its own."""


class _Speaker:
    """The sessions of the process; any of them will do to speak for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.circuits: dict[str, Circuit] = {}
        self.sessions: list[Session] = []
        self.standing: dict[str, dict[str, Any]] = {}
        """What the sidecar last said of breakers that this process may not have yet."""
        self.sidecar: object = None
        self.said: set[str] = set()
        self.alone_until = 0.0
        """Until then nobody looks for a sidecar."""
        self.reason = "there is no sidecar"


speaker: Final = _Speaker()


def is_joined() -> bool:
    """Whether the sidecar hears what happens here."""
    return bool(speaker.sessions)


def add(circuit: Circuit) -> None:
    """A breaker that this process uses from now on."""
    with speaker.lock:
        speaker.circuits[circuit.id] = circuit
        standing = speaker.standing.get(circuit.id)
    if standing is not None:
        circuit.told(standing)
    elif is_joined() and ":" not in circuit.id:
        report({"breaker": circuit.id, "event": "used"})


def remove(circuit: Circuit) -> None:
    """A breaker of which nothing is remembered any more."""
    with speaker.lock:
        speaker.circuits.pop(circuit.id, None)


def is_settled() -> bool:
    """Whether the sidecar hears what happens here, or was looked for not long ago."""
    return bool(speaker.sessions) or speaker.alone_until > time.monotonic()


async def join(*, with_this_loop: bool = False) -> None:
    """Looks for the sidecar where it is not heard yet: a workflow without durability has no session."""
    if is_joined() and not with_this_loop:
        return
    if speaker.alone_until > time.monotonic():
        return
    # Nobody waits again and again for one that has gone: its session looks for it by itself.
    speaker.alone_until = time.monotonic() + ASK_AGAIN_SECONDS
    if os.environ.get("CONDUCTOR_SIDECAR") == "off":
        speaker.reason = "CONDUCTOR_SIDECAR=off forbids a sidecar"
    elif config.find_socket() is None:
        speaker.reason = "there is no sidecar"
    else:
        try:
            await sessions.for_this_loop("with policies", "")
        except SidecarUnavailable as error:
            speaker.reason = str(error)


def report(params: dict[str, Any]) -> None:
    """Tells the sidecar, from any thread; again where the connection is lost meanwhile."""
    _on_a_session(lambda session: _report(session, params))


def notify(method: str, params: dict[str, Any]) -> None:
    """Tells the sidecar where it hears, from any thread; nothing is answered."""
    _on_a_session(lambda session: session.notify(method, params))


def _on_a_session(say: Callable[[Session], None]) -> None:
    with speaker.lock:
        for session in speaker.sessions:
            with contextlib.suppress(RuntimeError):  # its event loop is closed
                session.loop.call_soon_threadsafe(say, session)
                return


def _report(session: Session, params: dict[str, Any]) -> None:
    forget(session.request("breaker.report", params))


def decided_alone(id: str) -> None:
    """A breaker opens of which no other process hears."""
    if id not in speaker.said:
        speaker.said.add(id)
        logger.warning(
            "the circuit breaker of `%s` opens in this process alone: %s",
            id,
            speaker.reason,
        )


async def probe(id: str) -> dict[str, Any] | None:
    """Whether a call may try, while the breaker is open for all; `None` where this process has to decide alone."""
    session = _of_this_loop()
    if session is None:
        await join(with_this_loop=True)
        session = _of_this_loop()
    if session is None:
        return None
    answer = session.request("breaker.probe", {"breaker": id}, once=True)
    try:
        is_answered = await ended(answer, ANSWER_SECONDS)
    except asyncio.CancelledError:
        answer.add_done_callback(lambda _: _unused(id, answer))
        raise
    if not is_answered:
        answer.add_done_callback(lambda _: _unused(id, answer))
        return None
    try:
        result: dict[str, Any] = answer.result()
    except ConnectionError:
        return None
    return result


def _unused(id: str, answer: asyncio.Future[Any]) -> None:
    """Nobody makes the call any more for which leave was given."""
    if answer.cancelled() or answer.exception() is not None:
        return
    of = answer.result().get("of")
    if of is not None:
        report({"breaker": id, "event": "abandoned", "of": of})


def _of_this_loop() -> Session | None:
    loop = asyncio.get_running_loop()
    with speaker.lock:
        return next((one for one in speaker.sessions if one.loop is loop), None)


def attach(session: Session, answer: dict[str, Any]) -> None:
    """The session is connected: takes over what holds, and reports what the sidecar cannot know."""
    sidecar = answer.get("sidecar", {}).get("pid")
    standing = {change["breaker"]: change for change in answer.get("breakers", ())}
    with speaker.lock:
        is_same = speaker.sidecar == sidecar
        speaker.sidecar = sidecar
        speaker.standing = standing
        if session not in speaker.sessions:
            speaker.sessions.append(session)
        circuits = list(speaker.circuits.values())
    for circuit in circuits:
        own = circuit.own(is_same=is_same)
        change = standing.get(circuit.id)
        if change is not None:
            circuit.told(change)
        elif own is None or is_same:
            circuit.unmentioned()
        if own is not None:
            _report(session, own)
        elif not is_same and ":" not in circuit.id:
            _report(session, {"breaker": circuit.id, "event": "used"})


def told(change: dict[str, Any]) -> None:
    """The sidecar says what has become of a breaker."""
    id = change["breaker"]
    with speaker.lock:
        if change["state"] == "closed" and not change.get("forced"):
            speaker.standing.pop(id, None)
        else:
            speaker.standing[id] = change
        circuit = speaker.circuits.get(id)
    if circuit is not None:
        circuit.told(change)


def detach(session: Session) -> None:
    """The session is not connected any more."""
    with speaker.lock:
        if session not in speaker.sessions:
            return
        speaker.sessions.remove(session)
        is_alone = not speaker.sessions and bool(speaker.circuits)
        speaker.reason = "the sidecar is away"
    if is_alone and not session.is_closing:
        logger.warning(
            "the sidecar is away: circuit breakers decide for this process alone"
        )


def is_used() -> bool:
    """Whether a session is worth having for breakers alone."""
    return bool(speaker.circuits)


def _reset_after_fork() -> None:
    """The child has no session yet, and a lock that another thread held would be held for ever."""
    speaker.lock = threading.Lock()
    speaker.sessions.clear()
    speaker.sidecar = None
    speaker.alone_until = 0.0


os.register_at_fork(after_in_child=_reset_after_fork)
