"""A field that refers to other records: a partner is told only of those that it was given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mithaq.kernel import canonical
from mithaq.kernel.adoption import kinds_of
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.release import Release
from tests.kernel.attachment.gallery import SIGHTING1, Gallery, gallery, see


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Gallery]:
    with gallery(tmp_path, "JO", "SA", "IQ") as made:
        yield made


def fields(world: Gallery, party: str, id: str, version: int | None = None) -> dict[str, Any]:
    with world.nodes[party].store.read() as tx:
        holding = tx.records.get(id, version)
    assert holding is not None
    return canonical.fit(canonical.decode(holding.content, dict), Release).fields


def test_a_link_tells_of_no_record_that_the_partner_does_not_have(world: Gallery) -> None:
    given, other = see(world.jo, plate="1").id, see(world.jo, plate="2", purpose="token").id
    secret = "JO-" + "7" * 26
    links = [{"to": id, "as_": "same driver"} for id in (secret, given)]
    stated = see(world.jo, plate="3", near=[secret, given, other], first=secret, links=links)
    world.step()
    shown = fields(world, "SA", stated.id)
    assert shown["near"] == [given, other]
    assert shown["links"] == [links[1]]
    assert "first" not in shown
    sent = b"".join(each.content or b"" for each in world.messages("JO", "JO>SA"))
    assert secret.encode() not in sent


def test_what_was_withheld_or_recalled_before_it_left_is_not_told(world: Gallery) -> None:
    withheld = see(world.jo, plate="1", purpose="hidden").id
    for party in ("SA", "IQ"):
        world.wire.leave(party)
    stopped = see(world.jo, plate="2").id
    world.jo.do("link.recall", {"id": stopped, "why": "wrong"}, who=HOME).result()
    stated = see(world.jo, plate="3", near=[stopped, withheld])
    for party in ("SA", "IQ"):
        world.mend(party)
    world.step()
    assert "near" not in fields(world, "SA", stated.id)


def test_each_partner_is_told_of_its_own_and_of_what_it_was_given(world: Gallery) -> None:
    theirs = see(world.sa, plate="1").id
    world.step()
    stated = see(world.jo, plate="2", near=[theirs])
    world.step()
    assert fields(world, "SA", stated.id)["near"] == [theirs]
    assert "near" not in fields(world, "IQ", stated.id)


def test_a_link_appears_in_the_version_after_its_record_was_given(world: Gallery) -> None:
    withheld = see(world.jo, plate="1", purpose="hidden").id
    stated = see(world.jo, plate="2", near=[withheld])
    see(world.jo, id=withheld, plate="1")
    see(world.jo, id=stated.id, plate="2", near=[withheld])
    world.step()
    assert "near" not in fields(world, "SA", stated.id, 1)
    assert fields(world, "SA", stated.id, 2)["near"] == [withheld]


def test_a_reference_below_clear_is_absent(world: Gallery) -> None:
    given = see(world.jo, plate="1").id
    stated = see(world.jo, plate="2", near=[given], purpose="token")
    world.step()
    assert "near" not in fields(world, "SA", stated.id)


def test_no_reference_and_none_that_may_be_told_look_the_same(world: Gallery) -> None:
    bare, filtered = see(world.jo, plate="1", near=[]).id, see(world.jo, plate="1", near=["JO-" + "7" * 26]).id
    world.step()
    assert fields(world, "SA", bare) == fields(world, "SA", filtered)


def test_the_preview_shows_what_will_be_told(world: Gallery) -> None:
    stated = see(world.jo, plate="2", near=["JO-" + "7" * 26])
    preview = world.jo.ask("release.preview", {"id": stated.id, "to": "SA"}, who=HOME)
    [near] = [each for each in preview.fields if each.field == "near"]
    assert (near.ours, near.theirs) == (["JO-" + "7" * 26], None)


def test_a_kind_without_references_is_declared_as_it_was() -> None:
    """By this digest nations have adopted it: it must not change where nothing was declared otherwise."""
    before = "sha256:9a2bb524ced7ef03465bc92f741bc754a7019473025b15def50dd88858b5f01f"
    assert kinds_of([SIGHTING1]).kinds == {SIGHTING1.name: before}
