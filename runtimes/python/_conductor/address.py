"""Addresses of resources: read from the environment, and shown without the password in them.

It deliberately connects to nothing.
"""

import os
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from .errors import MissingVariable

HIDDEN = "***"

_PARAMETER = re.compile(
    r"""(?ix) \b (password|passwd|pwd|sslpassword|secret|token|api_?key) (\s*=\s*)
        ( '(?:[^'\\]|\\.)*' | [^\s&]* )""",
)
"""In the query of a URL, and in the `key=value` form that PostgreSQL's drivers take too."""


class Env:
    """The environment, as the address of one resource reads it."""

    def __init__(self, resource: str) -> None:
        self._resource = resource

    def __call__(self, name: str) -> str:
        """The variable's value; an error that says what wants it where it is not set."""
        value = os.environ.get(name)
        if value is None:
            raise MissingVariable(
                f"the address of the resource {self._resource} is read from the environment variable {name}, "
                "which is not set"
            )
        return value


def shown(address: str) -> str:
    """The address without what is secret in it."""
    text = _PARAMETER.sub(rf"\1\2{HIDDEN}", address)
    scheme, mark, rest = text.partition("://")
    if not mark:
        return text
    # What stands before the last @ of the authority is the user, whatever characters the password has.
    authority, slash, path = _authority(rest)
    user, at, place = authority.rpartition("@")
    if ":" in user:
        user = f"{user.partition(':')[0]}:{HIDDEN}"
    return f"{scheme}://{user}{at}{place}{slash}{path}"


def _authority(rest: str) -> tuple[str, str, str]:
    """A password that is not quoted may hold a slash: then the authority ends after the last @."""
    head, at, tail = rest.rpartition("@")
    if not at:
        return rest.partition("/")
    place, slash, path = tail.partition("/")
    return f"{head}@{place}", slash, path


def scrubbed(text: str, address: str) -> str:
    """The text without the secrets of the address, in case a driver repeats them."""
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(address: str) -> Iterator[str]:
    for match in _PARAMETER.finditer(address):
        yield from _forms(match[3].strip("'"))
    rest = address.partition("://")[2]
    user = _authority(rest)[0].rpartition("@")[0]
    yield from _forms(user.partition(":")[2])
    try:
        yield from _forms(urlsplit(address).password or "")
    except ValueError:
        return


def _forms(secret: str) -> Iterator[str]:
    if secret:
        yield secret
        yield unquote(secret)
