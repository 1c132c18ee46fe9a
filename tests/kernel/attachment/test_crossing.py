"""Attachments cross the same road as records: numbered, logged, receipted, once, and only where the law lets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mithaq.errors import NotFound, Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.attachment.descriptor import Attachment
from mithaq.kernel.attachment.hold import KEPT
from mithaq.kernel.clock import period
from mithaq.kernel.law.rulebook import rulebook
from mithaq.kernel.link import speaks
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.release import Release
from mithaq.kernel.standing import Standing
from mithaq.kernel.values import digest
from tests.kernel.attachment.gallery import (
    SIGHTING1,
    Gallery,
    as_json,
    fetched,
    gallery,
    give,
    picture,
    see,
)  # fmt: skip

DAY = 24 * 3600


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Gallery]:
    with gallery(tmp_path) as made:
        yield made


def what(world: Gallery, at: str = "JO", link: str = "JO>SA") -> list[tuple[str, str]]:
    """(what, outcome) of each message of a link at its sender."""
    found = world.messages(at, link)
    return [(msgspec.json.decode(each.content or b"{}").get("what", "?"), each.outcome) for each in found]


def held(world: Gallery, id: str, version: int = 1) -> Release:
    with world.sa.store.read() as tx:
        holding = tx.records.get(id, version)
    assert holding is not None
    return canonical.fit(canonical.decode(holding.content, dict), Release)


def photo(world: Gallery, seed: int = 1) -> Attachment:
    return give(world.jo, picture(seed)).attachment


def end_agreement(world: Gallery) -> None:
    """The agreement is not in force any more, on the sender's side."""
    base = world.jo.standing.base
    ended = Standing(rulebook(base.vocabulary, [], base.laws, base.floor), "JO")
    world.jo.standing.__dict__.update(ended.__dict__)


def test_a_picture_follows_the_release_that_shows_it_and_is_the_same_there(world: Gallery) -> None:
    shown = photo(world)
    assert len(shown.parts) == 3
    stated = see(world.jo, shown)
    assert (stated.released, stated.without_attachments) == (("SA",), ())
    world.step()
    assert what(world) == [("release", "accepted"), *[("part", "accepted")] * 3]
    theirs, ours = fetched(world.sa, shown.digest), fetched(world.jo, shown.digest)
    assert theirs == ours
    assert digest(theirs) == shown.digest
    assert world.journal("SA", "attachment") == [("attachment", shown.digest, "JO")]
    assert held(world, stated.id).fields["photos"] == [as_json(shown)]
    assert world.assert_sound()["released"] == 4


def test_the_receiver_keeps_a_part_once_and_its_message_without_its_content(world: Gallery) -> None:
    see(world.jo, photo(world))
    world.step()
    release, *parts = world.messages("SA", "JO>SA")
    assert release.content is not None
    assert [each.content for each in parts] == [None] * 3
    assert world.blobs("SA") == 3
    assert all(each.verified for each in world.sa.ask("link.verify", {}, who=HOME))
    exported = world.sa.ask("link.export", {"sender": "JO", "receiver": "SA"}, who=HOME)
    rows = [line.message for line in exported.lines if line.message is not None]
    assert [row.content is None for row in rows] == [False, True, True, True]
    for seq in range(1, 5):
        asked = {"sender": "JO", "receiver": "SA", "seq": seq}
        assert world.sa.ask("link.prove", asked, who=HOME) == world.jo.ask("link.prove", asked, who=HOME)


@pytest.mark.parametrize("purpose", ["plain", "token"])
def test_where_the_law_withholds_a_picture_nothing_of_it_crosses(world: Gallery, purpose: str) -> None:
    shown = photo(world)
    stated = see(world.jo, shown, purpose=purpose)
    assert stated.released == ("SA",)
    world.step()
    assert what(world) == [("release", "accepted")]
    content = world.messages("JO", "JO>SA")[0].content or b""
    for secret in (shown.digest, shown.parts[0], 'photos":['):
        assert secret.encode() not in content
    assert held(world, stated.id).fields == {"plate": "12-34567"}
    with pytest.raises(NotFound):
        fetched(world.sa, shown.digest)
    world.assert_sound()


def test_a_field_that_the_law_does_not_name_stays_while_another_goes(world: Gallery) -> None:
    goes, stays = photo(world, 1), photo(world, 2)
    see(world.jo, goes, face=stays)
    world.step()
    assert fetched(world.sa, goes.digest)
    with pytest.raises(NotFound):
        fetched(world.sa, stays.digest)
    sent = b"".join(each.content or b"" for each in world.messages("JO", "JO>SA"))
    assert stays.digest.encode() not in sent


def test_a_caption_stays_at_home(world: Gallery) -> None:
    shown = replace(photo(world), caption="taken by our man at the garage")
    stated = see(world.jo, shown)
    world.step()
    assert b"garage" not in b"".join(each.content or b"" for each in world.messages("JO", "JO>SA"))
    assert held(world, stated.id).fields["photos"] == [as_json(replace(shown, caption=None))]
    assert fetched(world.sa, shown.digest)


