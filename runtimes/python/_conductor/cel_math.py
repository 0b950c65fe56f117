"""CEL's functions on numbers.

It deliberately knows no arithmetic; that is in `cel`.
"""

import decimal
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

from .cel import DECIMALS, int64, no_overload
from .errors import ExpressionError

N = TypeVar("N", int, float, Decimal)
F = TypeVar("F", float, Decimal)

_MASK = 2**64 - 1


def greatest(numbers: Iterable[N]) -> N:
    return _extreme("greatest", numbers, lambda one, other: one > other)


def least(numbers: Iterable[N]) -> N:
    return _extreme("least", numbers, lambda one, other: one < other)


def _extreme(
    name: str, numbers: Iterable[N], is_better: Callable[[Any, Any], bool]
) -> N:
    best: N | None = None
    for number in numbers:
        if not isinstance(number, (int, float, Decimal)) or isinstance(number, bool):
            raise no_overload(name, number)
        if best is None or is_better(number, best):
            best = number
    if best is None:
        raise ExpressionError(f"{name} needs at least one number")
    return best


def absolute(number: N) -> N:
    result: N = _absolute(number)
    return result


def _absolute(number: Any) -> Any:
    if isinstance(number, Decimal):
        return DECIMALS.abs(number)
    return int64(abs(number)) if isinstance(number, int) else abs(number)


def sign(number: N) -> N:
    """-1, 0 or 1; zero and what is no number as they are."""
    result: N = _sign(number)
    return result


def _sign(number: Any) -> Any:
    if isinstance(number, float):
        is_sign = number == 0.0 or math.isnan(number)
        return number if is_sign else math.copysign(1.0, number)
    return type(number)((number > 0) - (number < 0))


def ceil(number: F) -> F:
    result: F = _whole("ceil", number, math.ceil, decimal.ROUND_CEILING)
    return result


def floor(number: F) -> F:
    result: F = _whole("floor", number, math.floor, decimal.ROUND_FLOOR)
    return result


def trunc(number: F) -> F:
    result: F = _whole("trunc", number, math.trunc, decimal.ROUND_DOWN)
    return result


def round(number: F) -> F:
    """Halves go away from zero."""
    result: F = _whole("round", number, _half, decimal.ROUND_HALF_UP)
    return result


def _half(number: float) -> int:
    whole = math.trunc(number)
    if abs(number - whole) < 0.5:
        return whole
    return whole + (1 if number > 0 else -1)


def _whole(name: str, of: Any, whole: Callable[[float], int], rounding: str) -> Any:
    if isinstance(of, Decimal):
        return of.to_integral_value(rounding) if of.is_finite() else of
    if not isinstance(of, (int, float)) or isinstance(of, bool):
        raise no_overload(name, of)
    number = float(of)
    # A negative number that becomes zero stays negative.
    return math.copysign(whole(number), number) if math.isfinite(number) else number


def sqrt(number: float) -> float:
    return math.sqrt(number) if number >= 0 else math.nan


def is_nan(number: float) -> bool:
    return math.isnan(number)


def is_inf(number: float) -> bool:
    return math.isinf(number)


def is_finite(number: float) -> bool:
    return math.isfinite(number)


def bit_and(left: int, right: int) -> int:
    return left & right


def bit_or(left: int, right: int) -> int:
    return left | right


def bit_xor(left: int, right: int) -> int:
    return left ^ right


def bit_not(number: int) -> int:
    return ~number


def shift_left(number: int, by: int) -> int:
    """Bits that leave are lost."""
    return _signed(number << _places(by))


def shift_right(number: int, by: int) -> int:
    """Zeros come in, for negative numbers too."""
    return _signed((number & _MASK) >> _places(by))


def _places(by: int) -> int:
    if by < 0:
        raise ExpressionError(f"a shift by {by} bits is not possible")
    return min(by, 64)


def _signed(bits: int) -> int:
    bits &= _MASK
    return bits - 2**64 if bits >= 2**63 else bits
