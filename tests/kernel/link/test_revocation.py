"""Keys that are revoked, and manifests that must not be believed: a thief or a false root gets nothing taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.assembly import load_keys
from mithaq.errors import Clash, NotFound, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.manifest import SigningKey
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import seal
from tests.kernel.link.rotating import crossing, delivery, files, note, serial, state
from tests.rooted import DAYS, Rooted, rooted_nations


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rooted]:
    with rooted_nations(tmp_path) as found:
        yield found


def test_a_thief_of_a_revoked_key_is_turned_away_and_what_was_signed_before_stays_proved(world: Rooted) -> None:
    state(world, 3)
    world.step()
    thief = load_keys(world.rehearsal.nations["JO"].home)
    assert world.sa.receive(delivery(world, thief)).outcome == "settled"  # nobody knows yet
    manifest, revocation = world.custodians["JO"].revoking(world.keys("JO"), "JO>SA", 3, at=world.clock.now())
    world.jo.install(manifest, [revocation])
    world.settle()
    for size in (3, 4):
        with pytest.raises(Untrusted) as turned:
            world.sa.receive(delivery(world, thief, size=size))
        assert turned.value.code == "revoked"
    assert {each["code"] for each in files(world, "SA")} == {"revoked"}
    assert all(each.verified for each in world.sa.ask("link.verify", {}, who=HOME))
    assert all(each.verified for each in world.jo.ask("link.verify", {}, who=HOME))
    world.assert_sound()


def test_the_auditor_does_not_believe_a_revoked_key_beyond_its_last_trusted_position(world: Rooted) -> None:
    for turn in range(3):
        state(world, 2, first=10 * turn)
        world.step()
    manifest, revocation = world.custodians["JO"].revoking(world.keys("JO"), "JO>SA", 4, at=world.clock.now())
    world.jo.install(manifest, [revocation])
    world.settle()
    [report] = [each for each in world.sa.ask("link.verify", {}, who=HOME) if each.link == "JO>SA"]
    assert [each.where for each in report.findings] == ["JO>SA at 6"]  # 2 and 4 are proved, and what came after by 7
    with world.sa.store.read() as tx:
        assert [each.says for each in tx.statements.of("revocations/JO")] == ["revocation"]


def test_a_revocation_is_told_to_the_partner_it_concerns_alone(world: Rooted) -> None:
    state(world)
    world.step()
    manifest, revocation = world.custodians["JO"].revoking(world.keys("JO"), "JO>EG", 1, at=world.clock.now())
    seen = crossing(world)
    world.jo.install(manifest, [revocation])
    world.settle()
    assert all(each.revocations == () for each in seen)
    with world.sa.store.read() as tx:
        assert tx.statements.of("revocations/JO") == []
        assert tx.links.edge("JO>SA").size == 2


def test_fewer_signatures_than_the_root_asks_for_are_refused(world: Rooted) -> None:
    custodians = world.custodians["JO"]
    following = replace(custodians.now, serial=2)
    stranger = KeyFile.generate()
    for by in ([custodians.keys[0]], [custodians.keys[0], stranger], [stranger, KeyFile.generate()]):
        with pytest.raises(Untrusted):
            world.jo.install(custodians.signed(following, by))
    assert serial(world, "JO", "JO") == 1
    world.jo.install(custodians.signed(following, [stranger, custodians.keys[2], custodians.keys[0]]))
    world.settle()
    assert serial(world, "SA", "JO") == 2  # a signature by a foreign key harms nothing and counts for nothing


def test_a_manifest_that_cannot_be_used_changes_nothing(world: Rooted) -> None:
    custodians, at = world.custodians["JO"], world.clock.now()
    first, elsewhere = custodians.now, SigningKey(KeyFile.generate().signing, at, at + 2 * DAYS)
    state(world)
    with pytest.raises(NotFound):
        world.jo.install(custodians.next(signing=(*first.signing, elsewhere)))
    with pytest.raises(Clash):
        world.jo.install(custodians.signed(first))
    assert serial(world, "JO", "JO") == 1
    state(world, 1, first=5)
    world.settle()
    world.assert_sound()
    assert serial(world, "SA", "JO") == 1


@pytest.mark.parametrize("way", ["delivery", "message"])
def test_a_root_that_signs_two_manifests_under_one_serial_leaves_evidence(world: Rooted, way: str) -> None:
    state(world)
    world.step()
    custodians = world.custodians["JO"]
    one = replace(custodians.now, serial=2, names={"en": "one"})
    two = replace(custodians.now, serial=2, names={"en": "two"})
    world.jo.install(custodians.signed(one))
    if way == "delivery":
        world.settle()
        asked = Delivery(
            format="mithaq-delivery/3",
            sender="JO",
            receiver="SA",
            checkpoint=note(world, "JO", "JO>SA"),
            manifest=custodians.signed(two).decode(),
        )
        sealed = seal(canonical.encode(asked), sender="JO", receiver="SA", public=world.sa.card.sealing)
        with pytest.raises(Untrusted) as turned:
            world.sa.receive(sealed)
        assert turned.value.code == "equivocation"
    else:  # SA was shown the other one first
        with world.sa.store.read() as tx:
            assert tx.statements.of("keys/JO") == []
        asked = Delivery(
            format="mithaq-delivery/3",
            sender="JO",
            receiver="SA",
            checkpoint=note(world, "SA", "JO>SA"),
            manifest=custodians.signed(two).decode(),
        )
        sealed = seal(canonical.encode(asked), sender="JO", receiver="SA", public=world.sa.card.sealing)
        assert world.sa.receive(sealed).outcome == "settled"
        world.jo.step()
    kept = [each for each in files(world, "SA") if each["code"] == "equivocation"]
    assert kept
    assert all((each["kind"], each["partner"]) == ("signed", "JO") for each in kept)
