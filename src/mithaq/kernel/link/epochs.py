"""Epochs of a link: when its log cannot go on, both nations close it at the heads they hold and begin a new one.

The first epoch is named by the link alone (``JO>SA``), a later one with its number (``JO>SA/2``): that is the name of
its log, of its messages and of its receipts. What is closed stays, and is proved as before.
"""

from __future__ import annotations

from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import link_id


def current(tx: Transaction, sender: str, receiver: str) -> str:
    """The name of the link on which messages go now."""
    link = link_id(sender, receiver)
    return tx.memos.get(f"link/{link}") or link


def every(tx: Transaction, sender: str, receiver: str) -> tuple[str, ...]:
    """All epochs of a link so far, the present one last."""
    link = link_id(sender, receiver)
    return (link, *(f"{link}/{number}" for number in range(2, _number(current(tx, sender, receiver)) + 1)))


def following(link: str) -> str:
    """The name of the epoch after this one.

    >>> following("JO>SA"), following("JO>SA/2")
    ('JO>SA/2', 'JO>SA/3')
    """
    return f"{link.partition('/')[0]}/{_number(link) + 1}"


def begin(tx: Transaction, link: str) -> None:
    """This epoch is the present one from now on."""
    tx.memos.put(f"link/{link.partition('/')[0]}", link)


def _number(link: str) -> int:
    return int(link.partition("/")[2] or "1")
