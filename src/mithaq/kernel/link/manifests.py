"""The key manifests and revocations that a node keeps, its own and its partners', as signed statements.

They stand on the shelf of statements: manifests as the chain ``keys/JO`` by serial, revocations as ``revocations/JO``
counted up. So a node that starts knows what it knew, and an auditor finds every manifest that was ever taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mithaq.errors import Untrusted
from mithaq.kernel.manifest import Revocation, newer, read_manifest
from mithaq.kernel.party import Identity, renewed
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Filed
from mithaq.kernel.statement import payload
from mithaq.kernel.values import digest

KIND = "keys/1"
OWED = "manifest-owed/"


def newest(tx: Transaction, known: Identity, at: datetime | None = None) -> Identity:
    """What a nation is known by after all that this node keeps of it. What another root signed counts for nothing."""
    if known.root is None:
        return known
    party = known.party
    manifests = tx.statements.of(f"keys/{party}")
    offered = [manifests[-1].envelope.decode()] if manifests else []
    revocations = [each.envelope.decode() for each in tx.statements.of(f"revocations/{party}")]
    try:
        return renewed(known, offered[0] if offered else None, revocations, at=at)
    except Untrusted:
        return known  # its card was pinned anew, with another root


def unfiled(
    tx: Transaction, known: Identity, manifest: str | None, revocations: Iterable[str], at: datetime
) -> list[Filed]:
    """What of these is not kept yet, to be kept. They are verified: the caller has asked ``renewed``.

    Untrusted (``equivocation``) if another manifest is kept under this serial, be it newer or older than the newest.
    """
    if known.root is None:
        return []
    found, party = [], known.party
    if manifest is not None:
        offered = read_manifest(manifest.encode(), known.root)
        kept = tx.statements.get(f"keys/{party}", party, offered.serial)
        if kept is None:
            found.append(_filed("keys", "manifest", party, offered.serial, offered.digest, manifest, at))
        else:
            newer(read_manifest(kept.envelope, known.root), offered)
    filed = tx.statements.of(f"revocations/{party}")
    texts = {each.digest for each in filed}
    for text in revocations:
        name = digest(text.encode())
        if name not in texts:
            texts.add(name)
            found.append(_filed("revocations", "revocation", party, len(texts), name, text, at))
    return found


def file(tx: Transaction, known: Identity, manifest: str | None, revocations: Iterable[str], at: datetime) -> None:
    """Keep what of these is not kept yet."""
    for each in unfiled(tx, known, manifest, revocations, at):
        tx.statements.add(each)


def held_against(tx: Transaction, known: Identity, manifest: str) -> tuple[str, ...]:
    """The manifest that is kept, or was on the card, under the serial of this one: evidence beside it."""
    if known.root is None:
        return ()
    serial = read_manifest(manifest.encode(), known.root).serial
    kept = tx.statements.get(f"keys/{known.party}", known.party, serial)
    return (kept.envelope.decode() if kept is not None else known.manifest,)


def is_owed(tx: Transaction, party: str) -> bool:
    """Whether our manifest is still to be numbered for this partner: it was not sure how far we had come."""
    return tx.memos.get(f"{OWED}{party}") is not None


def owe(tx: Transaction, party: str, owed: bool = True) -> None:
    tx.memos.put(f"{OWED}{party}", "yes" if owed else None)


def link_of(revocation: str) -> str:
    """The link that a revocation speaks of."""
    return payload("revocation", revocation.encode(), Revocation).link


def _filed(shelf: str, says: str, party: str, number: int, name: str, text: str, at: datetime) -> Filed:
    return Filed(f"{shelf}/{party}", party, number, KIND, says, name, text.encode(), at)
