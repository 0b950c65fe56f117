"""Rates: how many may begin in a time.

They deliberately know nothing of who waits.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`permits` attempts may begin in each span of `seconds`, wherever the span is laid."""

    permits: int
    seconds: float
