"""A node as the witness of the links that it receives: it holds the log, and cosigns a head of what it holds whole.

What is cosigned is durable in the same transaction in which it was checked, before any answer: never two roots for one
size, never back. After a restore the node does not know how far it had cosigned. Until the sender has shown the newest
checkpoint that we cosigned, or a person has said so, it cosigns nothing of that link.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from mithaq.errors import MithaqError, Untrusted
from mithaq.kernel.link.log.checkpoint import Checkpoint, read_checkpoint
from mithaq.kernel.link.log.note import NoteSignature
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.log.tree import root
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import ends
from mithaq.kernel.witness import kept
from mithaq.kernel.witness.cosignature import Cosigner, VerifierKey, cosignatures, cosigned_by


def cosign(tx: Transaction, link: str, note: str, cosigner: Cosigner, at: datetime) -> tuple[NoteSignature, ...]:
    """Our lines for a checkpoint that was just taken; none where it is not the head of the log that we hold."""
    found, _ = read_checkpoint(note)
    edge = tx.links.edge(link)
    if is_unsure(tx, link) or (found.size, found.root) != (edge.size, root(edge)) or not found.size:
        return ()
    before = cosigned(tx, link)
    if before is not None and (found.size < before.size or (found.size == before.size and found.root != before.root)):
        return ()
    again = _again(tx, link, found, cosigner.keys)
    if again:
        return again
    tx.memos.put(_memo(link), _write(found))
    lines = cosigner.cosign(found, int(at.timestamp()))
    kept.keep(tx, link, note, lines)
    return lines


def cosigned(tx: Transaction, link: str) -> Checkpoint | None:
    """The newest head of a link that we have cosigned."""
    memo = tx.memos.get(_memo(link))
    if memo is None:
        return None
    size, _, encoded = memo.partition(" ")
    sender, receiver = ends(link)
    return Checkpoint(f"mithaq/{sender}/{receiver}", int(size), base64.b64decode(encoded))


def is_unsure(tx: Transaction, link: str) -> bool:
    return tx.memos.get(f"cosign-unsure/{link}") is not None


def unsure(tx: Transaction, link: str) -> None:
    """The store was set back: what we cosigned after that is not known here."""
    tx.memos.put(f"cosign-unsure/{link}", "restored")


def sure(tx: Transaction, link: str) -> None:
    tx.memos.put(f"cosign-unsure/{link}", None)


def accept(tx: Transaction, link: str, note: str, lines: Sequence[NoteSignature], keys: Sequence[VerifierKey]) -> None:
    """As the sender: keep the partner's cosignatures of our checkpoint. Untrusted if they do not hold."""
    found, signed = read_checkpoint(note)
    whole = type(signed)(signed.text, tuple(lines))
    if not cosigned_by(cosignatures(found, whole, keys), {"it": keys}):
        raise Untrusted("cosignature", f"no cosignature of {link} by both keys of its receiver")
    kept.keep(tx, link, note, lines)


def take_up(tx: Transaction, link: str, shown: str, keys: Sequence[VerifierKey]) -> None:
    """Learn again from the sender what we had cosigned: ``shown`` is the newest that it has with our cosignature.

    Nothing is believed but our own signatures. Untrusted (``fork``) if it is of another log than the one held here.
    """
    if not is_unsure(tx, link):
        return
    try:
        found, signed = read_checkpoint(shown)
        ours = cosigned_by(cosignatures(found, signed, keys), {"us": keys})
    except MithaqError:
        return
    edge = tx.links.edge(link)
    sender, receiver = ends(link)
    if not ours or found.origin != f"mithaq/{sender}/{receiver}" or found.size > edge.size:
        return  # until our log has come that far again
    tree = Tree(edge, lambda level, index: tx.links.tile(link, level, index))
    if tree.root(found.size) != found.root:
        raise Untrusted("fork", f"we cosigned another log of {link} at size {found.size}")
    before = cosigned(tx, link)
    if before is None or before.size < found.size:
        tx.memos.put(_memo(link), _write(found))
    sure(tx, link)


def _again(tx: Transaction, link: str, found: Checkpoint, keys: Sequence[VerifierKey]) -> tuple[NoteSignature, ...]:
    """The lines that we gave for this very head before."""
    ours = {(key.name, key.id) for key in keys}
    for each in kept.notes(tx, link):
        if each.checkpoint == found:
            lines = tuple(line for line in each.note.signatures if (line.name, line.key) in ours)
            return lines if len(lines) == len(ours) else ()
    return ()


def _write(found: Checkpoint) -> str:
    return f"{found.size} {base64.b64encode(found.root).decode()}"


def _memo(link: str) -> str:
    return f"cosigned/{link}"
