"""Asking: that personal data was asked for, and what was shown of it, is durable in the audit log before it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mithaq.kernel import tally
from mithaq.kernel.desk import Desk
from mithaq.kernel.people import saw
from mithaq.kernel.people.act import asked_for, subject_of
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.plug import Question
from mithaq.kernel.ports import Store, Transaction


def answer(
    store: Store, desk_in: Callable[[Transaction], Desk], question: Question, taken: Any, actor: Actor, at: datetime
) -> Any:
    """What the question answers. A line says that it was asked, and one for each record that it shows under which
    clause it may be read.
    """
    subject, asked, seen = subject_of(taken), asked_for(taken), dict[Any, Any]()

    def note(tx: Transaction) -> None:
        tx.audit.add(at=at, who=actor.id, act=question.name, subject=subject, reason=asked)

    def note_seen(tx: Transaction) -> None:
        saw.keep(tx, seen, question.name, actor, at)
        tally.count(tx, "read", at, post=actor.agency or "", times=len(seen))

    if question.personal and not question.of_views:  # it may be about the log itself, of which it is a line
        store.write(note).result()
    try:
        with store.read() as tx:
            desk = desk_in(tx)
            found = question.run(desk, taken)
        seen.update(saw.shown(desk.seen, found))
    finally:
        jobs = [*([note] if question.of_views and question.personal else []), *([note_seen] if seen else [])]
        for future in [store.write(job) for job in jobs]:
            future.result()
    return found
