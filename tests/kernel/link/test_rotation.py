"""Keys change while messages are under way, and none is lost: the auditor has the last word in every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mithaq.config import Home, PartnerSettings, read_config, write_config, write_private
from mithaq.errors import NotAllowed, Unavailable, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.link.log.checkpoint import is_signed_with
from mithaq.kernel.manifest import SigningKey
from mithaq.kernel.party import Card, fingerprint, read_card, root_card
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import read_header, sealing_key_id
from tests.kernel.link.rotating import crossing, delivery, files, note, serial, state, statuses
from tests.rooted import DAYS, Rooted, rooted_nations, rotate_in_flight


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rooted]:
    with rooted_nations(tmp_path) as found:
        yield found


def test_every_key_changes_on_both_sides_with_messages_in_flight(world: Rooted) -> None:
    before = world.jo.card, world.sa.card
    for turn in range(3):
        state(world, 100, "JO", first=100 * turn)
        state(world, 100, "SA", first=100 * turn)
        world.jo.deliver("SA")
        world.rotate("JO")
        world.sa.step()
        world.rotate("SA")
        world.clock_on()
    world.settle()
    found = world.audit()
    assert found["released"] == found["received"] == 606  # the manifests are numbered too: three for each direction
    world.assert_sound()
    for old, node in zip(before, (world.jo, world.sa), strict=True):
        assert old.signing != node.card.signing
        assert old.sealing != node.card.sealing
    for party, other in (("JO", "SA"), ("SA", "JO")):
        assert serial(world, party, other) == 4
        assert files(world, party) == []  # an honest partner that changes its keys is never accused
        verified = getattr(world, party.lower()).ask("link.verify", {}, who=HOME)
        assert all(each.verified for each in verified)
    with world.sa.store.read() as ours, world.jo.store.read() as theirs:
        said = [each.envelope for each in ours.statements.of("keys/JO")]
        assert said == [each.envelope for each in theirs.statements.of("keys/JO")]  # both sides hold what was signed
        assert len(said) == 3


def test_a_rotation_does_not_change_the_fingerprint(world: Rooted) -> None:
    pinned = world.custodians["JO"].root.digest
    assert world.sa.ask("node.status", {}, who=HOME).partners["JO"] == pinned
    world.rotate("JO")
    world.settle()
    assert world.jo.ask("node.status", {}, who=HOME).fingerprint == pinned
    assert world.sa.ask("node.status", {}, who=HOME).partners["JO"] == pinned
    card = world.rehearsal.nations["JO"].home.card.read_bytes()
    assert read_card(card, pinned) == world.jo.card
    assert fingerprint(root_card(world.jo.rings.own)) == pinned


def test_what_is_shown_is_signed_with_the_new_key_and_sealed_to_the_new_one(world: Rooted) -> None:
    state(world, 2)
    world.step()
    world.rotate("JO")
    world.rotate("SA")
    assert is_signed_with(note(world, "JO", "JO>SA"), world.jo.card.signing)
    world.settle()
    sealed: list[bytes] = []
    honest = world.sa.receive

    def receive(data: bytes) -> Any:
        sealed.append(data)
        return honest(data)

    world.wire.join("SA", receive)
    state(world, 1, first=10)
    world.step()
    assert {read_header(each).key for each in sealed} == {sealing_key_id(world.sa.card.sealing)}
    world.assert_sound()


def test_a_partner_that_was_away_during_two_rotations(world: Rooted) -> None:
    state(world, 3, "JO")
    state(world, 3, "SA")
    world.wire.leave("SA")
    for turn in range(2):
        world.rotate("JO")
        state(world, 3, "JO", first=10 * turn + 10)
        world.jo.step()
        world.clock_on()
    world.reopen("JO")
    world.wire.join("SA", world.sa.receive)
    world.settle()
    assert serial(world, "SA", "JO") == 3
    world.assert_sound()
    assert files(world, "SA") == files(world, "JO") == []


def test_a_manifest_is_shown_until_the_partner_is_known_to_hold_it_and_not_longer(world: Rooted) -> None:
    state(world)
    world.step()
    seen = crossing(world)
    world.rotate("JO")
    world.step()
    assert [each.format for each in seen] == ["mithaq-delivery/3"]
    state(world, 2, first=5)
    world.step()
    assert [each.manifest is not None for each in seen] == [True, False]
    world.reopen("JO")  # it forgets what the partner is known to hold
    world.jo.step()
    assert [each.manifest is not None for each in seen] == [True, False, True]


def keep(world: Rooted, party: str) -> Path:
    """A backup of a home."""
    home = world.rehearsal.nations[party].home
    getattr(world, party.lower()).close()
    backup = home.path.with_name("backup")
    shutil.copytree(home.path, backup)
    world.open(party)
    return backup


def restore(world: Rooted, party: str, backup: Path) -> None:
    """The home as it was, but for the keys and the watermark, which are kept elsewhere."""
    home = world.rehearsal.nations[party].home
    getattr(world, party.lower()).close()
    for part in home.path.glob("node.db-*"):
        part.unlink()
    shutil.copytree(backup, home.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("keys.json", "watermark"))
    world.open(party)


def test_a_partner_that_was_restored_to_before_the_manifest_learns_it_again(world: Rooted) -> None:
    state(world, 2)
    world.step()
    backup = keep(world, "SA")
    world.rotate("JO")
    state(world, 4, first=10)
    world.settle()
    restore(world, "SA", backup)
    assert serial(world, "SA", "JO") == 1
    state(world, 1, first=20)
    world.jo.deliver("SA")  # it is turned away in the middle, and asks again with the manifest
    assert serial(world, "SA", "JO") == 2
    world.settle()
    world.assert_sound()


def test_the_cards_at_home_and_at_the_partner_are_kept_up_to_date(world: Rooted) -> None:
    world.rotate("JO")
    world.settle()
    homes = {party: nation.home for party, nation in world.rehearsal.nations.items()}
    shown = {homes["JO"].card.read_bytes(), homes["SA"].partner("JO").read_bytes()}
    assert shown == {canonical.encode(root_card(world.jo.rings.own))}


def test_a_node_whose_store_was_restored_takes_back_what_it_signed_with_older_and_newer_keys(world: Rooted) -> None:
    state(world, 2)
    world.step()
    backup = keep(world, "JO")
    world.rotate("JO")
    state(world, 4, first=10)
    world.settle()
    card = world.rehearsal.nations["JO"].home.card.read_bytes()
    shutil.copy(world.rehearsal.nations["JO"].home.card, backup / "card.json")
    restore(world, "JO", backup)
    assert world.rehearsal.nations["JO"].home.card.read_bytes() == card
    assert serial(world, "JO", "JO") == 2  # the newest manifest is on its own card
    state(world, 1, first=20)
    world.settle()
    world.assert_sound()


def test_a_node_that_does_not_know_how_far_it_had_come_numbers_its_manifest_later(world: Rooted) -> None:
    state(world, 2)
    world.step()
    world.jo.do("node.restored", {}, who=HOME).result()
    world.wire.leave("SA")
    world.rotate("JO")
    with world.jo.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 2
    world.reopen("JO")
    world.wire.join("SA", world.sa.receive)
    world.settle()
    with world.sa.store.read() as tx:
        assert tx.links.edge("JO>SA").size == 3
    assert serial(world, "SA", "JO") == 2
    world.assert_sound()


def test_a_partner_learns_new_keys_from_a_receipt_where_it_is_never_reached(world: Rooted) -> None:
    """SA cannot call JO: only JO calls SA, and has to believe receipts under keys it has not seen."""
    state(world, 2)
    world.step()
    world.wire.leave("JO")
    world.rotate("SA")
    state(world, 2, first=10)
    world.jo.step()
    assert serial(world, "JO", "SA") == 2
    assert statuses(world, "JO")["JO>SA"].waiting == 0
    assert files(world, "JO") == []


def test_a_key_that_is_listed_ahead_is_used_when_its_time_comes(world: Rooted) -> None:
    custodians, at = world.custodians["JO"], world.clock.now()
    first, later = custodians.now.signing[0], at + timedelta(days=10)
    ahead = SigningKey(world.keys("JO").make_signing(), later, later + DAYS)
    world.jo.install(custodians.next(signing=(replace(first, until=later), ahead), expires=later + DAYS))
    state(world, 2)
    world.settle()
    assert is_signed_with(note(world, "SA", "JO>SA"), first.keys)
    world.clock_on(11 * 86400)
    world.jo.step()
    assert is_signed_with(note(world, "JO", "JO>SA"), ahead.keys)
    state(world, 1, first=10)
    world.step()
    assert is_signed_with(note(world, "SA", "JO>SA"), ahead.keys)
    world.assert_sound()
    world.reopen("JO")
    assert world.jo.card.signing == ahead.keys


def test_a_key_past_its_time_is_taken_in_its_grace_and_not_after(tmp_path: Path) -> None:
    with rooted_nations(tmp_path, grace="P14D") as world:
        state(world)
        world.step()
        world.clock_on(366 * 86400)
        state(world, 1, first=5)
        world.step()
        link = statuses(world, "SA")["JO>SA"]
        assert (link.size, link.problem) == (
            2,
            "the key manifest of JO has expired; its grace ends 2027-12-04T12:00:00Z",
        )
        metrics = world.sa.metrics.text().decode()  # type: ignore[attr-defined]
        assert 'signed_in_grace_total{partner="JO"}' in metrics
        world.clock_on(14 * 86400)
        sealed = delivery(world, world.keys("JO"))
        with pytest.raises(Untrusted) as turned:
            world.sa.receive(sealed)
        assert turned.value.code == "expired"
        assert files(world, "SA")[0]["code"] == "expired"
        state(world, 1, first=9)
        with pytest.raises(Unavailable, match="its grace ended"):
            world.jo.deliver("SA")  # we know it ourselves, and do not even try
        world.rotate("JO")
        with pytest.raises(Unavailable, match="no sealing key of SA"):
            world.jo.deliver("SA")  # nor is anything sealed to a key that its owner has given up


def test_a_new_manifest_ends_the_grace(world: Rooted) -> None:
    state(world)
    world.step()
    world.clock_on(366 * 86400)
    for party in ("JO", "SA"):
        world.rotate(party)
    state(world, 1, first=5)
    world.settle()
    assert statuses(world, "SA")["JO>SA"].problem == ""
    world.assert_sound()


def test_a_partner_with_a_card_of_the_first_format_sees_no_change(tmp_path: Path) -> None:
    with rooted_nations(tmp_path, rooted=("SA",)) as world:
        seen = crossing(world)
        state(world, 3, "JO")
        state(world, 3, "SA")
        world.step()
        world.rotate("SA")
        state(world, 3, "JO", first=10)
        state(world, 3, "SA", first=10)
        world.settle()
        assert {each.format for each in seen if each.holds is None} == {"mithaq-delivery/2"}
        assert all(each.manifest is None for each in seen)
        with pytest.raises(NotAllowed, match="no root"):
            world.jo.install(b"{}")
        world.assert_sound()


def test_a_partner_that_pinned_our_keys_reads_no_manifest(tmp_path: Path) -> None:
    """It has our card of format 1: it goes on as long as the keys on it sign, and keeps what it does not understand."""
    with rooted_nations(tmp_path) as world:
        home = world.rehearsal.nations["SA"].home
        pin(home, world.jo.card)
        world.reopen("SA")
        state(world, 2)
        world.step()
        world.jo.install(world.custodians["JO"].next(names={"en": "Jordan again"}))
        state(world, 2, first=10)
        world.settle()
        with world.jo.store.read() as tx:
            codes = [each.code for each in tx.links.page("JO>SA")]
        assert codes == ["", "", "not_understood", "", ""]
        assert serial(world, "SA", "JO") == 0
        world.assert_sound()


def test_keys_change_under_couriers_that_deliver_all_the_time(tmp_path: Path) -> None:
    with rooted_nations(tmp_path, clock=SystemClock()) as world:
        found = rotate_in_flight(world, 300)
        assert found["released"] == found["received"] == 600 + 4
        assert (found["lost"], found["duplicates"], found["out_of_order"], found["logs_verified"]) == (0, 0, 0, 4)
        assert serial(world, "SA", "JO") == serial(world, "JO", "SA") == 3
        assert files(world, "SA") == files(world, "JO") == []


def pin(home: Home, card: Card) -> None:
    """Trust this card of the first format in this home."""
    config = read_config(home)
    settings = PartnerSettings(config.partners[card.party].url, fingerprint(card))
    write_config(home, replace(config, partners={**config.partners, card.party: settings}))
    write_private(home.partner(card.party), canonical.encode(card))
