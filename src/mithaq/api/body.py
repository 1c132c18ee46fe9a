"""What a caller sends: one JSON value within a size, read strictly, and headers within bounds.

Stricter than RFC 8259, because two readers of one text must never understand two things: no key twice, no lone
surrogate, no number beyond what every language keeps exactly (RFC 7493, I-JSON).
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request

from mithaq.errors import Invalid, Malformed
from mithaq.kernel.canonical import MAX_BYTES, MAX_INT

KEY = r'^(?:[!#-\[\]-~]{1,126}|"[!#-\[\]-~]{1,126}")$'
GLASS = r"^(?:[ -$&-~]|%[0-9A-Fa-f]{2}){10,3000}$"
_KEY, _GLASS = re.compile(KEY), re.compile(GLASS)


def is_json(request: Request) -> bool:
    """Whether the body is said to be JSON, or nothing is said of it. What a foreign page can send without asking
    first (a form, plain text) is not."""
    said = request.headers.get("content-type")
    return said is None or said.partition(";")[0].strip().lower() == "application/json"


async def read_json(request: Request, limit: int = MAX_BYTES) -> Any:
    """The body as plain data; nothing at all is an empty object. Malformed if it is not JSON, or longer than ``limit``
    bytes: then the rest is not even read."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise Malformed("too-large", f"more than {limit} bytes", hint="send less at once")
    return parse(bytes(body) or b"{}")


def parse(data: bytes) -> Any:
    """Plain data of a JSON text.

    >>> parse(b'{"a": [1, "x"]}')
    {'a': [1, 'x']}
    """
    try:
        msgspec.json.decode(data)  # UTF-8, RFC 8259 and pairs of surrogates, without building twice what is refused
        return json.loads(data, object_pairs_hook=_once, parse_int=_exact)
    except (msgspec.DecodeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Malformed("not-json", f"not JSON: {error}") from None
    except RecursionError:
        raise Malformed("too-deep", "nested too deeply") from None


def key_of(request: Request) -> str:
    """The ``Idempotency-Key``, in quotation marks (as draft-ietf-httpapi-idempotency-key-header writes it) or bare."""
    given = _single(request, "idempotency-key")
    if given and not _KEY.fullmatch(given):
        raise Invalid(
            "key-header", "not a key", where="Idempotency-Key", hint="1 to 126 visible ASCII characters, such as a UUID"
        )
    return given.strip('"')


def glass_of(request: Request) -> str:
    """The reason in ``Mithaq-Break-Glass``: ASCII as it is, all else as percent-encoded UTF-8."""
    given = _single(request, "mithaq-break-glass")
    hint = "a reason of 10 characters or more; other than ASCII percent-encoded, and % as %25"
    if given and not _GLASS.fullmatch(given):
        raise Invalid("glass-header", "not a reason", where="Mithaq-Break-Glass", hint=hint)
    try:
        return unquote(given, errors="strict")
    except UnicodeDecodeError:
        raise Invalid("glass-header", "not UTF-8", where="Mithaq-Break-Glass", hint=hint) from None


def _single(request: Request, name: str) -> str:
    found = request.headers.getlist(name)
    if len(found) > 1:
        raise Invalid("header-twice", "this header stands more than once", where=name, hint="send it once")
    if found and not found[0]:
        raise Invalid("header-empty", "this header is empty", where=name, hint="leave it out")
    return found[0] if found else ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("duplicate-key", "a key stands twice in one object", hint="keep one of them")
    return value


def _exact(text: str) -> int:
    # Bounded before conversion: int() of a very long literal is quadratic.
    if len(text) > 17 or abs(number := int(text)) > MAX_INT:
        raise Malformed("integer-range", f"{text[:20]} is not an integer within ±(2^53 - 1)")
    return number
