"""Recovering after a restore: a node that was set back takes from its partner what it signed and no longer holds.

Nothing may be numbered for a partner before that: the number could be one that was used, and two messages under one
number are what a dishonest node would sign. Until the partner was asked, releases are *deferred*.

What comes back are the entries and verdicts, not the contents: the partner holds redacted copies only, and the log
needs no more. That these were ours is proved by our own signature on the checkpoint that the partner shows.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from mithaq.errors import Unavailable, Untrusted
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.link.log.checkpoint import Checkpoint, origin, read_checkpoint, verify_checkpoint_any
from mithaq.kernel.link.log.tree import append, root
from mithaq.kernel.link.message import Receipt, Verdict
from mithaq.kernel.link.sequence import extend
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Edge, Message
from mithaq.kernel.values import ends

OWED = "recovery/owed/"
"""Before the name of a partner who is still to be told, in a signed statement, that we were set back."""


def is_unsure(tx: Transaction, party: str) -> bool:
    """Whether this node was restored and has not yet heard from this partner how far it had come."""
    return tx.memos.get(f"restored/{party}") is not None


def unsure(tx: Transaction, party: str, why: str) -> None:
    """Ask this partner before anything is numbered for it; once it has told, it is told in turn what we hold."""
    tx.memos.put(f"restored/{party}", why)
    tx.memos.put(f"{OWED}{party}", why)


def sure(tx: Transaction, party: str) -> None:
    if is_unsure(tx, party):
        tx.memos.put(f"restored/{party}", None)


def owes(tx: Transaction, party: str) -> bool:
    """Whether this partner is still to be told that we were set back."""
    return tx.memos.get(f"{OWED}{party}") is not None


def regained(tx: Transaction, link: str) -> list[tuple[int, int]]:
    """The numbers of a link that came back as entries since it was last said: first and last of each run."""
    told = tx.memos.get(f"regained/{link}") or ""
    if told:
        tx.memos.put(f"regained/{link}", None)
    runs = [(int(first), int(last)) for first, _, last in (each.partition("-") for each in told.split())]
    return runs[-100:]


def defer(tx: Transaction, party: str, subject: str, *, flash: bool, who: str = "") -> None:
    """Remember to decide on releasing this record version to the partner, whether it goes first, and who stated it."""
    tx.memos.put(f"deferred/{party}/{subject}", f"{'flash' if flash else ''}|{who}")


def has_deferred(tx: Transaction, party: str) -> bool:
    return bool(tx.memos.names(f"deferred/{party}/"))


def deferred(tx: Transaction, party: str, record: str = "") -> list[tuple[str, bool, str]]:
    """(record version, whether it goes first, who stated it) deferred for a partner, of all records or one; and forget
    them.
    """
    prefix = f"deferred/{party}/"
    names = tx.memos.names(prefix + (f"{record}/" if record else ""))
    found = []
    for name in names:
        urgency, _, who = (tx.memos.get(name) or "").partition("|")
        found.append((name.removeprefix(prefix), urgency == "flash", who))
        tx.memos.put(name, None)
    return found


class _Page(Struct, frozen=True):
    verdicts: tuple[Verdict, ...]
    envelope: bytes


class Lost:
    """What a partner shows of our link beyond our own log, gathered from its receipts until it is complete."""

    def __init__(self, link: str, edge: Edge) -> None:
        self._link, self._edge = link, edge
        self._pages: list[_Page] = []
        self._signed: Checkpoint | None = None
        self._note = ""
        self.size = edge.size
        self.complete = False

    def add(self, receipt: Receipt, envelope: bytes, own: Keyring) -> None:
        """One page of verdicts. Untrusted if it does not follow, or nothing of ours proves it."""
        if receipt.checkpoint is None:
            raise Untrusted(
                "head", f"{receipt.sender} claims more of {self._link} than we sent, and shows nothing for it"
            )
        size = read_checkpoint(receipt.checkpoint)[0].size
        keys = own.checkpoint(self._link, size)
        self._signed, _ = verify_checkpoint_any(receipt.checkpoint, origin(self._link), keys)
        self._note = receipt.checkpoint
        numbers = [verdict.seq for verdict in receipt.verdicts]
        if numbers != list(range(self.size + 1, self.size + 1 + len(numbers))):
            raise Untrusted("head", f"{receipt.sender} shows numbers of {self._link} that do not follow")
        self._pages.append(_Page(receipt.verdicts, envelope))
        self.size += len(numbers)
        self.complete = self.size >= receipt.head.size
        if not self.complete and not numbers:
            raise Untrusted("head", f"{receipt.sender} shows {self.size} of the {receipt.head.size} it claims")
        if self.complete:
            self._check(receipt.sender)

    @property
    def is_signed(self) -> bool:
        """Whether the partner has shown our own signature on more than our log holds."""
        return self._signed is not None and self._signed.size > self._edge.size

    def restore(self, tx: Transaction, party: str, at: datetime) -> None:
        """Take it back, in one transaction."""
        if tx.links.edge(self._link).size != self._edge.size:
            raise Unavailable("restored", "something was numbered meanwhile", hint="it is tried again by itself")
        entries = []
        for page in self._pages:
            number = tx.links.add_receipt(self._link, page.envelope)
            for verdict in page.verdicts:
                subject = f"{self._link}/{verdict.seq}"
                position = tx.journal.add("recovered", subject, at=at, party=party)
                tx.links.add(
                    Message(
                        self._link, verdict.seq, "record", b"", None, verdict.entry, verdict.verdict,
                        verdict.code or "", receipt=number, position=position,
                    )
                )  # fmt: skip
                entries.append(verdict.entry)
        extend(tx, self._link, entries)
        if entries:
            before, first = tx.memos.get(f"regained/{self._link}") or "", self._edge.size + 1
            tx.memos.put(f"regained/{self._link}", f"{before} {first}-{self._edge.size + len(entries)}".strip())
        if self._signed is not None:
            tx.links.add_checkpoint(self._link, self._signed.size, self._note)

    def _check(self, partner: str) -> None:
        entries = [verdict.entry for page in self._pages for verdict in page.verdicts]
        grown, _ = append(self._edge, entries)
        signed = self._signed
        if signed is None or signed.size > grown.size:
            sender, _ = ends(self._link)
            raise Untrusted(
                "lost",
                f"{sender} signed more of {self._link} than the {grown.size} numbers that anybody still holds",
                hint="restore a newer backup, or agree with the partner on a new link",
            )
        if signed.size < grown.size or root(grown) != signed.root:
            raise Untrusted("head", f"what {partner} shows of {self._link} is not what we signed")
