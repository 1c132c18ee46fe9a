"""Alerts of every sort: raised, corrected, taken in by many, tried first; what crosses and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.capabilities.intelligence.records import ALERTS, KINDS, VEHICLE_ALERT, VEHICLE_ALERT_2
from mithaq.errors import Invalid, MithaqError, NotAllowed
from mithaq.kernel.adoption import kinds_of
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.people.second import Waits
from mithaq.kernel.record import Sensitivity
from tests.capabilities.cases import (
    ADMINISTRATOR,
    ANALYST,
    GROUNDS,
    ON_DUTY,
    OTHER_ANALYST,
    ask,
    child,
    do,
    document,
    goods,
    one,
    organisation,
    person,
    settle,
    vessel,
)  # fmt: skip
from tests.worlds import World, alert, two_nations

SORTS: dict[str, Any] = {
    "vehicle": alert, "person": person, "document": document, "vessel": vessel, "goods": goods,
    "organisation": organisation,
}  # fmt: skip
ADOPTED = "sha256:97cff57d2b100dde1d2e20f982430212937cb4285d615b71108d673ccfc0c30e"
"""The digest of the declaration of intelligence.alert.vehicle/1, as nations have signed for it."""


def test_every_sort_of_alert_is_raised_corrected_and_seen(world: World) -> None:
    for sort, given in SORTS.items():
        stated = do(world.jo, f"alert-{sort}", given())
        body = one(world.jo, stated.id)
        assert (body["sort"], body["state"], body["version"]) == (sort, "active", 1)
        corrected = do(world.jo, f"correct-{sort}", {**given(accuracy="2"), "id": stated.id})
        assert (corrected.id, corrected.version) == (stated.id, 2)
        assert one(world.jo, stated.id)["fields"]["accuracy"] == "2"


def test_things_cross_as_agreed_and_their_source_stays(world: World) -> None:
    ids = {
        sort: do(world.jo, f"alert-{sort}", SORTS[sort](source="informant S-1", place="31.4912,36.9987")).id
        for sort in ("document", "vessel", "goods")
    }
    settle(world)
    for sort, id in ids.items():
        body = one(world.sa, id)
        assert body["sort"] == sort
        assert body["basis"] == {"law": "JO-SA-border/1", "clause": "10.1"}
        assert body["levels"]["source"] == "absent"
        assert "source" not in body["fields"]
        assert body["fields"]["place"] == "31.455,37"
    world.assert_sound()


def test_a_person_crosses_only_after_a_screening(world: World) -> None:
    unscreened = do(world.jo, "alert-person", {k: v for k, v in person().items() if k != "flags"})
    assert unscreened.withheld["SA"]
    screened = do(world.jo, "alert-person", person(flags=None, screened=True))
    assert screened.released == ("SA",)
    settle(world)
    fields = one(world.sa, screened.id)["fields"]
    assert fields["name"].startswith("p:")
    assert not {"born", "flags", "source", "remarks", "grounds", "offence_max_years"} & fields.keys()


@pytest.mark.parametrize("flag", ["asylum_seeker", "refugee", "political_offence", "torture_risk", "misused_identity"])
def test_a_protected_person_never_crosses(world: World, flag: str) -> None:
    assert do(world.jo, "alert-person", person(flags=[flag])).withheld["SA"]


def test_no_kind_has_a_field_for_what_somebody_believes_or_is() -> None:
    names = {name for kind in KINDS for name in kind.fields}
    assert not names & {"religion", "ethnicity", "race", "politics", "political_opinion", "affiliation", "tribe"}
    meanings = " ".join(field.meaning for kind in KINDS for field in kind.fields.values())
    assert not any(word in meanings for word in ("hostile", "religio", "ethni", "politic"))


def test_who_told_us_is_marked_as_a_source_in_every_kind() -> None:
    assert all(kind.fields["source"].sensitivity is Sensitivity.SOURCE for kind in KINDS)


def test_the_first_version_of_vehicle_alerts_is_as_it_was_adopted() -> None:
    adopted = kinds_of([VEHICLE_ALERT]).kinds["intelligence.alert.vehicle/1"]
    assert adopted == ADOPTED


@pytest.fixture
def older(tmp_path: Path) -> Iterator[World]:
    """Saudi Arabia's program reads the first version of vehicle alerts only, and says so on its card."""
    with two_nations(tmp_path) as made:
        partner = made.jo.rings.partners["SA"]
        reads = tuple(name for name in partner.card.reads if name != VEHICLE_ALERT_2.name)
        assert VEHICLE_ALERT.name in reads
        made.jo.rings._known["SA"] = replace(partner, card=replace(partner.card, reads=reads))
        yield made


