"""Between whom, from when and until when an agreement binds: arithmetic on what parties signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.clock import LAST
from mithaq.kernel.law.in_effect import in_effect
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.text import Text
from mithaq.kernel.matter.agreement import AGREEMENT
from mithaq.kernel.matter.fold import fold
from mithaq.kernel.matter.force import Force, force
from mithaq.kernel.matter.offers import texts
from mithaq.kernel.values import digest
from tests.kernel.matter.talk import Talk
from tests.worlds import START

NOTHING = digest(b"nothing")
DAY = timedelta(days=1)


def text(parties: tuple[str, ...] = ("JO", "SA"), **conclusion: Any) -> Text:
    """A small text: a permit, one that saves lives, and a forbid."""
    clauses = [
        {"id": "1", "effect": "permit", "from": "any", "to": "any", "act": "share"},
        {"id": "2", "effect": "permit", "from": "any", "to": "any", "act": "share", "life_saving": True},
        {"id": "3", "effect": "permit", "from": "any", "to": "any", "act": "share"},
        {"id": "9", "effect": "forbid", "from": "any", "to": "any", "act": "share"},
    ]
    law = {
        "format": "mithaq-law/1", "type": "agreement", "id": "T", "version": 1, "title": "t", "parties": list(parties),
        "vocabulary": NOTHING, "in_force": {"from": "2026-01-01T00:00:00Z"}, "clauses": clauses,
    }  # fmt: skip
    plain = {
        "format": "mithaq-text/1", "law": law, "renderer": "mithaq-render/1", "authentic": ["en"],
        "renderings": {"en": NOTHING}, "boundary": "without_prejudice",
        "rests_on": {"vocabulary": NOTHING, "floor": NOTHING, "kinds": NOTHING}, "conclusion": conclusion,
    }  # fmt: skip
    return canonical.fit(plain, Text)


def offered(made: Text) -> Talk:
    talk = Talk()
    talk.say("JO", "propose", made.digest, parties=list(made.law.parties), text=canonical.plain(made))
    return talk


def become(talk: Talk, made: Text) -> Force:
    state = fold(AGREEMENT, talk.said)
    assert state.void == ()
    return force(state, texts(state.effective)[made.digest])


def signed(made: Text) -> Talk:
    talk = offered(made)
    for party in made.law.parties:
        talk.say(party, "sign", made.digest)
    return talk


def test_in_force_once_all_have_signed_exactly_this_text() -> None:
    made = text()
    talk = offered(made)
    talk.say("JO", "sign", made.digest)
    assert become(talk, made).why == "signatures"
    talk.say("SA", "sign", made.digest)
    assert become(talk, made).start == talk.at


def test_ratification_and_the_time_after_it_are_waited_for() -> None:
    made = text(ratification=True, enters_after="P30D")
    talk = signed(made)
    assert become(talk, made).why == "ratifications"
    talk.say("SA", "ratify", made.digest)
    talk.say("JO", "ratify", made.digest)
    assert become(talk, made).start == talk.at + 30 * DAY


def test_provisional_application_runs_from_signature_until_entry_into_force() -> None:
    made = text(ratification=True, provisional=True)
    talk = signed(made)
    found = become(talk, made)
    assert (found.start, found.provisional) == (None, talk.at)


def test_what_is_withdrawn_before_all_consented_never_enters_into_force() -> None:
    made = text()
    talk = offered(made)
    talk.say("JO", "sign", made.digest)
    talk.say("JO", "withdraw", made.digest)
    talk.say("SA", "sign", made.digest)
    assert become(talk, made).why == "withdrawn"


def test_periods_beyond_all_time_end_at_its_end() -> None:
    made = text(enters_after="P9999Y", withdrawal_notice="P9999Y")
    talk = signed(made)
    talk.say("SA", "denounce", made.digest)
    found = become(talk, made)
    assert found.start == found.until == LAST


@pytest.mark.parametrize("parties", [("JO",), ("JO", "JO")])
def test_an_agreement_of_one_is_none(parties: tuple[str, ...]) -> None:
    made = text(("JO", "SA"))
    odd = replace(made, law=replace(made.law, parties=parties))
    state = fold(AGREEMENT, offered(made).said)
    assert force(state, odd).why == "parties"


def test_leaving_takes_its_notice_and_ends_an_agreement_of_two() -> None:
    made = text(withdrawal_notice="P6M")
    talk = signed(made)
    talk.say("SA", "denounce", made.digest)
    found = become(talk, made)
    assert found.leaving == (("SA", talk.at + timedelta(days=180)),)
    assert found.until == talk.at + timedelta(days=180)


def test_leaving_can_be_later_than_the_notice_and_not_earlier() -> None:
    made = text(withdrawal_notice="P30D")
    for named, expected in (("2027-06-01T00:00:00Z", datetime.fromisoformat("2027-06-01T00:00:00Z")), (None, None)):
        talk = signed(made)
        terms: dict[str, Any] = {"takes_effect": named or "2026-01-01T00:00:00Z"}
        talk.say("JO", "denounce", made.digest, **terms)
        assert become(talk, made).until == (expected or talk.at + 30 * DAY)


def test_of_three_two_go_on_when_one_leaves() -> None:
    made = text(("IQ", "JO", "SA"))
    talk = signed(made)
    talk.say("IQ", "denounce", made.digest)
    found = become(talk, made)
    assert found.until is None
    laws = laws_of(made, found)
    later = talk.at + timedelta(days=400)
    assert any(law.binds("JO", "SA", later) for law in laws)
    assert not any(law.binds("JO", "IQ", later) for law in laws)
    assert any(law.binds("JO", "IQ", talk.at) for law in laws)


def test_it_ends_when_all_have_agreed_and_not_when_one_has() -> None:
    made = text()
    talk = signed(made)
    talk.say("JO", "end", made.digest)
    assert become(talk, made).until is None
    talk.say("SA", "end", made.digest)
    assert become(talk, made).until == talk.at


@pytest.mark.parametrize(
    ("accession", "open_to", "consents", "joins"),
    [
        ("closed", [], ("JO", "SA"), False),
        ("open", [], (), True),
        ("open", ["KW"], (), False),
        ("consent", [], ("JO",), False),
        ("consent", [], ("JO", "SA"), True),
    ],
)
def test_a_third_nation_joins_as_the_text_says(
    accession: str, open_to: list[str], consents: tuple[str, ...], joins: bool
) -> None:
    made = text(accession=accession, open_to=open_to) if open_to else text(accession=accession)
    talk = signed(made)
    acceded = talk.say("IQ", "accede", made.digest)
    for party in consents:
        talk.say(party, "consent", acceded.digest)
    found = become(talk, made)
    assert ("IQ" in found.parties) is joins
    assert any(law.binds("JO", "IQ", talk.at) for law in laws_of(made, found)) is joins


def laws_of(made: Text, found: Force) -> list[Any]:
    assert found.start is not None
    return list(
        in_effect(
            made.law, parties=found.parties, start=found.start, until=found.until, joining=found.joining,
            leaving=found.leaving, suspended=found.suspended,
        )
    )  # fmt: skip


def test_suspension_stops_own_permits_at_once_and_leaves_what_saves_lives_and_what_forbids() -> None:
    made = text()
    talk = signed(made)
    talk.say("JO", "suspend", made.digest)
    laws = laws_of(made, become(talk, made))
    ours = [law for law in laws if law.binds("JO", "SA", talk.at)]
    theirs = [law for law in laws if law.binds("SA", "JO", talk.at)]
    assert [[each.id for each in law.clauses] for law in ours] == [["2", "9"]]
    assert [[each.id for each in law.clauses] for law in theirs] == [["1", "2", "3", "9"]]
    assert {law.digest for law in laws} == {made.law.digest}
    talk.say("JO", "resume", made.digest)
    assert len(laws_of(made, become(talk, made))) == 1


def test_some_permits_can_be_suspended_alone() -> None:
    made = text()
    talk = signed(made)
    talk.say("JO", "suspend", made.digest, clauses=["3"])
    [ours] = [law for law in laws_of(made, become(talk, made)) if law.binds("JO", "SA", talk.at)]
    assert [each.id for each in ours.clauses] == ["1", "2", "9"]


def test_a_law_in_effect_is_known_by_the_digest_that_was_signed() -> None:
    made = text()
    changed: Law = replace(made.law, clauses=made.law.clauses[:1])
    [law] = in_effect(changed, parties=("JO", "SA"), start=START, until=None, digest=made.law.digest)
    assert (law.digest, law.ref) == (made.law.digest, "T/1")


def test_an_offer_that_is_not_what_its_digest_names_is_no_offer() -> None:
    made = text()
    talk = Talk()
    talk.say("JO", "propose", digest(b"other"), parties=["JO", "SA"], text=canonical.plain(made))
    assert texts(fold(AGREEMENT, talk.said).effective) == {}
