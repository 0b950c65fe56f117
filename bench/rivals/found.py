"""The figures of a measurement, read: medians, spreads, and ratios of rounds."""

import statistics
from typing import Any

from rivals.measure import GROUPS
from rivals.systems import SYSTEMS

Values = dict[str, dict[str, list[float]]]


class Found:
    def __init__(self, figures: dict[str, Any]) -> None:
        self.values: Values = figures["values"]
        self.parts: dict[str, Any] = figures["parts"]

    def rounds(self, what: str, system: str) -> list[float]:
        return self.values.get(what, {}).get(system, [])

    def middle(self, what: str, system: str) -> float | None:
        rounds = self.rounds(what, system)
        return statistics.median(rounds) if rounds else None

    def ratio(self, what: str, over: str, under: str) -> float | None:
        """The median of the rounds' ratios: what disturbs a round disturbs both."""
        pairs = list(zip(self.rounds(what, over), self.rounds(what, under), strict=False))
        return (
            statistics.median(one / other for one, other in pairs)
            if pairs and all(other for _, other in pairs)
            else None
        )

    def best(self, what: str, group: str, most: bool = False) -> str | None:
        """The engine that somebody else wrote which does best in a group."""
        engines = [name for name in GROUPS[group] if SYSTEMS[name].is_engine and self.rounds(what, name)]
        if not engines:
            return None
        return sorted(engines, key=lambda name: self.middle(what, name) or 0.0, reverse=most)[0]


def title(name: str) -> str:
    system = SYSTEMS[name]
    if not system.is_engine and system.title != "Conductor":
        return system.title
    return f"{system.title}, {system.store}" if system.store in ("SQLite", "PostgreSQL") else system.title