def test_a_vehicle_crosses_as_the_version_that_the_partner_reads(older: World) -> None:
    full = alert(category="check", identifiers=[{"type": "vin", "value": "WDB9634031L738149"}])
    stated = do(older.jo, "alert-vehicle", full)
    assert stated.released == ("SA",)
    settle(older)
    body = one(older.sa, stated.id)
    assert body["kind"] == "intelligence.alert.vehicle/1"
    assert body["fields"]["plate"] == full["plate"]
    assert not {"category", "identifiers"} & body["fields"].keys()
    assert one(older.jo, stated.id)["fields"]["category"] == "check"
    older.assert_sound()


def test_to_a_partner_that_reads_it_the_second_version_crosses(world: World) -> None:
    stated = do(
        world.jo, "alert-vehicle", alert(category="check", release_grounds="seen at the depot", grounds=GROUNDS)
    )
    settle(world)
    body = one(world.sa, stated.id)
    assert body["kind"] == "intelligence.alert.vehicle/2"
    assert (body["fields"]["category"], body["fields"]["grounds"]) == ("check", "seen at the depot")
    assert body["basis"]["clause"] == "4.1"


def test_what_version_1_must_have_keeps_an_alert_without_it_from_a_partner_that_reads_no_other(older: World) -> None:
    nowhere = {k: v for k, v in alert(purpose="search_and_rescue", reason="missing_person").items() if k != "place"}
    assert do(older.jo, "alert-vehicle", nowhere).withheld == {"SA": ()}


# -- four eyes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        person(category="arrest", measure="arrest"),
        person(category="refuse_entry", measure="refuse_entry"),
        child(release_description="a child in a red jacket"),
        person(flags=["witness"], release_remarks="saw it"),
    ],
    ids=["arrest", "refuse entry", "a child", "a witness"],
)
def test_an_alert_that_bears_hard_on_a_person_waits_for_a_second_person(world: World, given: dict[str, Any]) -> None:
    waits = do(world.jo, "alert-person", given, ANALYST)
    assert isinstance(waits, Waits)
    assert ask(world.jo, "alerts", {}) == ()
    with pytest.raises(NotAllowed):
        world.jo.do("acts.approve", {"id": waits.waiting}, who=ANALYST).result()
    world.jo.do("acts.approve", {"id": waits.waiting}, who=OTHER_ANALYST).result()
    assert [row.title for row in ask(world.jo, "alerts", {})] == [given["name"]]


@pytest.mark.parametrize("given", [person(), child(), person(flags=["child"], purpose="people_smuggling")])
def test_others_are_raised_by_one(world: World, given: dict[str, Any]) -> None:
    assert do(world.jo, "alert-person", given, ANALYST).version == 1


def test_many_at_once_are_no_way_around_the_second_person(world: World) -> None:
    rows = [person(), person(name="Other", category="arrest", measure="arrest")]
    taken = do(world.jo, "alert-persons", {"rows": rows}, ANALYST)
    assert taken[0].stated is not None
    assert "second person" in taken[1].problem
    assert len(ask(world.jo, "alerts", {})) == 1


