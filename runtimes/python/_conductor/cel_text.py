"""CEL's functions on text and bytes, where Python's own mean something else. Positions count characters.

It deliberately knows no types beyond them: what a value is as text is decided in `cel`.
"""

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from typing import Any

from .cel import float_text, no_overload, text
from .errors import ExpressionError

_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}
_ESCAPES = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)
_CLAUSE = re.compile(r"%(?:(%)|(?:\.([0-9]+))?(.))", re.DOTALL)
_WIDE = Context(prec=4000, rounding=ROUND_HALF_EVEN)


def _place(of: str, at: int) -> int:
    if not 0 <= at <= len(of):
        raise ExpressionError(f"the index {at} is out of range")
    return at


def char_at(of: str, at: int) -> str:
    """A character, or nothing right behind the last one."""
    return of[_place(of, at) : at + 1]


def index_of(of: str, part: str, start: int = 0) -> int:
    """Where `part` begins for the first time, at `start` or later; -1 for nowhere."""
    if start < 0:
        raise ExpressionError(f"the index {start} is out of range")
    return of.find(part, start) if part else start


def last_index_of(of: str, part: str, start: int | None = None) -> int:
    """Where `part` begins for the last time, at `start` or before; -1 for nowhere."""
    if start is not None and start < 0:
        raise ExpressionError(f"the index {start} is out of range")
    if not part:
        return len(of) if start is None else start
    if start is None:
        return of.rfind(part)
    return of.rfind(part, 0, start + len(part)) if start < len(of) else -1


def join(parts: Sequence[str], separator: str = "") -> str:
    try:
        return separator.join(parts)
    except TypeError:
        raise ExpressionError("join: not all of them are strings") from None


def lower_ascii(of: str) -> str:
    return of.translate(_LOWER)


def upper_ascii(of: str) -> str:
    return of.translate(_UPPER)


def replace(of: str, old: str, new: str, limit: int = -1) -> str:
    return of.replace(old, new, max(limit, -1))


def split(of: str, separator: str, limit: int = -1) -> list[str]:
    """At most `limit` parts, the last one with the rest. No separator: characters."""
    if limit == 0:
        return []
    if separator:
        return of.split(separator, limit - 1 if limit > 0 else -1)
    if limit < 0 or limit > len(of):
        return list(of)
    return [*of[: limit - 1], of[limit - 1 :]] if of else []


def substring(of: str, start: int, end: int | None = None) -> str:
    end = len(of) if end is None else _place(of, end)
    if _place(of, start) > end:
        raise ExpressionError("a substring ends after its start")
    return of[start:end]


def trim(of: str) -> str:
    return of.strip(_WHITE_SPACE)


def reverse(of: str) -> str:
    return of[::-1]


def quote(of: str) -> str:
    """The text as a literal of CEL."""
    return f'"{of.translate(_ESCAPES)}"'


def to_bytes(of: object) -> bytes:
    if isinstance(of, bytes):
        return of
    if isinstance(of, str):
        try:
            return of.encode()
        except UnicodeEncodeError:
            raise ExpressionError("bytes: the text is not Unicode") from None
    raise no_overload("bytes", of)


def base64_encode(of: bytes) -> str:
    return base64.b64encode(of).decode("ascii")


def base64_decode(of: str) -> bytes:
    """Padding may be missing."""
    body = of.rstrip("=")
    if len(body) % 4 == 1 or (len(body) < len(of) and len(of) % 4):
        raise ExpressionError("this is not base64")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ExpressionError("this is not base64") from None


def format(template: str, args: Sequence[object]) -> str:
    """The template with its clauses `%s %d %f %e %b %o %x %X` filled in."""
    rest = iter(args)
    out = []
    at = 0
    while (found := template.find("%", at)) >= 0:
        clause = _CLAUSE.match(template, found)
        if clause is None:
            raise ExpressionError("a clause of the template is wrong")
        out.append(template[at:found])
        at = clause.end()
        percent, precision, letter = clause.groups()
        if percent:
            out.append(percent)
            continue
        if precision is not None and int(precision[:9]) > 1000:
            raise ExpressionError("the precision of a clause is wrong")
        try:
            arg = next(rest)
        except StopIteration:
            raise ExpressionError("there are fewer arguments than clauses") from None
        places = 6 if precision is None else int(precision)
        out.append(_clause(letter, places, arg.value if isinstance(arg, Enum) else arg))
    return "".join([*out, template[at:]])


def _clause(letter: str, places: int, arg: Any) -> str:
    match letter, arg:
        case "s", _:
            return _shown(arg)
        case "b", bool():
            return "1" if arg else "0"
        case (("d" | "b" | "o" | "x" | "X"), int()) if not isinstance(arg, bool):
            return f"{arg:{letter}}"
        case "d", float() if not math.isfinite(arg):
            return float_text(arg)
        case (("x" | "X"), str() | bytes()):
            digits = (arg.encode() if isinstance(arg, str) else arg).hex()
            return digits.upper() if letter == "X" else digits
        case "f", Decimal() if arg.is_finite() and abs(arg.adjusted()) <= 2000:
            return f"{arg.quantize(Decimal(1).scaleb(-places), context=_WIDE):f}"
        case (("f" | "e"), int() | float()) if not isinstance(arg, bool):
            number = float(arg)
            return (
                f"{number:.{places}{letter}}"
                if math.isfinite(number)
                else float_text(number)
            )
    if letter not in "sdfeboxX":
        raise ExpressionError(f"%{letter} is not a clause")
    raise no_overload(f"%{letter}", arg)


def _shown(arg: object) -> str:
    if isinstance(arg, Mapping):
        pairs = sorted((_shown(key), _shown(value)) for key, value in arg.items())
        return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
    if isinstance(arg, (list, tuple)):
        return "[" + ", ".join(map(_shown, arg)) + "]"
    if isinstance(arg, bytes):
        return arg.decode(errors="replace")
    return text(arg)
