"""Declarations: whatever a capability says of itself that cannot be used is refused at load, by name."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mithaq.capabilities import BUILT_IN, RESERVED, load
from mithaq.cli.main import COMMANDS, CORE, GROUPS
from mithaq.errors import Clash, Invalid, MithaqError
from mithaq.kernel.core import core
from mithaq.kernel.declaration import check, check_together
from mithaq.kernel.desk import Stated
from mithaq.kernel.plug import Answer, Capability, Column, Command, DutyRule, Feed, Page, Question
from mithaq.kernel.record import Field, Kind, Sensitivity
from mithaq.kernel.shelves import Row
from mithaq.kernel.view import View


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Field("what it is called", Sensitivity.OPEN)]
    place: Annotated[str, Field("where it is", Sensitivity.OPEN)]


class Open(Struct, frozen=True):
    name: str = ""


class Nested(Struct, frozen=True, forbid_unknown_fields=True):
    rows: tuple[Open, ...] = ()


class Takes(Struct, frozen=True, forbid_unknown_fields=True):
    rows: tuple[str, ...] = ()
    limit: int = 50


class Told(Struct, frozen=True):
    rows: tuple[Row, ...]
    total: int


def nothing(*_: Any) -> Any:
    return None


def lines(*_: Any) -> Any:
    return iter(())


KIND = Kind(
    base="wells.well", version=1, body=Body, title="name", subject="name", place="place", time=None, retention="P1Y",
    attributes={"place": "place"},
)  # fmt: skip
COMMAND = Command("wells.add-many", "add wells", Takes, Stated, nothing, roles=("duty_officer",))
QUESTION = Question("wells.wells", "wells", Takes, tuple[Row, ...], nothing)
PAGED = Question("wells.paged", "wells with a count", Takes, Told, nothing)
ONE = Question("wells.well", "one well", Takes, Row, nothing)
FEED = Feed("wells.csv", "wells", ".csv", "text/csv", "wells.add-many", lines)
LIST = Page("wells.wells", "wells", "list", "wells.wells", (Column("title", "name"),), opens="wells.well")
DETAIL = Page("wells.well", "well", "detail", "wells.well", (Column("body.fields.name", "name"),))
FORM = Page("wells.form", "add wells", "form", "wells.add-many")
GOOD = Capability(
    name="wells",
    summary="wells",
    kinds=(KIND,),
    commands=(COMMAND,),
    questions=(QUESTION, PAGED, ONE),
    answers=(Answer("wells.told", "wells.well", nothing),),
    views=(View("wells.wells", 1, nothing),),
    feeds=(FEED,),
    duties=(DutyRule("wells.visit", "wells.well", nothing),),
    pages=(LIST, DETAIL, FORM),
)


def page(**changes: Any) -> Capability:
    return replace(GOOD, pages=(replace(LIST, **changes), DETAIL, FORM))


def column(path: str, of: str = "wells.wells") -> Capability:
    return page(columns=(Column(path, "x"),), of=of)


BROKEN: list[tuple[str, Capability, str]] = [
    ("capability name", replace(GOOD, name="Wells"), "Wells"),
    ("foreign prefix", replace(GOOD, commands=(replace(COMMAND, name="intelligence.add-many"),), feeds=()), "wells."),
    ("upper case", replace(GOOD, questions=(replace(QUESTION, name="wells.Wells"),), pages=()), "wells.Wells"),
    ("kind prefix", replace(GOOD, kinds=(replace(KIND, base="intelligence.well"),)), "Kind intelligence.well"),
    ("view prefix", replace(GOOD, views=(View("other.view", 1, nothing),)), "view other.view"),
    ("no summary", replace(GOOD, commands=(replace(COMMAND, summary=""),)), "wells.add-many"),
    ("open takes", replace(GOOD, commands=(replace(COMMAND, takes=Open),), feeds=(), pages=()), "Open must forbid"),
    ("open within", replace(GOOD, commands=(replace(COMMAND, takes=Nested),)), "Open must forbid"),
    ("takes a number", replace(GOOD, commands=(replace(COMMAND, takes=int),), feeds=(), pages=()), "is no Struct"),
    ("takes a value", replace(GOOD, commands=(replace(COMMAND, takes=Takes()),), feeds=(), pages=()), "is no Struct"),
    ("run", replace(GOOD, commands=(replace(COMMAND, run="add"),)), "'add' cannot be called"),
    ("second", replace(GOOD, commands=(replace(COMMAND, second="duty_officer"),)), "cannot be called"),
    ("roles as one word", replace(GOOD, commands=(replace(COMMAND, roles="analyst"),)), "a tuple of words"),
    ("roles of numbers", replace(GOOD, questions=(replace(QUESTION, roles=(1,)),), pages=()), "a tuple of words"),
    ("no Kind", replace(GOOD, kinds=(Body,)), "is no Kind"),
    (
        "import",
        replace(GOOD, commands=(COMMAND, replace(COMMAND, name="wells.import"))),
        "wells.import: import is what",
    ),
    ("asks import", replace(GOOD, questions=(*GOOD.questions, replace(ONE, name="wells.import"))), "wells.import"),
    (
        "export",
        replace(GOOD, commands=(COMMAND, replace(COMMAND, name="wells.export"))),
        "wells.export: export is what",
    ),
    ("role", replace(GOOD, commands=(replace(COMMAND, roles=("Duty officer",)),)), "is not a code"),
    ("open body", replace(GOOD, kinds=(replace(KIND, body=Open),)), "Kind wells.well/1"),
    ("attribute", replace(GOOD, kinds=(replace(KIND, attributes={"time": "when"}),)), "'when'"),
    ("title", replace(GOOD, kinds=(replace(KIND, title="label"),)), "title names 'label'"),
    ("retention", replace(GOOD, kinds=(replace(KIND, retention="1 year"),)), "Kind wells.well/1"),
    ("before", replace(GOOD, kinds=(replace(KIND, before=KIND),)), "no version before it"),
    ("feed command", replace(GOOD, feeds=(replace(FEED, command="wells.other"),)), "'wells.other' is no command"),
    ("feed suffix", replace(GOOD, feeds=(replace(FEED, suffix="csv"),)), "feed wells.csv"),
    ("duty kind", replace(GOOD, duties=(DutyRule("wells.visit", "Well", nothing),)), "rule wells.visit"),
    ("page prefix", page(name="other.page"), "page other.page"),
    ("page of nothing", page(of="wells.wels"), "did you mean 'wells.wells'?"),
    ("list of a command", page(of="wells.add-many"), "is no question"),
    ("opens nothing", page(opens="wells.none"), "opens 'wells.none'"),
    ("no columns", page(columns=()), "no columns"),
    ("no title", page(title=""), "needs a title"),
    ("column label", page(columns=(Column("title", ""),)), "needs a label"),
    ("column", column("titel"), "did you mean 'title'?"),
    ("column of a leaf", column("title.first"), "has no 'first'"),
    ("column of the Kind", column("body.fields.nam"), "did you mean 'name'?"),
    ("column of a page of rows", column("titel", of="wells.paged"), "did you mean 'title'?"),
]


@pytest.mark.parametrize(("capability", "told"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_what_cannot_be_used_is_refused_by_name(capability: Capability, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(capability)
    assert told in str(caught.value)


def test_what_can_be_used_is_let_be() -> None:
    check(GOOD)
    check(replace(GOOD, questions=(*GOOD.questions, replace(ONE, name="wells.export"))))  # it is exported by
    check(replace(GOOD, commands=(replace(COMMAND, name="wells.import"),), feeds=(), pages=()))
    check(column("body.anything", of="wells.paged"))


def test_a_template_that_is_not_there_is_refused() -> None:
    drawn = page(columns=(), template="none.html")
    check(drawn)  # without a package there is nowhere to look
    with pytest.raises(Invalid, match=r"templates/none\.html"):
        check(drawn, "mithaq.capabilities.intelligence")


@pytest.mark.parametrize(
    "twice",
    [
        replace(GOOD, commands=(COMMAND, COMMAND)),
        replace(GOOD, questions=(*GOOD.questions, replace(ONE, name="wells.add-many"))),
        replace(GOOD, views=(*GOOD.views, *GOOD.views)),
        replace(GOOD, pages=(*GOOD.pages, FORM)),
        replace(GOOD, kinds=(KIND, KIND)),
    ],
)
def test_a_name_is_declared_once(twice: Capability) -> None:
    with pytest.raises(Clash, match="declared twice"):
        check(twice)


def test_no_two_capabilities_take_one_name() -> None:
    check_together((core, GOOD))
    for other in (
        replace(GOOD, commands=(), questions=(), kinds=(), views=()),
        replace(GOOD, name="other", questions=(), kinds=(), views=()),
        replace(GOOD, name="other", commands=(), questions=(), views=()),
    ):
        with pytest.raises(Clash):
            check_together((GOOD, other))


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_comes_with_mithaq_keeps_to_the_rules(name: str) -> None:
    found = load(name)
    assert found.name == name
    check(found, f"mithaq.capabilities.{name}")
    check_together((core, found))


def test_no_capability_takes_a_word_that_a_node_or_the_command_line_answers_to() -> None:
    parts = {each.name.partition(".")[0] for each in core.commands}
    parts |= {each.name.partition(".")[0] for each in core.questions}
    assert parts | {*GROUPS, *CORE, *COMMANDS} <= RESERVED
    with pytest.raises(MithaqError, match="keeps this name"):
        load("node")
