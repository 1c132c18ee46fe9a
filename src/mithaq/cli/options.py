"""Options from declarations: one for each field of what a command or question takes, by its type.

A flag for yes and no, a number, a choice for a closed list, an option that may stand several times for a list of plain
values, and JSON text (or ``@FILE``) for what is nested. ``--from`` gives all of it as JSON; options go before it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import click
from msgspec import Struct, inspect

from mithaq.errors import Malformed, NotFound
from mithaq.kernel.canonical import MAX_INT
from mithaq.kernel.plug import Capability, Command, Question
from mithaq.kernel.record import Field

_SLOT = "field_"
_DIGITS = 17  # with the sign: of no more than 2^53
_KEY = re.compile(r"[!#-\[\]-~]{1,126}")
RESERVED = frozenset({"from", "json", "key", "break-glass", "help"})
_LISTS = (inspect.VarTupleType, inspect.ListType, inspect.SetType, inspect.FrozenSetType)
_NESTED = (inspect.StructType, inspect.DictType, inspect.CollectionType, inspect.TupleType, inspect.AnyType,
           inspect.RawType, inspect.UnionType, inspect.NoneType)  # fmt: skip


class Number(click.types.IntParamType):
    """An integer that every language keeps exactly."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and len(value) > _DIGITS:
            self.fail(f"{value[:_DIGITS]}… is not an integer within ±(2^53 - 1)", param, ctx)
        found = super().convert(value, param, ctx)
        if abs(found) > MAX_INT:
            self.fail(f"{value} is not an integer within ±(2^53 - 1)", param, ctx)
        return found


