"""Forms: what a command takes, made from the body of its Kind, so that a field is declared once.

A form has every field of the body, a ``release_…`` beside each free text (what partners may read of it), and what
surrounds every record: purpose, caveats, exercise, urgency, and the officer's own reference.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from mithaq.errors import Invalid
from mithaq.kernel.clock import is_instant, write_instant
from mithaq.kernel.record import Field, Kind
from mithaq.kernel.values import Code, FreeText, Line, RecordId

MAX_ROWS = 500


class Surrounding(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of a record beside its body. ``reference`` stays at home: the same one means the same record.

    A ``flash`` record goes before everything that waits: for a danger that is now. ``sources``: the records of partners
    on which it rests; it goes to a third nation only as their handling lets it.
    """

    purpose: Code
    caveats: tuple[Code, ...] = ()
    reference: Line | None = None
    exercise: bool = False
    flash: bool = False
    sources: tuple[RecordId, ...] = ()


class Screened(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``screened``: a screening was made. With it and no flags, it found nothing; without it, nothing leaves."""

    screened: bool = False


class Corrected(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole record as it should now read: it becomes the next version; the earlier ones stay as they were."""

    id: RecordId


class Following(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said beside the body of what follows on a record: its purpose, and whether it is an exercise, are those
    of the record that it follows on unless it says otherwise.
    """

    purpose: Code | None = None
    caveats: tuple[Code, ...] = ()
    reference: Line | None = None
    exercise: bool = False
    flash: bool = False
    sources: tuple[RecordId, ...] = ()


def form(name: str, kind: Kind, doc: str, *more: type[Struct], beside: type[Struct] = Surrounding) -> type[Struct]:
    """What a command takes that states records of this Kind. ``more`` are fields that it has, too."""
    beyond = (*more, *((Screened,) if "flags" in kind.fields else ()))
    added = [each for struct in beyond for each in _declared(struct)]
    return _struct(name, [*added, *_fields(kind), *_release_texts(kind)], (beside,), doc)


def bulk(name: str, row: type[Struct]) -> type[Struct]:
    """Many of one form; with ``dry_run`` it is only said what would become of them."""
    rows: Any = Annotated[tuple[row, ...], Meta(min_length=1, max_length=MAX_ROWS)]  # type: ignore[valid-type]
    return _struct(
        name, [("rows", rows, NODEFAULT), ("dry_run", bool, False)], (),
        "Many at once: those that can be are kept, the others say why not. With ``dry_run`` nothing is kept.",
    )  # fmt: skip


def body_of(kind: Kind, given: Struct) -> dict[str, Any]:
    """The body that a filled-in form asks for; what was not given is not in it."""
    plain = _spelt(msgspec.to_builtins(given, builtin_types=(datetime,)), "$")
    screened = plain.get("screened", False)
    if screened and plain["flags"] is None:
        plain["flags"] = []
    defaults = _defaults(kind.body)
    return {
        name: plain[name] for name in kind.fields
        if plain[name] is not None and not (plain[name] == [] and defaults[name] == ())
    }  # fmt: skip


@cache
def _defaults(body: type[Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(body)}


def release_texts_of(kind: Kind, given: Struct) -> dict[str, str]:
    """The texts that partners may read, by field."""
    found = {}
    for name, field in kind.fields.items():
        text = getattr(given, f"release_{name}") if field.free_text else None
        if text:
            found[name] = text
    return found


def spelt_instant(value: datetime, where: str) -> str:
    """An instant in the one spelling; Invalid where it has a fraction of a second, or none of its own in UTC."""
    try:
        text = "" if value.microsecond else write_instant(value)
    except OverflowError:
        text = ""
    if not is_instant(text):
        hint = "write it in whole seconds as 2027-03-01T04:10:00Z"
        raise Invalid("instant", f"{value.isoformat()} cannot be written as an instant", where=where, hint=hint)
    return text


def _spelt(value: Any, where: str) -> Any:
    """Typed text in Unicode normal form C and instants in their one spelling, wherever they stand."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, datetime):
        return spelt_instant(value, where)
    if isinstance(value, list | tuple):
        return [_spelt(each, f"{where}[{n}]") for n, each in enumerate(value)]
    if isinstance(value, dict):
        return {name: _spelt(each, f"{where}.{name}") for name, each in value.items()}
    return value


def _fields(kind: Kind) -> list[tuple[str, Any, Any]]:
    hints = get_type_hints(kind.body, include_extras=True)
    found = msgspec.structs.fields(kind.body)
    return [(field.name, _described(hints[field.name], kind.fields[field.name]), field.default) for field in found]


def _declared(struct: type[Struct]) -> list[tuple[str, Any, Any]]:
    hints = get_type_hints(struct, include_extras=True)
    return [(field.name, hints[field.name], field.default) for field in msgspec.structs.fields(struct)]


def _release_texts(kind: Kind) -> list[tuple[str, Any, Any]]:
    meaning = "what partners may read of: {}"
    return [
        (f"release_{name}", Annotated[FreeText | None, Meta(description=meaning.format(field.meaning))], None)
        for name, field in kind.fields.items() if field.free_text
    ]  # fmt: skip


def _described(hint: Any, field: Field) -> Any:
    """The type without what only a Kind needs, with the meaning where API descriptions and forms show it."""
    kept = [each for each in getattr(hint, "__metadata__", ()) if not isinstance(each, Field)]
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    described: Any = Annotated[(plain, *kept, Meta(description=field.meaning))]
    return described


def _struct(name: str, fields: list[tuple[str, Any, Any]], bases: tuple[type[Struct], ...], doc: str) -> type[Struct]:
    made = [(name, hint) if default is NODEFAULT else (name, hint, default) for name, hint, default in fields]
    return msgspec.defstruct(
        name, made, bases=bases, frozen=True, forbid_unknown_fields=True, kw_only=True, module=__name__,
        namespace={"__doc__": doc},
    )  # fmt: skip
