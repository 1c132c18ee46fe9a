"""Signatures are hybrid or nothing; seals open for their receiver, unchanged, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mithaq.adapters.keystore.file import KeyFile
from mithaq.errors import BadInput, MithaqError, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import verify
from mithaq.kernel.party import Card, fingerprint, read_card
from mithaq.kernel.seal import seal, unseal
from mithaq.kernel.statement import Envelope, Statement, sign, signatories, verified
from tests.examples import examples

JO, SA = KeyFile.generate(), KeyFile.generate()
DIGEST = "sha256:" + "ab" * 32


def statement(party: str = "JO") -> Statement:
    return Statement(says="sign", subject=DIGEST, title="t", party=party, at=datetime(2026, 1, 1, tzinfo=UTC))


def card(keys: KeyFile, party: str = "JO") -> Card:
    return Card(party=party, names={"en": party}, signing=keys.signing, sealing=keys.sealing, certificate="")


def test_both_halves_verify() -> None:
    verify(JO.signing, b"message", JO.sign(b"message"))


@pytest.mark.parametrize("kept", [0, 1])
def test_half_a_signature_is_a_downgrade_and_refused(kept: int) -> None:
    with pytest.raises(Untrusted):
        verify(JO.signing, b"message", JO.sign(b"message")[kept : kept + 1])


def test_another_message_or_key_is_refused() -> None:
    with pytest.raises(Untrusted):
        verify(JO.signing, b"other", JO.sign(b"message"))
    with pytest.raises(Untrusted):
        verify(SA.signing, b"message", JO.sign(b"message"))


@pytest.mark.parametrize("half", [0, 1])
def test_one_changed_bit_in_either_half_is_found(half: int) -> None:
    marks = list(JO.sign(b"message"))
    value = bytearray(marks[half].value)
    value[10] ^= 1
    marks[half] = msgspec.structs.replace(marks[half], value=bytes(value))
    with pytest.raises(Untrusted):
        verify(JO.signing, b"message", marks)


@examples(25)
@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_for_its_receiver(plaintext: bytes) -> None:
    assert unseal(seal(plaintext, sender="JO", receiver="SA", public=SA.sealing), SA, me="SA") == ("JO", plaintext)


def test_what_was_sealed_to_an_older_key_still_opens() -> None:
    keys = KeyFile.generate()
    older = seal(b"x", sender="JO", receiver="SA", public=keys.sealing)
    newer = seal(b"y", sender="JO", receiver="SA", public=keys.make_sealing())
    assert [unseal(each, keys, me="SA")[1] for each in (older, newer)] == [b"x", b"y"]


def test_a_seal_opens_for_nobody_else_and_not_under_another_header() -> None:
    sealed = seal(b"x", sender="JO", receiver="SA", public=SA.sealing)
    for changed, opener, me in (
        (sealed, JO, "SA"),
        (sealed, SA, "JO"),
        (sealed.replace(b'"from":"JO"', b'"from":"EG"', 1), SA, "SA"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), SA, "SA"),
        (sealed[:300], SA, "SA"),
        (b"", SA, "SA"),
        (b"{}\nx", SA, "SA"),
        (b"x" * 600, SA, "SA"),
    ):
        with pytest.raises(MithaqError):
            unseal(changed, opener, me=me)


def test_an_envelope_gives_back_what_was_signed_and_only_as_its_type() -> None:
    data = sign("statement", statement(), JO)
    assert verified("statement", data, Statement, JO.signing) == statement()
    for name, keys in (("receipt", JO.signing), ("statement", SA.signing)):
        with pytest.raises(MithaqError):
            verified(name, data, Statement, keys)


def test_an_envelope_whose_payload_was_exchanged_is_refused() -> None:
    envelope = canonical.read(sign("statement", statement(), JO), Envelope)
    other = msgspec.structs.replace(envelope, payload=canonical.encode(statement("SA")))
    with pytest.raises(Untrusted):
        verified("statement", canonical.encode(other), Statement, JO.signing)


def test_signatories_are_those_who_signed_exactly_this() -> None:
    known = {"JO": [JO.signing], "SA": [KeyFile.generate().signing, SA.signing]}
    both = [sign("statement", statement(), JO), sign("statement", statement("SA"), SA)]
    assert signatories(DIGEST, both, known) == {"JO", "SA"}
    with pytest.raises(Untrusted):
        signatories("sha256:" + "00" * 32, both, known)
    with pytest.raises(Untrusted):  # signed in the name of another
        signatories(DIGEST, [sign("statement", statement("SA"), JO)], known)
    with pytest.raises(Untrusted):
        signatories(DIGEST, both, {"JO": [JO.signing]})


def test_a_card_is_trusted_by_its_fingerprint_alone() -> None:
    ours, data = card(JO), canonical.encode(card(JO))
    assert read_card(data, fingerprint(ours)) == ours
    with pytest.raises(Untrusted):
        read_card(data, fingerprint(card(SA)))
    for broken in (
        b"{}",
        b"[]",
        data[:-5],
        data.replace(b'"ml-dsa-65"', b'"rsa"'),
        data.replace(b'"sealing":"', b'"sealing":"AA'),
    ):
        with pytest.raises((BadInput, Untrusted)):
            read_card(broken)
