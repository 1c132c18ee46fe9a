"""What a partner told us goes to a third nation only as its handling lets it, in whatever record of ours it stands."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mithaq.assembly import read_vocabulary
from mithaq.errors import NotAllowed, NotFound
from mithaq.kernel.law.law import load_law
from mithaq.kernel.matter.holding import KIND
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.people.second import Waits
from mithaq.kernel.ports import Transaction
from tests.treaties import Nations, nations

NEVER, CONSENT = {"purpose": "vehicle_theft"}, {"purpose": "search_and_rescue"}


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Nations]:
    """Three nations under one agreement: of stolen vehicles nothing is passed on, of the missing with consent."""
    with nations(tmp_path) as made:
        plain = msgspec.json.decode(resources.files("mithaq.laws").joinpath("border-warnings.json").read_bytes())
        plain["parties"] = ["IQ", "JO", "SA"]
        text = made.text(law=load_law(msgspec.json.encode(plain), read_vocabulary(made.homes["SA"])))
        made.conclude(made.propose("SA", text), text)
        yield made


def do(three: Nations, party: str, name: str, **given: Any) -> Any:
    done = three.nodes[party].do(name, given, who=HOME, glass="a test acts alone").result()
    three.step()
    return done


def told(three: Nations, **changes: Any) -> str:
    """The id of an alert of Saudi Arabia's that Iraq holds."""
    found = three.alert("SA", **changes)
    three.step()
    assert "IQ" in found.released
    return str(found.id)


def test_what_may_never_be_passed_on_is_in_no_record_for_a_third_nation(three: Nations) -> None:
    source = told(three, **NEVER)
    mine = three.alert("IQ", **NEVER, sources=[source])
    assert mine.released == ("SA",)
    assert mine.withheld == {"JO": (f"handling {source} onward never",)}
    with pytest.raises(NotAllowed, match="may never be passed on"):
        do(three, "IQ", "record.ask-onward", id=source, to="JO", purpose="vehicle_theft")


def test_it_stays_so_after_the_source_was_recalled_and_erased(three: Nations) -> None:
    source = told(three, **NEVER)
    mine = three.alert("IQ", **NEVER, sources=[source])
    do(three, "SA", "link.recall", id=source, why="ended")
    three.step()
    preview = three.nodes["IQ"].ask("release.preview", {"id": mine.id, "to": "JO"}, who=HOME)
    assert preview.decision == "deny"


def test_what_needs_consent_goes_once_the_origin_gave_it_and_the_origin_is_told(three: Nations) -> None:
    source = told(three, **CONSENT)
    mine = three.alert("IQ", **CONSENT, sources=[source])
    assert mine.withheld == {"JO": (f"handling {source} onward consent",)}
    asked = do(three, "IQ", "record.ask-onward", id=source, to="JO", purpose="search_and_rescue")
    (known,) = three.nodes["SA"].ask("record.onward", {}, who=HOME)
    assert (known.record, known.by, known.to, known.answer) == (source, "IQ", "JO", None)
    given = {"matter": asked.matter, "answer": "consent"}
    assert isinstance(three.nodes["SA"].do("record.answer-onward", given, who=HOME).result(), Waits)
    do(three, "SA", "record.answer-onward", **given)
    again = three.alert("IQ", **CONSENT, sources=[source])
    assert "JO" in again.released
    three.step()
    receipts = three.nodes["SA"].ask("release.receipts", {"id": source}, who=HOME)
    assert [each.passed_to for each in receipts if each.to == "IQ"] == [("JO",)]
    three.assert_sound()


def test_a_refusal_and_a_consent_for_another_nation_let_nothing_go(three: Nations) -> None:
    source = told(three, **CONSENT)
    asked = do(three, "IQ", "record.ask-onward", id=source, to="JO", purpose="search_and_rescue")
    do(three, "SA", "record.answer-onward", matter=asked.matter, answer="refuse")
    assert three.alert("IQ", **CONSENT, sources=[source]).withheld.keys() == {"JO"}
    do(three, "SA", "record.answer-onward", matter=asked.matter, answer="consent")
    assert three.alert("IQ", **CONSENT, sources=[source]).withheld == {}
    do(three, "SA", "record.answer-onward", matter=asked.matter, answer="refuse")  # the last word counts
    assert three.alert("IQ", **CONSENT, sources=[source]).withheld.keys() == {"JO"}
    (known,) = three.nodes["IQ"].ask("record.onward", {}, who=HOME)
    assert known.answer is not None
    assert not known.answer.given


def test_who_asked_does_not_answer_in_place_of_the_origin(three: Nations) -> None:
    source = told(three, **CONSENT)
    asked = do(three, "IQ", "record.ask-onward", id=source, to="JO", purpose="search_and_rescue")
    with pytest.raises(NotFound, match="nobody asked"):
        do(three, "IQ", "record.answer-onward", matter=asked.matter, answer="consent")
    said = {"kind": "matter.holding/1", "says": "consent", "matter": asked.matter}
    with pytest.raises(NotAllowed, match="by the node alone"):
        three.nodes["IQ"].do("matter.draft", said, who=HOME).result()

    def answer(tx: Transaction) -> None:
        speak(three.nodes["IQ"]._desk(tx, HOME), KIND, "consent", asked.matter)

    with pytest.raises(NotAllowed, match="not from where its party stands"):
        three.nodes["IQ"].store.write(answer).result()
    assert three.alert("IQ", **CONSENT, sources=[source]).withheld.keys() == {"JO"}


def test_the_sources_of_a_record_stay_at_home(three: Nations) -> None:
    source = told(three, **NEVER)
    mine = three.alert("IQ", **NEVER, sources=[source])
    three.step()
    with three.nodes["SA"].store.read() as tx:
        held = tx.records.get(mine.id)
    assert held is not None
    assert b"sources" not in held.content


def test_a_source_that_is_not_held_is_refused(three: Nations) -> None:
    with pytest.raises(NotFound, match="no record"):
        three.alert("IQ", **NEVER, sources=["SA-00000000000000000000000000"])


def test_no_correction_and_no_complaint_takes_a_source_back(three: Nations) -> None:
    source = told(three, **NEVER)
    mine = three.alert("IQ", **NEVER, sources=[source])
    given = {"id": mine.id, "plate": "P-9", "reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z"}
    assert do(three, "IQ", "intelligence.correct-vehicle", **given, **NEVER).withheld.keys() == {"JO"}
    do(three, "IQ", "oversight.complain", person="Invented Person", about=mine.id, asks="correction", grounds="wrong")
    preview = three.nodes["IQ"].ask("release.preview", {"id": mine.id, "to": "JO"}, who=HOME)
    assert (preview.version, preview.decision) == (3, "deny")


def test_what_rests_on_a_record_that_rests_on_it_does_not_go_either(three: Nations) -> None:
    source = told(three, **NEVER)
    first = three.alert("IQ", **NEVER, sources=[source])
    assert three.alert("IQ", **NEVER, sources=[first.id]).withheld.keys() == {"JO"}