def test_each_partner_gets_a_picture_once_whatever_names_it(tmp_path: Path) -> None:
    with gallery(tmp_path, "JO", "SA", "IQ") as world:
        shown, other = photo(world, 1), photo(world, 2)
        first = see(world.jo, shown, shown)
        see(world.jo, shown, id=first.id, plate="12-34568")
        world.step()
        see(world.jo, shown, other, plate="77-1")
        world.step()
        for party in ("SA", "IQ"):
            sent = [each for each, _ in what(world, link=f"JO>{party}")]
            assert sent == ["release", *["part"] * 3, "release", "release", *["part"] * 3]
            assert fetched(world.nodes[party], shown.digest) == fetched(world.jo, shown.digest)
            assert {each for _, each in what(world, link=f"JO>{party}")} == {"accepted"}
        world.assert_sound()


@pytest.mark.parametrize("lose", [False, True], ids=["cut", "answer lost"])
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_cut_in_the_middle_mends_by_itself(world: Gallery, after: int, lose: bool) -> None:
    world.jo.line("SA").size = 16 * 1024
    shown = photo(world)
    world.cut("SA", after, lose=lose)
    see(world.jo, shown)
    world.jo.step()
    assert world.jo.line("SA").state == "retrying"
    assert not world.journal("SA", "attachment") or lose
    world.mend("SA")
    world.step()
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    assert len(world.journal("SA", "attachment")) == 1
    assert {outcome for _, outcome in what(world)} == {"accepted"}
    world.assert_sound()


def test_until_all_of_it_is_there_whoever_asks_is_told_so(world: Gallery) -> None:
    world.jo.line("SA").size = 16 * 1024
    shown = photo(world)
    see(world.jo, shown)
    world.cut("SA", 3)  # the question for the head, the release, one part
    world.jo.step()
    world.sa.ask("attachment.fetch", {"digest": shown.digest, "part": 1}, who=HOME)
    with pytest.raises(Unavailable) as waiting:
        world.sa.ask("attachment.fetch", {"digest": shown.digest, "part": 3}, who=HOME)
    assert waiting.value.code == "part"


@pytest.mark.parametrize("which", ["JO", "SA"])
def test_what_was_begun_goes_on_after_a_restart(tmp_path: Path, which: str) -> None:
    with gallery(tmp_path, files=True) as world:
        shown = photo(world)
        world.jo.line("SA").size = 16 * 1024
        world.cut("SA", 2)
        see(world.jo, shown)
        world.jo.step()
        assert {outcome for _, outcome in what(world)} == {"accepted", "waiting"}
        world.reopen(which)
        world.mend("SA")
        world.step()
        assert digest(fetched(world.sa, shown.digest)) == shown.digest
        world.reopen("SA")
        assert digest(fetched(world.sa, shown.digest)) == shown.digest
        world.assert_sound()


@pytest.mark.parametrize("reads", [(SIGHTING1.name,), ()], ids=["an older Kind", "unknown"])
def test_a_partner_of_before_there_were_attachments_gets_nothing_it_would_choke_on(
    tmp_path: Path, reads: tuple[str, ...]
) -> None:
    with gallery(tmp_path, "JO", "SA", "IQ", reads={"SA": reads}) as world:
        shown = photo(world)
        stated = see(world.jo, shown)
        world.step()
        assert what(world) == [("release", "accepted")]
        assert stated.released == ("IQ", "SA")
        assert stated.without_attachments == (() if reads else ("SA",))  # an older Kind has no field for them at all
        assert len(world.messages("JO", "JO>IQ")) == 4
        assert ("photos" in held(world, stated.id).fields) is not bool(reads)
        world.assert_sound()


def test_a_recall_stops_the_parts_that_wait(world: Gallery) -> None:
    world.wire.leave("SA")
    shown = photo(world)
    stated = see(world.jo, shown)
    recalled = world.jo.do("link.recall", {"id": stated.id, "why": "wrong"}, who=HOME).result()
    assert recalled.stopped == ("JO>SA/1", "JO>SA/2", "JO>SA/3", "JO>SA/4")
    world.mend("SA")
    world.step()
    assert [outcome for _, outcome in what(world)][:4] == ["tombstone"] * 4
    assert world.blobs("SA") == 0
    world.assert_sound()


def test_a_picture_of_a_recalled_record_goes_with_the_next_that_names_it(world: Gallery) -> None:
    world.wire.leave("SA")
    shown = photo(world)
    stated = see(world.jo, shown)
    see(world.jo, shown, plate="77-1")
    world.jo.do("link.recall", {"id": stated.id, "why": "wrong"}, who=HOME).result()
    world.mend("SA")
    world.step()
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    world.assert_sound()


def test_parts_that_wait_when_the_agreement_ends_are_buried_with_their_release(world: Gallery) -> None:
    world.wire.leave("SA")
    see(world.jo, photo(world))
    end_agreement(world)
    world.mend("SA")
    world.step()
    assert [(each.outcome, each.code) for each in world.messages("JO", "JO>SA")] == [("tombstone", "suspended")] * 4
    assert world.blobs("SA") == 0
    world.assert_sound()


