"""Opening a backup without making a server of it: does it restore, do its logs verify, is its audit log whole?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from mithaq.assembly import open_home_store, read_partners
from mithaq.config import Home, read_config
from mithaq.errors import Untrusted
from mithaq.kernel import audit
from mithaq.kernel.link import audit as logs
from mithaq.kernel.link import manifests
from mithaq.kernel.party import Identity, read_identity
from mithaq.kernel.ports import Store
from mithaq.kernel.values import ends
from mithaq.servers.backup import unpack


def rehearse(backup: Path, secret: bytes) -> dict[str, Any]:
    """Unpack it where nobody looks, check all that is signed, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="mithaq-rehearsal-") as folder:
        home = Home(Path(folder) / "home")
        unpack(backup, home, secret)
        store = open_home_store(home)
        try:
            return check_store(home, store)
        finally:
            store.close()


def check_store(home: Home, store: Store) -> dict[str, Any]:
    """Untrusted if a log does not match its checkpoints and receipts, or the audit log is not whole; else how much.

    What is signed is held against the newest keys that the store itself knows.
    """
    config = read_config(home)
    known = {each.party: each.known for each in read_partners(home, config)}
    known[config.party] = read_identity(home.card.read_bytes())
    with store.read() as tx:
        rings: dict[str, Identity] = {party: manifests.newest(tx, each) for party, each in known.items()}
        found = {}
        for link in tx.links.names():
            sender, receiver = (rings.get(party) for party in ends(link))
            if sender is None or receiver is None:
                continue  # of a partner that was forgotten: nobody's keys are here to check it with
            report = logs.verify(tx, link, sender=sender.ring, receiver=receiver.ring)
            if not report.verified:
                first = report.findings[0]
                raise Untrusted("log", f"{first.where}: {first.what}", hint="take an older backup; mithaq link verify")
            found[link] = {"size": report.size, "root": report.root.hex()}
        if (line := audit.broken(tx)) is not None:
            raise Untrusted("audit", f"line {line} of the audit log does not follow on the one before")
        count = sum(1 for _ in audit.lines(tx))
    return {"logs": found, "audit": count}
