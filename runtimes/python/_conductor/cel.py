"""The rules of CEL where Python's own operators mean something else.

It deliberately knows no syntax: expressions are compiled to Python, and call these where they must.
"""

import datetime as dt
import decimal
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from .errors import ExpressionError, StepFailed
from .scalars import INT_MAX, INT_MIN, encode_timedelta

T = TypeVar("T")
K = TypeVar("K")

DECIMALS = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)
"""Digits and rounding of decimals, whatever the process has set."""


def holds(step: str, test: Callable[[], bool]) -> bool:
    """The value of a step's `when`; without one the step fails."""
    try:
        return test()
    except ExpressionError as error:
        raise StepFailed(step, 0, error) from error


def valued(step: str, value: Callable[[], T]) -> T:
    """A value that a step needs; without one the step fails."""
    try:
        return value()
    except ExpressionError as error:
        raise StepFailed(step, 0, error) from error


def items(step: str, of: object) -> Sequence[Any]:
    """What a map goes over, where only the value itself says that it is a list."""
    if isinstance(of, Sequence) and not isinstance(of, (str, bytes)):
        return of
    raise StepFailed(step, 0, ExpressionError("a map goes over a list"))


def present(value: T | None) -> T:
    """A value that is known not to be null here."""
    if value is None:
        raise ExpressionError("no value where one is needed: it is null")
    return value


def narrowed(value: object, kind: type[T]) -> T:
    """A value that is known to be of `kind` here."""
    if not isinstance(value, kind):
        raise ExpressionError(f"expected {kind.__name__}, got {_name(value)}")
    return value


def wire_text(of: Enum | None) -> str | None:
    """The text that stands for an enum's member that may be null."""
    value: str | None = None if of is None else of.value
    return value


def wire_int(of: Enum | None) -> int | None:
    """The number that stands for an enum's member that may be null."""
    value: int | None = None if of is None else of.value
    return value


def and_(left: Callable[[], object], right: Callable[[], object]) -> bool:
    """CEL's `&&`: false if either side is, whatever the other does."""
    return _decided(False, left, right)


def or_(left: Callable[[], object], right: Callable[[], object]) -> bool:
    """CEL's `||`: true if either side is, whatever the other does."""
    return _decided(True, left, right)


def _decided(by: bool, left: Callable[[], object], right: Callable[[], object]) -> bool:
    failure: ExpressionError | None = None
    for side in (left, right):
        try:
            value = side()
            if not isinstance(value, bool):
                raise no_overload("logic", value)
        except ExpressionError as error:
            failure = failure or error
            continue
        if value is by:
            return by
    if failure is not None:
        raise failure
    return not by


def not_(value: object) -> bool:
    if not isinstance(value, bool):
        raise no_overload("!", value)
    return not value


def equal(left: object, right: object) -> bool:
    """CEL's `==`: numbers by value, everything else only within its own type."""
    if isinstance(left, Enum) is not isinstance(right, Enum):
        left, right = (
            side.value if isinstance(side, Enum) else side for side in (left, right)
        )
    if _is_number(left) and _is_number(right):
        left, right = _alike(left, right)
        return left == right
    if isinstance(left, Decimal) is not isinstance(right, Decimal):
        return False
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            equal(value, right[name]) for name, value in left.items()
        )
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return left == right


def contained(item: object, of: object) -> bool:
    """CEL's `in`: an element of a list, a key of a map."""
    if isinstance(of, Mapping):
        return any(equal(item, key) for key in of)
    if isinstance(of, (list, tuple)):
        return any(equal(item, element) for element in of)
    raise no_overload("in", of)


def less(left: object, right: object) -> bool:
    return _compared(left, right) < 0


def less_or_equal(left: object, right: object) -> bool:
    return _compared(left, right, 1) <= 0


def greater(left: object, right: object) -> bool:
    return _compared(left, right) > 0


def greater_or_equal(left: object, right: object) -> bool:
    return _compared(left, right, -1) >= 0


def _compared(left: Any, right: Any, unordered: int = 0) -> int:
    """Negative, zero or positive; `unordered` where one side is not a number (NaN)."""
    same = isinstance(left, type(right)) or isinstance(right, type(left))
    both_bool = isinstance(left, bool) is isinstance(right, bool)
    if not (same and both_bool) and not (_is_number(left) and _is_number(right)):
        raise no_overload("comparison", left, right)
    if _is_number(left) and _is_number(right):
        left, right = _alike(left, right)
    try:
        if left == right:
            return 0
        return -1 if left < right else 1 if left > right else unordered
    except TypeError:
        raise no_overload("comparison", left, right) from None


