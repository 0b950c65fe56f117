"""What is sent along with every call of a service: the step's idempotency key and the trace.

It deliberately makes no spans and imports nothing that the application has not.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from urllib.parse import quote

_caller: ContextVar[str | None] = ContextVar("conductor_traceparent", default=None)
"""`traceparent` of who called a function that is served here."""

PRINTABLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def call_headers(key: str) -> dict[str, str]:
    """Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot."""
    return {"idempotency-key": quote(key, safe=PRINTABLE), **trace_headers()}


def trace_headers() -> dict[str, str]:
    """`traceparent` and what else the application propagates; the caller's where it has no OpenTelemetry."""
    caller = _caller.get()
    own = {} if caller is None else {"traceparent": caller}
    return {**own, **_injected()}


def active_trace() -> str | None:
    """`traceparent` of the span that the application has opened around the code that runs."""
    return _injected().get("traceparent")


def _injected() -> dict[str, str]:
    if "opentelemetry" not in sys.modules:
        return {}
    try:
        propagate = importlib.import_module("opentelemetry.propagate")
    except ImportError:
        return {}
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {name.lower(): str(value) for name, value in carrier.items()}


@contextlib.contextmanager
def traced(traceparent: str | None) -> Iterator[None]:
    """What is called inside belongs to the caller's trace."""
    token = _caller.set(traceparent)
    detach = _attached(traceparent)
    try:
        yield
    finally:
        detach()
        _caller.reset(token)


def _attached(traceparent: str | None) -> Callable[[], None]:
    """Makes the caller's span the current one, where the application has OpenTelemetry; says how to undo that."""
    if traceparent is None or "opentelemetry" not in sys.modules:
        return _nothing
    try:
        propagate = importlib.import_module("opentelemetry.propagate")
        context = importlib.import_module("opentelemetry.context")
    except ImportError:
        return _nothing
    token = context.attach(propagate.extract({"traceparent": traceparent}))
    return lambda: context.detach(token)


def _nothing() -> None:
    """There is nothing to undo."""
