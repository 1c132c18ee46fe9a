"""Who saw this, why, under which clause, on both sides: with names at home, by role from the partner."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mithaq.errors import Invalid, NotAllowed, NotFound
from mithaq.kernel import audit
from mithaq.kernel.people.actor import HOME, Actor
from tests.capabilities.cases import owed, person
from tests.capabilities.oversight.desk import (
    ADMINISTRATOR,
    ANALYST,
    CHILD_DESK,
    LEGAL,
    ON_DUTY,
    OVERSEER,
    PEOPLE,
    ask,
    crossed,
    do,
    look,
    raise_,
    settle,
    trace,
)
from tests.worlds import World, alert, two_nations


def test_a_trace_tells_versions_releases_receipts_and_reads_with_their_clause(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    look(world.jo, id, ANALYST)
    world.jo.ask("intelligence.search", {"find": "12-34567"}, who=ON_DUTY)
    world.jo.ask("intelligence.export", {"kind": "vehicle"}, who=ANALYST)
    found = trace(world.jo, id)
    assert [each.version for each in found.versions] == [1]
    (release,) = found.releases
    assert (release.to, release.decision, release.outcome) == ("SA", "permit", "accepted")
    assert release.reasons == ("permit JO-SA-border/1 4.1",)
    assert {each.what for each in release.obligations} >= {"retain", "onward", "log"}
    assert release.receipt > 0
    assert release.message == "JO>SA/1"
    seen = [(each.who, each.act, each.what, each.under, each.authority) for each in found.at_home if each.version]
    assert seen == [
        (ANALYST.id, "read", "intelligence.alert", "law-JO/1 4", "police"),
        (ON_DUTY.id, "read", "intelligence.search", "law-JO/1 4.2", "border_guard"),
        (ANALYST.id, "exported", "intelligence.export", "law-JO/1 4", "police"),
    ]
    assert found.rests_on == ("home:stored", "partners:signed_assertion")


def test_what_a_search_looked_at_and_did_not_show_was_not_seen(world: World) -> None:
    shown = raise_(world.jo, "alert-vehicle", alert(plate="11-11111")).id
    other = raise_(world.jo, "alert-vehicle", alert(plate="22-22222")).id
    world.jo.ask("intelligence.search", {"limit": 1}, who=ANALYST)  # the newest: it looks one further
    assert [each.act for each in trace(world.jo, other).at_home if each.version] == ["read"]
    assert [each.act for each in trace(world.jo, shown).at_home if each.version] == []


def test_nobody_but_oversight_traces_and_the_administrator_reads_nothing_of_it(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    for who in (ANALYST, ADMINISTRATOR, LEGAL, ON_DUTY):
        with pytest.raises(NotAllowed):
            world.jo.ask("audit.trace", {"id": id}, who=who)
        with pytest.raises(NotAllowed):
            world.jo.do("oversight.ask-account", {"about": id, "to": "SA", "screened": True}, who=who).result()
        assert any((line.what, line.who) == ("refused audit.trace", who.id) for line in trace(world.jo, id).at_home)
    for question in ("complaints", "account-requests", "statistics"):
        with pytest.raises(NotAllowed):
            ask(world.jo, question, ADMINISTRATOR)


def test_a_trace_of_what_never_was_here_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        trace(world.jo, "JO-" + "0" * 26)


def test_a_partner_accounts_by_role_and_both_logs_are_compared(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    for who in (ANALYST, ANALYST, ON_DUTY):
        look(world.sa, id, who)
    request = do(world.jo, "ask-account", OVERSEER, about=id, to="SA")
    assert request.released == ("SA",)
    assert trace(world.jo, id).partners[0].state == "waits"
    settle(world)
    assert owed(world.sa)[f"give_account/{request.id}"].owed_by == "oversight"
    account = do(world.sa, "give-account", OVERSEER, id=request.id)
    assert account.released == ("JO",)
    settle(world)
    found = trace(world.jo, id)
    (told,) = found.partners
    assert (told.state, told.accesses, told.partner) == ("accounted", 3, "SA")
    assert told.message.startswith("SA>JO/")
    assert [(each.roles, each.authority, each.act, each.under, each.count) for each in told.lines] == [
        (("analyst",), "police", "read", "law-SA/1 4", 2),
        (("duty_officer",), "border_guard", "read", "law-SA/1 4.2", 1),
    ]
    assert all((each.at.minute, each.at.second, each.purpose) == (0, 0, "drug_trafficking") for each in told.lines)
    (compared,) = found.compared
    assert compared.agree
    assert compared.ours == compared.theirs == ("JO>SA/1 v1",)
    assert owed(world.jo)[f"await_account/{request.id}"].state == "discharged"
    assert owed(world.sa)[f"give_account/{request.id}"].state == "discharged"
    world.assert_sound()


def test_a_partner_that_leaves_a_version_out_of_its_account_is_found_out(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    raise_(world.jo, "correct-vehicle", alert(id=id, colour="red"))
    settle(world)
    request = do(world.jo, "ask-account", OVERSEER, about=id, to="SA")
    settle(world)
    from mithaq.capabilities.oversight import accounts

    honest = accounts.crossed
    accounts.crossed = lambda desk, holding, partner: honest(desk, holding, partner)[:1]
    try:
        do(world.sa, "give-account", OVERSEER, id=request.id)
    finally:
        accounts.crossed = honest
    settle(world)
    (compared,) = trace(world.jo, id).compared
    assert not compared.agree
    assert (len(compared.ours), len(compared.theirs)) == (2, 1)


def test_a_request_that_nobody_answers_escalates_on_both_sides(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    request = do(world.jo, "ask-account", OVERSEER, about=id, to="SA")
    settle(world)
    world.clock_on(31 * 86_400)
    world.step()
    assert owed(world.sa)[f"give_account/{request.id}"].state == "escalated"
    assert owed(world.sa)[f"give_account/{request.id}"].escalates_to == "legal_officer"
    assert trace(world.jo, id).partners[0].state == "late"


def test_it_is_asked_only_about_what_crossed_between_the_two(world: World) -> None:
    kept = raise_(world.jo, "alert-vehicle", alert(purpose="domestic_inquiry")).id
    settle(world)
    with pytest.raises(Invalid, match="neither released"):
        do(world.jo, "ask-account", OVERSEER, about=kept, to="SA")
    with pytest.raises(Invalid, match="neither released"):
        do(world.jo, "ask-account", OVERSEER, about="SA-" + "0" * 26)


def test_the_origin_accounts_too_and_its_officers_names_stay_home(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert(), ON_DUTY).id
    settle(world)
    look(world.jo, id, CHILD_DESK)
    request = do(world.sa, "ask-account", OVERSEER, about=id)
    settle(world)
    do(world.jo, "give-account", OVERSEER, id=request.id)
    settle(world)
    (told,) = trace(world.sa, id).partners
    roles = {role for each in told.lines for role in each.roles}
    assert "other" in roles  # a role that the common words do not know is not told by name
    assert b"asylum" not in crossed(world)
    for who in PEOPLE:
        assert who.id.partition("/")[2].encode() not in crossed(world), who
        assert who.id.encode() not in crossed(world), who


def test_an_unscreened_question_about_a_person_does_not_leave(world: World) -> None:
    id = raise_(world.jo, "alert-person", person(), HOME).id
    settle(world)
    with world.sa.store.read() as tx:
        assert tx.records.get(id) is not None
    held_back = do(world.sa, "ask-account", OVERSEER, about=id)
    assert held_back.released == ()
    assert trace(world.sa, id).partners[0].state == "not_released"
    assert do(world.sa, "ask-account", OVERSEER, about=id, flags=["asylum_seeker"]).released == ()
    assert do(world.sa, "ask-account", OVERSEER, about=id, screened=True).released == ("JO",)


def test_what_is_protected_and_what_is_not_there_get_the_same_answer(world: World) -> None:
    id = raise_(world.jo, "alert-person", person(), HOME).id
    settle(world)
    do(world.sa, "ask-account", OVERSEER, about=id, screened=True)
    settle(world)
    with world.jo.store.read() as tx:
        request = next(each.id for each in tx.records.page() if each.kind == "oversight.account-request/1")
    raise_(world.jo, "correct-person", person(id=id, flags=["asylum_seeker"]))
    protected = do(world.jo, "give-account", OVERSEER, id=request)
    assert protected.released == ("SA",)
    other = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    again = do(world.sa, "ask-account", OVERSEER, about=other)
    settle(world)
    unscreened = do(world.jo, "give-account", OVERSEER, id=again.id, flags=["refugee"])
    settle(world)
    with world.sa.store.read() as tx:
        told = [tx.records.get(each.id).content for each in (protected, unscreened)]  # type: ignore[union-attr]
    shapes = [{k: v for k, v in json.loads(each)["fields"].items() if k != "of"} for each in told]
    assert shapes[0] == shapes[1] == {"outcome": "nothing_to_tell"}
    assert b"asylum" not in crossed(world)
    assert b"refugee" not in crossed(world)


def test_the_log_is_whole_with_all_that_is_in_it(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    look(world.jo, id, ANALYST)
    trace(world.jo, id)
    with world.jo.store.read() as tx:
        assert audit.broken(tx) is None


@given(
    plate=st.from_regex(r"[0-9]{2}-[0-9]{5}", fullmatch=True), who=st.permutations(PEOPLE), from_origin=st.booleans()
)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_of_an_officer_is_ever_among_the_bytes_that_cross(
    tmp_path_factory: pytest.TempPathFactory, plate: str, who: list[Actor], from_origin: bool
) -> None:
    """Whoever reads, asks, answers, complains and decides, in whatever order."""
    with two_nations(tmp_path_factory.mktemp("names")) as world:
        id = raise_(world.jo, "alert-vehicle", alert(plate=plate), ANALYST).id
        settle(world, rounds=1)
        for each in who:
            for node in (world.jo, world.sa):
                with suppress(NotAllowed):
                    look(node, id, each)
        asker, asked = (world.jo, world.sa) if from_origin else (world.sa, world.jo)
        request = do(asker, "ask-account", OVERSEER, about=id, to=asked.party)
        made = do(world.sa, "complain", LEGAL, person="Rami Odeh", asks="deletion", grounds="never mine", about=id)
        do(world.sa, "forward", LEGAL, id=made.id, release_grounds="it is not theirs", screened=True)
        settle(world)
        do(asked, "give-account", OVERSEER, id=request.id)
        decided = {"outcome": "refused", "reasons": "checked with officer/dina", "release_reasons": "checked"}
        do(world.jo, "decide", LEGAL, id=made.id, screened=True, **decided)
        settle(world)
        bytes_ = crossed(world)
        assert b"it is not theirs" in bytes_
        assert b'"lines"' in bytes_
        for each in (*PEOPLE, Actor(id="person/Rami Odeh", by="session")):
            assert each.id.partition("/")[2].encode() not in bytes_, each.id
