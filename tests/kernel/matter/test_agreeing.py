"""Nations negotiate, sign, suspend, accede to and leave an agreement by signed statements alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.duty import Duty
from mithaq.kernel.law.patch import Patch
from mithaq.kernel.matter.agreement import KIND
from mithaq.kernel.matter.said import Said, read_said
from mithaq.kernel.matter.take import take
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.statement import add_signature, sign
from mithaq.treaty.patch import diff
from mithaq.treaty.text import render
from tests.treaties import Nations, nations


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Nations]:
    with nations(tmp_path) as made:
        yield made


def test_an_offer_crosses_before_any_agreement_and_nothing_else_does(world: Nations) -> None:
    matter = world.propose("SA", world.text())
    assert world.shown("IQ", matter).digest == world.shown("SA", matter).digest
    assert world.alert("SA").released == ()
    with pytest.raises(NotFound):
        world.shown("JO", matter)
    world.assert_sound()


def test_releases_begin_when_all_have_signed_the_same_text(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.say("SA", "sign", matter, text.digest)
    world.step()
    assert world.alert("SA").released == ()
    world.say("IQ", "sign", matter, text.digest)
    world.step()
    assert world.alert("SA").released == ("IQ",)
    assert world.alert("IQ").released == ("SA",)
    world.step()
    for party, count in (("IQ", 2), ("SA", 3)):  # the first of SA's never left
        assert len(world.nodes[party].ask("intelligence.alerts", {}, who=HOME)) == count
    world.assert_sound()


def test_a_counter_offer_is_another_text_and_both_sign_that(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    narrower = render(
        replace(text, law=replace(text.law, version=2, clauses=text.law.clauses[1:])),
        world.nodes["SA"].standing.base.vocabulary,
    )
    world.say(
        "IQ", "counter", matter, narrower.digest, against=text.digest, patch=canonical.plain(diff(text, narrower))
    )
    world.step()
    assert {each.text for each in world.shown("SA", matter).texts} == {text.digest, narrower.digest}
    world.conclude(matter, narrower)
    assert world.alert("SA").released == ()
    assert world.alert("SA", purpose="search_and_rescue", reason="missing_person").released == ("IQ",)


def test_one_official_of_two_is_not_the_nation(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    spoken = world.say("SA", "sign", matter, text.digest, signers=1)
    assert (spoken.state, spoken.signatures, spoken.need) == ("waits", 1, 2)
    world.step()
    assert len(world.shown("IQ", matter).said) == 1


def test_officials_sign_one_draft_in_different_places(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    node = world.nodes["SA"]
    given = {"says": "sign", "matter": matter, "about": text.digest}
    drafted = node.do("matter.draft", given, who=HOME).result()
    states = []
    for key in world.officials["SA"]["signatory"]:
        envelope = add_signature(drafted.envelope.encode(), key).decode()
        states.append(node.do("matter.say", {"envelope": envelope}, who=HOME).result().state)
    assert states == ["waits", "said"]


def test_a_foreign_key_or_one_of_another_role_signs_nothing(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.officials["SA"]["signatory"] = [world.officials["IQ"]["signatory"][0], world.officials["SA"]["legal"][0]]
    assert world.say("SA", "sign", matter, text.digest).state == "waits"


def test_suspension_stops_own_releases_at_once_and_what_waits_and_not_what_saves_lives(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    world.wire.leave("IQ")
    waiting = world.alert("SA")
    rescue = world.alert("SA", purpose="search_and_rescue", reason="missing_person")
    assert (waiting.released, rescue.released) == (("IQ",), ("IQ",))
    world.say("SA", "suspend", matter, text.digest)
    assert world.alert("SA").released == ()
    assert world.alert("SA", purpose="search_and_rescue", reason="missing_person").released == ("IQ",)
    world.wire.join("IQ", world.nodes["IQ"].receive)
    world.nodes["SA"].line("IQ").reached()
    world.step()
    held = {row.key for row in world.nodes["IQ"].ask("intelligence.alerts", {}, who=HOME)}
    assert rescue.id in held
    assert waiting.id not in held
    assert world.alert("IQ").released == ("SA",)  # the other party goes on
    assert dict(world.force("IQ", matter, text).suspended) == {"SA": ()}
    world.say("SA", "resume", matter, text.digest)
    assert world.alert("SA").released == ("IQ",)
    world.step()
    world.assert_sound()


def test_after_the_end_what_was_received_is_still_bound(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    stated = world.alert("SA")
    world.step()
    for party in ("SA", "IQ"):
        world.say(party, "end", matter, text.digest)
        world.step()
    assert world.alert("SA").released == ()
    body = world.nodes["IQ"].ask("intelligence.alert", {"id": stated.id}, who=HOME).body
    assert body["handling"]["onward"] == "never"
    assert body["delete_by"].startswith("2027")
    assert world.say("IQ", "object", matter, _statement(world, matter, "SA", "end")).state == "said"  # still heard


def test_a_third_nation_is_shown_the_matter_accedes_and_is_agreed_to(world: Nations) -> None:
    text = world.text(accession="consent", open_to=["JO"])
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    assert world.alert("JO").released == ()
    world.nodes["SA"].do("matter.share", {"matter": matter, "to": "JO"}, who=HOME).result()
    world.step()
    world.say("JO", "accede", matter, text.digest)
    world.step()
    assert world.alert("JO").released == ()
    for party in ("IQ", "SA"):
        world.say(party, "consent", matter, _statement(world, matter, "JO", "accede"))
        world.step()
    assert world.alert("JO").released == ("IQ", "SA")
    assert world.alert("IQ").released == ("JO", "SA")
    assert len({world.shown(party, matter).digest for party in world.nodes}) == 1
    world.step()
    world.assert_sound()


def test_what_is_not_open_to_a_nation_is_not_shown_to_it(world: Nations) -> None:
    closed = world.propose("SA", world.text())
    with pytest.raises(NotAllowed):
        world.nodes["SA"].do("matter.share", {"matter": closed, "to": "JO"}, who=HOME).result()


def test_a_reservation_narrows_for_its_party(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    clause = {"id": "1", "effect": "forbid", "from": "IQ", "to": "any", "act": "share",
              "when": [["purpose", "eq", "vehicle_theft"]]}  # fmt: skip
    world.say("IQ", "reserve", matter, text.digest, reservation={"clauses": [clause]})
    world.conclude(matter, text)
    assert world.alert("IQ").released == ()
    assert world.alert("IQ", purpose="drug_trafficking", reason="drug_trafficking").released == ("SA",)
    assert world.alert("SA").released == ("IQ",)
    assert [duty.what for duty in owed(world, "SA")] == ["answer_reservation"]


def test_an_offer_is_owed_an_answer_until_it_has_one(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    [duty] = owed(world, "IQ")
    assert (duty.what, duty.about, duty.owed_by) == ("answer_offer", matter, "negotiator")
    assert owed(world, "SA") == []
    world.say("IQ", "endorse", matter, text.digest)
    assert owed(world, "IQ") == []


def test_what_would_have_no_effect_is_not_said(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    with pytest.raises(NotAllowed, match="not from where its party stands"):
        world.say("IQ", "ratify", matter, text.digest)
    with pytest.raises(NotFound):
        world.say("IQ", "dance", matter, text.digest)


def test_a_draft_is_stale_once_something_else_was_said(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    node = world.nodes["IQ"]
    drafted = node.do("matter.draft", {"says": "sign", "matter": matter, "about": text.digest}, who=HOME).result()
    world.say("IQ", "endorse", matter, text.digest)
    with pytest.raises(Clash):
        node.do("matter.say", {"envelope": drafted.envelope}, who=HOME).result()


def test_negotiation_goes_on_while_keys_rotate(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.rotate("SA")
    world.say("SA", "sign", matter, text.digest)
    world.rotate("IQ")
    world.say("IQ", "sign", matter, text.digest)
    world.step()
    assert world.alert("SA").released == ("IQ",)
    world.step()
    world.assert_sound()


def test_the_same_text_adopted_by_hand_is_reached_by_a_suspension_too(world: Nations) -> None:
    text = world.text()
    by_hand = replace(world.nodes["SA"].standing.base, agreements=(text.law,))
    world.nodes["SA"].standing._base = by_hand
    assert world.alert("SA").released == ("IQ",)
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    world.say("SA", "suspend", matter, text.digest)
    assert world.alert("SA").released == ()


def test_a_text_that_rests_on_other_words_is_in_effect_for_nobody(world: Nations) -> None:
    text = world.text()
    other = replace(text, rests_on=replace(text.rests_on, floor="sha256:" + "0" * 64))
    matter = world.propose("SA", other)
    world.conclude(matter, other)
    assert world.alert("SA").released == ()


def test_a_forged_statement_is_refused_and_leaves_no_trace(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    node = world.nodes["IQ"]
    drafted = node.do("matter.draft", {"says": "sign", "matter": matter, "about": text.digest}, who=HOME).result()
    forged = sign("statement", read_said(drafted.envelope.encode()), world.officials["JO"]["signatory"][0])
    rings = world.nodes["SA"].rings.keyrings()
    with pytest.raises(Untrusted):
        world.nodes["SA"].store.write(lambda tx: take(tx, forged, rings, world.clock.now(), me="SA")).result()
    assert len(world.shown("SA", matter).said) == 1


def test_a_text_may_ask_for_more_officials_than_a_nation_does(world: Nations) -> None:
    text = world.text(signatures={"signatory": 3})
    matter = world.propose("SA", text)
    spoken = world.say("SA", "sign", matter, text.digest)
    assert (spoken.state, spoken.need) == ("waits", 3)


def test_two_statements_under_one_number_are_kept_as_evidence(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.say("SA", "sign", matter, text.digest)
    world.step()
    with world.nodes["SA"].store.read() as tx:
        filed = tx.statements.get(matter, "SA", 2)
    assert filed is not None
    other = replace(read_said(filed.envelope), says="withdraw")
    envelope = sign("statement", other, world.officials["SA"]["signatory"][0])
    envelope = add_signature(envelope, world.officials["SA"]["signatory"][1])
    forged = replace(filed, envelope=envelope)
    node = world.nodes["SA"]
    node.store.write(lambda tx: node._desk(tx, HOME).address(forged, "IQ")).result()
    world.step()
    [kept] = world.homes["IQ"].evidence.glob("*contradiction*")
    assert "withdraw" not in [each.says for each in world.shown("IQ", matter).said]
    assert kept.stat().st_size > 0


def test_a_statement_that_comes_before_the_one_it_follows_waits_for_it(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    said = [world.say("SA", says, matter, text.digest) for says in ("endorse", "sign")]
    assert [each.number for each in said] == [2, 3]
    with world.nodes["SA"].store.read() as tx:
        second, third = (tx.statements.get(matter, "SA", n) for n in (2, 3))
    assert second is not None
    assert third is not None
    node, rings = world.nodes["IQ"], world.nodes["IQ"].rings.keyrings()
    for filed, waiting in ((third, 1), (second, 0)):
        envelope = filed.envelope
        node.store.write(lambda tx, e=envelope: take(tx, e, rings, world.clock.now(), me="IQ")).result()  # type: ignore[misc]
        assert len(world.shown("IQ", matter).waiting) == waiting
    world.step()
    assert world.shown("IQ", matter).digest == world.shown("SA", matter).digest
    world.assert_sound()


def test_a_suspension_reaches_the_same_text_in_every_matter(world: Nations) -> None:
    text = world.text()
    first, second = (world.propose("SA", text) for _ in range(2))
    for matter in (first, second):
        world.conclude(matter, text)
    world.say("SA", "suspend", second, text.digest)
    assert world.alert("SA").released == ()


def test_an_agreement_that_calls_itself_like_a_law_of_ours_is_in_effect_for_nobody(world: Nations) -> None:
    text = world.text()
    named = world.text(law=replace(text.law, id="law-SA"))
    matter = world.propose("SA", named)
    world.conclude(matter, named)
    assert world.alert("SA").released == ()


def test_the_reservation_of_a_nation_that_acceded_narrows_too(world: Nations) -> None:
    text = world.text(accession="open")
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    world.nodes["SA"].do("matter.share", {"matter": matter, "to": "JO"}, who=HOME).result()
    world.step()
    world.say("JO", "accede", matter, text.digest)
    assert world.alert("JO").released == ("IQ", "SA")
    clause = {"id": "1", "effect": "forbid", "from": "JO", "to": "any", "act": "share"}
    world.say("JO", "reserve", matter, text.digest, reservation={"clauses": [clause]})
    assert world.alert("JO").released == ()


def test_what_is_suspended_or_reserved_must_be_there(world: Nations) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    with pytest.raises(NotFound, match="no permit"):
        world.say("SA", "suspend", matter, text.digest, clauses=["typo"])
    permit = {"id": "1", "effect": "permit", "from": "SA", "to": "IQ", "act": "share"}
    with pytest.raises(Invalid, match="widen"):
        world.say("SA", "reserve", matter, text.digest, reservation={"clauses": [permit]})


@pytest.mark.parametrize("parties", [("SA", "SA"), ("SA",), ("IQ", "SA")])
def test_nothing_that_a_partner_offers_keeps_us_from_deciding(world: Nations, parties: tuple[str, ...]) -> None:
    text = world.text()
    matter = world.propose("SA", text)
    world.conclude(matter, text)
    odd = replace(
        text,
        law=replace(text.law, id="odd", parties=parties),
        conclusion=replace(text.conclusion, enters_after="P9999Y", withdrawal_notice="P9999Y"),
    )
    opened = Said(
        matter="SA-" + "0" * 26, kind=KIND, party="SA", number=1, says="propose", about=odd.digest, role="negotiator",
        at=world.clock.now(), terms={"parties": list(parties), "text": canonical.plain(odd)},
    )  # fmt: skip
    signed = replace(
        opened, number=2, previous=opened.digest, says="sign", role="signatory", terms={}
    )  # fmt: skip
    node, rings = world.nodes["IQ"], world.nodes["IQ"].rings.keyrings()
    for said in (opened, signed):
        keys = world.officials["SA"][said.role]
        envelope = sign("statement", said, keys[0])
        for key in keys[1:]:
            envelope = add_signature(envelope, key)
        with suppress(NotAllowed):  # what binds to a text that makes no sense is not even kept
            node.store.write(lambda tx, e=envelope: take(tx, e, rings, world.clock.now(), me="IQ")).result()  # type: ignore[misc]
    assert world.alert("IQ").released == ("SA",)
    world.nodes["IQ"].ask("matter.list", {}, who=HOME)


def owed(world: Nations, party: str) -> list[Duty]:
    """What is owed in matters; keys are to be renewed as well."""
    found = world.nodes[party].ask("duty.list", {}, who=HOME)
    return [each for each in found if each.what != "renew_keys"]


def _statement(world: Nations, matter: str, party: str, says: str) -> str:
    said = world.shown("SA", matter).said
    return str(next(each.statement for each in said if (each.party, each.says) == (party, says)))


def test_a_patch_crosses_as_it_is(world: Nations) -> None:
    text = world.text()
    other = render(replace(text, law=replace(text.law, version=2)), world.nodes["SA"].standing.base.vocabulary)
    assert canonical.fit(canonical.plain(diff(text, other)), Patch) == diff(text, other)
