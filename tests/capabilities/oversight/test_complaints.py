"""A complaint: its clocks, what its origin decides, what holders apply, how it ends, and what the person is told."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.second import Waits
from tests.capabilities.cases import owed, person
from tests.capabilities.oversight.desk import (
    ANALYST,
    LEGAL,
    OTHER_LEGAL,
    OVERSEER,
    REASONS,
    ask,
    complain,
    crossed,
    do,
    look,
    raise_,
    settle,
    trace,
)
from tests.worlds import World, alert

DAY = 86_400


def caveats(world: World, id: str) -> tuple[str, ...]:
    with world.jo.store.read() as tx:
        import json

        return tuple(json.loads(tx.records.get(id).content)["marking"].get("caveats", ()))  # type: ignore[union-attr]


def test_a_complaint_stays_home_and_its_clocks_begin(world: World) -> None:
    made = complain(world.jo)
    assert (made.released, made.withheld) == ((), {})
    settle(world)
    found = owed(world.jo)
    assert {each.partition("/")[0] for each in found if made.id in each} == {
        "acknowledge_complaint",
        "answer_complaint",
    }
    assert b"Rami" not in crossed(world)
    with world.sa.store.read() as tx:
        assert tx.records.get(made.id) is None
    told = do(world.jo, "acknowledge", id=made.id)
    assert told.answer_by == found[f"answer_complaint/{made.id}"].due
    assert owed(world.jo)[f"acknowledge_complaint/{made.id}"].state == "discharged"


def test_a_complaint_that_nobody_answers_goes_to_oversight_and_shows_as_late(world: World) -> None:
    made = complain(world.jo)
    world.clock_on(31 * DAY)
    world.step()
    assert owed(world.jo)[f"answer_complaint/{made.id}"].state == "escalated"
    assert owed(world.jo)[f"answer_complaint/{made.id}"].escalates_to == "oversight"
    (item,) = ask(world.jo, "complaints").items
    assert (item.id, item.state, item.late) == (made.id, "open", True)


def test_our_record_is_contested_while_a_complaint_runs_and_not_after(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    made = complain(world.jo, about=id)
    assert caveats(world, id) == ("contested",)
    do(world.jo, "close", id=made.id, outcome="lawful", reasons=REASONS)
    assert caveats(world, id) == ()


def test_a_complaint_is_not_closed_with_what_was_not_done(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    made = complain(world.jo, about=id)
    for outcome, why in (
        ("corrected", "nothing of the record was changed"),
        ("deleted", "was not taken back"),
        ("nothing_held", "a record is held"),
    ):
        with pytest.raises(Invalid, match=why):
            do(world.jo, "close", id=made.id, outcome=outcome, reasons=REASONS)
    assert owed(world.jo)[f"answer_complaint/{made.id}"].state == "open"


def test_a_correction_reaches_every_holder_and_each_says_that_it_applied_it(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    made = complain(world.jo, about=id)
    raise_(world.jo, "correct-vehicle", alert(id=id, colour="blue"))
    closed = do(world.jo, "close", id=made.id, outcome="corrected", remedy="record_mended", reasons=REASONS)
    assert closed.redress.released == ()
    assert closed.correction.released == ("SA",)
    settle(world)
    assert owed(world.sa)[f"apply_correction/{closed.correction.id}"].state == "open"
    applied = do(world.sa, "apply", LEGAL, id=closed.correction.id)
    settle(world)
    assert applied.released == ("JO",)
    assert owed(world.jo)[f"await_applied/{closed.correction.id}/SA"].state == "discharged"
    assert owed(world.sa)[f"apply_correction/{closed.correction.id}"].state == "discharged"


def test_a_holder_does_not_say_that_it_applied_what_it_does_not_hold(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    made = complain(world.jo, about=id)
    raise_(world.jo, "correct-vehicle", alert(id=id, colour="blue", caveats=["domestic_only"]))
    closed = do(world.jo, "close", id=made.id, outcome="corrected", reasons=REASONS)
    settle(world)
    with pytest.raises(Clash, match="has not come here yet"):
        do(world.sa, "apply", LEGAL, id=closed.correction.id)


def test_a_complaint_about_a_partners_record_is_decided_by_its_origin(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    made = complain(world.sa, about=id)
    with pytest.raises(Invalid, match="about no record of a partner"):
        do(world.jo, "forward", id=complain(world.jo, about=id).id, screened=True)
    sent = do(world.sa, "forward", id=made.id, release_grounds="sold in 2019, see the deed", screened=True)
    assert sent.released == ("JO",)
    settle(world)
    assert owed(world.jo)[f"decide_complaint/{made.id}"].owed_by == "legal_officer"
    shown = ask(world.jo, "complaint", id=made.id)
    assert shown.fields["about"] == id
    assert shown.fields["grounds"] == "sold in 2019, see the deed"
    assert not {"person", "contact", "language", "flags"} & shown.fields.keys()
    assert shown.fields["received"] == "2026-11-20T00:00:00Z"
    with pytest.raises(Clash, match="waits for its origin"):
        do(world.sa, "close", id=made.id, outcome="lawful", reasons=REASONS)
    world.jo.do("link.recall", {"id": id, "why": "wrong"}, who=HOME).result()
    settle(world)
    decided = do(world.jo, "decide", id=made.id, outcome="deleted", reasons=REASONS, may_tell=True, screened=True,
                 release_reasons="the plate was misread")  # fmt: skip
    assert decided.redress.released == ("SA",)
    settle(world)
    assert owed(world.sa)[f"await_decision/{made.id}"].state == "discharged"
    shown = ask(world.sa, "complaint", id=made.id)
    assert (shown.state, shown.decision["outcome"]) == ("decided_at_origin", "deleted")
    assert shown.decision["reasons"] == "the plate was misread"
    with pytest.raises(Invalid, match="decided otherwise"):
        do(world.sa, "close", id=made.id, outcome="lawful", reasons=REASONS)
    do(world.sa, "close", id=made.id, outcome="deleted", reasons=REASONS)
    do(world.sa, "apply", LEGAL, id=decided.correction.id)
    settle(world)
    for word in (b"Rami", b"Odeh", REASONS.encode(), b"years ago", LEGAL.id.encode()):
        assert word not in crossed(world)
    assert trace(world.jo, id).ended.why == "wrong"


def test_an_origin_that_is_silent_lets_its_clock_run_out_and_the_complaint_is_answered_without(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    made = complain(world.sa, about=id)
    do(world.sa, "forward", id=made.id, screened=True)
    settle(world)
    world.clock_on(15 * DAY)
    world.step()
    assert owed(world.jo)[f"decide_complaint/{made.id}"].state == "escalated"
    with pytest.raises(Invalid, match="only its origin mends"):
        do(world.sa, "close", id=made.id, outcome="corrected", reasons=REASONS)
    do(world.sa, "close", id=made.id, outcome="refused", reasons=REASONS)


def test_that_a_protected_or_unscreened_person_complains_never_leaves(world: World) -> None:
    id = raise_(world.jo, "alert-person", person()).id
    settle(world, rounds=2)
    sent: list[dict[str, Any]] = [{}, {"flags": ["asylum_seeker"]}, {"flags": ["torture_risk"]}]
    for given in sent:
        made = complain(world.sa, about=id)
        assert do(world.sa, "forward", id=made.id, **given).released == ()
        settle(world, rounds=1)
        with world.jo.store.read() as tx:
            assert tx.records.get(made.id) is None
        do(world.sa, "close", id=made.id, outcome="lawful", reasons=REASONS)
    # and what is asked about the record afterwards is held back by what the complaints say of the person
    assert do(world.sa, "ask-account", OVERSEER, about=id, screened=True).released == ()


def test_a_decision_of_somebody_who_is_not_the_origin_decides_nothing(world: World) -> None:
    made = complain(world.sa, about=None)
    with pytest.raises(NotFound):
        do(world.jo, "decide", id=made.id, outcome="lawful", reasons=REASONS)


def test_nobody_decides_about_their_own_work_and_no_program_decides(world: World) -> None:
    both = Actor(id="officer/nabil", roles=("legal_officer", "analyst"), by="session")
    id = raise_(world.jo, "alert-vehicle", alert(), both).id
    made = complain(world.jo, about=id)
    with pytest.raises(NotAllowed, match="does not decide"):
        do(world.jo, "close", both, id=made.id, outcome="lawful", reasons=REASONS)
    program = Actor(id="program/x", roles=("legal_officer",), by="node")
    with pytest.raises(NotAllowed):
        do(world.jo, "close", program, id=made.id, outcome="lawful", reasons=REASONS)
    with pytest.raises(Invalid):
        do(world.jo, "close", id=made.id, outcome="lawful", reasons="no")


def test_it_is_closed_once_and_then_nothing_is_forwarded(world: World) -> None:
    made = complain(world.jo)
    do(world.jo, "close", id=made.id, outcome="nothing_held", reasons=REASONS)
    with pytest.raises(Clash):
        do(world.jo, "close", id=made.id, outcome="lawful", reasons=REASONS)
    (item,) = ask(world.jo, "complaints").items
    assert item.state == "closed"
    assert ask(world.jo, "complaints", open=True).items == ()


def test_only_who_may_reads_a_complaint(world: World) -> None:
    made = complain(world.jo)
    with pytest.raises(NotAllowed):
        ask(world.jo, "complaint", ANALYST, id=made.id)
    assert ask(world.jo, "complaint", LEGAL, id=made.id).fields["person"] == "Rami Odeh"
    assert [each.who for each in trace_lines(world, made.id) if each.version] == [LEGAL.id]


def trace_lines(world: World, id: str) -> Any:
    from mithaq.capabilities.oversight.accesses import at_home
    from mithaq.kernel.people.actor import NODE

    with world.jo.store.read() as tx:
        return list(at_home(world.jo._desk(tx, NODE), id))


def test_the_letter_is_the_same_bytes_whatever_was_found(world: World) -> None:
    """A record or none, ours or a partner's, lawful, mended or gone: the person reads the same but the reference."""
    ours = [raise_(world.jo, "alert-vehicle", alert(plate=f"10-0000{n}")).id for n in range(3)]
    raise_(world.sa, "alert-vehicle", alert(plate="77-1"), HOME)
    settle(world)
    cases = [
        (None, "nothing_held"),
        (ours[0], "lawful"),
        (ours[1], "corrected"),
        (ours[2], "deleted"),
        (None, "refused"),
    ]
    letters: dict[str, set[str]] = {}
    made = [complain(world.jo, about=about, asks="access") for about, _ in cases]
    raise_(world.jo, "correct-vehicle", alert(id=ours[1], plate="10-00001", colour="red"))
    world.jo.do("link.recall", {"id": ours[2]}, who=HOME).result()
    for (_, outcome), each in zip(cases, made, strict=True):
        do(world.jo, "close", id=each.id, outcome=outcome, remedy="apology", reasons=REASONS)
    for each, language in product(made, ("ar", "en", "fr")):
        told = ask(world.jo, "letter", LEGAL, id=each.id, language=language)
        letters.setdefault(language, set()).add(told.text.replace(each.id, "ID"))
    assert {language: len(texts) for language, texts in letters.items()} == {"ar": 1, "en": 1, "fr": 1}
    assert "nor whether there are any" in letters["en"].pop()


