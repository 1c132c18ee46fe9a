"""Taking a statement: verified against its nation's keys, put on its chain, and everything that follows from it.

Own statements and partners' pass through here alike. A statement may be handed on by another party: it is its
signatures that count, and who carried it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from mithaq.errors import NotAllowed, Untrusted
from mithaq.kernel.duty import reconcile
from mithaq.kernel.keeping.note import note as note_holding
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.matter import holding, record
from mithaq.kernel.matter.fold import State, fold
from mithaq.kernel.matter.kinds import KINDS
from mithaq.kernel.matter.offers import texts
from mithaq.kernel.matter.owed import owed
from mithaq.kernel.matter.said import Said, read_said, verify_said
from mithaq.kernel.ports import Transaction
from mithaq.kernel.shelves import Filed

BINDING = ("sign", "ratify", "accede")
"""What binds a party to a text: the text may ask that several officials do it."""

NOTES: Mapping[str, Callable[[Transaction, Said, datetime, str], None]] = {
    record.KIND: record.note,
    holding.KIND: note_holding,
}
"""What a statement of a kind of Matter changes here, beside the state of its matter."""


def state_of(tx: Transaction, matter: str) -> State:
    """What a matter has come to here; an empty State where nothing of it is held."""
    held = tx.statements.of(matter)
    if not held:
        return State("", "", (), (), (), (), (), (), (), ())
    return fold(KINDS[held[0].kind], [read_said(each.envelope) for each in held])


def take(tx: Transaction, envelope: bytes, rings: Mapping[str, Keyring], at: datetime, *, me: str) -> Said:
    """Keep a signed statement; one that is held already changes nothing. What it says is judged by the fold.

    One that comes before what it follows is kept as well, and waits there: refused, it would have to be said again.

    Raises Untrusted (``statement``: not signed as its nation asks; ``contradiction``: its nation has said something
    else under this number) and NotAllowed (``unknown_party``, ``unknown_matter``, ``chain``).
    """
    claimed = read_said(envelope)
    if claimed.party not in rings:
        raise NotAllowed("unknown_party", f"no keys of {claimed.party} are known here")
    said = verify_said(envelope, rings[claimed.party], least=asked_by_text(tx, claimed))
    held = tx.statements.get(said.matter, said.party, said.number)
    if held is not None:
        if held.digest != said.digest:
            raise Untrusted("contradiction", f"{said.party} has said two things as number {said.number}")
        return said
    if said.kind not in KINDS:
        raise NotAllowed("unknown_matter", f"matters of the kind {said.kind} are not known here")
    known = tx.statements.of(said.matter)
    if known and known[0].kind != said.kind:
        raise NotAllowed("chain", f"{said.matter} is of the kind {known[0].kind}")
    before = tx.statements.get(said.matter, said.party, said.number - 1)
    if before is not None and before.digest != said.previous:
        raise NotAllowed("chain", f"it does not follow on number {said.number - 1} of {said.party}")
    filed = Filed(said.matter, said.party, said.number, said.kind, said.says, said.digest, envelope, at)
    tx.statements.add(filed)
    tx.journal.add("said", f"{said.matter}/{said.party}/{said.number}", at=at, party=said.party)
    if said.kind in NOTES and said in state_of(tx, said.matter).effective:
        NOTES[said.kind](tx, said, at, me)
    _follow(tx, said.matter, me, at)
    return said


def asked_by_text(tx: Transaction, said: Said) -> int:
    """How many officials of its role the text asks for that a statement would bind its party to."""
    if said.says not in BINDING:
        return 1
    text = texts(state_of(tx, said.matter).effective).get(said.about or "")
    if text is None:
        raise NotAllowed("text", "it would bind to a text that is not here", hint="share the matter again")
    return text.conclusion.signatures.get(said.role, 1)


def _follow(tx: Transaction, matter: str, me: str, at: datetime) -> None:
    """Open and discharge what is owed in the matter."""
    state = state_of(tx, matter)
    duties, done = owed(KINDS[state.kind], state, me)
    for what in {deadline.what for deadline in KINDS[state.kind].deadlines}:
        prefix = f"{what}/{matter}/"
        mine = [duty for duty in duties if duty.what == what]
        reconcile(tx, prefix, mine, {id: by for id, by in done.items() if id.startswith(prefix)}, at)
