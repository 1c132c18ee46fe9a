"""What a key proves: to whoever takes something new at a moment, and to an auditor of what was taken before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.errors import Unavailable
from mithaq.kernel.keyring import Keyring, of_manifest, of_pinned
from mithaq.kernel.manifest import Official, Revocation, SealingKey, SigningKey
from mithaq.kernel.party import Card
from tests.rooted import DAYS, Custodians
from tests.worlds import START

FIRST, SECOND, OFFICIAL = KeyFile.generate(), KeyFile.generate(), KeyFile.generate()
CARD = Card(party="JO", names={"en": "Jordan"}, signing=FIRST.signing, sealing=FIRST.sealing, certificate="PEM")
CHANGE, END, GRACE = START + timedelta(days=100), START + timedelta(days=300), timedelta(days=14)
MANIFEST = replace(
    Custodians(CARD).now,
    expires=END,
    signing=(SigningKey(FIRST.signing, START, CHANGE), SigningKey(SECOND.signing, CHANGE, END)),
    sealing=(SealingKey(FIRST.sealing, START, CHANGE), SealingKey(SECOND.sealing, CHANGE, END)),
)
RING = of_manifest(MANIFEST)


def revoked(upto: dict[str, int]) -> Keyring:
    lost = replace(MANIFEST.signing[0], revoked=CHANGE)
    told = [Revocation(party="JO", key=lost.id, link=link, upto=size, at=CHANGE) for link, size in upto.items()]
    return of_manifest(replace(MANIFEST, signing=(lost, MANIFEST.signing[1])), told)


def test_each_key_is_used_in_its_time() -> None:
    before = CHANGE - timedelta(seconds=1)
    assert RING.signing_now(START).keys == RING.signing_now(before).keys == FIRST.signing
    assert RING.signing_now(CHANGE).keys == SECOND.signing
    assert (RING.sealing_now(before), RING.sealing_now(CHANGE)) == (FIRST.sealing, SECOND.sealing)


def test_of_two_keys_for_one_time_the_last_listed_is_used() -> None:
    same = replace(MANIFEST, signing=(SigningKey(FIRST.signing, START, END), SigningKey(SECOND.signing, START, END)))
    assert of_manifest(same).signing_now(START).keys == SECOND.signing


def test_an_old_key_stands_in_its_grace_and_not_after() -> None:
    assert RING.standing(FIRST.signing, CHANGE - timedelta(seconds=1)) == "good"
    assert RING.standing(FIRST.signing, CHANGE) == "grace"
    assert RING.standing(FIRST.signing, CHANGE + GRACE) == "expired"
    assert RING.standing(OFFICIAL.signing, CHANGE) == "unknown"
    assert RING.receipt(CHANGE) == (FIRST.signing, SECOND.signing)
    assert RING.receipt(CHANGE + GRACE) == (SECOND.signing,)
    assert RING.checkpoint("JO>SA", 9, CHANGE + GRACE) == (SECOND.signing,)


def test_a_manifest_that_has_expired_ends_every_key_after_its_grace() -> None:
    long = of_manifest(replace(MANIFEST, signing=(SigningKey(FIRST.signing, START, END + DAYS),)))
    assert long.standing(FIRST.signing, END) == "grace"
    assert long.standing(FIRST.signing, END + GRACE) == "expired"
    assert long.warning(END) == "the key manifest of JO has expired; its grace ends 2027-09-30T12:00:00Z"
    for ask in (long.signing_now, long.sealing_now):
        with pytest.raises(Unavailable):
            ask(END + GRACE)
    assert long.in_grace(END)
    assert long.warning(START) == ""


def test_an_auditor_asks_for_no_time() -> None:
    assert RING.receipt() == RING.checkpoint("JO>SA", 9) == (FIRST.signing, SECOND.signing)


def test_a_key_whose_time_has_not_come_is_taken_because_clocks_differ() -> None:
    assert RING.standing(SECOND.signing, CHANGE - timedelta(seconds=5)) == "good"


def test_a_revoked_key_proves_what_was_before_its_last_trusted_position_and_signs_nothing_new() -> None:
    ring = revoked({"JO>SA": 7})
    assert FIRST.signing in ring.checkpoint("JO>SA", 7)
    assert FIRST.signing not in ring.checkpoint("JO>SA", 8)
    assert FIRST.signing not in ring.checkpoint("JO>EG", 1)  # of that link nothing was said
    assert FIRST.signing not in ring.checkpoint("JO>SA", 7, START)
    assert ring.standing(FIRST.signing, START) == "revoked"
    assert FIRST.signing in ring.receipt()  # what it answered when it was good
    assert FIRST.signing not in ring.receipt(START)


def test_of_two_revocations_the_lesser_position_holds() -> None:
    lost = replace(MANIFEST.signing[0], revoked=CHANGE)
    told = [Revocation(party="JO", key=lost.id, link="JO>SA", upto=upto, at=CHANGE) for upto in (5, 3, 9)]
    ring = of_manifest(replace(MANIFEST, signing=(lost, MANIFEST.signing[1])), told)
    assert FIRST.signing in ring.checkpoint("JO>SA", 3)
    assert FIRST.signing not in ring.checkpoint("JO>SA", 4)


def test_officials_speak_where_there_are_some_and_the_node_where_there_are_none() -> None:
    official = Official("signatory", OFFICIAL.signing, START, CHANGE)
    ring = of_manifest(replace(MANIFEST, officials=(official,), quorums={"signatory": 1}))
    assert ring.speakers("signatory", START) == ((OFFICIAL.signing,), 1)
    assert ring.speakers("signatory", CHANGE) == ((), 1)
    assert RING.speakers("signatory", START) == (RING.receipt(START), 1)


def test_keys_that_were_pinned_are_for_ever() -> None:
    ring = of_pinned("JO", FIRST.signing, FIRST.sealing)
    for at in (START, START + 1000 * DAYS):
        assert ring.standing(FIRST.signing, at) == "good"
        assert (ring.signing_now(at).keys, ring.sealing_now(at), ring.warning(at)) == (FIRST.signing, FIRST.sealing, "")
    assert ring.serial == 0
