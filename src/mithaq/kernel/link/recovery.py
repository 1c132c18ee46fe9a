"""Saying to each partner that we were set back, and answering it when a partner says so.

Spoken by the node: by the time it speaks, the partner has told its head and everything it holds of ours was taken back.
"""

from __future__ import annotations

from mithaq.kernel import canonical, server
from mithaq.kernel.desk import Desk
from mithaq.kernel.link import epochs, recover
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.log.tree import root
from mithaq.kernel.matter.desk import ToDraft, ToState, draft, say
from mithaq.kernel.matter.recovery import KIND, TO_ANSWER, Heads, LogHead, Recover, Unknown
from mithaq.kernel.matter.said import read_said
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.ports import Transaction


def tell(desk: Desk, partner: str) -> bool:
    """State to a partner, once, that we were set back and what we hold; whether there was anything to say."""
    if desk.tx.memos.get(f"{recover.OWED}{partner}") is None:
        return False
    me = desk.node.party
    sends, takes = held(desk.tx, me, partner), held(desk.tx, partner, me)
    desk.tx.memos.put(f"{recover.OWED}{partner}", None)
    if sends.size == takes.size == 0:
        return False  # nothing was ever exchanged: there is nothing to agree on
    unknown = tuple(Unknown(*each) for each in recover.regained(desk.tx, sends.link))
    terms = Recover((me, partner), server.epoch(desk.tx), sends, takes, unknown)
    speak(desk, KIND, "recover", **canonical.plain(terms))
    return True


def follow(desk: Desk) -> int:
    """Answer the recoveries of partners, each once our own logs reach as far as it speaks of. How many."""
    answered = 0
    for name in desk.tx.memos.names(TO_ANSWER):
        matter, party = name.removeprefix(TO_ANSWER), desk.tx.memos.get(name) or ""
        filed = desk.tx.statements.get(matter, party, 1)
        said = canonical.fit(read_said(filed.envelope).terms, Recover) if filed is not None else None
        ours = said is not None and {*said.parties} == {party, desk.node.party}
        if filed is None or said is None or not ours or party not in desk.node.partners:
            desk.tx.memos.put(name, None)  # nobody asked us, or nobody whom we know
            continue
        found = fits(desk.tx, said.sends), fits(desk.tx, said.takes)
        if None in found:
            continue  # what it sent before is still on its way
        me = desk.node.party
        heads = Heads(held(desk.tx, me, party), held(desk.tx, party, me))
        verb = "acknowledge" if all(found) and _between(said, party, me) else "dispute"
        desk.tx.memos.put(name, None)
        drafted = draft(desk, ToDraft(verb, matter, KIND, filed.digest, canonical.plain(heads)), by_node=True)
        say(desk, ToState(drafted.envelope))
        answered += 1
    return answered


def is_waiting(tx: Transaction) -> bool:
    return bool(tx.memos.names(TO_ANSWER))


def _between(said: Recover, party: str, me: str) -> bool:
    """Whether it speaks of the two links between us, as they are."""
    return said.sends.link.startswith(f"{party}>{me}") and said.takes.link.startswith(f"{me}>{party}")


def held(tx: Transaction, sender: str, receiver: str) -> LogHead:
    link = epochs.current(tx, sender, receiver)
    edge = tx.links.edge(link)
    return LogHead(link, edge.size, root(edge).hex())


def fits(tx: Transaction, head: LogHead) -> bool | None:
    """Whether our log of the link has this head at this size; None if it does not reach that far yet."""
    edge = tx.links.edge(head.link)
    if edge.size < head.size:
        return None
    tree = Tree(edge, lambda level, index: tx.links.tile(head.link, level, index))
    return bool(tree.root(head.size).hex() == head.root)
