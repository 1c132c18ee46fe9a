"""The witness card: a nation's signed word on the keys with which its node cosigns.

It is an envelope of the node's own keys (both halves), not a field of a manifest: so a nation begins to witness without
its custodians, and a partner of an earlier version, which would refuse a manifest with a field that it does not know,
never sees one. It crosses in receipts, and is filed as the chain ``witness/SA`` by serial.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from mithaq.errors import Invalid, Untrusted
from mithaq.kernel import canonical
from mithaq.kernel.keys import VerifyKeys, key_id
from mithaq.kernel.ports import Signer, Transaction
from mithaq.kernel.shelves import Filed
from mithaq.kernel.statement import Envelope, payload, sign, verified_any
from mithaq.kernel.values import Count, Instant, PartyId
from mithaq.kernel.witness.cosignature import COSIGN_ED25519, COSIGN_ML_DSA_44, VerifierKey, read_vkey

KIND = "witness/1"
VKey = Annotated[str, Meta(max_length=2400, description="a C2SP verifier key")]


class WitnessCard(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys with which a nation's node cosigns from now on; the greatest ``serial`` replaces every other."""

    format: Literal["mithaq-witness/1"] = "mithaq-witness/1"
    party: PartyId
    serial: Count
    keys: Annotated[tuple[VKey, ...], Meta(min_length=2, max_length=2)]
    at: Instant


def witness_name(party: str) -> str:
    """The key name of a nation's witness.

    >>> witness_name("SA")
    'mithaq/SA/witness'
    """
    return f"mithaq/{party}/witness"


def read_witness_card(envelope: bytes, sets: Iterable[VerifyKeys]) -> WitnessCard:
    """The card in this envelope, signed by its nation's node with one of these pairs; else Untrusted."""
    found = verified_any("witness", envelope, WitnessCard, sets)
    keys = [read_vkey(each) for each in found.keys]
    if [key.type for key in keys] != [COSIGN_ED25519, COSIGN_ML_DSA_44]:
        raise Invalid("witness", "a witness has an Ed25519 and an ML-DSA-44 key", where="$.keys")
    if any(key.name != witness_name(found.party) for key in keys):
        raise Untrusted("witness", f"witness keys of {found.party} under another name")
    return found


def file(tx: Transaction, envelope: bytes, party: str, sets: Iterable[VerifyKeys], at: datetime) -> None:
    """Keep a partner's card if it is newer. Untrusted (``equivocation``) if another is kept under its serial."""
    found = read_witness_card(envelope, sets)
    if found.party != party:
        raise Untrusted("witness", f"{party} shows the witness card of {found.party}")
    kept = tx.statements.get(_shelf(party), party, found.serial)
    if kept is None:
        tx.statements.add(_filed(party, found.serial, envelope, at))
    elif kept.digest != canonical.digest_of(found):
        raise Untrusted("equivocation", f"{party} signed two witness cards number {found.serial}")


def own(
    tx: Transaction, party: str, keys: Sequence[VerifierKey], good: Iterable[VerifyKeys], signer: Signer, at: datetime
) -> bytes:
    """Our newest card, as it was signed. A new one is signed where the last names other keys, or where none of the
    pairs that are ``good`` at this moment signed it."""
    envelope, vkeys = newest_envelope(tx, party), tuple(key.text for key in keys)
    serial = 0
    if envelope is not None:
        held = payload("witness", envelope, WitnessCard)
        serial = held.serial
        named = {mark.keyid for mark in canonical.read(envelope, Envelope).signatures}
        if held.keys == vkeys and any({key_id(*each) for each in pair.items()} <= named for pair in good):
            return envelope
    card = WitnessCard(party=party, serial=serial + 1, keys=vkeys, at=at)
    made = sign("witness", card, signer)
    tx.statements.add(_filed(party, card.serial, made, at))
    return made


def newest(tx: Transaction, party: str) -> WitnessCard | None:
    """The newest card kept of a nation, verified when it was filed."""
    envelope = newest_envelope(tx, party)
    return payload("witness", envelope, WitnessCard) if envelope is not None else None


def newest_envelope(tx: Transaction, party: str) -> bytes | None:
    held = tx.statements.of(_shelf(party))
    return held[-1].envelope if held else None


def keys_of(tx: Transaction, party: str) -> tuple[VerifierKey, ...]:
    """The keys with which a nation's node cosigns, as far as is known here."""
    found = newest(tx, party)
    return tuple(map(read_vkey, found.keys)) if found is not None else ()


def _shelf(party: str) -> str:
    return f"witness/{party}"


def _filed(party: str, serial: int, envelope: bytes, at: datetime) -> Filed:
    name = canonical.digest_of(payload("witness", envelope, WitnessCard))
    return Filed(_shelf(party), party, serial, KIND, "witness", name, envelope, at)
