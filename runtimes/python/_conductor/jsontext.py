"""JSON as text on one line: by orjson where it is installed, else by the standard library, with the same values.

It deliberately knows nothing of what the values mean. They come from codecs, which let no NaN and no number beyond 64 bits
through.
"""

import importlib
import json
from types import ModuleType
from typing import Any

_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode
_encode_ascii = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

_ALL_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19


def _installed(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_orjson: Any = _installed("orjson")
# What json refuses is refused: these go to it. (It takes subclasses of str and int, and neither classes nor times.)
_options: Any = _orjson and (
    _orjson.OPT_PASSTHROUGH_SUBCLASS
    | _orjson.OPT_PASSTHROUGH_DATACLASS
    | _orjson.OPT_PASSTHROUGH_DATETIME
)


def dumps(value: object) -> str:
    """Compact JSON, with characters as they are: escaped, a text would be up to six times as long."""
    if _orjson is not None:
        try:
            text: str = _orjson.dumps(value, None, _options).decode()
        except TypeError:
            return _dumps_by_json(value)
        return text
    return _dumps_by_json(value)


def _dumps_by_json(value: object) -> str:
    if value is None:
        return "null"
    if type(value) is int:
        return repr(value)
    text = _encode(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            # Half of a character has no other form.
            return _encode_ascii(value)
    return text


def byte_size(text: str) -> int:
    """Of the text as it is sent."""
    return len(text) if text.isascii() else len(text.encode())


def loads(text: bytes) -> Any:
    """The value of a line."""
    if _orjson is None or _LONG_NUMBER in text.translate(_ALL_ZEROS):
        # orjson makes a float of a number beyond 64 bits.
        return json.loads(text)
    try:
        return _orjson.loads(text)
    except ValueError:
        return json.loads(text)
