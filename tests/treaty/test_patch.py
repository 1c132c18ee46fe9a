"""A counter-offer as a patch gives back exactly the text it was made from, and a redline hides nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq.errors import Invalid
from mithaq.kernel import canonical
from mithaq.kernel.law import patch as structure
from mithaq.kernel.law.area import Area
from mithaq.kernel.law.clause import Citation, Clause, Constraint, Terms
from mithaq.kernel.law.law import InForce
from mithaq.kernel.law.patch import Change, Patch
from mithaq.kernel.law.text import Conclusion, RestsOn, Text
from mithaq.treaty.patch import Redline, apply, diff, redline
from mithaq.treaty.render.catalogue import LANGUAGES, Language
from mithaq.treaty.text import check_text, make_text
from tests.examples import examples
from tests.kernel.law.small_world import KIND, NOW, WORDS, digest, law

LAW = law("agreement", [])
PINS = RestsOn(vocabulary=WORDS.digest, floor=digest("f"), kinds=digest("c"))
SIMPLE = Conclusion()
AREA = Area(source="invented", ring=("30.5,35.5", "30.5,36.5", "31.5,36.5"))


def clause(id: str, level: str = "clear", **more: Any) -> Clause:
    given: dict[str, Any] = {"sender": "JO", "receiver": "SA", "act": "share", "kinds": (KIND,), **more}
    return Clause(id=id, effect="permit", release=Terms({"name": level}), **given)


def text(*clauses: Clause, conclusion: Conclusion = SIMPLE, **more: Any) -> Text:
    """A Text of these clauses; ``more`` changes the law's head, or what is beside it."""
    given: dict[str, Any] = {"authentic": ("en",), "rests_on": PINS}
    given |= {name: more.pop(name) for name in ("authentic", "parents", "rests_on") if name in more}
    return make_text(replace(LAW, clauses=clauses, **more), conclusion=conclusion, vocabulary=WORDS, **given)


CLAUSES = st.lists(
    st.builds(clause, st.sampled_from("abcdef"), st.sampled_from(["clear", "pseudonym"])),
    unique_by=lambda each: each.id,
).map(tuple)
HEADS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.just(2), "previous": st.just(digest("1")), "title": st.just("Another"), "note": st.just("why"),
        "in_force": st.just(InForce(NOW)), "overlap": st.just("later"), "obligations": st.just({"retain": "P30D"}),
        "areas": st.just({"belt": AREA}),
    },
)  # fmt: skip
CONCLUSIONS = st.builds(
    Conclusion, ratification=st.just(True), enters_after=st.sampled_from([None, "P30D"]), provisional=st.booleans(),
    signatures=st.sampled_from([{"signatory": 1}, {"signatory": 2, "jurist": 1}]),
    accession=st.sampled_from(["consent", "open"]),
    open_to=st.sampled_from([(), ("IQ",)]), suspension_notice=st.sampled_from(["P3M", "P6M"]),
    withdrawal_notice=st.sampled_from(["P1Y", "P2Y"]),
)  # fmt: skip
BESIDE = st.fixed_dictionaries(
    {},
    optional={
        "authentic": st.just(("ar", "en")), "parents": st.just((Citation("Riyadh 1983", "secondary"),)),
        "rests_on": st.just(replace(PINS, floor=digest("0"))),
    },
)  # fmt: skip
TEXTS = st.builds(
    lambda clauses, head, conclusion, beside: text(*clauses, conclusion=conclusion, **head, **beside),
    CLAUSES, HEADS, CONCLUSIONS, BESIDE,
)  # fmt: skip


@examples(40)
@given(TEXTS, TEXTS)
def test_a_patch_makes_of_the_old_text_exactly_the_new_one(old: Text, new: Text) -> None:
    patch = diff(old, new)
    for made in (apply(old, patch, WORDS), structure.apply(old, patch)):
        assert made == new
        assert made.digest == new.digest


@examples(20)
@given(TEXTS, TEXTS)
def test_it_does_so_after_it_crossed_the_wire(old: Text, new: Text) -> None:
    arrived = canonical.decode(canonical.encode(diff(old, new)), Patch)
    assert structure.apply(old, arrived) == new


@examples(20)
@given(TEXTS)
def test_nothing_changed_is_nothing_said(same: Text) -> None:
    assert canonical.plain(diff(same, same)) == {"base": same.digest}
    assert redline(same, same, WORDS, "en") == []


@examples(40)
@given(CLAUSES, CLAUSES)
def test_a_patch_names_no_clause_that_could_stay_as_it_is(
    before: tuple[Clause, ...], after: tuple[Clause, ...]
) -> None:
    old, new = text(*before), text(*after)
    changes = diff(old, new).changes
    was, now = ({each.id: each for each in clauses} for clauses in (before, after))
    moved = {each.id for each in changes if each.op == "remove"} & {each.id for each in changes if each.op == "add"}
    assert {each.id for each in changes} - moved == {id for id in was | now if was.get(id) != now.get(id)} - moved
    common = [each.id for each in before if each.id in now]
    still = [each.id for each in after if each.id in was]
    assert len(moved) == len(common) - longest_common(common, still)


