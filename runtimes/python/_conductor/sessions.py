"""The sessions of this process: one for each event loop, none shared over a fork.

It deliberately knows nothing of what a session says.
"""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator

from . import config
from .session import Session

_lock = threading.Lock()
_sessions: dict[asyncio.AbstractEventLoop, Session] = {}
_guards: dict[Session, AsyncGenerator[None, None]] = {}


async def for_this_loop(workflow: str, run: str) -> Session:
    """The event loop's session, connected; raises where no sidecar can be reached."""
    config.may_connect(workflow, run)
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None:
        session = await _make(loop)
    reason = await session.open()
    if reason is not None:
        raise config.unavailable(workflow, run, reason)
    return session


async def _make(loop: asyncio.AbstractEventLoop) -> Session:
    session = Session()
    with _lock:
        for old in [other for other in _sessions if other.is_closed()]:
            _guards.pop(_sessions.pop(old), None)
        _sessions[loop] = session
    await guard(session)
    return session


async def guard(session: Session) -> None:
    """Closes the session when the loop is shut down: that is when a loop ends its asynchronous generators."""
    generator = _close_at_the_end(session)
    await anext(generator)
    _guards[session] = generator


async def unguard(session: Session) -> None:
    """Closes the session now."""
    generator = _guards.pop(session, None)
    if generator is not None:
        await generator.aclose()


async def _close_at_the_end(session: Session) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await session.close()


def _forget_after_fork() -> None:
    """The child must not speak on its parent's connections, nor keep them open."""
    global _lock
    _lock = threading.Lock()
    nothing = os.open(os.devnull, os.O_RDWR)
    for session in _guards:
        if session.fileno >= 0:  # closed, its number could be given to another file
            os.dup2(nothing, session.fileno)
    os.close(nothing)
    _sessions.clear()
    _guards.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
