"""The exact bytes that are hashed and signed: RFC 8785 (JCS), restricted.

The restrictions make the bytes the same in every language and leave nothing to guess:

- no floats: numbers are integers within ±(2^53 - 1);
- strings are NFC and hold no lone surrogate; keys are ASCII, so that every sort order agrees;
- no duplicate keys, no byte order mark, no white space, no other spelling of the same value;
- at most ``MAX_BYTES`` bytes and ``MAX_DEPTH`` levels.

``encode`` writes them. ``decode`` reads strictly and re-encodes to check, so ``encode(decode(b)) == b`` always holds.
``read`` takes a file as people write it (white space, any key order) and is otherwise as strict.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from mithaq.errors import Invalid, Malformed
from mithaq.kernel.values import digest

T = TypeVar("T")

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_INT = 2**53 - 1
_ENCODER = msgspec.json.Encoder(order="deterministic")  # of what was checked: it writes floats and any key too


def encode(value: object) -> bytes:
    """The canonical bytes of a Struct or of plain JSON data.

    >>> encode({"b": 1, "a": "ميثاق"}).decode()
    '{"a":"ميثاق","b":1}'
    """
    plain = msgspec.to_builtins(value, str_keys=True)
    if not _is_sound(plain, 0):
        _check(plain, "$", 0)
    data = _write(plain)
    if len(data) > MAX_BYTES:
        raise Malformed("too-large", f"{len(data)} bytes; the limit is {MAX_BYTES}")
    return data


def rewrite(plain: object) -> bytes:
    """The canonical bytes of plain data that ``decode`` gave: what was checked once is not checked again."""
    return _write(plain)


def write_line(value: object) -> bytes:
    """A value as one line of a file: keys in declared order, for people to read and programs to stream."""
    return msgspec.json.encode(value) + b"\n"


def decode(data: bytes, into: type[T]) -> T:
    """The value whose canonical bytes these are; anything else is Malformed or Invalid, with its JSON path."""
    plain = _parse(data)
    if _write(plain) != data:
        raise Malformed("not-canonical", "not the canonical spelling of this value", hint="sign and send exact bytes")
    return fit(plain, into)


def read(data: bytes, into: type[T]) -> T:
    """A value from a file that a person wrote: strict in content, free in white space and order of keys."""
    return fit(_parse(data), into)


def fit(plain: object, into: type[T]) -> T:
    """Plain JSON data as ``into``; Invalid names the JSON path and what was expected."""
    try:
        return msgspec.convert(plain, into, strict=True)
    except msgspec.ValidationError as problem:
        message, _, path = str(problem).partition(" - at ")
        hint = "write it in UTC as 2027-03-01T04:10:00Z" if "RFC3339" in message else ""
        raise Invalid("shape", message, where=path.strip("`") or "$", hint=hint) from None


def plain(value: object) -> Any:
    """Plain JSON data (dicts, lists, strings, integers, booleans, None) of a Struct."""
    return msgspec.to_builtins(value, str_keys=True)


def digest_of(value: object) -> str:
    """The Digest of a value's canonical bytes."""
    return digest(encode(value))


def _write(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        raise Malformed("not-unicode", "a string holds a lone surrogate") from None


def _parse(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise Malformed("too-large", f"{len(data)} bytes; the limit is {MAX_BYTES}")
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_int=_small_int,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except UnicodeDecodeError as problem:
        raise Malformed("not-utf8", f"byte {problem.start} is not UTF-8") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno} column {problem.colno}"
        raise Malformed("not-json", f"not JSON: {problem.msg}", where=where) from None
    except RecursionError:
        raise Malformed("too-deep", f"nested deeper than {MAX_DEPTH} levels") from None
    if not _is_sound(value, 0):
        _check(value, "$", 0)
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Malformed("duplicate-key", f"the key {twice!r} stands twice in one object", hint="keep one of them")
    return value


def _small_int(text: str) -> int:
    # Bounded before conversion: int() of a very long literal is quadratic.
    if len(text) > 17 or abs(number := int(text)) > MAX_INT or text == "-0":
        raise Malformed("integer-range", f"{text[:20]} is not an integer within ±(2^53 - 1)")
    return number


def _no_float(text: str) -> object:
    raise Malformed("float", f"{text[:20]} is not an integer", hint="use an integer or a decimal in a string")


def _is_sound(value: object, depth: int) -> bool:
    """Whether ``_check`` has nothing against it. Where in doubt it says no: ``_check`` decides, and names the place.

    Everything that is hashed or sealed goes through here, so it loops instead of calling itself for each leaf.
    """
    items: Iterable[Any] = (value,)
    if isinstance(value, dict):
        items = value.values()
        if not all(type(key) is str and key.isascii() for key in value):
            return False
    elif isinstance(value, list | tuple):
        items = value
    for item in items:
        sort = type(item)
        if sort is str:
            if not (item.isascii() or unicodedata.is_normalized("NFC", item)):
                return False
        elif sort is int:
            if not -MAX_INT <= item <= MAX_INT:
                return False
        elif sort is dict or sort is list or sort is tuple:
            if not _is_sound(item, depth + 1):
                return False
        elif item is not None and sort is not bool:
            return False
    return depth < MAX_DEPTH


def _check(value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Malformed("too-deep", f"nested deeper than {MAX_DEPTH} levels", where=path)
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise Malformed("key", f"the key {key!r} is not ASCII text", where=path)
            _check(item, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, bool) or value is None:
        return
    elif not isinstance(value, int):
        raise Malformed("type", f"{type(value).__name__} has no canonical form", where=path)
    elif abs(value) > MAX_INT:
        raise Malformed("integer-range", f"{value} is not an integer within ±(2^53 - 1)", where=path)


def _check_text(text: str, path: str) -> None:
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        raise Malformed("not-nfc", "text is not in Unicode normal form C", where=path, hint="normalise it to NFC")
