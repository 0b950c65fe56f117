"""The rules of CEL where Python's own operators mean something else.

It deliberately knows no syntax: expressions are compiled to Python, and call these where they must.
"""

import datetime as dt
import decimal
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from .errors import ExpressionError, StepFailed
from .scalars import INT_MAX, INT_MIN, encode_timedelta

T = TypeVar("T")
K = TypeVar("K")

_DECIMAL = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)


def holds(step: str, test: Callable[[], bool]) -> bool:
    """The value of a step's `when`; without one the step fails."""
    try:
        return test()
    except ExpressionError as error:
        raise StepFailed(step, 0, error) from error


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
                raise _no_overload("logic", value)
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
        raise _no_overload("!", value)
    return not value


def equal(left: object, right: object) -> bool:
    """CEL's `==`: numbers by value, everything else only within its own type."""
    if isinstance(left, Enum) is not isinstance(right, Enum):
        left, right = (
            side.value if isinstance(side, Enum) else side for side in (left, right)
        )
    if _is_number(left) and _is_number(right):
        return left == right
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
    raise _no_overload("in", of)


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
        raise _no_overload("comparison", left, right)
    try:
        if left == right:
            return 0
        return -1 if left < right else 1 if left > right else unordered
    except TypeError:
        raise _no_overload("comparison", left, right) from None


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
    raise _no_overload("[]", of, at)


def field(of: object, name: str) -> Any:
    """A field of a mapping, or of something whose type the code does not say."""
    if isinstance(of, Mapping):
        return value(of, name)
    try:
        return getattr(of, name)
    except AttributeError:
        raise ExpressionError(f"no such field: {name!r}") from None


def has(of: object, name: str) -> bool:
    """Whether a field is there and not null."""
    if isinstance(of, Mapping):
        return of.get(name) is not None
    return getattr(of, name, None) is not None


def _int64(number: int) -> int:
    if not INT_MIN <= number <= INT_MAX:
        raise ExpressionError("integer overflow")
    return number


def add_int(left: int, right: int) -> int:
    return _int64(left + right)


def subtract_int(left: int, right: int) -> int:
    return _int64(left - right)


def multiply_int(left: int, right: int) -> int:
    return _int64(left * right)


def divide_int(left: int, right: int) -> int:
    """Rounds toward zero."""
    if right == 0:
        raise ExpressionError("division by zero")
    quotient = abs(left) // abs(right)
    return _int64(quotient if (left < 0) is (right < 0) else -quotient)


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
        result: Decimal = getattr(_DECIMAL, name)(left, right)
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


def add(left: Any, right: Any) -> Any:
    """CEL's `+` for types that are known only now."""
    if isinstance(left, list) and isinstance(right, list):
        return add_lists(left, right)
    if _are(str, left, right) or _are(bytes, left, right):
        return left + right
    return _arithmetic("add", left, right)


def subtract(left: Any, right: Any) -> Any:
    return _arithmetic("subtract", left, right)


def multiply(left: Any, right: Any) -> Any:
    return _arithmetic("multiply", left, right)


def divide(left: Any, right: Any) -> Any:
    return _arithmetic("divide", left, right)


def modulo(left: Any, right: Any) -> Any:
    return _arithmetic("modulo", left, right)


def negate_int(number: int) -> int:
    return _int64(-number)


def negate(number: Any) -> Any:
    if isinstance(number, int) and not isinstance(number, bool):
        return negate_int(number)
    if isinstance(number, (float, Decimal, dt.timedelta)):
        return -number
    raise _no_overload("-", number)


def _arithmetic(name: str, left: Any, right: Any) -> Any:
    if _are(int, left, right):
        return _INTS[name](left, right)
    if _are(Decimal, left, right):
        return _DECIMALS[name](left, right)
    if _are(float, left, right) and name in _FLOATS:
        return _FLOATS[name](left, right)
    if isinstance(left, (dt.timedelta, dt.datetime)) and name in _MOMENTS:
        try:
            return _MOMENTS[name](left, right)
        except (OverflowError, TypeError) as error:
            raise ExpressionError(f"{name}: {error}") from None
    raise _no_overload(name, left, right)


_INTS: dict[str, Callable[[int, int], int]] = {
    "add": add_int,
    "subtract": subtract_int,
    "multiply": multiply_int,
    "divide": divide_int,
    "modulo": modulo_int,
}
_FLOATS: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": divide_float,
}
_MOMENTS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
}
_DECIMALS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "add": add_decimal,
    "subtract": subtract_decimal,
    "multiply": multiply_decimal,
    "divide": divide_decimal,
    "modulo": modulo_decimal,
}


def size(of: object) -> int:
    """Code points of a string, bytes, elements."""
    if isinstance(of, (str, bytes, list, tuple, Mapping)):
        return len(of)
    raise _no_overload("size", of)


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
        return _float_text(of)
    if isinstance(of, bytes):
        try:
            return of.decode()
        except UnicodeDecodeError:
            raise ExpressionError("string: the bytes are not UTF-8") from None
    if isinstance(of, dt.timedelta):
        return encode_timedelta(of)
    if isinstance(of, dt.datetime):
        return of.isoformat().replace("+00:00", "Z")
    if of is None:
        return "null"
    if isinstance(of, (list, tuple, Mapping)):
        raise _no_overload("string", of)
    return str(of)


def _float_text(number: float) -> str:
    if math.isinf(number) or math.isnan(number):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(number, "NaN")
    return (
        str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    )


def interpolate(*parts: object) -> str:
    """A string with values in it."""
    return "".join(map(text, parts))


def to_int(of: object) -> int:
    try:
        if isinstance(of, float):
            if not math.isfinite(of):
                raise ExpressionError("int: the number is not finite")
            return _int64(int(of))
        if isinstance(of, str) and re.fullmatch(r"[+-]?[0-9]+", of, re.ASCII) is None:
            raise ExpressionError(f"int: {of!r} is not an integer")
        if isinstance(of, dt.datetime):
            return math.floor(of.timestamp())
        if isinstance(of, (int, str, Decimal)):
            return _int64(int(of))
    except (ValueError, OverflowError) as error:
        raise ExpressionError(f"int: {error}") from None
    raise _no_overload("int", of)


def to_float(of: object) -> float:
    if isinstance(of, (int, float, Decimal)) or (isinstance(of, str) and "_" not in of):
        try:
            return float(of)
        except (ValueError, OverflowError) as error:
            raise ExpressionError(f"double: {error}") from None
    raise _no_overload("double", of)


def to_decimal(of: object) -> Decimal:
    if isinstance(of, (int, str, Decimal)):
        try:
            return Decimal(of)
        except decimal.InvalidOperation:
            raise ExpressionError(f"decimal: {of!r} is not a number") from None
    if isinstance(of, float):
        return Decimal(repr(of))
    raise _no_overload("decimal", of)


def to_bool(of: object) -> bool:
    if isinstance(of, bool):
        return of
    if of in ("true", "True", "TRUE", "t", "1"):
        return True
    if of in ("false", "False", "FALSE", "f", "0"):
        return False
    raise _no_overload("bool", of)


def _is_number(of: object) -> bool:
    return isinstance(of, (int, float)) and not isinstance(of, bool)


def _are(kind: type[object], *values: object) -> bool:
    return all(isinstance(each, kind) and not isinstance(each, bool) for each in values)


def _name(of: object) -> str:
    return "null" if of is None else type(of).__name__


def _no_overload(operation: str, *operands: object) -> ExpressionError:
    kinds = ", ".join(map(_name, operands))
    return ExpressionError(f"no such overload: {operation} of {kinds}")
