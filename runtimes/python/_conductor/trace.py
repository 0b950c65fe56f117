"""The trace that a run belongs to: its caller's, else one that follows from the run's id, whoever executes it.

It deliberately makes no spans.
"""

from hashlib import sha256

LENGTH = 55
"""Of a `traceparent` of version 00."""


def given(traceparent: str | None) -> str | None:
    """A caller's `traceparent`, where it is one."""
    if traceparent is None or len(traceparent) != LENGTH:
        return None
    return traceparent if traceparent.startswith("00-") else None


def of_run(run: str) -> str:
    """The `traceparent` of a run whose caller had none."""
    digest = sha256(run.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"


def of_attempt(trace: str, key: str, attempt: int) -> str:
    """The `traceparent` of an attempt, by its idempotency key, in the trace of its run: the same in every process."""
    span = sha256(f"{key}/{attempt}".encode()).hexdigest()[:16]
    return f"{trace[:36]}{span}{trace[52:]}"


def is_same(one: str, other: str) -> bool:
    """Whether both belong to one trace."""
    return one[3:35] == other[3:35]
