"""Beginning again from a copy: the restored or standing-by home becomes the nation's server."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from mithaq.adapters.store.watermark import Watermark
from mithaq.assembly import open_home_store
from mithaq.config import Home, read_config
from mithaq.errors import Untrusted
from mithaq.kernel import audit
from mithaq.kernel import server as servers
from mithaq.kernel.link import epochs
from mithaq.kernel.people import session
from mithaq.kernel.ports import Transaction
from mithaq.kernel.witness import partner as witnessing


class Begun(Struct, frozen=True):
    """The epoch of this server, the partners it asks first, and how far the copy goes."""

    party: str
    epoch: int
    asks: tuple[str, ...]
    journal: int
    sessions_ended: int


def begin_again(home: Home, at: datetime, why: str, who: str = "home") -> Begun:
    """This copy is the nation's from now on. Every session is ended: it may have been over since.

    Untrusted, and nothing is changed, if its audit log is not whole.
    """
    config = read_config(home)
    partners = sorted(config.partners)
    store = open_home_store(home)
    try:

        def job(tx: Transaction) -> Begun:
            if (line := audit.broken(tx)) is not None:
                raise Untrusted("audit", f"line {line} of the audit log does not follow on the one before")
            epoch = servers.take_over(tx, partners, at, why)
            for partner in partners:  # what we cosigned since this copy was made is not known here
                witnessing.unsure(tx, epochs.current(tx, partner, config.party))
            ended = session.end_all(tx, lambda _: True)
            tx.audit.add(at=at, who=who, act="began again", subject=f"epoch {epoch}", reason=why)
            position = tx.journal.add("restored", f"epoch {epoch}", at=at)
            return Begun(config.party, epoch, tuple(partners), position, ended)

        begun = store.write(job).result()
    finally:
        store.close()
    mark = Watermark(home.watermark)
    mark.note(begun.journal)
    mark.close()
    return begun
