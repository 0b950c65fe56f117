"""Values as the parts of an HTTP request: path, query, headers, cookies, fields of a form.

It deliberately sends nothing. Values are JSON; null is left out everywhere but in a path. No part is built from a value
unescaped.
"""

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from .errors import ResultError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def path_of(template: str, values: dict[str, object]) -> str:
    """The template with each `{name}` replaced by its value, percent-encoded."""
    parts = re.split(r"\{([^{}]*)\}", template)
    return "".join(
        _segment(part, values) if at % 2 else quote(part, safe="/%:@!$&'()*+,;=~")
        for at, part in enumerate(parts)
    )


def _segment(name: str, values: dict[str, object]) -> str:
    segment = _joined(list(_items(values[name])), _quoted)
    # An empty segment, or one that means a folder above, would lead to another operation.
    if segment in ("", ".", ".."):
        raise ResultError(f"the path parameter {name} cannot be {segment!r}")
    return segment


def query_of(values: dict[str, object], exploded: tuple[str, ...]) -> str:
    """A query without its question mark, or a form.

    An exploded list is a pair for each item, an exploded object one for each of its fields.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None:
            continue
        items = list(_items(value))
        if name in exploded and isinstance(value, dict):
            pairs.extend((key, _quoted(text)) for key, text in items if key is not None)
        elif name in exploded and isinstance(value, list):
            pairs.extend((name, _quoted(text)) for _, text in items)
        else:
            pairs.append((name, _joined(items, _quoted)))
    return "&".join(f"{_quoted(name)}={value}" for name, value in pairs)


def headers_of(values: dict[str, object]) -> list[tuple[bytes, bytes]]:
    """Names and values of headers. UTF-8 passes through HTTP/1.1 as opaque bytes."""
    headers = []
    for name, value in values.items():
        if value is None:
            continue
        text = _joined(list(_items(value)), str)
        if _CONTROL.search(text):
            raise ResultError(f"the header {name} has control characters: {text!r}")
        headers.append((name.encode(), text.encode()))
    return headers


def cookies_of(values: dict[str, object]) -> str:
    """The value of the header `Cookie`."""
    return "; ".join(
        f"{name}={_joined(list(_items(value)), _quoted)}"
        for name, value in values.items()
        if value is not None
    )


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _joined(items: list[tuple[str | None, str]], escaped: Callable[[str], str]) -> str:
    """The items, with their keys where they have any, with commas between them."""
    return ",".join(
        escaped(part) for item in items for part in item if part is not None
    )


def _items(value: object) -> Iterator[tuple[str | None, str]]:
    """The texts of a value: one, unless it is a list or an object, whose texts have keys."""
    if isinstance(value, list):
        yield from ((None, _text(item)) for item in value if item is not None)
    elif isinstance(value, dict):
        yield from ((k, _text(item)) for k, item in value.items() if item is not None)
    else:
        yield None, _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
