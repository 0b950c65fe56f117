"""CEL's arithmetic on values whose types are known only when it runs.

It deliberately knows no rules of its own: it finds out which operation of the others is meant.
"""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import cel_time
from .cel import (
    add_decimal,
    add_int,
    add_lists,
    are,
    divide_decimal,
    divide_float,
    divide_int,
    modulo_decimal,
    modulo_int,
    multiply_decimal,
    multiply_int,
    negate_decimal,
    negate_int,
    no_overload,
    subtract_decimal,
    subtract_int,
)


def add(left: Any, right: Any) -> Any:
    """CEL's `+` for types that are known only now."""
    if isinstance(left, list) and isinstance(right, list):
        return add_lists(left, right)
    if are(str, left, right) or are(bytes, left, right):
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


def negate(number: Any) -> Any:
    if isinstance(number, int) and not isinstance(number, bool):
        return negate_int(number)
    if isinstance(number, float):
        return -number
    if isinstance(number, Decimal):
        return negate_decimal(number)
    raise no_overload("-", number)


def _arithmetic(name: str, left: Any, right: Any) -> Any:
    if are(int, left, right):
        return _INTS[name](left, right)
    if are(Decimal, left, right):
        return _DECIMALS[name](left, right)
    if are(float, left, right) and name in _FLOATS:
        return _FLOATS[name](left, right)
    if name in _TIMES:
        return _TIMES[name](left, right)
    raise no_overload(name, left, right)


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
_TIMES: dict[str, Callable[[Any, Any], Any]] = {
    "add": cel_time.add,
    "subtract": cel_time.subtract,
}
_DECIMALS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "add": add_decimal,
    "subtract": subtract_decimal,
    "multiply": multiply_decimal,
    "divide": divide_decimal,
    "modulo": modulo_decimal,
}
