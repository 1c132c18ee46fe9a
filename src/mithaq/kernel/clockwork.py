"""What the clock asks of a node by itself: duties escalate, keys are to be renewed, papers that expired are forgotten.

``tick`` is asked often and mostly finds nothing: it reads first and writes only where something is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.duty import Duty, discharge, duties, lapse, open_duty
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.manifest import WARNINGS
from mithaq.kernel.ports import Store, Transaction

RENEW = "renew_keys"
SWEPT = "papers/swept"
SWEEP_EVERY = timedelta(hours=1)  # what reads a paper looks at its time itself: this is so that nothing stays for ever


def tick(store: Store, ring: Keyring, at: datetime) -> list[Duty]:
    """Escalate what is due, see that the keys' own duty is there, forget old papers. What escalated, once each."""
    with store.read() as tx:
        idle = not tx.duties.due(at, limit=1) and not _keys_change(tx, ring) and not _sweeps(tx, at)
    if idle:
        return []

    def job(tx: Transaction) -> list[Duty]:
        _keep_keys(tx, ring, at)
        if _sweeps(tx, at):
            tx.papers.expire(at)
            tx.memos.put(SWEPT, write_instant(at))
        return lapse(tx, at)

    return store.write(job).result()


def keys_duty(ring: Keyring) -> Duty | None:
    """That the next manifest is made: it is due 30 days before this one, or its last signing key, is over."""
    if ring.expires is None:
        return None
    good = [each.until for each in ring.signing if each.revoked is None]
    end = min(ring.expires, max(good, default=ring.expires))
    first = min((each.start for each in ring.signing), default=end)
    return Duty(
        id=f"{RENEW}/{ring.party}/{ring.serial}",
        what=RENEW,
        about=f"manifest {ring.serial} of {ring.party}",
        since=first,
        due=end - WARNINGS[1],
        owed_by="operator",
        escalates_to="custodian",
        discharged_by=("manifest",),
    )


def _sweeps(tx: Transaction, at: datetime) -> bool:
    swept = tx.memos.get(SWEPT)
    return swept is None or at - read_instant(swept) >= SWEEP_EVERY


def _keys_change(tx: Transaction, ring: Keyring) -> bool:
    duty = keys_duty(ring)
    return duty is not None and tx.duties.get(duty.id) is None


def _keep_keys(tx: Transaction, ring: Keyring, at: datetime) -> None:
    duty = keys_duty(ring)
    if duty is not None and open_duty(tx, duty):
        for earlier in duties(tx):
            if earlier.what == RENEW and earlier.id != duty.id:
                discharge(tx, earlier.id, f"manifest {ring.serial}", at)