def longest_common(a: list[str], b: list[str]) -> int:
    """The length of the longest common subsequence, by the definition."""
    if not a or not b:
        return 0
    if a[-1] == b[-1]:
        return 1 + longest_common(a[:-1], b[:-1])
    return max(longest_common(a[:-1], b), longest_common(a, b[:-1]))


def test_a_text_made_by_a_patch_can_be_signed_whatever_renderings_the_patch_states() -> None:
    old, new = text(clause("a")), text(clause("a", "pseudonym"), version=2)
    stated = canonical.plain(diff(old, new))
    stated["text"]["renderings"]["en"] = digest("0")
    lying = canonical.fit(stated, Patch)
    made = apply(old, lying, WORDS)
    assert made == new
    check_text(made, WORDS, adopted=PINS)
    with pytest.raises(Invalid) as refused:
        check_text(structure.apply(old, lying), WORDS, adopted=PINS)
    assert refused.value.code == "rendering"


def test_the_version_is_what_the_patch_says() -> None:
    old = text(clause("a"))
    silent = Patch(base=old.digest, changes=(Change(op="remove", id="a"),))
    assert apply(old, silent, WORDS).law.version == 1
    assert apply(old, diff(old, text(version=2)), WORDS).law.version == 2


@pytest.mark.parametrize("change", [Change(op="remove", id="z"), Change(op="add", id="a", clause=clause("a"))])
def test_a_patch_that_does_not_fit_is_refused_with_its_place(change: Change) -> None:
    old = text(clause("a"))
    with pytest.raises(Invalid) as refused:
        apply(old, Patch(base=old.digest, changes=(change,)), WORDS)
    assert refused.value.where == "$.changes[0].id"


def test_a_patch_whose_outcome_could_not_be_signed_is_refused_with_its_place() -> None:
    old = text(clause("a"))
    fog = clause("b", when=(Constraint("weather", "eq", "fog"),))
    with pytest.raises(Invalid) as refused:
        apply(old, Patch(base=old.digest, changes=(Change(op="add", id="b", clause=fog, after="a"),)), WORDS)
    assert refused.value.where == "$.law.clauses[1].when[0][0]"


def test_texts_of_two_agreements_have_no_diff() -> None:
    with pytest.raises(Invalid) as refused:
        diff(text(clause("a")), text(clause("a"), id="other"))
    assert refused.value.where == "$.law.id"


def test_a_redline_tells_each_change_where_it_stands() -> None:
    old = text(clause("a"), clause("b"), clause("c"), clause("d"))
    new = text(
        clause("d"), clause("a", "pseudonym"), clause("n"), clause("c"), title="Another",
        conclusion=Conclusion(ratification=True),
    )  # fmt: skip
    found = redline(old, new, WORDS, "en")
    assert [(each.what, each.id, each.change) for each in found] == [
        ("head", "title", "replaced"), ("clause", "d", "moved"), ("clause", "a", "replaced"),
        ("clause", "b", "removed"), ("clause", "n", "added"), ("provision", "ratification", "replaced"),
        ("provision", "entry", "replaced"),
    ]  # fmt: skip
    replaced = found[2]
    assert "name (clear)" in replaced.before
    assert "name (pseudonym)" in replaced.after
    assert (found[3].after, found[4].before) == ("", "")


def test_a_clause_that_changed_in_something_that_no_sentence_tells_is_in_the_redline_all_the_same() -> None:
    quiet = clause("a", cite=(Citation("Riyadh 1983", "secondary", source="a report"),))
    other = clause("a", cite=(Citation("Riyadh 1983", "secondary", source="another report"),))
    (told,) = redline(text(quiet), text(other), WORDS, "en")
    assert (told.id, told.change) == ("a", "replaced")
    assert told.before == told.after


@examples(40)
@given(TEXTS, TEXTS, st.sampled_from(LANGUAGES))
def test_no_change_is_missing_from_the_redline(old: Text, new: Text, language: Language) -> None:
    found: list[Redline] = redline(old, new, WORDS, language)
    clauses = {each.id for each in found if each.what == "clause"}
    assert clauses == {each.id for each in diff(old, new).changes}
    beside = {each.what for each in found} - {"clause"}
    heads = [replace(each.law, clauses=(), previous=None) for each in (old, new)]  # previous stands on no page
    assert ("head" in beside) == (heads[0] != heads[1])
    around = [(each.conclusion, each.authentic, each.parents, each.rests_on) for each in (old, new)]
    starts = old.law.in_force.start != new.law.in_force.start
    assert ("provision" in beside) == (around[0] != around[1] or starts)
