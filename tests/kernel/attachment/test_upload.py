"""Uploads: announced, resumed, finished once, bound to who began them, and forgotten in time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from mithaq.errors import BadInput, Clash, Invalid, Malformed, NotAllowed, NotFound, Unavailable
from mithaq.kernel.attachment import descriptor
from mithaq.kernel.attachment.descriptor import LARGEST, MOST, PART, cut
from mithaq.kernel.attachment.finish import FINISH
from mithaq.kernel.attachment.upload import OPEN
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.values import digest
from tests.kernel.attachment.gallery import (
    ANALYST,
    GUARD,
    Gallery,
    begin,
    fetched,
    gallery,
    give,
    picture,
    put,
    see,
)  # fmt: skip

RAW = ("upload", "upload_part")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Gallery]:
    with gallery(tmp_path) as made:
        yield made


def test_a_picture_is_given_in_parts_and_comes_back_clean(world: Gallery) -> None:
    given = picture()
    done = give(world.jo, given)
    assert (done.attachment.media_type, done.attachment.width, done.scaled) == ("image/png", 300, False)
    see(world.jo, done.attachment)
    found = fetched(world.jo, done.attachment.digest)
    assert digest(found) == done.attachment.digest
    with Image.open(io.BytesIO(found)) as ours, Image.open(io.BytesIO(given)) as theirs:
        assert ours.tobytes() == theirs.tobytes()


def test_an_upload_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    given = picture()
    first, *rest = cut(given)
    with gallery(tmp_path, files=True) as world:
        assert begin(world.jo, given).missing == tuple(digest(part) for part in cut(given))
        put(world.jo, first)
        put(world.jo, first)
        world.reopen("JO")
        assert begin(world.jo, given).missing == tuple(digest(part) for part in rest)
        with pytest.raises(Clash) as early:
            FINISH.do(world.jo, {"sha256": digest(given)}, who=HOME)
        assert early.value.code == "incomplete"
        for part in reversed(rest):  # in any order
            put(world.jo, part)
        assert begin(world.jo, given).missing == ()
        FINISH.do(world.jo, {"sha256": digest(given)}, who=HOME)


def test_of_what_was_given_nothing_stays_once_it_is_finished(world: Gallery) -> None:
    given = picture()
    assert give(world.jo, given)
    assert world.papers("JO", *RAW) == 0


def test_finishing_again_gives_the_same_attachment(world: Gallery) -> None:
    given = picture()
    done = give(world.jo, given)
    assert FINISH.do(world.jo, {"sha256": digest(given)}, who=HOME) == done
    again = begin(world.jo, given)
    assert (again.missing, again.attachment) == ((), done.attachment)


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [(b"%PDF-1.7 pages", Invalid, "PDF"), (b"MZ" + bytes(99), Invalid, "Windows"), (b"hello", Invalid, "neither"),
     (picture()[:9000], Malformed, "end")],
)  # fmt: skip
def test_what_is_no_picture_is_refused_by_name_and_nothing_of_it_stays(
    world: Gallery, data: bytes, error: type[BadInput], named: str
) -> None:
    with pytest.raises(error) as refused:
        give(world.jo, data)
    assert named in refused.value.message
    assert world.papers("JO", *RAW, "attachment") == 0
    assert world.blobs("JO") == 0


def test_what_is_not_finished_in_a_day_is_forgotten(world: Gallery) -> None:
    given = picture()
    begin(world.jo, given)
    put(world.jo, cut(given)[0])
    world.clock.advance(timedelta(hours=23))
    put(world.jo, cut(given)[1])
    world.jo.tick()
    assert len(begin(world.jo, given).missing) == 1
    world.clock.advance(timedelta(hours=1))
    with pytest.raises(NotFound):
        put(world.jo, cut(given)[2])
    with pytest.raises(NotFound):
        FINISH.do(world.jo, {"sha256": digest(given)}, who=HOME)
    world.jo.tick()
    assert world.papers("JO", *RAW) == 0


def test_what_no_record_names_in_a_day_is_erased_and_what_one_names_stays(world: Gallery) -> None:
    named, unused = give(world.jo, picture(1)).attachment, give(world.jo, picture(2)).attachment
    see(world.jo, named, purpose="plain")
    world.clock.advance(timedelta(hours=24))
    world.jo.tick()
    assert world.journal("JO", "erased") == [("erased", unused.digest, "JO")]
    assert world.blobs("JO") == len(named.parts)
    world.clock.advance(timedelta(days=25))
    world.jo.tick()
    assert digest(fetched(world.jo, named.digest)) == named.digest
    with pytest.raises(Invalid):
        see(world.jo, unused)
    assert give(world.jo, picture(2)).attachment == unused
    see(world.jo, unused)
    world.clock.advance(timedelta(days=5000))  # longer than our own records are kept
    world.jo.tick()
    assert world.blobs("JO") == 0


def test_a_part_that_nobody_announced_is_refused(world: Gallery) -> None:
    begin(world.jo, picture(1))
    with pytest.raises(NotFound) as refused:
        put(world.jo, cut(picture(2))[0])
    assert refused.value.code == "part"


def test_an_upload_is_its_owners_alone(world: Gallery) -> None:
    given = picture()
    begin(world.jo, given, ANALYST)
    with pytest.raises(NotFound):
        put(world.jo, cut(given)[0], GUARD)
    for part in cut(given):
        put(world.jo, part, ANALYST)
    with pytest.raises(NotFound):
        FINISH.do(world.jo, {"sha256": digest(given)}, who=GUARD)
    assert len(begin(world.jo, given, GUARD).missing) == 3  # that another has given it all tells nothing
    FINISH.do(world.jo, {"sha256": digest(given)}, who=ANALYST)


def test_one_actor_has_so_many_uploads_under_way_and_no_more(world: Gallery) -> None:
    for seed in range(OPEN):
        begin(world.jo, picture(seed, 20))
    begin(world.jo, picture(0, 20))
    with pytest.raises(Unavailable):
        begin(world.jo, picture(99, 20))
    begin(world.jo, picture(99, 20), GUARD)
    give(world.jo, picture(0, 20))
    begin(world.jo, picture(99, 20))


@pytest.mark.parametrize(
    "change",
    [{"size": LARGEST + 1}, {"size": 0}, {"size": 5 * PART}, {"parts": []}, {"parts": ["x"]}, {"sha256": "x"},
     {"parts": ["sha256:" + "0" * 64] * 81}],
    ids=str,
)  # fmt: skip
def test_a_file_that_cannot_be_is_refused_when_it_is_announced(world: Gallery, change: dict[str, Any]) -> None:
    given = picture()
    announced = {"size": len(given), "sha256": digest(given), "parts": [digest(part) for part in cut(given)]}
    with pytest.raises(BadInput):
        world.jo.do("attachment.begin", {**announced, **change}, who=HOME).result()


def test_parts_that_do_not_make_the_file_are_refused(world: Gallery) -> None:
    given, other = picture(1), picture(2)
    announced = {"size": len(given), "sha256": digest(other), "parts": [digest(part) for part in cut(given)]}
    world.jo.do("attachment.begin", announced, who=HOME).result()
    for part in cut(given):
        put(world.jo, part)
    with pytest.raises(Invalid) as refused:
        FINISH.do(world.jo, {"sha256": digest(other)}, who=HOME)
    assert refused.value.code == "sha256"
    assert world.papers("JO", *RAW) == 0


def test_who_may_not_give_pictures_is_refused_and_that_is_audited(world: Gallery) -> None:
    clerk = replace(HOME, id="clerk-9", roles=("oversight",))
    given = picture()
    with pytest.raises(NotAllowed):
        begin(world.jo, given, clerk)
    with pytest.raises(NotAllowed):
        FINISH.do(world.jo, {"sha256": digest(given)}, who=clerk)
    with world.jo.store.read() as tx:
        acts = [each.act for each in tx.audit.page(who="clerk-9")]
    assert acts == ["refused attachment.begin", "refused attachment.finish"]


def test_finishing_is_audited_by_the_hash_of_what_was_given(world: Gallery) -> None:
    given = picture()
    give(world.jo, given, ANALYST)
    with world.jo.store.read() as tx:
        assert ("attachment.finish", digest(given)) in [
            (each.act, each.subject) for each in tx.audit.page(who="analyst-3")
        ]


def test_a_record_names_only_what_is_held_here_as_it_is(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    unknown = descriptor.describe(picture(5), "image/png", 300, 300)
    for wrong, where in (
        ((shown, unknown), "$.body.photos[1]"),
        ((replace(shown, width=4000),), "$.body.photos[0]"),
        ((replace(shown, media_type="image/jpeg"),), "$.body.photos[0]"),
        ((replace(shown, parts=unknown.parts),), "$.body.photos[0]"),
        ((replace(shown, parts=shown.parts[:1]),), "$.body.photos[0]"),
        ((shown,) * (MOST + 1), f"$.body.photos[{MOST}]"),
    ):
        with pytest.raises(Invalid) as refused:
            see(world.jo, *wrong)
        assert refused.value.where == where
    with pytest.raises(Invalid) as refused:
        see(world.jo, face=unknown)
    assert refused.value.where == "$.body.face"
    with world.jo.store.read() as tx:
        assert tx.records.page() == []


def test_a_partners_picture_is_not_named_as_our_own(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    see(world.jo, shown)
    world.step()
    assert fetched(world.sa, shown.digest)
    with pytest.raises(Invalid):
        see(world.sa, shown)
