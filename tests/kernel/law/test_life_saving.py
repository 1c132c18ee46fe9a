"""What survives a suspension: permits of an agreement that can serve nothing but saving lives."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.clause import LIFE_SAVING
from mithaq.kernel.law.law import Law, load_law, write_law
from mithaq.kernel.law.vocabulary import load_vocabulary

FOLDER = resources.files("mithaq.laws")
WORDS = load_vocabulary((FOLDER / "vocabulary.json").read_bytes())
ALERTS = ["intelligence.alert.person/1"]
RESCUE = {
    "id": "9", "effect": "permit", "from": "JO", "to": "SA", "act": "share", "kinds": ALERTS, "life_saving": True,
    "release": {"fields": {"place": "clear"}},
}  # fmt: skip


def agreement(**clause: Any) -> Law:
    given = {name: each for name, each in {**RESCUE, **clause}.items() if each is not None}
    return load_law(canonical.encode({**_head("agreement", ["JO", "SA"]), "clauses": [given]}), WORDS)


def _head(type: str, parties: list[str]) -> dict[str, Any]:
    return {
        "format": "mithaq-law/1", "type": type, "id": type, "version": 1, "title": type, "parties": parties,
        "vocabulary": WORDS.digest, "in_force": {"from": "2026-01-01T00:00:00Z"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "when",
    [
        [["purpose", "eq", "search_and_rescue"]],
        [["purpose", "in", sorted(LIFE_SAVING)]],
        [["exercise", "eq", False], ["purpose", "in", ["disaster_relief"]]],
    ],
)
def test_a_permit_for_nothing_but_saving_lives_may_be_marked(when: list[Any]) -> None:
    assert agreement(when=when).clauses[0].life_saving


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"when": [["purpose", "eq", "drug_trafficking"]]},
        {"when": [["purpose", "in", ["search_and_rescue", "border_control"]]]},
        {"when": [["purpose", "notin", sorted(set(WORDS.purposes) - LIFE_SAVING)]]},  # a later purpose would slip in
        {"when": [["purpose", "notin", ["search_and_rescue"]]]},
        {"any": [[["purpose", "eq", "search_and_rescue"]], [["exercise", "eq", True]]]},
        {"when": [["alert.reason", "eq", "missing_person"]]},
    ],
)
def test_any_other_purpose_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        agreement(**other)
    assert (refused.value.code, refused.value.where) == ("life-saving", "$.clauses[0].life_saving")


@pytest.mark.parametrize(
    "other", [{"effect": "forbid", "release": None}, {"effect": "duty"}], ids=lambda other: other["effect"]
)
def test_only_a_permit_can_be_marked(other: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="only a permit is") as refused:
        agreement(when=[["purpose", "eq", "search_and_rescue"]], **other)
    assert refused.value.where == "$.clauses[0].life_saving"


def test_only_an_agreement_can_be_suspended() -> None:
    own = {**RESCUE, "to": "JO", "act": "read", "when": [["purpose", "eq", "search_and_rescue"]]}
    with pytest.raises(Invalid, match="only an agreement") as refused:
        load_law(canonical.encode({**_head("national", ["JO"]), "clauses": [own]}), WORDS)
    assert refused.value.where == "$.clauses[0].life_saving"


def test_every_life_saving_purpose_is_a_word_of_the_shipped_vocabulary() -> None:
    assert set(WORDS.purposes) >= LIFE_SAVING


def test_a_law_without_the_mark_has_the_bytes_that_it_always_had() -> None:
    for each in FOLDER.iterdir():
        if each.name.endswith(".json") and each.name not in ("vocabulary.json", "border-warnings.json"):
            written = json.loads(each.read_bytes())
            assert not any("life_saving" in clause for clause in written["clauses"])
            assert write_law(load_law(each.read_bytes(), WORDS)) == canonical.encode(written)
