"""Calls of HTTP APIs: a request from JSON values, the reply as JSON, a status that is no success as `HttpError`.

It deliberately opens no connections and decides on no retry.
"""

import base64
import json
from collections.abc import Mapping

import httpx

from .errors import HttpError, ResultError
from .http_values import cookies_of, headers_of, path_of, query_of
from .remote import call_headers

MAX_BODY = 16 << 20
"""Bytes of a reply that are read."""
MAX_ERROR = 64 << 10
"""Bytes of a reply to a failed request that are kept."""


async def call(
    client: httpx.AsyncClient,
    method: str,
    template: str,
    key: str,
    *,
    path: dict[str, object] | None = None,
    query: dict[str, object] | None = None,
    headers: dict[str, object] | None = None,
    cookies: dict[str, object] | None = None,
    exploded: tuple[str, ...] = (),
    body: object = None,
    form: dict[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
) -> object:
    """Calls an operation; `errors` are the names of documented errors by status or class of statuses."""
    url = path_of(template, path or {})
    search = query_of(query or {}, exploded)
    given = headers_of(headers or {})
    given.extend(headers_of(dict(call_headers(key))))
    cookie = cookies_of(cookies or {})
    if cookie:
        given.append((b"cookie", cookie.encode()))
    content = None
    if form is not None:
        content = _form(form, exploded)
        given.append((b"content-type", b"application/x-www-form-urlencoded"))
    elif body is not None:
        content = json.dumps(body, ensure_ascii=False).encode()
        given.append((b"content-type", b"application/json"))
    request = client.build_request(
        method, f"{url}?{search}" if search else url, headers=given, content=content
    )
    try:
        response = await client.send(request, stream=True)
        try:
            return await _answer(response, errors or {})
        finally:
            await response.aclose()
    except httpx.TransportError as error:
        raise _unanswered(error) from error


def fields(always: dict[str, object], unless_null: dict[str, object]) -> object:
    """The fields of a body, some of which are left out where they are null."""
    return {**always, **{k: v for k, v in unless_null.items() if v is not None}}


def _form(form: dict[str, object], exploded: tuple[str, ...]) -> bytes:
    query = query_of(dict(form), exploded)
    return query.encode()


async def _answer(response: httpx.Response, errors: Mapping[str, str]) -> object:
    if response.is_success:
        return _content(response, await _read(response, MAX_BODY, "the reply"))
    body = await _start(response)
    code = str(response.status_code)
    fields: dict[str, object] = {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        fields = found
    name = errors.get(code) or errors.get(f"{code[0]}xx")
    raise HttpError(code, _message(response, fields, body), fields, name)


async def _read(response: httpx.Response, limit: int, what: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise ResultError(f"{what} has more than {limit} bytes")
    return bytes(body)


async def _start(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= MAX_ERROR:
            break
    return bytes(body[:MAX_ERROR])


def _content(response: httpx.Response, body: bytes) -> object:
    """JSON; text as a string; anything else as bytes in base64."""
    if not body:
        return None
    kind = response.headers.get("content-type", "application/json")
    kind = kind.partition(";")[0].strip().lower()
    if kind.startswith("text/"):
        return body.decode(response.charset_encoding or "utf-8", "replace")
    if kind != "application/json" and not kind.endswith("+json"):
        return base64.b64encode(body).decode("ascii")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ResultError(f"the reply says it is {kind} and is not: {error}") from None


def _message(response: httpx.Response, fields: dict[str, object], body: bytes) -> str:
    """What the service says of the error, where usual fields say it."""
    for name in ("message", "detail", "title", "error_description", "error"):
        if isinstance(fields.get(name), str):
            return str(fields[name])
    if (
        not fields
        and body
        and response.headers.get("content-type", "").startswith("text/plain")
    ):
        return body[:1000].decode("utf-8", "replace")
    return response.reason_phrase or f"status {response.status_code}"


def _unanswered(error: httpx.TransportError) -> HttpError:
    """No status: the service was not reached, or hung up."""
    failure = HttpError(None, f"{type(error).__name__}: {error}", {})
    failure.types = (f"httpx.{type(error).__name__}", "HttpError")
    return failure