def item(of: Sequence[T], index: int) -> T:
    """An element of a list."""
    if not 0 <= index < len(of):
        raise ExpressionError(f"index {index} is out of a list of {len(of)}")
    return of[index]


def value(of: Mapping[str, T], key: str) -> T:
    """A value of a map."""
    try:
        return of[key]
    except KeyError:
        raise ExpressionError(f"no such key: {key!r}") from None


def index(of: Any, at: Any) -> Any:
    """An element of something whose type the code does not say."""
    if isinstance(of, Mapping):
        return value(of, at)
    if isinstance(of, (list, tuple)) and isinstance(at, int):
        return item(of, at)
    raise no_overload("[]", of, at)


_WITHOUT_FIELDS = (
    *(bool, int, float, Decimal, str, bytes, list, tuple),
    *(dt.date, dt.timedelta, UUID, Enum),
)


def field(of: object, name: str) -> Any:
    """A field of a mapping, or of something whose type the code does not say."""
    if isinstance(of, Mapping):
        return value(of, name)
    if isinstance(of, _WITHOUT_FIELDS):
        raise no_overload(f".{name}", of)
    try:
        return getattr(of, name)
    except AttributeError:
        raise ExpressionError(f"no such field: {name!r}") from None


def has(of: object, name: str) -> bool:
    """Whether a field is there and not null."""
    if isinstance(of, Mapping):
        return of.get(name) is not None
    if isinstance(of, _WITHOUT_FIELDS):
        raise no_overload(f".{name}", of)
    return getattr(of, name, None) is not None


def int64(number: int) -> int:
    if not INT_MIN <= number <= INT_MAX:
        raise ExpressionError("integer overflow")
    return number


def add_int(left: int, right: int) -> int:
    return int64(left + right)


def subtract_int(left: int, right: int) -> int:
    return int64(left - right)


def multiply_int(left: int, right: int) -> int:
    return int64(left * right)


def divide_int(left: int, right: int) -> int:
    """Rounds toward zero."""
    if right == 0:
        raise ExpressionError("division by zero")
    quotient = abs(left) // abs(right)
    return int64(quotient if (left < 0) is (right < 0) else -quotient)


def modulo_int(left: int, right: int) -> int:
    """Has the sign of the dividend."""
    if right == 0:
        raise ExpressionError("modulus by zero")
    if left == INT_MIN and right == -1:
        raise ExpressionError("integer overflow")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def divide_float(left: float, right: float) -> float:
    if right != 0.0:
        return left / right
    if left == 0.0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, math.copysign(1.0, left) * math.copysign(1.0, right))


def _in_decimal(name: str, left: Decimal, right: Decimal) -> Decimal:
    try:
        result: Decimal = getattr(DECIMALS, name)(left, right)
    except decimal.DecimalException as error:
        raise ExpressionError(f"decimal {name}: {type(error).__name__}") from None
    return result


def add_decimal(left: Decimal, right: Decimal) -> Decimal:
    return _in_decimal("add", left, right)


def subtract_decimal(left: Decimal, right: Decimal) -> Decimal:
    return _in_decimal("subtract", left, right)


def multiply_decimal(left: Decimal, right: Decimal) -> Decimal:
    return _in_decimal("multiply", left, right)


def divide_decimal(left: Decimal, right: Decimal) -> Decimal:
    return _in_decimal("divide", left, right)


def modulo_decimal(left: Decimal, right: Decimal) -> Decimal:
    return _in_decimal("remainder", left, right)


def add_lists(left: Sequence[T], right: Sequence[T]) -> list[T]:
    return [*left, *right]


def negate_decimal(number: Decimal) -> Decimal:
    return DECIMALS.minus(number)


def negate_int(number: int) -> int:
    return int64(-number)


def size(of: object) -> int:
    """Code points of a string, bytes, elements."""
    if isinstance(of, (str, bytes, list, tuple, Mapping)):
        return len(of)
    raise no_overload("size", of)


def contains(text: str, part: str) -> bool:
    return part in text


def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