def test_parts_that_waited_longer_than_the_release_may_be_kept_are_buried(world: Gallery) -> None:
    world.wire.leave("SA")
    see(world.jo, photo(world), purpose="brief")
    world.clock.advance(timedelta(days=8))
    world.mend("SA")
    world.step()
    assert [(each.outcome, each.code) for each in world.messages("JO", "JO>SA")] == [("tombstone", "expired")] * 4
    world.assert_sound()


@pytest.mark.parametrize(("purpose", "days"), [("search", period(KEPT).days), ("brief", 7)])
def test_a_picture_is_erased_before_its_record_or_with_it(world: Gallery, purpose: str, days: int) -> None:
    shown = photo(world)
    stated = see(world.jo, shown, purpose=purpose)
    world.step()
    world.step(days * DAY - 120)
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    world.step()
    world.step()
    assert world.blobs("SA") == 0
    gone = [("erased", shown.digest, "JO"), *([("erased", stated.id, "JO")] if purpose == "brief" else ())]
    assert sorted(world.journal("SA", "erased")) == sorted(gone)
    with pytest.raises(NotFound):
        fetched(world.sa, shown.digest)
    if purpose == "search":
        assert held(world, stated.id).fields["photos"]  # the record has a time of its own
    assert digest(fetched(world.jo, shown.digest)) == shown.digest  # a record at home names it
    world.assert_sound()


def test_a_newer_release_keeps_a_picture_longer_and_after_its_end_brings_it_again(world: Gallery) -> None:
    shown = photo(world)
    first = see(world.jo, shown)
    world.step()
    world.step(20 * DAY)
    see(world.jo, shown, id=first.id)
    world.step(20 * DAY)
    world.step()
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    assert [each for each, _ in what(world)] == ["release", "part", "part", "part", "release"]
    world.step(31 * DAY)
    assert world.blobs("SA") == 0
    see(world.jo, shown, id=first.id, plate="12-1")
    world.step()
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    assert [each for each, _ in what(world)][5:] == ["release", "part", "part", "part"]
    world.assert_sound()


def test_one_partys_end_leaves_what_another_has(world: Gallery) -> None:
    """Both nations have the same picture of their own; what they also have from each other goes after its time."""
    shown = photo(world)
    assert give(world.sa, picture(1)).attachment == shown
    see(world.jo, shown)
    see(world.sa, shown)
    world.step()
    assert (world.blobs("JO"), world.blobs("SA")) == (3, 3)
    world.step(31 * DAY)
    assert {what for what, _, _ in world.journal("JO", "erased")} == {"erased"}
    for node in (world.jo, world.sa):
        assert digest(fetched(node, shown.digest)) == shown.digest


def test_a_picture_waits_for_no_one_who_was_not_decided_on(world: Gallery) -> None:
    """Deferred releases bring their pictures when they are decided on."""
    shown = photo(world)
    see(world.jo, plate="1")
    world.step()
    world.jo.do("node.restored", {}, who=HOME).result()
    stated = see(world.jo, shown)
    assert stated.deferred == ("SA",)
    assert what(world) == [("release", "accepted")]
    world.step()
    world.step()
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    world.assert_sound()


def test_an_urgent_record_overtakes_pictures_that_wait_and_its_own_follow_in_order(world: Gallery) -> None:
    for node, other in ((world.jo, "SA"), (world.sa, "JO")):
        node.store.write(lambda tx, other=other: speaks.note(tx, other, "mithaq-receipt/2")).result()  # type: ignore[misc]
    world.jo.line("SA").size = 16 * 1024
    bulk, urgent = photo(world, 1), photo(world, 2)
    see(world.jo, bulk)
    see(world.jo, urgent, flash=True)
    world.step()
    arrived = [int(subject.partition("/")[2]) for _, subject, _ in world.journal("SA", "received")]
    assert arrived == [5, 1, 2, 3, 4, 6, 7, 8]
    assert digest(fetched(world.sa, urgent.digest)) == urgent.digest
    world.assert_sound()


def test_pictures_that_are_carried_by_hand_arrive_the_same(world: Gallery) -> None:
    world.wire.leave("SA")
    shown = photo(world)
    see(world.jo, shown)
    for last, sealed in list(world.jo.pack("SA", after=0, size=200 * 1024)):
        assert last <= 4
        world.jo.unpack(world.sa.receive(sealed).sealed)
    assert digest(fetched(world.sa, shown.digest)) == shown.digest
    world.assert_sound()


def test_an_exercise_picture_is_marked_all_the_way(world: Gallery) -> None:
    see(world.jo, photo(world), exercise=True)
    world.step()
    with world.sa.store.read() as tx:
        marked: list[Any] = [each.exercise for each in tx.journal.page() if each.what == "received"]
    assert marked == [True] * 4
