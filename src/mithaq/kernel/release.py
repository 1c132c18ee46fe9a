"""Release: decide -> redact -> mark. The only way out of a nation.

``decide`` says which fields a partner may see and at which level; ``redact`` makes exactly those; the Release carries
them with their basis, levels and obligations. A field that no clause names is absent, free text leaves only as a
release text written for it, and what was never in the record leaves no trace of having been there or not. Only text
has pseudonyms: what else is to be shown as one is absent. An
attachment leaves whole and without its caption, or not at all; of the records that a field refers to, those are named
that the recipient was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from mithaq.kernel.attachment.descriptor import fields_of
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.decision import Basis, Decision
from mithaq.kernel.law.generalise import generalise
from mithaq.kernel.law.level import ABSENT, CLEAR, PSEUDONYM, Level
from mithaq.kernel.law.obligation import Value
from mithaq.kernel.law.request import Cited, request_for
from mithaq.kernel.ports import Keyed
from mithaq.kernel.record import Kind, Marking, Record
from mithaq.kernel.values import Code, Instant, KindName, PartyId, RecordId

Pseudonym = Callable[[str, object], str]
"""(field, value) to a pseudonym."""

Carried = Callable[[str], bool]
"""Whether the recipient has the record of this id."""


def nothing(_: str) -> bool:
    """A recipient that has none."""
    return False


class Release(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The redacted copy of a record version for one recipient. ``handling`` binds the recipient and its readers."""

    format: Literal["mithaq-release/1"] = "mithaq-release/1"
    record: RecordId
    version: int
    kind: KindName
    origin: PartyId
    made: Instant
    purpose: Code
    marking: Marking
    basis: Basis
    levels: dict[Code, Level]
    handling: dict[Code, Value]
    fields: dict[Code, Any]


def release(
    record: Record,
    kind: Kind,
    *,
    receiver: str,
    law: Compiled,
    at: datetime,
    keyed: Keyed,
    cited: Cited | None = None,
    carried: Carried = nothing,
) -> tuple[Decision, Release | None]:
    """What the law says of sharing this record now, and the Release if it permits one."""
    request = request_for(record, kind, sender=record.origin, receiver=receiver, instant=at, cited=cited)
    # The levels are asked of every field of the Kind: what a partner sees must not depend on what was filled in.
    decision = law.decide(replace(request, fields=tuple(kind.fields)))
    if decision.basis is None:
        return decision, None
    copy = Release(
        record=record.id,
        version=record.version,
        kind=record.kind,
        origin=record.origin,
        made=record.made,
        purpose=record.purpose,
        marking=replace(record.marking, sources=()),
        basis=decision.basis,
        levels=decision.fields,
        handling={each.what: each.value for each in decision.obligations},
        fields=redact(record, kind, decision.fields, _pseudonyms(keyed, receiver, decision.basis), carried),
    )
    return decision, copy


def redact(
    record: Record, kind: Kind, levels: Mapping[str, str], pseudonym: Pseudonym, carried: Carried = nothing
) -> dict[str, Any]:
    """The fields of a record at these levels; fields that are absent, empty or unwritten free text are left out."""
    found = {}
    pictures = fields_of(kind)
    for name, field in kind.fields.items():
        value = record.release_texts.get(name) if field.free_text else record.body.get(name)
        level = levels.get(name, ABSENT)
        if value is None or level == ABSENT:
            continue
        if field.refers or name in pictures:
            shown = _references(value, carried) if field.refers else _uncaptioned(value)
            if level == CLEAR and shown:  # there is nothing between a picture and none
                found[name] = shown
        elif level == CLEAR:
            found[name] = value
        elif level == PSEUDONYM:
            if kind.is_text(name):
                found[name] = pseudonym(name, value)
        else:
            found[name] = generalise(value, level)
    return found


def _references(value: Any, carried: Carried) -> Any:
    """What of a field that names other records may be told: ids, or structs by what they say of ``to``."""
    if isinstance(value, list | tuple):
        return [each for each in value if _references(each, carried)]
    id = value.get("to") if isinstance(value, dict) else value
    return value if isinstance(id, str) and carried(id) else None


def _uncaptioned(value: Any) -> Any:
    """An attachment, or several, without what was written under them at home."""
    if isinstance(value, list | tuple):
        return [_uncaptioned(each) for each in value]
    return {name: each for name, each in value.items() if name != "caption"}


def _pseudonyms(keyed: Keyed, receiver: str, basis: Basis) -> Pseudonym:
    """A pseudonym is the same for one value, recipient and agreement, and can be linked across none of them."""

    def pseudonym(name: str, value: object) -> str:
        return "p:" + keyed.mac(f"{receiver}|{basis.law}|{name}|{value}".encode()).hex()[:32]

    return pseudonym
