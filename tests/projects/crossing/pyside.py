"""What is written in Python."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Part:
    label: str
    pieces: int


@dataclass
class Parcel:
    id: str
    size: Size
    serial: int
    pieces: int
    ratio: float
    price: Decimal
    due: datetime
    day: date
    spent: timedelta
    blob: bytes
    key: UUID
    parts: list[Part]
    by_name: dict[str, Part]
    trail: list[str]
    inner: "Parcel | None" = None
    note: str | None = None
    weight: float = field(default=1.5)


def make(label: str) -> Parcel:
    part = Part(label, 7)
    inner = None
    for note in ("noted", None):
        inner = Parcel(
            id=f"ü-{label}",
            size=Size.LARGE,
            serial=2**60 + 1 if label == "big" else 2**53 - 1,
            pieces=-3,
            ratio=0.1,
            price=Decimal("12345678901234567890.10"),
            due=datetime(1911, 12, 14, 15, 0, 0, 123_000, tzinfo=UTC),
            day=date(1066, 10, 14),
            spent=timedelta(milliseconds=-1500),
            blob=b"\x00\xff\xfe",
            key=UUID(int=0x0000000000004000_80000000000000FF),
            parts=[part, part],
            by_name={} if note else {"a b": part},
            trail=["py"],
            inner=inner,
            note=note,
        )
    assert inner is not None
    return inner


async def pass_on(parcel: Parcel) -> Parcel:
    wanted = make(parcel.parts[0].label)
    assert wanted.inner is not None
    assert parcel.inner is not None
    # Who was there before stands in the trail alone.
    wanted.trail = parcel.trail
    wanted.inner.trail = parcel.inner.trail
    if parcel != wanted:
        raise ValueError(f"{parcel} is not {wanted}")
    parcel.trail.append("py")
    return parcel


def where() -> str:
    """The trace in which the step is."""
    from conductor_gen import current_step

    step = current_step()
    assert step is not None
    return step.traceparent


class Ledger:
    """What is opened once in the process that serves the function."""

    def __init__(self) -> None:
        self.lines: list[str] = []


def open_ledger() -> Ledger:
    return Ledger()


def book(py_ledger: Ledger, line: str) -> str:
    py_ledger.lines.append(line)
    return f"py {len(py_ledger.lines)}"