class Json(click.ParamType[Any]):
    """JSON text, or ``@FILE`` with JSON in it."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        text = read_text(value[1:]) if value.startswith("@") else value
        try:
            return _loads(text)
        except (ValueError, RecursionError) as problem:
            self.fail(f"not JSON: {problem}", param, ctx)


def parameters(declared: Command | Question, capability: Capability) -> list[click.Parameter]:
    """An argument for ``id``, an option for every other field, the required ones first."""
    meanings = _meanings(declared.takes, capability)
    fields = fields_of(declared.takes)
    return [_parameter(each, meanings[each.name]) for each in sorted(fields, key=lambda each: not each.required)]


def gather(
    declared: Command | Question, options: dict[str, Any], source: str | None, preset: Mapping[str, Any] = {}
) -> dict[str, Any]:
    """What is given by ``--from`` and by options together. UsageError if something that is required is in neither."""
    given = {**preset, **(read_object(source) if source else {})}
    fields = fields_of(declared.takes)
    for field in fields:
        value = options.get(_slot(field))
        if value not in (None, ()):
            given[field.encode_name] = list(value) if isinstance(value, tuple) else value
    missing = [each for each in fields if each.required and each.encode_name not in given]
    if missing:
        what = "argument 'ID'" if missing[0].name == "id" else f"option '{_flag(missing[0])}'"
        raise click.UsageError(f"Missing {what}.", click.get_current_context(silent=True))
    return given


def field_of(parameter: click.Parameter) -> str:
    """The field that one of ``parameters`` is for."""
    return (parameter.name or "").removeprefix(_SLOT)


def fields_of(takes: type[Struct]) -> tuple[inspect.Field, ...]:
    """The fields of a Struct with their types."""
    found = inspect.type_info(takes)
    assert isinstance(found, inspect.StructType)  # noqa: S101 - that is what a declaration takes
    return found.fields


def read_object(source: str) -> dict[str, Any]:
    """The JSON object in a file, or on standard input for ``-``."""
    try:
        found = _loads(read_text(source))
    except (ValueError, RecursionError) as problem:
        raise Malformed("not-json", f"not JSON: {problem}", where=source) from None
    if not isinstance(found, dict):
        raise Malformed("not-json", "not a JSON object", where=source, hint="{…} with the fields that it takes")
    return found


def key_of(_: click.Context, __: click.Parameter, given: str | None) -> str:
    """What ``--key`` gives, by the rule of the API, wherever the node runs. BadParameter if it can be no key."""
    if given is not None and not _KEY.fullmatch(given):
        raise click.BadParameter('a key is 1 to 126 visible ASCII characters without " and \\, such as a UUID')
    return given or ""


def read_text(source: str) -> str:
    """The text of a file, or of standard input for ``-``. NotFound or Malformed, naming it."""
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as problem:
        raise NotFound("file", f"cannot be read: {problem.strerror}", where=source) from None
    except UnicodeDecodeError as problem:
        raise Malformed("not-utf8", f"byte {problem.start} is not UTF-8", where=source) from None


def _loads(text: str) -> Any:
    """JSON as a node reads it. ValueError on a number or a string that not every language keeps as it is."""
    found = json.loads(text, parse_int=_exact)
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a string holds a lone surrogate, which is half of a character") from None
    return found


def _exact(text: str) -> int:
    if len(text) > _DIGITS or abs(number := int(text)) > MAX_INT:  # to read very many digits takes very long
        raise ValueError(f"{text[:_DIGITS]} is not an integer within ±(2^53 - 1)")
    return number


def _parameter(field: inspect.Field, meaning: str) -> click.Parameter:
    slot, flag, kind = _slot(field), _flag(field), _plain(field.type)
    if field.name == "id":
        return click.Argument([slot], metavar="ID", required=False)
    told = _told(field, meaning)
    if isinstance(kind, inspect.BoolType):
        pair = flag if field.default is False else f"{flag}/--no-{flag.removeprefix('--')}"
        return click.Option([pair, slot], is_flag=True, default=None, help=told)
    many = isinstance(kind, _LISTS) and _is_scalar(_plain(kind.item_type))
    item = _plain(kind.item_type) if many and isinstance(kind, _LISTS) else kind
    return click.Option([flag, slot], type=_type(item), multiple=many, metavar=_metavar(item), help=told)


def _type(kind: inspect.Type) -> click.ParamType[Any] | type:
    if isinstance(kind, inspect.IntType):
        return Number()
    if isinstance(kind, inspect.LiteralType) and all(isinstance(each, str) for each in kind.values):
        return click.Choice([str(each) for each in kind.values])
    if isinstance(kind, inspect.EnumType):
        return click.Choice([str(each.value) for each in kind.cls])
    return str if _is_scalar(kind) else Json()


def _metavar(kind: inspect.Type) -> str:
    named = _type(kind)
    if isinstance(named, click.Choice):
        return "WORD"
    if isinstance(kind, inspect.DateTimeType):
        return "INSTANT"
    return "JSON" if isinstance(named, Json) else "NUMBER" if isinstance(named, Number) else "TEXT"


def _is_scalar(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.LiteralType):
        return all(isinstance(each, str) for each in kind.values)
    return not isinstance(kind, _NESTED)


def _plain(kind: inspect.Type) -> inspect.Type:
    """The type itself, without its constraints, and without the None that it may be."""
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        parts = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        return _plain(parts[0]) if len(parts) == 1 else kind
    return kind


def _told(field: inspect.Field, meaning: str) -> str:
    """The help of an option: what it means, the words it may be, whether it must be given, what it is else."""
    kind = _plain(field.type)
    named = _type(_plain(kind.item_type) if isinstance(kind, _LISTS) else kind)
    words = f"({', '.join(named.choices)})" if isinstance(named, click.Choice) else ""
    plain = isinstance(field.default, int | str) and not isinstance(field.default, bool) and field.default != ""
    rest = "[required]" if field.required else f"[default: {field.default}]" if plain else ""
    several = "[may stand several times]" if isinstance(kind, _LISTS) and _is_scalar(_plain(kind.item_type)) else ""
    return " ".join(part for part in (meaning, words, rest, several) if part)


def _meanings(takes: type[Struct], capability: Capability) -> dict[str, str]:
    """What each field means: as it is declared here, else as the Kind that this is most like says, else its type."""
    hints = get_type_hints(takes, include_extras=True)
    names = set(takes.__struct_fields__)
    like = max(capability.kinds, key=lambda kind: len(names & kind.fields.keys()), default=None)
    there = {name: field.meaning for name, field in like.fields.items()} if like else {}
    return {
        field.name: _meaning(hints[field.name]) or there.get(field.name) or _description(field.type)
        for field in fields_of(takes)
    }


def _meaning(hint: Any) -> str:
    return next((each.meaning for each in getattr(hint, "__metadata__", ()) if isinstance(each, Field)), "")


def _description(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("description", "")) or _description(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next(filter(None, map(_description, kind.types)), "")
    return ""


def _flag(field: inspect.Field) -> str:
    name = field.encode_name.replace("_", "-")
    return f"--field-{name}" if name in RESERVED else f"--{name}"


def _slot(field: inspect.Field) -> str:
    return _SLOT + field.name
