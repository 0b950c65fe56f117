"""How single values are journaled: to JSON and back, each checked to be what its type says.

It deliberately knows no composite types; their codecs are generated, and call these.
"""

import base64
import binascii
import datetime as dt
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from .errors import ResultError

INT_MIN = -(2**63)
INT_MAX = 2**63 - 1
MAX_DEPTH = 100
"""How deep plain JSON may be nested; parsers of other languages stop at 128."""


def mismatch(expected: str, value: object) -> ResultError:
    """The error for a value that is not of its type."""
    text = repr(value)
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return ResultError(f"expected {expected}, got {type(value).__qualname__} {shown}")


def check(value: object, kind: type[Any]) -> None:
    """Refuses a value that is no instance of the user's class `kind`."""
    if not isinstance(value, kind):
        raise mismatch(kind.__qualname__, value)


def encode_bool(value: bool) -> bool:
    if not isinstance(value, bool):
        raise mismatch("bool", value)
    return value


def encode_int(value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise mismatch("int", value)
    if not INT_MIN <= value <= INT_MAX:
        raise mismatch("an int of at most 64 bits", value)
    return int(value)


def encode_float(value: float) -> float | str:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise mismatch("float", value)
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def encode_str(value: str) -> str:
    if not isinstance(value, str):
        raise mismatch("str", value)
    return _unicode(str.__str__(value))


def _unicode(text: str) -> str:
    """Text that can be written as UTF-8: a lone surrogate cannot, and whoever reads the journal refuses it."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise mismatch("text without lone surrogates", text) from None
    return text


def encode_decimal(value: Decimal) -> str:
    if not isinstance(value, Decimal):
        raise mismatch("Decimal", value)
    return str(value)


def encode_bytes(value: bytes) -> str:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise mismatch("bytes", value)
    return base64.b64encode(value).decode("ascii")


def encode_datetime(value: dt.datetime) -> str:
    if not isinstance(value, dt.datetime):
        raise mismatch("datetime", value)
    return value.isoformat()


def encode_date(value: dt.date) -> str:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise mismatch("date", value)
    return value.isoformat()


def encode_timedelta(value: dt.timedelta) -> str:
    if not isinstance(value, dt.timedelta):
        raise mismatch("timedelta", value)
    micros = value // dt.timedelta(microseconds=1)
    sign = "-" if micros < 0 else ""
    seconds, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{sign}{seconds}{fraction}s"


def encode_uuid(value: UUID) -> str:
    if not isinstance(value, UUID):
        raise mismatch("UUID", value)
    return str(value)


def encode_any(value: object, room: int = MAX_DEPTH) -> Any:
    """A copy of a value without a declared type, which must be plain JSON."""
    if room == 0:
        raise ResultError(f"lists and dicts are nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _unicode(value)
    if isinstance(value, int):
        return encode_int(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list):
        return [encode_any(item, room - 1) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {
            _unicode(name): encode_any(item, room - 1) for name, item in value.items()
        }
    raise mismatch("plain JSON (None, bool, int, float, str, list, dict)", value)


def encode_unannotated(value: object, function: str) -> Any:
    """The result of a function that does not say what it returns."""
    try:
        return encode_any(value)
    except ResultError as error:
        raise ResultError(
            f"the result of {function} cannot be journaled: {error}. "
            f"Annotate what {function} returns, or return plain JSON"
        ) from None


def decode_bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise mismatch("a boolean", value)
    return value


def decode_int(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise mismatch("an integer", value)
    if not INT_MIN <= value <= INT_MAX:
        raise mismatch("an integer of at most 64 bits", value)
    return value


def decode_float(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(str(value))
    raise mismatch("a number", value)


def decode_str(value: object) -> str:
    if not isinstance(value, str):
        raise mismatch("a string", value)
    return value


def decode_decimal(value: object) -> Decimal:
    if isinstance(value, str) or (
        isinstance(value, int) and not isinstance(value, bool)
    ):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    raise mismatch("a decimal as a string", value)


def decode_bytes(value: object) -> bytes:
    try:
        return base64.b64decode(decode_str(value), validate=True)
    except (binascii.Error, ValueError):
        raise mismatch("bytes in base64", value) from None


def decode_datetime(value: object) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(decode_str(value))
    except ValueError:
        raise mismatch("a timestamp as in ISO 8601", value) from None


def decode_date(value: object) -> dt.date:
    try:
        return dt.date.fromisoformat(decode_str(value))
    except ValueError:
        raise mismatch("a date as in ISO 8601", value) from None


_DURATION = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,6}))?s", re.ASCII)


def decode_timedelta(value: object) -> dt.timedelta:
    match = _DURATION.fullmatch(decode_str(value))
    if match is None:
        raise mismatch("a duration in seconds, such as '1.5s'", value)
    sign, seconds, fraction = match.groups()
    micros = int(seconds) * 1_000_000 + int((fraction or "").ljust(6, "0"))
    try:
        return dt.timedelta(microseconds=-micros if sign else micros)
    except OverflowError:
        raise mismatch("a duration that a timedelta can hold", value) from None


def decode_uuid(value: object) -> UUID:
    try:
        return UUID(decode_str(value))
    except ValueError:
        raise mismatch("a UUID", value) from None


def decode_any(value: object) -> Any:
    """A copy of plain JSON."""
    if isinstance(value, list):
        return [decode_any(item) for item in value]
    if isinstance(value, dict):
        return {name: decode_any(item) for name, item in value.items()}
    return value


def decode_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise mismatch("a list", value)
    return value


def decode_object(value: object, *required: str) -> dict[str, object]:
    """An object that has the `required` fields."""
    if not isinstance(value, dict):
        raise mismatch("an object", value)
    for name in required:
        if name not in value:
            raise ResultError(f"the field {name!r} is missing in {sorted(value)}")
    return value
