"""Permits that all processes of the host share: the sidecar grants them; without one this process decides alone.

One that nobody else waits for is leased: it serves one attempt after the other with no word to the sidecar. Starts of
a rate are leased ahead, for a moment, to who makes many.

It deliberately knows nothing of whose turn it is: that is the sidecar's to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from . import config, sessions
from .errors import SidecarUnavailable, logger
from .session import Refused, Session
from .settle import ended, forget

if TYPE_CHECKING:
    from .permits import Pool

AWAY_SECONDS = 10.0
"""How long a workflow without durability waits for a sidecar that has gone; durable ones wait for its return."""
ASK_AGAIN_SECONDS = 5.0
"""How long a process that found no sidecar decides alone before it looks for one again."""

_numbers = itertools.count(1)
_alone_until: WeakKeyDictionary[asyncio.AbstractEventLoop, float] = WeakKeyDictionary()
_said: set[str] = set()


async def take(pool: Pool, session: Session | None) -> Callable[[], None] | None:
    """Takes a permit in its turn among all processes. `None` where this process has to decide alone."""
    is_patient = session is not None
    if session is None:
        session = await _find(pool)
    if session is None:
        return None
    now = session.loop.time()
    may_start = pool.rate is None
    if session.is_leased:
        may_start = may_start or session.permits.may_start(pool.id, now)
        if may_start and pool.limit is None:
            return _nothing
        again = session.permits.again(pool.id) if may_start else None
        if again is not None:
            return lambda: _release_from_anywhere(session, again)
    permit = next(_numbers)
    claim: dict[str, object] = {"permit": permit, "resource": pool.id, "held": False}
    if pool.limit is not None:
        claim["limit"] = pool.limit
    request = {key: claim[key] for key in claim if key != "held"}
    if pool.rate is not None and not may_start:
        per_ms = round(pool.rate.seconds * 1000)
        request["rate"] = {"permits": pool.rate.permits, "per_ms": per_ms}
        spare = session.permits.spare(pool.id, now)
        if spare:
            request["spare"] = spare
    session.permits.wanted(permit, claim)
    answer = session.request("permit.acquire", request)
    is_granted = False
    try:
        is_granted = await _answered(session, answer, is_patient)
    except Refused as refusal:
        _say_once(pool, f"the sidecar refuses: {refusal}")
    finally:
        if not is_granted:
            forget(answer)
            answer.cancel()
            session.permits.unneeded(permit)
    if not is_granted:
        return None
    granted = answer.result()
    session.permits.granted(permit, granted.get("keep"))
    starts = granted.get("starts")
    if starts is not None:
        until = now + starts["within_ms"] / 1000
        session.permits.leased(pool.id, starts["count"], until)
    return lambda: _release_from_anywhere(session, permit)


def _nothing() -> None:
    """A start is not given back."""


async def _answered(
    session: Session, answer: asyncio.Future[Any], is_patient: bool
) -> bool:
    """Whether the permit was granted; not where nobody is there to grant it for too long."""
    away_since: float | None = None
    while not await ended(answer, None if is_patient else 1.0):
        now = time.monotonic()
        if session.is_connected:
            away_since = None
        elif away_since is None:
            away_since = now
        elif now - away_since > AWAY_SECONDS:
            return False
    answer.result()
    return True


async def _find(pool: Pool) -> Session | None:
    """The event loop's session; connected on first need, because a workflow without durability has none."""
    loop = asyncio.get_running_loop()
    mode = os.environ.get("CONDUCTOR_SIDECAR") or "auto"
    if mode == "off":
        _say_once(pool, "CONDUCTOR_SIDECAR=off forbids a sidecar")
        return None
    if mode == "auto" and _alone_until.get(loop, 0.0) > time.monotonic():
        return None
    if mode == "auto" and config.find_socket() is None:
        reason = "there is no sidecar"
    else:
        try:
            return await sessions.for_this_loop(f"that uses {pool.id}", "")
        except SidecarUnavailable as error:
            if mode != "auto":
                raise SidecarUnavailable(
                    f"the limit of {pool.id} is the whole host's and needs a sidecar: {config.HOW_TO_START}",
                    workflow="",
                    run="",
                ) from error
            reason = str(error)
    _alone_until[loop] = time.monotonic() + ASK_AGAIN_SECONDS
    _say_once(pool, reason)
    return None


def _say_once(pool: Pool, reason: str) -> None:
    if pool.id not in _said:
        _said.add(pool.id)
        logger.warning(
            "the limit of %s holds in this process only, not on the whole host: %s",
            pool.id,
            reason,
        )


def _release_from_anywhere(session: Session, permit: int) -> None:
    try:
        here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is session.loop:
        # At once: the next attempt may begin before the loop turns, and is to find the permit.
        session.permits.unneeded(permit)
        return
    with contextlib.suppress(RuntimeError):  # the loop is closed, and so is the session
        session.loop.call_soon_threadsafe(session.permits.unneeded, permit)