def test_an_administrator_raises_and_reads_nothing(world: World) -> None:
    with pytest.raises(NotAllowed):
        do(world.jo, "alert-person", person(), ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        ask(world.jo, "search", {}, ADMINISTRATOR)


# -- many, and trying first --------------------------------------------------------------------------------------------


def everything(world: World) -> tuple[int, int]:
    with world.jo.store.read() as tx:
        return tx.journal.last(), len(tx.records.page(limit=1000))


def test_a_dry_run_says_what_would_become_of_each_row_and_keeps_nothing(world: World) -> None:
    kept = do(world.jo, "alert-person", person(reference="K-1"))
    rows = [
        person(reference="K-1"),
        person(reference="K-1", accuracy="1"),
        person(name="New", flags=["refugee"]),
        person(name="New too"),
        person(category=None, measure="seize"),
    ]
    before = everything(world)
    taken = do(world.jo, "alert-persons", {"rows": rows, "dry_run": True})
    assert everything(world) == before
    same, changed, refugee, new, broken = taken
    assert same.stated.unchanged
    assert (changed.stated.id, changed.stated.version, changed.stated.released) == (kept.id, 2, ("SA",))
    assert (refugee.stated.id, "floor/1 F1" in refugee.stated.withheld["SA"]) == ("", True)
    assert new.stated.released == ("SA",)
    assert "cannot be asked about a person" in broken.problem
    done = do(world.jo, "alert-persons", {"rows": rows})
    assert [(each.stated.released, each.stated.withheld) for each in done[1:4]] == [
        (each.stated.released, each.stated.withheld) for each in taken[1:4]
    ]


def test_a_dry_run_sees_rows_that_follow_on_each_other(world: World) -> None:
    rows = [document(reference="D-1"), document(reference="D-1"), document(reference="D-1", blank=True)]
    tried = do(world.jo, "alert-documents", {"rows": rows, "dry_run": True})
    done = do(world.jo, "alert-documents", {"rows": rows})
    for taken in (tried, done):
        assert [(each.stated.version, each.stated.unchanged) for each in taken] == [(1, False), (1, True), (2, False)]


def test_a_row_that_cannot_be_leaves_the_others(world: World) -> None:
    bad = goods(identifiers=[{"type": "container", "value": "CSQU3054384"}])
    taken = do(world.jo, "alert-many-goods", {"rows": [goods(), bad, goods(goods="other")]})
    assert [each.stated is not None for each in taken] == [True, False, True]
    assert "identifiers[0]" in taken[1].problem


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "given", "where"),
    [
        ("alert-person", person(measure="discreet", grounds=None), "$.grounds"),
        ("alert-person", person(born="1984-5"), "$.born"),
        ("alert-person", person(flags=["tall"]), "$.flags[0]"),
        ("alert-person", {**person(), "religion": "x"}, "$"),
        ("alert-vessel", vessel(identifiers=[{"type": "imo", "value": "9074728"}]), "$.identifiers[0].value"),
        ("alert-goods", goods(commodity="29"), "$.commodity"),
        ("alert-person", person(review_by="2028-11-20T00:00:00Z"), "$.review_by"),
        ("alert-person", person(expires="2026-11-20T00:00:00Z"), "$.expires"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_place(
    world: World, verb: str, given: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid) as refused:
        do(world.jo, verb, given)
    assert refused.value.where == where
    assert everything(world)[1] == 0


def test_an_alert_is_corrected_as_what_it_is(world: World) -> None:
    stated = do(world.jo, "alert-document", document())
    with pytest.raises(MithaqError, match="not an alert on a person"):
        do(world.jo, "correct-person", {**person(), "id": stated.id})


def test_duty_officers_raise_persons_but_do_not_export(world: World) -> None:
    do(world.jo, "alert-person", person(), ON_DUTY)
    with pytest.raises(NotAllowed):
        ask(world.jo, "export", {"kind": "person"}, ON_DUTY)


def test_the_words_for_sorts_are_those_of_the_kinds() -> None:
    assert {f"intelligence.alert.{sort}" for sort in ALERTS} == {kind.base for kind in KINDS}
    assert HOME.roles
