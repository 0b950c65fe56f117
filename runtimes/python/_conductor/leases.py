"""What a session has of the host's limits: permits in use or waited for, those that it may use again without asking,
and starts of a rate that it may make without asking.

It deliberately asks for none, which is for `host`. All of it happens in the session's event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Leases:
    """A permit is leased where nobody waited when it was granted, and until somebody does."""

    def __init__(self, release: Callable[[int], None]) -> None:
        self._release = release
        self._claims: dict[int, dict[str, object]] = {}
        self._idle: dict[str, list[dict[str, object]]] = {}
        self._numbers: dict[int, int] = {}
        """Of the leases of permits, in the order in which they were granted."""
        self._recalled: dict[str, int] = {}
        """The last number of each resource that is over."""
        self._starts: dict[str, tuple[int, float]] = {}
        """How many of each resource, and until when."""

    @property
    def claims(self) -> list[dict[str, object]]:
        """What a connection that is made anew must not lose."""
        return list(self._claims.values())

    def is_used(self) -> bool:
        """Whether a connection is needed."""
        return bool(self._claims or any(self._idle.values()))

    def wanted(self, permit: int, claim: dict[str, object]) -> None:
        """It is asked for."""
        self._claims[permit] = claim

    def granted(self, permit: int, number: int | None) -> None:
        """It is held, and leased where there is a number."""
        self._claims[permit]["held"] = True
        if number is not None:
            self._numbers[permit] = number

    def again(self, resource: str) -> int | None:
        """Takes a permit that is leased and idle."""
        idle = self._idle.get(resource)
        if not idle:
            return None
        claim = idle.pop()
        permit: Any = claim["permit"]
        self._claims[permit] = claim
        return int(permit)

    def may_start(self, resource: str, now: float) -> bool:
        """Takes a start that is leased."""
        count, until = self._starts.get(resource, (0, 0.0))
        if count == 0 or now >= until:
            return False
        self._starts[resource] = (count - 1, until)
        return True

    def spare(self, resource: str, now: float) -> int:
        """Leased starts whose time is over; they are said once."""
        count, until = self._starts.get(resource, (0, 0.0))
        if now < until:
            return 0
        self._starts.pop(resource, None)
        return count

    def leased(self, resource: str, count: int, until: float) -> None:
        """Starts may be made without asking."""
        self._starts[resource] = (count, until)

    def unneeded(self, permit: int) -> None:
        """The attempt has ended, or waits no more."""
        claim = self._claims.pop(permit, None)
        if claim is None:
            return
        resource = str(claim["resource"])
        number = self._numbers.get(permit)
        if number is not None and number > self._recalled.get(resource, -1):
            self._idle.setdefault(resource, []).append(claim)
            return
        self._give_back(permit)

    def recalled(self, resource: str, number: int) -> None:
        """Somebody waits for permits that were leased with this number or one before it."""
        self._recalled[resource] = max(number, self._recalled.get(resource, -1))
        for claim in self._idle.pop(resource, []):
            permit: Any = claim["permit"]
            if self._numbers[permit] > number:
                self._idle.setdefault(resource, []).append(claim)
            else:
                self._give_back(permit)

    def lost(self) -> None:
        """The connection is gone, and with it all leases: what is idle is not claimed again, and so free."""
        self._idle.clear()
        self._starts.clear()
        self._numbers.clear()
        self._recalled.clear()

    def close(self) -> None:
        """Everything is given back."""
        idle = [claim for claims in self._idle.values() for claim in claims]
        self.lost()
        claims, self._claims = self.claims + idle, {}
        for claim in claims:
            permit: Any = claim["permit"]
            self._release(permit)

    def _give_back(self, permit: int) -> None:
        self._numbers.pop(permit, None)
        self._release(permit)
