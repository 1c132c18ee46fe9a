"""The fold gives one State for the same statements, whatever order they came in, and only what was heard counts."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq.kernel import canonical
from mithaq.kernel.matter.agreement import AGREEMENT
from mithaq.kernel.matter.fold import fold, stage_of
from mithaq.kernel.matter.said import Said
from mithaq.kernel.values import digest
from tests.examples import examples
from tests.kernel.matter.talk import OTHER, TEXT, Talk

VERBS = [verb.name for verb in AGREEMENT.verbs if verb.about == "text" and not verb.brings and not verb.joins]


def treaty() -> Talk:
    """Offered, countered, initialled, signed and ratified by both, then suspended by one."""
    talk = Talk()
    talk.propose()
    talk.say("SA", "counter", OTHER, against=TEXT, patch={})
    for says in ("endorse", "sign"):
        for party in ("JO", "SA"):
            talk.say(party, says, OTHER)
    talk.say("JO", "ratify", OTHER)
    talk.say("SA", "suspend", OTHER, reason="elections")
    return talk


def test_all_orders_of_seven_statements_give_one_state() -> None:
    said = treaty().said[:7]  # of eight: benchmarks.matter
    states = {canonical.encode(fold(AGREEMENT, order)) for order in permutations(said)}
    assert len(states) == 1


def test_the_stage_follows_from_where_all_stand() -> None:
    talk, stages = Talk(), []
    talk.propose()
    for party, says in (("SA", "endorse"), ("JO", "endorse"), ("JO", "sign"), ("SA", "sign"), ("SA", "ratify")):
        talk.say(party, says)
        stages.append(stage_of(AGREEMENT, fold(AGREEMENT, talk.said), TEXT))
    talk.say("JO", "ratify")
    assert [*stages, stage_of(AGREEMENT, fold(AGREEMENT, talk.said), TEXT)] == [
        "offered", "endorsed", "endorsed", "signed", "signed", "ratified",
    ]  # fmt: skip


@st.composite
def talks(draw: st.DrawFn) -> list[Said]:
    """Up to three parties who say anything about two texts, sensible or not, having heard what they happen to."""
    talk = Talk()
    talk.propose(parties=("JO", "SA", "IQ"))
    for _ in range(draw(st.integers(0, 12))):
        party = draw(st.sampled_from(["JO", "SA", "IQ"]))
        deaf = tuple(draw(st.sets(st.sampled_from(["SA", "IQ"]), max_size=1)))
        says = draw(st.sampled_from([*VERBS, "counter", "accede", "nonsense"]))
        terms: dict[str, Any] = {"against": TEXT, "patch": {}} if says == "counter" else {}
        talk.say(party, says, draw(st.sampled_from([TEXT, OTHER])), deaf_to=deaf, **terms)
    return talk.said


@examples(50)
@given(talks(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_bytes(said: list[Said], random: Any) -> None:
    shuffled = [*said]
    random.shuffle(shuffled)
    assert canonical.encode(fold(AGREEMENT, shuffled)) == canonical.encode(fold(AGREEMENT, said))


@examples(40)
@given(talks(), st.data())
def test_what_counts_stays_counted_when_more_arrives(said: list[Said], data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(said), unique_by=lambda each: each.digest))
    before = {each.digest for each in fold(AGREEMENT, some).effective}
    assert before <= {each.digest for each in fold(AGREEMENT, said).effective}


def test_a_statement_waits_until_its_past_is_here() -> None:
    said = treaty().said
    found = fold(AGREEMENT, [each for each in said if each is not said[1]])
    assert [(idle.party, idle.number) for idle in found.waiting] == [
        (each.party, each.number) for each in sorted(said[2:], key=lambda each: (each.party, each.number))
    ]
    assert fold(AGREEMENT, said).waiting == ()


def test_a_chain_cannot_be_shortened_or_changed() -> None:
    said = treaty().said
    changed = replace(said[3], says="withdraw")
    found = fold(AGREEMENT, [*said[:3], changed, *said[4:]])
    assert {idle.why for idle in found.waiting} == {"what it follows is not here"}


def test_two_statements_under_one_number_count_for_nothing() -> None:
    talk = treaty()
    last = talk.said[-1]
    other = replace(last, says="withdraw", terms={})
    for order in ([*talk.said, other], [other, *talk.said]):
        found = fold(AGREEMENT, order)
        assert [idle.why for idle in found.void] == ["not the next of its chain"] * 2
        assert found.standing("SA", OTHER, "releases") == ""


@pytest.mark.parametrize(
    ("party", "says", "about", "why"),
    [
        ("SA", "ratify", TEXT, "not from where its party stands"),
        ("SA", "sign", digest(b"never offered"), "no such text"),
        ("IQ", "sign", TEXT, "not a party to this matter"),
        ("SA", "propose", TEXT, "a matter is opened once, by whom its name says"),
        ("IQ", "accede", TEXT, "not at this stage"),
        ("SA", "dance", TEXT, "not a verb of this kind"),
        ("SA", "resume", TEXT, "not from where its party stands"),
        ("SA", "consent", digest(b"nothing"), "no such statement"),
    ],
)
def test_what_the_kind_does_not_allow_has_no_effect(party: str, says: str, about: str, why: str) -> None:
    talk = Talk()
    talk.propose()
    terms: dict[str, Any] = {"parties": ["JO", "SA"], "text": {}} if says == "propose" else {}
    talk.say(party, says, about, **terms)
    found = fold(AGREEMENT, talk.said)
    assert [idle.why for idle in found.void] == [why]
    assert found.standing(party, about) == ""


def test_nobody_offers_what_is_between_others() -> None:
    talk = Talk()
    talk.propose(parties=("IQ", "SA"))
    found = fold(AGREEMENT, talk.said)
    assert [idle.why for idle in found.void] == ["not a party to what it offers"]
    assert found.parties == ()


def test_a_verb_counts_only_in_its_role() -> None:
    talk = Talk()
    talk.propose()
    talk.say("SA", "sign")
    said = replace(talk.said[-1], role="node")
    assert [idle.why for idle in fold(AGREEMENT, [talk.said[0], said]).void] == ["not in the role that this verb asks"]


@pytest.mark.parametrize("parties", [5, None, ["JO"], ["JO", "SA", 7], "JOSA"])
def test_an_offer_of_no_sense_has_no_effect_and_harms_nobody(parties: Any) -> None:
    talk = Talk()
    talk.say("JO", "propose", TEXT, parties=parties, text={})
    found = fold(AGREEMENT, talk.said)
    assert (len(found.void), found.parties) == (1, ())


def test_what_is_not_in_its_chain_is_heard_by_nobody() -> None:
    talk = Talk()
    talk.propose()
    stray = replace(talk.said[0], number=1000, at=talk.at)
    honest = replace(talk.say("SA", "sign"), heard={"JO": stray.digest})
    told = [talk.said[0], stray, honest, talk.say("JO", "sign", deaf_to=("SA",))]
    states = {canonical.encode(fold(AGREEMENT, order)) for order in permutations(told)}
    assert len(states) == 1
    assert fold(AGREEMENT, told).standing("SA", TEXT) == ""


def test_terms_that_the_verb_does_not_take_have_no_effect() -> None:
    talk = Talk()
    talk.propose()
    talk.say("SA", "sign", secret=True)
    assert "secret" in fold(AGREEMENT, talk.said).void[0].why


def test_a_text_counts_only_for_those_who_had_heard_of_it() -> None:
    talk = Talk()
    talk.propose()
    talk.say("SA", "counter", OTHER, against=TEXT, patch={})
    talk.say("JO", "sign", OTHER, deaf_to=("SA",))
    assert [idle.why for idle in fold(AGREEMENT, talk.said).void] == ["no such text"]


def test_accession_waits_for_the_text_to_be_concluded() -> None:
    talk = Talk()
    talk.propose()
    talk.say("JO", "sign")
    talk.say("SA", "sign")
    talk.say("IQ", "accede")
    found = fold(AGREEMENT, talk.said)
    assert found.joined == ("IQ",)
    assert found.standing("IQ", TEXT) == "acceded"


def test_forgetting_what_was_heard_breaks_the_chain() -> None:
    talk = Talk()
    talk.propose()
    talk.say("SA", "endorse")
    talk.say("JO", "endorse")
    talk.say("JO", "sign", deaf_to=("SA",))
    assert [idle.why for idle in fold(AGREEMENT, talk.said).void] == ["it forgets what it had heard"]
