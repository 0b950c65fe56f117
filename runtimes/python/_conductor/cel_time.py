"""CEL's times: how they are read, what a calendar in any zone shows of them, and their arithmetic.

It deliberately knows no clock: it reads no current time and no local zone.
"""

import datetime as dt
import math
import re
import zoneinfo
from typing import Any

from .cel import no_overload
from .errors import ExpressionError
from .scalars import INT_MAX

_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-][0-9]{2}:[0-9]{2}))"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(r"([0-9]*)(?:\.([0-9]*))?(h|ms|us|\u00b5s|\u03bcs|ns|m|s)")
_OFFSET = re.compile(r"([+-]?)([01][0-9]|2[0-3]):([0-5][0-9])")
_NANOSECONDS = {
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1000,
    "\u00b5s": 1000,
    "\u03bcs": 1000,
    "ns": 1,
}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_SECOND = dt.timedelta(seconds=1)
_DAY = dt.timedelta(days=1)
_LONGEST = INT_MAX // 1000
"""Microseconds of the longest duration: 64 bits of nanoseconds."""


def timestamp(of: object) -> dt.datetime:
    """RFC 3339, seconds since 1970, or the midnight of a date; in UTC."""
    if isinstance(of, dt.datetime):
        return of
    try:
        if isinstance(of, dt.date):
            return dt.datetime(of.year, of.month, of.day, tzinfo=dt.UTC)
        if isinstance(of, int) and not isinstance(of, bool):
            return _EPOCH + dt.timedelta(seconds=of)
        if isinstance(of, str):
            return _read_timestamp(of)
    except (ValueError, OverflowError):
        raise ExpressionError(f"timestamp: {of!r} is none") from None
    raise no_overload("timestamp", of)


def _read_timestamp(of: str) -> dt.datetime:
    match = _TIMESTAMP.fullmatch(of)
    if match is None:
        raise ValueError(of)
    date, clock, fraction, offset = match.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    at = dt.datetime.fromisoformat(f"{date}T{clock}.{micros}+00:00")
    return at - _offset(offset) if offset else at


def _offset(zone: str) -> dt.timedelta:
    match = _OFFSET.fullmatch(zone)
    if match is None:
        raise ValueError(zone)
    sign, hours, minutes = match.groups()
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
    return -offset if sign == "-" else offset


