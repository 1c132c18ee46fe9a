"""The audit log: for oversight alone, each reading of it a line of it, and whole or known to be broken."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from mithaq.errors import Invalid, NotAllowed
from mithaq.kernel.people.act import LONGEST, asked_for
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.people.oversight import About, Which
from tests.kernel.people.staff import Staff
from tests.worlds import alert, two_nations

QUESTIONS = ("audit.list", "audit.about", "audit.verify")

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_administrator_is_refused_and_that_is_in_the_log(staff: Staff, question: str) -> None:
    layla = staff.officer("layla", "oversight")
    administrator = staff.found()
    given = {"id": "x"} if question == "audit.about" else {}
    for who in (administrator, HOME):
        with pytest.raises(NotAllowed):
            staff.ask(question, who, **given)
    lines = staff.ask("audit.list", layla, limit=1000).lines
    refused = [each.who for each in lines if each.act == f"refused {question}"]
    assert refused == [administrator.id, "home"]


def test_no_other_role_holds_any_of_it(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    held = {each.role: set(each.permissions) for each in staff.ask("people.roles", layla)}
    assert [role for role, permissions in held.items() if permissions & set(QUESTIONS)] == ["oversight"]


def test_reading_the_log_is_itself_in_the_log(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    for question in QUESTIONS:
        staff.ask(question, layla, **({"id": "lorry"} if question == "audit.about" else {}))
    assert staff.log()[-3:] == [
        (layla.id, "audit.list", ""), (layla.id, "audit.about", "lorry"), (layla.id, "audit.verify", ""),
    ]  # fmt: skip


def test_who_saw_and_did_something_about_a_record_is_found(staff: Staff) -> None:
    layla, rania = staff.officer("layla", "oversight"), staff.officer("rania", "duty_officer")
    stated = staff.do("intelligence.alert-vehicle", alert(), rania)
    staff.ask("intelligence.alert", rania, id=stated.id)
    found = staff.ask("audit.about", layla, id=stated.id).lines
    assert [(each.who, each.act) for each in found if each.act != "stated"] == [
        (rania.id, "intelligence.alert-vehicle"), (rania.id, "intelligence.alert"), (rania.id, "saw"),
        (layla.id, "audit.about"),
    ]  # fmt: skip


def test_what_was_asked_of_a_question_is_in_the_log(staff: Staff) -> None:
    layla, rania = staff.officer("layla", "oversight"), staff.officer("rania", "duty_officer")
    for find in ("12-34567", "محمد", "x" * 2000):
        try:
            staff.ask("intelligence.search", rania, find=find)
        except Invalid:
            assert len(find) > LONGEST
    staff.ask("intelligence.search", rania, find="lorry", origin="JO", limit=3)
    staff.ask("intelligence.alerts", rania)
    found = staff.ask("audit.list", layla, who=rania.id, limit=1000).lines
    asked = [each.reason for each in found if each.act in ("intelligence.search", "intelligence.alerts")]
    assert asked[:2] == ['{"find":"12-34567"}', '{"find":"محمد"}']
    assert asked[-2:] == ['{"find":"lorry","limit":3,"origin":"JO"}', ""]


def test_what_was_asked_is_cut_where_it_is_long() -> None:
    assert len(asked_for(About(id="a" * 200, limit=7))) < LONGEST
    assert len(asked_for(Which(who="a" * 5000))) == LONGEST


def test_a_command_on_a_partner_or_a_role_names_it_in_the_log(staff: Staff) -> None:
    staff.do("link.pause", {"party": "SA"}, HOME)
    staff.do("people.permit", {"role": "analyst", "permission": "bundle.pack", "change": "give"}, HOME)
    staff.do("people.end-sessions", {}, HOME)
    assert staff.log()[-3:] == [
        ("home", "link.pause", "SA"), ("home", "people.permit", "analyst"), ("home", "people.end-sessions", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("after", [-1, 2**53, 10**30])
@pytest.mark.parametrize("question", ["audit.list", "audit.about"])
def test_a_line_that_no_log_can_have_is_refused(staff: Staff, question: str, after: int) -> None:
    layla = staff.officer("layla", "oversight")
    given: dict[str, Any] = {"id": "x"} if question == "audit.about" else {}
    with pytest.raises(Invalid):
        staff.ask(question, layla, after=after, **given)
    assert staff.ask(question, layla, after=2**53 - 1, **given).lines == ()


def test_who_asks_what_releases_wait_is_in_the_log(staff: Staff) -> None:
    rania = staff.officer("rania", "duty_officer")
    staff.ask("release.waiting", rania)
    assert staff.log()[-1] == (rania.id, "release.waiting", "")


def test_the_log_is_paged_and_filtered(staff: Staff) -> None:
    layla, rania = staff.officer("layla", "oversight"), staff.officer("rania", "analyst")
    for _ in range(5):
        staff.ask("intelligence.alerts", rania)
    numbers: list[int] = []
    after: int | None = 0
    while after is not None:
        page = staff.ask("audit.list", layla, after=after, limit=2, who=rania.id)
        numbers += [each.number for each in page.lines]
        after = page.after
    whole = [each for each in staff.ask("audit.list", layla, limit=1000).lines if each.who == rania.id]
    assert numbers == [each.number for each in whole]
    assert len([each for each in whole if each.act == "intelligence.alerts"]) == 5
    about = staff.ask("audit.list", layla, who=rania.id, subject=rania.id).lines
    assert [each.act for each in about] == ["accepted"]


def test_the_newest_line_is_told_to_be_noted_down(staff: Staff) -> None:
    layla = staff.officer("layla", "oversight")
    found = staff.ask("audit.verify", layla)
    last = staff.ask("audit.list", layla, after=found.number - 1, limit=1).lines[0]
    assert (found.whole, found.broken, last.number, last.chain) == (True, None, found.number, found.chain)


@pytest.mark.parametrize(
    ("change", "found_at"),
    [("update audit set who = 'nobody' where number = 2", 2), ("delete from audit where number = 2", 3)],
)
def test_a_line_that_was_changed_or_taken_out_is_found(tmp_path: Path, change: str, found_at: int) -> None:
    with two_nations(tmp_path, files=True) as world:
        staff = Staff(world.jo, world.clock)
        layla = staff.officer("layla", "oversight")
        staff.ask("intelligence.alerts", HOME)
        with sqlite3.connect(world.rehearsal.nations["JO"].home.store) as connection:
            connection.execute(change)
        connection.close()
        found = staff.ask("audit.verify", layla)
        assert (found.whole, found.broken) == (False, found_at)
