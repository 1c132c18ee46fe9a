"""Declarations: what a capability must keep to before a node uses it. One function, for built-in and foreign ones.

A capability takes names of its own only: everything it declares is called ``NAME.…``. What one declaration says of
another (a feed of its command, a page of its question) must be true. The first thing that is not is told, by its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct, inspect

from mithaq.errors import Clash, Invalid, Malformed
from mithaq.kernel.clock import period
from mithaq.kernel.page import check_page
from mithaq.kernel.plug import Answer, Capability, Command, DutyRule, Feed, Question
from mithaq.kernel.record import Kind

_WORDS = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
NAME = re.compile(_WORDS)
"""A capability: lower-case words, joined by dashes."""
ACT = re.compile(rf"{_WORDS}\.{_WORDS}")
"""A command or question: ``capability.verb-noun``."""
ALSO = {"oversight": ("audit.",)}
"""What a capability of ours may call its acts beside its own name: what oversight asks of the audit log is *audit*."""
DOTTED = re.compile(rf"{_WORDS}(?:\.{_WORDS})+")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,47}")


def check(capability: Capability, package: str = "") -> None:
    """Invalid, naming the declaration, unless everything that the capability declares can be used as it stands.

    ``package`` is where its templates are; without it they are not looked for.
    """
    if not NAME.fullmatch(capability.name):
        raise Invalid("name", "a capability is called by lower-case words joined by dashes", where=capability.name)
    for kind in capability.kinds:
        if not isinstance(kind, Kind):
            raise Invalid("kind", f"{kind!r} is no Kind", where="kinds")
        _check_kind(kind, capability)
    for act in _acts(capability):
        _check_act(act, capability)
        _check_free(act, capability)
    for view in capability.views:
        _check_name("view", view.name, capability, DOTTED)
    for feed in capability.feeds:
        _check_feed(feed, capability)
    for rule in _rules(capability):
        if not DOTTED.fullmatch(rule.kind):
            raise Invalid("rule", f"{rule.kind!r} is not the base of a Kind", where=f"rule {rule.name}")
    for page in capability.pages:
        _check_name("page", page.name, capability, DOTTED)
        check_page(page, capability)
        if page.template and package and not _is_file(package, page.template):
            raise Invalid("template", f"{package} has no file templates/{page.template}", where=f"page {page.name}")
    _check_once(capability)


def check_together(capabilities: Iterable[Capability]) -> None:
    """Clash if two of them take one name: of a capability, a command or question, a view, a Kind."""
    found = tuple(capabilities)
    for what, names in (
        ("capability", [each.name for each in found]),
        ("command or question", [act.name for each in found for act in _acts(each)]),
        ("view", [view.name for each in found for view in each.views]),
        ("Kind", [base for each in found for base in sorted({kind.base for kind in each.kinds})]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                raise Clash("name", f"two capabilities take the name of the {what} {name!r}", hint="rename one")


def structs_in(kind: type | Any) -> Iterator[inspect.StructType]:
    """Every Struct that a type holds, itself first, each once."""
    waiting, seen = [inspect.type_info(kind)], set()
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, inspect.StructType):
            if found.cls in seen:
                continue
            seen.add(found.cls)
            yield found
            waiting += [field.type for field in found.fields]
        elif isinstance(found, inspect.Metadata):
            waiting.append(found.type)
        elif isinstance(found, inspect.UnionType):
            waiting += found.types
        elif isinstance(found, inspect.TupleType):
            waiting += found.item_types
        elif isinstance(found, inspect.DictType):
            waiting.append(found.value_type)
        elif isinstance(found, inspect.CollectionType):
            waiting.append(found.item_type)


def _check_name(what: str, name: str, capability: Capability, shape: re.Pattern[str]) -> None:
    if not shape.fullmatch(name):
        raise Invalid("name", "it is CAPABILITY.words, lower case, joined by dashes", where=f"{what} {name}")
    also = ALSO.get(capability.name, ()) if what in ("command", "question") else ()
    if not name.startswith((f"{capability.name}.", *also)):
        raise Invalid("name", f"a name of {capability.name} begins with {capability.name}.", where=f"{what} {name}")


def _check_kind(kind: Kind, capability: Capability) -> None:
    where = f"Kind {kind.name}"
    _check_name("Kind", kind.base, capability, DOTTED)
    if not _is_closed(kind.body):
        raise Invalid("kind", f"{kind.body.__name__} must forbid unknown fields", where=where)
    try:
        fields = kind.fields
        period(kind.retention)
    except (TypeError, Malformed) as problem:
        raise Invalid("kind", str(problem), where=where) from None
    named = {"title": kind.title, "subject": kind.subject, "place": kind.place, "time": kind.time, **kind.attributes}
    for what, field in named.items():
        if field is not None and field not in fields:
            raise Invalid("kind", f"{what} names {field!r}, which is no field of {kind.body.__name__}", where=where)
    before = kind.before
    if before is not None and not (before.base == kind.base and before.version < kind.version and kind.down):
        raise Invalid("kind", f"{before.name} is no version before it that it can be made into", where=where)


def _check_act(act: Command | Question, capability: Capability) -> None:
    what = "command" if isinstance(act, Command) else "question"
    where = f"{what} {act.name}"
    _check_name(what, act.name, capability, ACT)
    if not _is_struct(act.takes):
        raise Invalid("takes", f"{act.takes!r} is no Struct: its fields have names", where=where)
    if not callable(act.run):
        raise Invalid("run", f"{act.run!r} cannot be called", where=where)
    if isinstance(act, Command) and not (act.second is None or callable(act.second)):
        raise Invalid("second", f"{act.second!r} cannot be called", where=where, hint="None, if one person may do it")
    if not isinstance(act.roles, tuple) or not all(isinstance(role, str) for role in act.roles):
        raise Invalid("roles", "it is a tuple of words", where=where, hint='such as ("duty_officer",)')
    if not act.summary:
        raise Invalid("summary", "it needs a summary: people choose by it", where=where)
    try:
        open_ = [each.cls.__name__ for each in structs_in(act.takes) if not each.forbid_unknown_fields]
        msgspec.json.schema(act.gives)
    except TypeError as problem:
        raise Invalid("type", str(problem).replace("\n", " "), where=where) from None
    if open_:
        raise Invalid("takes", f"{open_[0]} must forbid unknown fields: a misspelt one is no default", where=where)
    for role in act.roles:
        if not _CODE.fullmatch(role):
            raise Invalid("roles", f"{role!r} is not a code", where=where, hint="such as duty_officer")


def _check_free(act: Command | Question, capability: Capability) -> None:
    """The command line makes ``import`` of feeds and ``export`` of questions; a question ``export`` is part of that."""
    word = act.name.partition(".")[2]
    exports = capability.feeds or capability.questions
    if (word == "import" and capability.feeds) or (word == "export" and isinstance(act, Command) and exports):
        raise Invalid("name", f"{word} is what the command line calls its own", where=act.name, hint="rename it")


def _check_feed(feed: Feed, capability: Capability) -> None:
    where = f"feed {feed.name}"
    _check_name("feed", feed.name, capability, DOTTED)
    if not re.fullmatch(r"\.[a-z0-9]{1,16}", feed.suffix):
        raise Invalid("feed", f"{feed.suffix!r} is not the end of a file's name, such as .csv", where=where)
    command = next((each for each in capability.commands if each.name == feed.command), None)
    if command is None:
        raise Invalid("feed", f"{feed.command!r} is no command of {capability.name}", where=where)
    if "rows" not in command.takes.__struct_encode_fields__:
        raise Invalid("feed", f"{feed.command} takes no rows", where=where)


def _check_once(capability: Capability) -> None:
    names = [("view", each.name) for each in capability.views]
    names += [("feed", each.name) for each in capability.feeds]
    names += [("page", each.name) for each in capability.pages]
    names += [("rule", each.name) for each in _rules(capability)]
    names += [("command or question", each.name) for each in _acts(capability)]
    names += [("Kind", each.name) for each in capability.kinds]
    for (what, name), count in Counter(names).items():
        if count > 1:
            raise Clash("name", "declared twice", where=f"{what} {name}")


def _acts(capability: Capability) -> tuple[Command | Question, ...]:
    return (*capability.commands, *capability.questions)


def _rules(capability: Capability) -> tuple[DutyRule | Answer, ...]:
    return (*capability.duties, *capability.answers)


def _is_struct(takes: object) -> bool:
    """Whether it is a Struct, or one of a generic sort that is filled in: ``Many[Row]``."""
    try:
        return isinstance(inspect.type_info(takes), inspect.StructType)
    except (TypeError, NameError):
        return False


def _is_closed(struct: type[Struct]) -> bool:
    return struct.__struct_config__.forbid_unknown_fields


def _is_file(package: str, template: str) -> bool:
    return (resources.files(package) / "templates" / template).is_file()