def duration(of: object) -> dt.timedelta:
    """`-1h30m2.5s`."""
    if isinstance(of, dt.timedelta):
        return of
    if not isinstance(of, str):
        raise no_overload("duration", of)
    rest = of[1:] if of.startswith(("-", "+")) else of
    nanos = at = 0
    while at < len(rest) and rest != "0":
        match = _DURATION.match(rest, at)
        if match is None or not (match[1] or match[2]) or len(match[1]) > 20:
            break
        unit = _NANOSECONDS[match[3]]
        fraction = match[2] or ""
        nanos += int(match[1] or 0) * unit
        nanos += sum(
            int(digit) * (unit // 10**place)
            for place, digit in enumerate(fraction[:16], 1)
        )
        at = match.end()
    if not rest or (at < len(rest) and rest != "0"):
        raise ExpressionError(f"duration: {of!r} is none")
    if nanos > INT_MAX:
        raise ExpressionError("this duration is longer than 292 years")
    span = dt.timedelta(microseconds=nanos // 1000)
    return -span if of.startswith("-") else span


def date(of: object) -> dt.date:
    """`2026-01-31`, or the day of a timestamp in UTC."""
    if isinstance(of, dt.datetime):
        return _shown(of, None).date()
    if isinstance(of, dt.date):
        return of
    if not isinstance(of, str):
        raise no_overload("date", of)
    try:
        if _DATE.fullmatch(of):
            return dt.date.fromisoformat(of)
    except ValueError:
        pass
    raise ExpressionError(f"date: {of!r} is none")


def spans_added(left: dt.timedelta, right: dt.timedelta) -> dt.timedelta:
    return _span(left, right)


def spans_subtracted(left: dt.timedelta, right: dt.timedelta) -> dt.timedelta:
    return _span(left, -right)


def _span(left: dt.timedelta, right: dt.timedelta) -> dt.timedelta:
    try:
        total = left + right
    except OverflowError:
        total = dt.timedelta.max
    if abs(total // _MICROSECOND) > _LONGEST:
        raise ExpressionError("this duration is longer than 292 years")
    return total


def later(at: dt.datetime, by: dt.timedelta) -> dt.datetime:
    try:
        return at + by
    except OverflowError:
        raise ExpressionError("this timestamp is outside the years 1 to 9999") from None


def earlier(at: dt.datetime, by: dt.timedelta) -> dt.datetime:
    return later(at, -by)


def since(left: dt.datetime, right: dt.datetime) -> dt.timedelta:
    """The time from `right` to `left`."""
    try:
        return _span(left - right, dt.timedelta())
    except TypeError:
        raise ExpressionError(
            "a timestamp without an offset has no distance from one with an offset"
        ) from None


def days_later(day: dt.date, by: dt.timedelta) -> dt.date:
    if by % _DAY:
        raise ExpressionError("a date moves by whole days only, such as 24h")
    try:
        return day + by
    except OverflowError:
        raise ExpressionError("this date is outside the years 1 to 9999") from None


def days_earlier(day: dt.date, by: dt.timedelta) -> dt.date:
    return days_later(day, -by)


def days_since(left: dt.date, right: dt.date) -> dt.timedelta:
    return _span(left - right, dt.timedelta())


def _shown(at: dt.datetime, zone: str | None) -> dt.datetime:
    """The moment as clocks of the zone show it; of UTC, where none is named."""
    if at.tzinfo is None:
        if zone is not None:
            raise ExpressionError("this timestamp does not say its offset from UTC")
        return at
    try:
        return at.astimezone(_zone(zone))
    except OverflowError:
        raise ExpressionError("this timestamp is outside the years 1 to 9999") from None


def _zone(name: str | None) -> dt.tzinfo:
    if not name or name == "UTC":
        return dt.UTC
    if _OFFSET.fullmatch(name):
        return dt.timezone(_offset(name))
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ExpressionError(f"there is no time zone {name!r}") from None


def _day(name: str, of: object, zone: str | None) -> dt.date:
    if isinstance(of, dt.datetime):
        return _shown(of, zone)
    if isinstance(of, dt.date) and zone is None:
        return of
    raise no_overload(name, of)


def get_full_year(of: object, zone: str | None = None) -> int:
    return _day("getFullYear", of, zone).year


def get_month(of: object, zone: str | None = None) -> int:
    """From 0."""
    return _day("getMonth", of, zone).month - 1


def get_date(of: object, zone: str | None = None) -> int:
    """From 1."""
    return _day("getDate", of, zone).day


def get_day_of_month(of: object, zone: str | None = None) -> int:
    """From 0."""
    return _day("getDayOfMonth", of, zone).day - 1


def get_day_of_week(of: object, zone: str | None = None) -> int:
    """0 is Sunday."""
    return _day("getDayOfWeek", of, zone).isoweekday() % 7


def get_day_of_year(of: object, zone: str | None = None) -> int:
    """From 0."""
    return _day("getDayOfYear", of, zone).timetuple().tm_yday - 1


def get_hours(of: object, zone: str | None = None) -> int:
    if isinstance(of, dt.timedelta):
        return _whole(of, 3600 * _SECOND)
    return _clock("getHours", of, zone).hour


def get_minutes(of: object, zone: str | None = None) -> int:
    if isinstance(of, dt.timedelta):
        return _whole(of, 60 * _SECOND)
    return _clock("getMinutes", of, zone).minute


def get_seconds(of: object, zone: str | None = None) -> int:
    if isinstance(of, dt.timedelta):
        return _whole(of, _SECOND)
    return _clock("getSeconds", of, zone).second


def get_milliseconds(of: object, zone: str | None = None) -> int:
    """Of the second that has begun."""
    if isinstance(of, dt.timedelta):
        rest = math.fmod(of // _MICROSECOND, 1_000_000)
        return int(rest / 1000)
    return _clock("getMilliseconds", of, zone).microsecond // 1000


def _clock(name: str, of: object, zone: str | None) -> dt.datetime:
    if isinstance(of, dt.datetime):
        return _shown(of, zone)
    raise no_overload(name, of)


def _whole(of: dt.timedelta, unit: dt.timedelta) -> int:
    """Whole units, rounded toward zero."""
    return -(-of // unit) if of < dt.timedelta() else of // unit


def add(left: Any, right: Any) -> Any:
    """`+` of times that are known to be some only now; none where they are not."""
    if isinstance(left, dt.timedelta) and isinstance(right, (dt.datetime, dt.date)):
        left, right = right, left
    match left, right:
        case dt.datetime(), dt.timedelta():
            return later(left, right)
        case dt.date(), dt.timedelta():
            return days_later(left, right)
        case dt.timedelta(), dt.timedelta():
            return _span(left, right)
    raise no_overload("add", left, right)


def subtract(left: Any, right: Any) -> Any:
    """`-` of times that are known to be some only now."""
    match left, right:
        case ((dt.datetime() | dt.date() | dt.timedelta()), dt.timedelta()):
            return add(left, -right)
        case dt.datetime(), dt.datetime():
            return since(left, right)
        case dt.date(), dt.date() if type(left) is type(right):
            return days_since(left, right)
    raise no_overload("subtract", left, right)
