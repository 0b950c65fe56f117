"""What is sent along with every call of a service: the step's idempotency key and the trace.

It deliberately makes no spans and imports nothing that the application has not.
"""

import importlib
import sys
from urllib.parse import quote

PRINTABLE = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def call_headers(key: str) -> dict[str, str]:
    """Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot."""
    return {"idempotency-key": quote(key, safe=PRINTABLE), **_trace()}


def _trace() -> dict[str, str]:
    """`traceparent` and what else the application propagates; nothing where it has no OpenTelemetry."""
    if "opentelemetry" not in sys.modules:
        return {}
    try:
        propagate = importlib.import_module("opentelemetry.propagate")
    except ImportError:
        return {}
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {name.lower(): str(value) for name, value in carrier.items()}
