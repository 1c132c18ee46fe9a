"""What an offline root signs: manifests and revocations, by as many of its keys as it needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.errors import BadInput, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.manifest import (
    Manifest,
    Official,
    Revocation,
    Root,
    SigningKey,
    check_manifest,
    check_root,
    newer,
    read_manifest,
    read_revocation,
    read_root,
)
from mithaq.kernel.party import Card, RootCard, fingerprint, read_card, read_identity, renewed
from mithaq.kernel.statement import sign
from tests.rooted import DAYS, Custodians
from tests.worlds import START

NODE = KeyFile.generate()
CARD = Card(party="JO", names={"en": "Jordan"}, signing=NODE.signing, sealing=NODE.sealing, certificate="PEM")
ROOT = Custodians(CARD)


def test_a_manifest_that_enough_custodians_signed_is_read() -> None:
    for by in (ROOT.keys, ROOT.keys[1:], [ROOT.keys[2], ROOT.keys[0]]):
        assert read_manifest(ROOT.signed(ROOT.now, by), ROOT.root) == ROOT.now


def test_fewer_signatures_than_needed_and_signatures_by_others_are_refused() -> None:
    one, stranger = ROOT.keys[0], KeyFile.generate()
    for by in ([one], [one, one], [one, stranger], [stranger, KeyFile.generate()]):
        with pytest.raises(Untrusted) as refused:
            read_manifest(ROOT.signed(ROOT.now, by), ROOT.root)
        assert refused.value.code == "quorum"


def test_half_a_signature_does_not_count() -> None:
    whole = canonical.read(ROOT.signed(ROOT.now), dict)
    for kept in (whole["signatures"][:3], whole["signatures"][1:]):
        with pytest.raises(Untrusted):
            read_manifest(canonical.encode({**whole, "signatures": kept}), ROOT.root)


def test_a_manifest_is_of_its_root_and_its_nation_alone() -> None:
    other = Custodians(CARD)
    with pytest.raises(Untrusted):
        read_manifest(ROOT.signed(ROOT.now), other.root)
    for change in ({"party": "SA"}, {"root": other.root.digest}):
        with pytest.raises(Untrusted):
            read_manifest(ROOT.signed(replace(ROOT.now, **change)), ROOT.root)
    with pytest.raises(BadInput):  # what was signed as something else is no manifest
        read_manifest(sign("statement", ROOT.now, ROOT.keys[0]), ROOT.root)


def double(found: Manifest) -> Manifest:
    return replace(found, officials=(Official("signatory", found.signing[0].keys, START, START + DAYS),))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: replace(m, expires=m.issued),
        lambda m: replace(m, signing=(replace(m.signing[0], until=m.signing[0].start),)),
        lambda m: replace(m, sealing=(replace(m.sealing[0], until=m.sealing[0].start),)),
        lambda m: replace(m, signing=m.signing * 2),
        lambda m: replace(m, signing=(SigningKey({"ed25519": b"x" * 32}, START, START + DAYS),)),
        lambda m: replace(m, quorums={"signatory": 1}),
        double,
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(change: Callable[[Manifest], Manifest]) -> None:
    with pytest.raises(BadInput):
        check_manifest(change(ROOT.now))


def test_a_root_has_usable_keys_that_are_all_different_and_can_sign() -> None:
    assert read_root(canonical.encode(ROOT.root)) == ROOT.root
    pair = ROOT.root.keys[0]
    for broken in (Root(party="JO", need=1, keys=(pair, pair)), Root(party="JO", need=2, keys=(pair,))):
        with pytest.raises(BadInput):
            check_root(broken)


def test_two_manifests_under_one_serial_are_an_equivocation() -> None:
    second = replace(ROOT.now, serial=2)
    assert newer(None, ROOT.now)
    assert newer(ROOT.now, second)
    assert not newer(second, ROOT.now)
    assert not newer(second, second)
    with pytest.raises(Untrusted) as found:
        newer(second, replace(second, names={"en": "other"}))
    assert found.value.code == "equivocation"


def test_a_root_revokes_on_its_own_links_alone() -> None:
    key = ROOT.now.signing[0].id
    good = Revocation(party="JO", key=key, link="JO>SA", upto=3, at=START)
    assert read_revocation(ROOT.signed(good), ROOT.root) == good
    for wrong in (replace(good, link="SA>JO"), replace(good, party="SA", link="SA>JO")):
        with pytest.raises(Untrusted):
            read_revocation(ROOT.signed(wrong), ROOT.root)


def test_a_card_of_format_2_is_read_as_the_card_of_its_keys() -> None:
    data = canonical.encode(ROOT.card)
    assert read_card(data, ROOT.root.digest) == CARD
    assert fingerprint(ROOT.card) == fingerprint(read_identity(data)) == ROOT.root.digest
    with pytest.raises(Untrusted):
        read_card(data, fingerprint(CARD))
    unsigned = RootCard(root=ROOT.root, manifest=ROOT.signed(ROOT.now, [ROOT.keys[0]]).decode())
    with pytest.raises(Untrusted):
        read_card(canonical.encode(unsigned))


def test_an_identity_is_renewed_by_newer_manifests_alone() -> None:
    known = read_identity(canonical.encode(ROOT.card))
    assert renewed(known, ROOT.signed(ROOT.now).decode(), at=START) is known
    third = replace(ROOT.now, serial=3, names={"en": "third"})
    found = renewed(known, ROOT.signed(third).decode(), at=START)
    assert (found.serial, found.card.name("en"), fingerprint(found)) == (3, "third", ROOT.root.digest)
    assert renewed(found, ROOT.signed(replace(ROOT.now, serial=2)).decode(), at=START) is found
    pinned = read_identity(canonical.encode(CARD))
    assert renewed(pinned, ROOT.signed(third).decode(), at=START + timedelta(days=1)) is pinned
