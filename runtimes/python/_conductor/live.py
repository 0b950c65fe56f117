"""Numbers of named policies, which people may change while the process runs: the manifest's until the sidecar says others.

It deliberately decides nothing by them; generated code and pools read them where they need them.
"""

from __future__ import annotations

import math
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from . import shared
from .rates import Rate

if TYPE_CHECKING:
    from .permits import Pool
    from .session import Session


class LivePolicy:
    """The numbers of one policy as they hold now. What a policy does not limit is infinite."""

    __slots__ = (
        "_built",
        "_now",
        "_pools",
        "deadline",
        "id",
        "initial",
        "max_delay",
        "multiplier",
        "retries",
        "timeout",
    )

    def __init__(
        self,
        id: str,
        *,
        retries: float,
        initial: float,
        max_delay: float,
        multiplier: float | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        rate_limit: Rate | None = None,
        bulkhead: int | None = None,
    ) -> None:
        built = {
            "retries": retries,
            "initial": initial,
            "max_delay": max_delay,
            "multiplier": multiplier,
            "timeout": timeout,
            "deadline": deadline,
            "rate_limit": rate_limit,
            "bulkhead": bulkhead,
        }
        built = {name: value for name, value in built.items() if value is not None}
        self.id: Final = id
        self._built: Final[dict[str, Any]] = built
        self._pools: Final[list[Pool]] = []
        self._apply(built)
        _add(self)

    def _apply(self, numbers: dict[str, Any]) -> None:
        self._now = numbers
        self.retries: float = numbers["retries"]
        self.initial: float = numbers["initial"]
        self.max_delay: float = numbers["max_delay"]
        self.multiplier: float = numbers.get("multiplier", 1.0)
        self.timeout: float = numbers.get("timeout", math.inf)
        self.deadline: float = numbers.get("deadline", math.inf)
        for pool in self._pools:
            self._limit(pool)

    def _limit(self, pool: Pool) -> None:
        pool.change(self._now.get("bulkhead"), self._now.get("rate_limit"))

    def limiting(self, pool: Pool) -> Pool:
        """The pool, whose limits are the policy's from now on."""
        self._pools.append(pool)
        self._limit(pool)
        return pool

    def told(self, numbers: dict[str, Any]) -> None:
        """People have set these, and no others."""
        set_now = _read(numbers)
        self._apply(
            {name: set_now.get(name, value) for name, value in self._built.items()}
        )

    def report(self) -> dict[str, Any]:
        """What it was built with, as messages have it."""
        return {"policy": self.id, "numbers": _written(self._built)}


SECONDS: Final = ("initial", "max_delay", "timeout", "deadline")


def _read(numbers: dict[str, Any]) -> dict[str, Any]:
    """Numbers of a message, those that are known here."""
    found: dict[str, Any] = {}
    for name in SECONDS:
        if f"{name}_ms" in numbers:
            found[name] = numbers[f"{name}_ms"] / 1000
    for name in ("retries", "multiplier", "bulkhead"):
        if name in numbers:
            found[name] = numbers[name]
    if found.get("retries") == "forever":
        found["retries"] = math.inf
    if "rate_limit" in numbers:
        rate = numbers["rate_limit"]
        found["rate_limit"] = Rate(rate["permits"], rate["per_ms"] / 1000)
    return found


def _written(built: dict[str, Any]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name, value in built.items():
        if name in SECONDS:
            numbers[f"{name}_ms"] = round(value * 1000)
        elif name == "rate_limit":
            per_ms = round(value.seconds * 1000)
            numbers[name] = {"permits": value.permits, "per_ms": per_ms}
        else:
            numbers[name] = "forever" if value == math.inf else value
    return numbers


class _Table:
    """The policies of the process, and what the sidecar last said."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.policies: dict[str, LivePolicy] = {}
        self.standing: dict[str, dict[str, Any]] = {}


_table: Final = _Table()


def _add(policy: LivePolicy) -> None:
    with _table.lock:
        _table.policies[policy.id] = policy
        numbers = _table.standing.get(policy.id)
    if numbers is not None:
        policy.told(numbers)
    shared.notify("policy.report", {"policies": [policy.report()]})


def is_used() -> bool:
    """Whether a session is worth having for policies alone."""
    return bool(_table.policies)


def is_heard() -> bool:
    """Whether there is nothing to be looked for before the numbers are read."""
    return shared.is_settled()


async def hear() -> None:
    """Looks for the sidecar: a workflow without durability has no session."""
    await shared.join()


def attach(session: Session, answer: dict[str, Any]) -> None:
    """The session is connected: takes over what people have set, and tells what the process has."""
    standing = {each["policy"]: each["numbers"] for each in answer.get("policies", ())}
    with _table.lock:
        _table.standing = standing
        policies = list(_table.policies.values())
    for policy in policies:
        policy.told(standing.get(policy.id, {}))
    if policies:
        reports = [policy.report() for policy in policies]
        session.notify("policy.report", {"policies": reports})


def told(change: dict[str, Any]) -> None:
    """People have set numbers of a policy, or taken them back."""
    with _table.lock:
        _table.standing[change["policy"]] = change["numbers"]
        policy = _table.policies.get(change["policy"])
    if policy is not None:
        policy.told(change["numbers"])


def _reset_after_fork() -> None:
    """A lock that another thread held at the fork would be held for ever."""
    _table.lock = threading.Lock()


os.register_at_fork(after_in_child=_reset_after_fork)
