"""CEL's macros over lists and maps, where a comprehension of Python means something else.

It deliberately knows no expressions: a body is a function of its variables. Maps are gone through in the order of keys,
so that every language goes through them alike.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .cel import no_overload
from .errors import ExpressionError

T = TypeVar("T")
K = TypeVar("K")
R = TypeVar("R")


def every(of: Iterable[T], test: Callable[[T], object]) -> bool:
    """Whether the test holds for each; one that denies it hides errors of others."""
    return _decided(False, (_call(test, each) for each in of))


def some(of: Iterable[T], test: Callable[[T], object]) -> bool:
    """Whether the test holds for one; one that does hides errors of others."""
    return _decided(True, (_call(test, each) for each in of))


def every_pair(of: Iterable[tuple[K, T]], test: Callable[[K, T], object]) -> bool:
    return _decided(False, (_call(test, *pair) for pair in of))


def some_pair(of: Iterable[tuple[K, T]], test: Callable[[K, T], object]) -> bool:
    return _decided(True, (_call(test, *pair) for pair in of))


def _call(test: Callable[..., object], *args: object) -> object:
    try:
        return test(*args)
    except ExpressionError as error:
        return error


def _decided(by: bool, results: Iterable[object]) -> bool:
    failure: ExpressionError | None = None
    for result in results:
        if result is by:
            return by
        if isinstance(result, ExpressionError):
            failure = failure or result
        elif not isinstance(result, bool):
            failure = failure or no_overload("condition", result)
    if failure is not None:
        raise failure
    return not by


def bind(value: T, body: Callable[[T], R]) -> R:
    """`body` with a name for `value`."""
    return body(value)


def entries(of: Mapping[str, T]) -> list[tuple[str, T]]:
    return [(key, of[key]) for key in sorted(of)]


def elements(of: Any) -> list[Any]:
    """Elements of a list or keys of a map: which of them is known only now."""
    if isinstance(of, Mapping):
        return sorted(of)
    if isinstance(of, (list, tuple)):
        return list(of)
    raise no_overload("comprehension", of)


def pairs(of: Any) -> list[tuple[Any, Any]]:
    """Indexes and elements, or keys and values."""
    return entries(of) if isinstance(of, Mapping) else list(enumerate(elements(of)))


def mapping(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """A map of entries, of which no key comes twice."""
    made: dict[str, T] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise no_overload("key", key)
        if key in made:
            raise ExpressionError(f"the key {key!r} stands twice")
        made[key] = value
    return made


def merged(maps: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """A map of the entries of all, of which no key comes twice."""
    return mapping(pair for each in maps for pair in each.items())


def first(of: Sequence[T]) -> T | None:
    return of[0] if of else None


def last(of: Sequence[T]) -> T | None:
    return of[-1] if of else None


def condition(of: object) -> bool:
    """A condition whose type is known only now."""
    if not isinstance(of, bool):
        raise no_overload("condition", of)
    return of
