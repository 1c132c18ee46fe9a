"""Duties: opened once, discharged or escalated, and never both forgotten and owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mithaq.adapters.store.sql import SqlStore, open_store
from mithaq.kernel.duty import Duty, discharge, duties, lapse, open_duty, reconcile, void
from mithaq.kernel.people.actor import HOME
from tests.treaties import Nations, nations
from tests.worlds import START

DAY = timedelta(days=1)


@pytest.fixture
def store() -> Iterator[SqlStore]:
    made = open_store(":memory:")
    yield made
    made.close()


def duty(n: int = 1, *, due: timedelta = DAY, **changes: object) -> Duty:
    given = {"what": "answer", "about": "M", "since": START, "due": START + due, "owed_by": "legal"}
    return Duty(id=f"answer/M/{n}", escalates_to="signatory", **(given | changes))  # type: ignore[arg-type]


def test_a_duty_is_opened_once_and_listed_by_urgency(store: SqlStore) -> None:
    opened = store.write(lambda tx: [open_duty(tx, each) for each in (duty(2), duty(1, due=2 * DAY), duty(2))]).result()
    assert opened == [True, True, False]
    with store.read() as tx:
        assert [each.id for each in duties(tx)] == ["answer/M/2", "answer/M/1"]


def test_it_escalates_once_when_its_time_comes_and_can_still_be_discharged(store: SqlStore) -> None:
    store.write(lambda tx: open_duty(tx, duty())).result()
    assert store.write(lambda tx: lapse(tx, START)).result() == []
    [lapsed] = store.write(lambda tx: lapse(tx, START + DAY)).result()
    assert (lapsed.state, lapsed.escalates_to) == ("escalated", "signatory")
    assert store.write(lambda tx: lapse(tx, START + 2 * DAY)).result() == []
    with store.read() as tx:
        assert [entry.what for entry in tx.journal.page()] == ["escalated"]
        assert [each.state for each in duties(tx)] == ["escalated"]
    assert store.write(lambda tx: discharge(tx, "answer/M/1", "late", START + 3 * DAY)).result()
    assert not store.write(lambda tx: void(tx, "answer/M/1", "again", START)).result()
    with store.read() as tx:
        assert duties(tx) == []
        [ended] = duties(tx, ended=True)
        assert (ended.state, ended.ended_by) == ("discharged", "late")


def test_reconciling_twice_changes_nothing_and_what_is_moot_is_void(store: SqlStore) -> None:
    owed = [duty(1), duty(2), duty(3)]
    for _ in range(2):
        store.write(lambda tx: reconcile(tx, "answer/M/", owed[:2], {"answer/M/1": "S"}, START)).result()
    with store.read() as tx:
        assert {each.id: each.state for each in duties(tx, ended=True)} == {
            "answer/M/1": "discharged", "answer/M/2": "open",
        }  # fmt: skip
    store.write(lambda tx: reconcile(tx, "answer/M/", [], {}, START)).result()
    with store.read() as tx:
        assert duties(tx) == []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Nations]:
    with nations(tmp_path, ("IQ", "SA")) as made:
        yield made


def test_an_offer_that_is_not_answered_in_time_escalates_by_itself(world: Nations) -> None:
    world.propose("SA", world.text())
    world.clock.advance(91 * DAY)
    world.step()
    [owed] = [each for each in world.nodes["IQ"].ask("duty.list", {}, who=HOME) if each.what == "answer_offer"]
    assert owed.state == "escalated"


def test_keys_are_to_be_renewed_thirty_days_before_they_end_and_a_new_manifest_does_it(world: Nations) -> None:
    world.step()
    [owed] = world.nodes["IQ"].ask("duty.list", {}, who=HOME)
    assert (owed.what, owed.due) == ("renew_keys", START + 60 * DAY)
    world.clock.advance(61 * DAY)
    world.step()
    [owed] = world.nodes["IQ"].ask("duty.list", {}, who=HOME)
    assert owed.state == "escalated"
    world.rotate("IQ")
    world.step()
    [owed] = world.nodes["IQ"].ask("duty.list", {}, who=HOME)
    assert (owed.state, owed.about) == ("open", "manifest 2 of IQ")