def test_an_acknowledgement_says_nothing_of_whether_there_is_a_record(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    texts = set()
    for about in (None, id):
        made = complain(world.jo, about=about)
        settle(world, rounds=1)
        told = ask(world.jo, "letter", LEGAL, id=made.id, letter="acknowledgement")
        assert told.direction == "rtl"
        texts.add(told.text.replace(made.id, "ID"))
    assert len(texts) == 1


def test_a_letter_tells_the_outcome_only_to_who_knows_and_with_a_second_person(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    made = complain(world.jo, about=id, language="en", asks="misused_identity")
    waits = do(world.jo, "close", id=made.id, outcome="lawful", reasons=REASONS, tell=True)
    assert isinstance(waits, Waits)
    with pytest.raises(Invalid, match="not told of a record before"):
        world.jo.do("acts.approve", {"id": waits.waiting}, who=OTHER_LEGAL).result()
    known = complain(world.jo, about=id, language="en", asks="misused_identity", known=True)
    waits = do(world.jo, "close", id=known.id, outcome="lawful", reasons=REASONS, tell=True)
    with pytest.raises(NotAllowed):
        world.jo.do("acts.approve", {"id": waits.waiting}, who=LEGAL).result()
    world.jo.do("acts.approve", {"id": waits.waiting}, who=OTHER_LEGAL).result()
    told = ask(world.jo, "letter", LEGAL, id=known.id).text
    assert "its use was lawful" in told
    assert "not that person" in told


def test_an_outcome_of_a_partners_record_is_told_only_if_its_origin_agreed(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    made = complain(world.sa, about=id, known=True)
    do(world.sa, "forward", id=made.id, screened=True)
    settle(world)
    do(world.jo, "decide", id=made.id, outcome="refused", reasons=REASONS, screened=True)
    settle(world)
    waits = do(world.sa, "close", id=made.id, outcome="refused", reasons=REASONS, tell=True)
    with pytest.raises(Invalid, match="did not agree"):
        world.sa.do("acts.approve", {"id": waits.waiting}, who=OTHER_LEGAL).result()


def test_an_exercise_is_not_mixed_with_what_is_real(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    with pytest.raises(Invalid, match="not mixed"):
        complain(world.jo, about=id, exercise=True)
    complain(world.jo, exercise=True)
    assert ask(world.jo, "complaints").items == ()
    assert len(ask(world.jo, "complaints", exercise=True).items) == 1


def test_a_complaint_leads_a_trace_to_its_record(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    look(world.jo, id, ANALYST)
    made = complain(world.jo, about=id)
    found = trace(world.jo, made.id)
    assert (found.id, found.complaints) == (id, (made.id,))
    with pytest.raises(NotFound):
        trace(world.jo, complain(world.jo).id)


def test_a_record_is_not_deleted_while_any_complaint_about_it_runs(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    settle(world)
    first, second = complain(world.sa, about=id), complain(world.sa, about=id)
    do(world.sa, "close", id=first.id, outcome="refused", reasons=REASONS)
    world.jo.do("link.recall", {"id": id, "why": "wrong"}, who=HOME).result()
    settle(world)
    found = trace(world.sa, second.id)
    assert (found.held_for, found.erased, found.ended.by) == ("complaint", False, "JO")
    do(world.sa, "close", id=second.id, outcome="refused", reasons=REASONS)
    waits = world.sa.do("record.free", {"id": id}, who=LEGAL).result()
    world.sa.do("acts.approve", {"id": waits.waiting}, who=OTHER_LEGAL).result()
    settle(world)
    assert trace(world.sa, second.id).erased
    (said,) = trace(world.jo, id).said
    assert (said.partner, said.deleted_for) == ("SA", "recalled")


def test_a_hold_of_complaints_ends_with_the_last_of_them(world: World) -> None:
    id = raise_(world.jo, "alert-vehicle", alert()).id
    both = [complain(world.jo, about=id) for _ in range(2)]
    for made, held in zip(both, ("complaint", ""), strict=True):
        do(world.jo, "close", id=made.id, outcome="lawful", reasons=REASONS)
        assert trace(world.jo, id).held_for == held
        assert caveats(world, id) == (("contested",) if held else ())
