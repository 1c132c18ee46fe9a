"""Who may fetch a picture: whoever may see, by the nation's own law, a field of a record here that names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from mithaq.errors import NotAllowed, NotFound, Unavailable
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.values import digest
from tests.kernel.attachment.gallery import ANALYST, GUARD, Gallery, fetched, gallery, give, picture, see


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Gallery]:
    with gallery(tmp_path) as made:
        yield made


def refused(world: Gallery, digest: str, who: Actor) -> NotFound:
    with pytest.raises(NotFound) as found:
        fetched(world.jo, digest, who)
    return found.value


def test_a_field_that_is_hidden_from_a_reader_hides_its_picture(world: Gallery) -> None:
    open_, face = give(world.jo, picture(1)).attachment, give(world.jo, picture(2)).attachment
    see(world.jo, open_, face=face)
    for who in (ANALYST, GUARD):
        assert digest(fetched(world.jo, open_.digest, who)) == open_.digest
    assert digest(fetched(world.jo, face.digest, ANALYST)) == face.digest
    assert refused(world, face.digest, GUARD).code == "attachment"


def test_a_picture_that_may_not_be_seen_and_one_that_is_not_there_look_the_same(world: Gallery) -> None:
    hidden, fresh = give(world.jo, picture(1)).attachment, give(world.jo, picture(2)).attachment
    see(world.jo, face=hidden)
    told = {str(refused(world, each, GUARD)).replace(each, "") for each in (hidden.digest, "sha256:" + "0" * 64)}
    told.add(str(refused(world, fresh.digest, HOME)).replace(fresh.digest, ""))  # no record names it yet
    assert len(told) == 1


def test_one_record_that_may_be_read_is_enough(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    see(world.jo, face=shown)
    refused(world, shown.digest, GUARD)
    see(world.jo, shown)
    assert digest(fetched(world.jo, shown.digest, GUARD)) == shown.digest


def test_what_came_to_be_protected_is_protected_in_its_older_versions(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    stated = see(world.jo, shown)
    fetched(world.jo, shown.digest, GUARD)
    see(world.jo, shown, id=stated.id, purpose="brief")  # those on duty do not read this
    refused(world, shown.digest, GUARD)
    fetched(world.jo, shown.digest, ANALYST)


def test_a_picture_that_a_correction_took_out_is_shown_no_more(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    stated = see(world.jo, shown)
    fetched(world.jo, shown.digest, ANALYST)
    see(world.jo, id=stated.id)
    refused(world, shown.digest, ANALYST)


def test_the_law_holds_for_partners_pictures_as_well(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    see(world.jo, shown, purpose="brief")
    world.step()
    fetched(world.sa, shown.digest, ANALYST)
    with pytest.raises(NotFound):
        fetched(world.sa, shown.digest, GUARD)


def test_a_partner_opens_no_picture_that_it_did_not_send(world: Gallery) -> None:
    """It names the hash of a picture of ours in a record of its own: that record shows only what it sent itself."""
    ours = give(world.jo, picture(1)).attachment
    see(world.jo, face=ours)
    theirs = give(world.sa, picture(1)).attachment
    assert theirs == ours
    world.cut("JO", 2)  # the question for the head, the release
    world.sa.line("JO").size = 16 * 1024
    see(world.sa, theirs)
    world.sa.step()  # the release came, its parts did not
    assert len(world.messages("JO", "SA>JO")) == 1
    assert fetched(world.jo, ours.digest, ANALYST)
    with pytest.raises(Unavailable):
        fetched(world.jo, ours.digest, GUARD)


def test_every_fetch_is_audited_by_the_digest_before_it_is_answered(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    see(world.jo, shown)
    fetched(world.jo, shown.digest, ANALYST)
    refused(world, "sha256:" + "0" * 64, ANALYST)
    with world.jo.store.read() as tx:
        lines = [each.subject for each in tx.audit.page(who="analyst-3") if each.act == "attachment.fetch"]
    assert lines == [shown.digest] * 3 + ["sha256:" + "0" * 64]


def test_a_part_beyond_the_last_is_refused(world: Gallery) -> None:
    shown = give(world.jo, picture(1)).attachment
    see(world.jo, shown)
    with pytest.raises(NotFound) as found:
        world.jo.ask("attachment.fetch", {"digest": shown.digest, "part": 4}, who=HOME)
    assert found.value.code == "part"


def test_who_may_not_ask_for_pictures_is_refused(world: Gallery) -> None:
    with pytest.raises(NotAllowed):
        fetched(world.jo, "sha256:" + "0" * 64, replace(HOME, id="x", roles=("administrator",)))