def matches(text: str, pattern: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise ExpressionError(f"matches: {error}") from None


def text(of: object) -> str:
    """A value as CEL's `string()` writes it."""
    if isinstance(of, Enum):
        of = of.value
    if isinstance(of, str):
        return of
    if isinstance(of, bool):
        return "true" if of else "false"
    if isinstance(of, float):
        return float_text(of)
    if isinstance(of, bytes):
        try:
            return of.decode()
        except UnicodeDecodeError:
            raise ExpressionError("string: the bytes are not UTF-8") from None
    if isinstance(of, dt.timedelta):
        return encode_timedelta(of)
    if isinstance(of, dt.datetime):
        return _moment_text(of)
    if of is None:
        return "null"
    if isinstance(of, (list, tuple, Mapping)):
        raise no_overload("string", of)
    return str(of)


def _moment_text(of: dt.datetime) -> str:
    """In UTC, with as many decimals as needed; a timestamp without an offset as it is."""
    zone = "" if of.tzinfo is None else "Z"
    at = of if of.tzinfo is None else of.astimezone(dt.UTC)
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return f"{at.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}{zone}"


def float_text(number: float) -> str:
    """The fewest digits that read back the same, with an exponent below 1e-4 and from 1e21 on."""
    if not math.isfinite(number):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")
    digits = Decimal(repr(number))
    if number and not -4 <= digits.adjusted() < 21:
        # Of `1e-05`; a whole mantissa has no point.
        return repr(number).replace(".0e", "e")
    return f"{digits:f}".removesuffix(".0")


def interpolate(*parts: object) -> str:
    """A string with values in it."""
    return "".join(map(text, parts))


def to_int(of: object) -> int:
    try:
        if isinstance(of, float):
            if not math.isfinite(of):
                raise ExpressionError("int: the number is not finite")
            # Near both ends a float may stand for a number outside.
            if abs(of) >= 2.0**63:
                raise ExpressionError("integer overflow")
            return int(of)
        if isinstance(of, str) and re.fullmatch(r"[+-]?[0-9]+", of, re.ASCII) is None:
            raise ExpressionError(f"int: {of!r} is not an integer")
        if isinstance(of, dt.datetime):
            if of.tzinfo is None:
                raise ExpressionError("int: the timestamp does not say its offset")
            return math.floor(of.timestamp())
        if isinstance(of, (int, str, Decimal)):
            return int64(int(of))
    except (ValueError, OverflowError) as error:
        raise ExpressionError(f"int: {error}") from None
    raise no_overload("int", of)


_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)",
    re.IGNORECASE | re.ASCII,
)
_DIGITS = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def to_float(of: object) -> float:
    if not isinstance(of, (int, float, Decimal, str)) or isinstance(of, bool):
        raise no_overload("double", of)
    if isinstance(of, str) and _FLOAT.fullmatch(of) is None:
        raise ExpressionError(f"double: {of!r} is not a number")
    number = float(of)
    is_word = isinstance(of, str) and _DIGITS.fullmatch(of) is None
    if math.isinf(number) and not is_word and not isinstance(of, float):
        raise ExpressionError("double: the number is too large")
    return number


def to_decimal(of: object) -> Decimal:
    if isinstance(of, Decimal):
        return of
    if isinstance(of, str) and _DIGITS.fullmatch(of) is None:
        raise ExpressionError(f"decimal: {of!r} is not a number")
    if isinstance(of, float):
        if not math.isfinite(of):
            raise ExpressionError("decimal: the number is not finite")
        return Decimal(repr(of))
    if isinstance(of, (int, str)) and not isinstance(of, bool):
        return Decimal(of)
    raise no_overload("decimal", of)


def to_bool(of: object) -> bool:
    if isinstance(of, bool):
        return of
    if not isinstance(of, str):
        raise no_overload("bool", of)
    if of in ("true", "True", "TRUE", "t", "T", "1"):
        return True
    if of in ("false", "False", "FALSE", "f", "F", "0"):
        return False
    raise ExpressionError(f"bool: {of!r} is not a bool")


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Two numbers of one type: an int and a float are compared as floats."""
    if isinstance(left, float) is isinstance(right, float):
        return left, right
    return float(left), float(right)


def _is_number(of: object) -> bool:
    return isinstance(of, (int, float)) and not isinstance(of, bool)


def are(kind: type[object], *values: object) -> bool:
    return all(isinstance(each, kind) and not isinstance(each, bool) for each in values)


def _name(of: object) -> str:
    return "null" if of is None else type(of).__name__


def no_overload(operation: str, *operands: object) -> ExpressionError:
    kinds = ", ".join(map(_name, operands))
    return ExpressionError(f"no such overload: {operation} of {kinds}")
