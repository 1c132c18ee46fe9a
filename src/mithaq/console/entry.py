"""Entries: one place to fill in for each field of what a command takes, made from its type.

A closed list becomes a choice, *yes or no* a tick, an instant a line with its format said, long text a tall field, many
words one line each; anything nested is written as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct, inspect

from mithaq.kernel.law.vocabulary import Vocabulary
from mithaq.kernel.record import Field, Kind

Sort = Literal["line", "long", "number", "instant", "choice", "several", "tick", "lines", "json"]
NATION = "ISO 3166-1 alpha-2 code of a nation"  # as kernel/values.py says it of a PartyId
_IDLE = frozenset({"one line of text", "free text, any language", "a word of a closed list"})  # the field shows it
LONG = 300  # characters beyond which a field is tall


class Entry(Struct, frozen=True, kw_only=True):
    """One field. ``label`` and ``hint`` are English source words; ``options`` are values by how they are sent."""

    name: str
    label: str
    hint: str = ""
    sort: Sort
    type: Any
    required: bool = False
    options: dict[str, Any] = {}
    limit: int | None = None  # characters
    default: Any = None


def entries(
    takes: type[Struct],
    kinds: Iterable[Kind] = (),
    *,
    words: Vocabulary | None = None,
    parties: Sequence[str] = (),
    leave: frozenset[str] = frozenset(),
) -> tuple[Entry, ...]:
    """The entries for what a command or question takes, in declared order; ``leave`` names fields to leave out.

    A field that says nothing of itself is called what the likest of ``kinds`` calls its own field of that name.
    ``words`` and ``parties`` are what there is to choose from.
    """
    hints, meanings = get_type_hints(takes, include_extras=True), _meanings(takes, kinds)
    info = inspect.type_info(takes)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - what a declaration takes is a Struct
    made = (_entry(field, hints[field.name], meanings) for field in info.fields if field.encode_name not in leave)
    return tuple(_chosen(each, words, parties) for each in made)


def _entry(field: inspect.Field, hint: Any, meanings: Mapping[str, str]) -> Entry:
    plain = _plain(field.type)
    sort, options = _sort(plain, may_lack=_may_lack(field.type))
    label, format_ = _said(field.encode_name, hint, meanings)
    default = None if field.default is NODEFAULT else field.default
    return Entry(
        name=field.encode_name, label=label, hint=format_, sort=sort, type=hint, required=field.required,
        options=options, limit=getattr(plain, "max_length", None),
        default=default if default not in (None, (), "", False) else None,
    )  # fmt: skip


def _said(name: str, hint: Any, meanings: Mapping[str, str]) -> tuple[str, str]:
    """What a field is called, and how its value is written. The outer of two descriptions is of the field itself."""
    said = list(_extras(hint))
    own = [each.meaning for each in said if isinstance(each, Field)]
    described = [each.description for each in said if isinstance(each, Meta) and each.description]
    label = own[0] if own else meanings.get(name) or (described[0] if len(described) > 1 else name.replace("_", " "))
    return label, described[-1] if described and described[-1] not in _IDLE | {label} else ""


def _sort(plain: inspect.Type, *, may_lack: bool) -> tuple[Sort, dict[str, Any]]:
    match plain:
        case inspect.BoolType():
            return ("choice", {"true": True, "false": False}) if may_lack else ("tick", {})
        case inspect.LiteralType():
            return "choice", {str(value): value for value in plain.values}
        case inspect.EnumType():
            return "choice", {str(each.value): each.value for each in plain.cls}
        case inspect.IntType():
            return "number", {}
        case inspect.DateTimeType():
            return "instant", {}
        case inspect.StrType():
            return ("long" if plain.max_length is not None and plain.max_length > LONG else "line"), {}
        case inspect.CollectionType():
            item = _plain(plain.item_type)
            if isinstance(item, inspect.LiteralType):
                return "several", {str(value): value for value in item.values}
            return ("lines" if isinstance(item, inspect.StrType) else "json"), {}
    return "json", {}


def _chosen(entry: Entry, words: Vocabulary | None, parties: Sequence[str]) -> Entry:
    """What is a nation that this node knows, or a word of the adopted vocabulary, is chosen and not written."""
    if entry.hint == NATION and entry.sort == "line" and parties:
        return msgspec.structs.replace(entry, sort="choice", options={party: party for party in parties}, hint="")
    if words is None:
        return entry
    if entry.name == "purpose" and entry.sort == "line":
        return msgspec.structs.replace(entry, sort="choice", options={word: word for word in words.purposes}, hint="")
    if entry.name == "caveats" and entry.sort == "lines" and "caveats" in words.attributes:
        options = {word: word for word in words.values("caveats")}
        return msgspec.structs.replace(entry, sort="several", options=options, hint="") if options else entry
    return entry


def _meanings(takes: type[Struct], kinds: Iterable[Kind]) -> dict[str, str]:
    names = set(takes.__struct_encode_fields__)
    likest = max(kinds, key=lambda kind: len(names & set(kind.fields)), default=None)
    return {name: field.meaning for name, field in likest.fields.items()} if likest is not None else {}


def _extras(hint: Any) -> Iterator[Any]:
    """All that is said of a type, the outermost first."""
    if get_origin(hint) is Annotated:
        yield from reversed(hint.__metadata__)
        yield from _extras(get_args(hint)[0])
    elif get_origin(hint) in (Union, UnionType):
        for each in get_args(hint):
            yield from _extras(each)


def _plain(found: inspect.Type) -> inspect.Type:
    """The type itself: without what is said of it, and without *or nothing*."""
    if isinstance(found, inspect.Metadata):
        return _plain(found.type)
    if isinstance(found, inspect.UnionType):
        rest = [each for each in found.types if not isinstance(each, inspect.NoneType)]
        return _plain(rest[0]) if len(rest) == 1 else found
    return found


def _may_lack(found: inspect.Type) -> bool:
    if isinstance(found, inspect.Metadata):
        return _may_lack(found.type)
    return isinstance(found, inspect.UnionType) and found.includes_none
