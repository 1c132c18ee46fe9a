"""A Patch changes exactly what it says of exactly one text, or is refused with the place where it does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law.patch import Patch, apply
from mithaq.kernel.law.text import Text
from tests.kernel.law.small_world import bare_text, digest, law

LAW = law("agreement", [{"id": id, "effect": "permit", "release": {"fields": {"name": "clear"}}} for id in "abc"])
TEXT = bare_text(LAW)


def clause(id: str, level: str = "pseudonym") -> dict[str, Any]:
    return {
        "id": id, "effect": "permit", "from": "any", "to": "any", "act": "share", "kinds": ["test.kind/1"],
        "release": {"fields": {"name": level}},
    }  # fmt: skip


def patched(*changes: dict[str, Any], **more: Any) -> Text:
    """As it comes over the wire: from JSON."""
    return apply(TEXT, canonical.fit({"base": TEXT.digest, "changes": list(changes), **more}, Patch))


def ids(text: Text) -> list[str]:
    return [each.id for each in text.law.clauses]


def test_a_clause_is_replaced_where_it_stands() -> None:
    found = patched({"op": "replace", "id": "b", "clause": clause("b")})
    assert ids(found) == ["a", "b", "c"]
    assert [each.levels["name"] for each in found.law.clauses] == ["clear", "pseudonym", "clear"]


def test_a_clause_is_added_where_the_patch_says_and_first_if_it_says_nothing() -> None:
    added = {"op": "add", "id": "n", "clause": clause("n")}
    assert ids(patched(added)) == ["n", "a", "b", "c"]
    assert ids(patched({**added, "after": "a"})) == ["a", "n", "b", "c"]
    assert ids(patched({**added, "after": "c"})) == ["a", "b", "c", "n"]


def test_a_clause_is_removed_and_moves_by_being_added_again() -> None:
    assert ids(patched({"op": "remove", "id": "a"})) == ["b", "c"]
    moved = patched({"op": "remove", "id": "a"}, {"op": "add", "id": "a", "clause": clause("a"), "after": "c"})
    assert ids(moved) == ["b", "c", "a"]


def test_what_a_patch_does_not_name_stays() -> None:
    assert patched() == TEXT
    found = patched(law={"version": 2, "previous": digest("1")}, conclusion={"ratification": True})
    assert found.law == replace(LAW, version=2, previous=digest("1"))
    assert found.conclusion == replace(TEXT.conclusion, ratification=True)
    assert replace(found, law=LAW, conclusion=TEXT.conclusion) == TEXT


def test_a_field_can_be_taken_back_to_nothing() -> None:
    after = replace(TEXT, conclusion=replace(TEXT.conclusion, enters_after="P30D"))
    back = canonical.fit({"base": after.digest, "conclusion": {"enters_after": None}}, Patch)
    assert apply(after, back) == TEXT


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"op": "replace", "id": "z", "clause": clause("z")}, "id"),
        ({"op": "remove", "id": "z"}, "id"),
        ({"op": "add", "id": "a", "clause": clause("a")}, "id"),
        ({"op": "add", "id": "n", "clause": clause("n"), "after": "z"}, "after"),
        ({"op": "add", "id": "n", "clause": clause("n"), "after": "n"}, "after"),
        ({"op": "replace", "id": "a", "clause": clause("a"), "after": "b"}, "after"),
        ({"op": "remove", "id": "a", "clause": clause("a")}, "clause"),
        ({"op": "replace", "id": "a"}, "clause"),
        ({"op": "add", "id": "n", "clause": clause("m")}, "clause.id"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_with_its_place(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        patched({"op": "remove", "id": "c"}, change)
    assert (refused.value.code, refused.value.where) == ("patch", f"$.changes[1].{where}")


def test_a_change_is_made_to_what_the_changes_before_it_left() -> None:
    with pytest.raises(Invalid) as refused:
        patched({"op": "remove", "id": "a"}, {"op": "remove", "id": "a"})
    assert refused.value.where == "$.changes[1].id"


def test_a_patch_of_another_text_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        apply(TEXT, Patch(base=digest("0")))
    assert (refused.value.code, refused.value.where) == ("patch", "$.base")


@pytest.mark.parametrize("more", [{"law": {"parties": ["JO", "IQ"]}}, {"law": {"id": "other"}}, {"boundary": "x"}])
def test_who_the_parties_are_is_not_for_a_counter_offer(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="unknown field"):
        patched(**more)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"conclusion": {"signatures": {}}}, "$.conclusion.signatures"),
        ({"text": {"authentic": []}}, "$.authentic"),
        ({"law": {"areas": {"Not A Name": {"source": "x"}}}}, "$.law.areas"),
    ],
)
def test_no_patch_makes_what_no_text_may_be(more: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        patched(**more)
    assert where in refused.value.where


def test_a_patch_says_nothing_of_what_it_leaves() -> None:
    assert canonical.plain(Patch(base=TEXT.digest)) == {"base": TEXT.digest}
