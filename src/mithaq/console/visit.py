"""A visit: what one request asks for, as plain values, with who asks and in which language they are spoken to."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from msgspec import Struct
from starlette.requests import Request

from mithaq.console.language import Tongue
from mithaq.console.pages import Listed
from mithaq.errors import Malformed
from mithaq.kernel.people.actor import Actor

MAX_FORM = 256 * 1024  # bytes
MAX_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
Typed = Mapping[str, list[str]]


class Visit(Struct, frozen=True, kw_only=True):
    """``typed`` is what a form sent, ``query`` what the address holds. ``actor`` is None for who is not known yet."""

    path: str
    query: Typed
    typed: Typed
    posted: bool
    token: str
    address: str  # where it comes from, for limits
    secure: bool
    tongue: Tongue
    actor: Actor | None = None
    open: tuple[Listed, ...] = ()  # the pages that the actor may open

    @property
    def who(self) -> Actor:
        """Whoever asks, on a page that is only for those who are known."""
        assert self.actor is not None  # noqa: S101 - such a page is not drawn before
        return self.actor

    def opened(self, name: str) -> Listed | None:
        """The page by this name, if the actor may open it."""
        return next((each for each in self.open if each.page.name == name), None)

    def one(self, name: str) -> str:
        """What was typed in a field, without the white space around it; empty if it was not sent."""
        return first(self.typed, name).strip()


def first(fields: Typed, name: str) -> str:
    """The first value of a field; empty if there is none."""
    found = fields.get(name)
    return found[0] if found else ""


async def read_form(request: Request) -> Typed:
    """The fields of a form. Malformed if it is no form of ours, or too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise Malformed("too-large", f"a form holds {MAX_FORM} bytes at most", hint="send less at once")
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Malformed("content-type", "this is not a form of this console")
    return fields(bytes(body))


def fields(data: bytes) -> Typed:
    """The fields of a form or of an address; line ends as one character. Malformed if they are not UTF-8, or too many.

    >>> fields(b"a=1&a=2&b=x%0D%0Ay")
    {'a': ['1', '2'], 'b': ['x\\ny']}
    """
    try:
        found = parse_qs(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # UnicodeDecodeError among them
        raise Malformed("form", "this form cannot be read") from None
    return {name: [value.replace("\r\n", "\n") for value in values] for name, values in found.items()}
