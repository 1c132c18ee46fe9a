"""Cosigned checkpoints as a node keeps them: for each link, the newest notes with whatever cosignatures they have.

One that is covered by a newer one of the same witnesses is forgotten: an append-only log proves it with the newer.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from mithaq.kernel.link.log.checkpoint import Checkpoint, read_checkpoint
from mithaq.kernel.link.log.note import MAX_SIGNATURES, NoteSignature, SignedNote, write_note
from mithaq.kernel.ports import Transaction
from mithaq.kernel.witness.cosignature import VerifierKey, cosignatures, cosigned_by

SORT = "cosigned"


class CosignedNote(Struct, frozen=True):
    """A checkpoint with the cosignatures that are kept of it."""

    checkpoint: Checkpoint
    note: SignedNote

    @property
    def text(self) -> str:
        return write_note(self.note)

    def times(self, witnesses: dict[str, tuple[VerifierKey, ...]]) -> dict[str, int]:
        """When each of these witnesses cosigned it, for those that did."""
        keys = [key for each in witnesses.values() for key in each]
        return cosigned_by(cosignatures(self.checkpoint, self.note, keys), witnesses)


def keep(tx: Transaction, link: str, note: str, lines: Iterable[NoteSignature]) -> None:
    """Keep verified cosignatures of a checkpoint of this link, beside those that it has."""
    found, signed = read_checkpoint(note)
    sort, id = f"{SORT}/{link}", f"{found.size:016d}"
    held = tx.papers.get(sort, id)
    own = signed.signatures if held is None else read_checkpoint(held.decode())[1].signatures
    new = tuple(lines)
    replaced = {(each.name, each.key) for each in new}
    left = tuple(each for each in own if (each.name, each.key) not in replaced)
    merged = SignedNote(signed.text, (*left, *new)[-MAX_SIGNATURES:])
    tx.papers.put(sort, id, write_note(merged).encode())
    _forget_covered(tx, link)


def notes(tx: Transaction, link: str) -> list[CosignedNote]:
    """All that are kept of a link, the smallest first."""
    found, after = [], ""
    while page := tx.papers.page(f"{SORT}/{link}", after=after):
        found += [CosignedNote(*read_checkpoint(content.decode())) for _, content in page]
        after = page[-1][0]
    return found


def _forget_covered(tx: Transaction, link: str) -> None:
    """Forget what a newer one covers that has at least the same cosignatures."""
    covered: list[set[tuple[str, bytes]]] = []
    for each in reversed(notes(tx, link)):
        origin = each.checkpoint.origin
        signed = {(line.name, line.key) for line in each.note.signatures if line.name != origin}
        if any(signed <= newer for newer in covered):
            tx.papers.remove(f"{SORT}/{link}", f"{each.checkpoint.size:016d}")
        covered.append(signed)
