"""The audit log: for oversight alone, each reading of it a line of it, and whole or known to be broken."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mithaq.errors import NotAllowed
from mithaq.kernel.people.actor import HOME
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
    assert [(each.who, each.act) for each in found] == [
        (rania.id, "intelligence.alert"), (layla.id, "audit.about"),
    ]  # fmt: skip


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
