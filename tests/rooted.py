"""Worlds whose nations have an offline root: their keys change while they exchange."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.api.couriers import Couriers
from mithaq.assembly import open_home
from mithaq.config import PartnerSettings, read_config, write_config, write_private
from mithaq.kernel import canonical
from mithaq.kernel.clock import Clock, ManualClock
from mithaq.kernel.manifest import Manifest, Revocation, Root, SealingKey, SigningKey
from mithaq.kernel.party import Card, RootCard, fingerprint, read_card
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.statement import add_signature, sign
from tests.worlds import START, World, alert, rehearsed

DAYS = timedelta(days=365)
PATIENCE = 60.0  # seconds without any progress


class Custodians:
    """Those who keep the offline root of a nation: two of three sign. What they sign, they remember."""

    def __init__(self, card: Card, *, at: datetime = START, grace: str = "P14D") -> None:
        self.keys = [KeyFile.generate() for _ in range(3)]
        self.root = Root(party=card.party, need=2, keys=tuple(dict(each.signing) for each in self.keys))
        self.now = Manifest(
            party=card.party,
            root=self.root.digest,
            serial=1,
            issued=at,
            expires=at + DAYS,
            grace=grace,
            names=card.names,
            signing=(SigningKey(card.signing, at, at + DAYS),),
            sealing=(SealingKey(card.sealing, at, at + DAYS),),
            certificates=(card.certificate,),
            reads=card.reads,
        )

    @property
    def card(self) -> RootCard:
        return RootCard(root=self.root, manifest=self.signed(self.now).decode())

    def signed(self, what: Manifest | Revocation, by: list[KeyFile] | None = None) -> bytes:
        first, *others = by or self.keys[:2]
        made = sign("manifest" if isinstance(what, Manifest) else "revocation", what, first)
        for each in others:
            made = add_signature(made, each)
        return made

    def next(self, **changes: Any) -> bytes:
        """The manifest after the last one, with these changes."""
        self.now = replace(self.now, serial=self.now.serial + 1, previous=self.now.digest, **changes)
        return self.signed(self.now)

    def rotated(self, keys: KeyFile, *, at: datetime, until: datetime | None = None) -> bytes:
        """The manifest by which fresh signing and sealing keys take over at this moment."""
        end = until or at + DAYS
        old = (replace(each, until=at) if each.until > at > each.start else each for each in self.now.signing)
        older = (replace(each, until=at) if each.until > at > each.start else each for each in self.now.sealing)
        return self.next(
            signing=(*old, SigningKey(keys.make_signing(), at, end)),
            sealing=(*older, SealingKey(keys.make_sealing(), at, end)),
            issued=at,
            expires=end,
        )

    def revoking(self, keys: KeyFile, link: str, upto: int, *, at: datetime) -> tuple[bytes, bytes]:
        """(manifest, revocation): the newest signing key is lost, a fresh one takes its place."""
        *old, lost = self.now.signing
        signing = (*old, replace(lost, revoked=at), SigningKey(keys.make_signing(), at, at + DAYS))
        revocation = Revocation(party=self.now.party, key=lost.id, link=link, upto=upto, at=at)
        return self.next(signing=signing), self.signed(revocation)


@dataclass
class Rooted(World):
    """Two nations with a root each."""

    custodians: dict[str, Custodians] = field(default_factory=dict)

    def keys(self, party: str) -> KeyFile:
        """The key store that the running node of a nation holds."""
        found = getattr(self, party.lower())._inbound._ends.keys
        assert isinstance(found, KeyFile)
        return found

    def rotate(self, party: str) -> None:
        """Every key of a nation changes now."""
        node = getattr(self, party.lower())
        node.install(self.custodians[party].rotated(self.keys(party), at=node.clock.now()))

    def settle(self) -> None:
        """Everything moves until nothing waits."""
        for _ in range(12):
            self.step()
            self.clock_on()


@contextmanager
def rooted_nations(
    folder: Path,
    *,
    files: bool = True,
    grace: str = "P14D",
    rooted: tuple[str, ...] = ("JO", "SA"),
    clock: Clock | None = None,
) -> Iterator[Rooted]:
    """Jordan and Saudi Arabia, known by cards of format 2; those not ``rooted`` by one of format 1."""
    rehearsal = rehearsed(folder)
    homes = {party: nation.home for party, nation in rehearsal.nations.items()}
    still = ManualClock(START)
    at = (clock or still).now()
    custodians = {party: Custodians(read_card(homes[party].card.read_bytes()), at=at, grace=grace) for party in rooted}
    for party, each in custodians.items():
        write_private(homes[party].card, canonical.encode(each.card))
        for other, home in homes.items():
            if other != party:
                config = read_config(home)
                settings = PartnerSettings(config.partners[party].url, fingerprint(each.card))
                write_config(home, replace(config, partners={**config.partners, party: settings}))
                write_private(home.partner(party), canonical.encode(each.card))
    wire = LocalTransport()
    nodes = {
        party: open_home(home, clock=clock or still, store=None if files else open_store(":memory:"), transport=wire)
        for party, home in homes.items()
    }
    for party, node in nodes.items():
        wire.join(party, node.receive)
    world = Rooted(nodes["JO"], nodes["SA"], wire, still, rehearsal, custodians=custodians)
    try:
        yield world
    finally:
        world.jo.close()
        world.sa.close()


def rotate_in_flight(world: Rooted, count: int, turns: int = 2) -> dict[str, Any]:
    """Both nations state so many alerts while couriers deliver, and change every key so often on the way.

    The auditor's counters, once nothing waits any more. The world needs the system's clock.
    """
    couriers = [Couriers(node) for node in (world.jo, world.sa)]
    for each in couriers:
        each.start()
    try:
        for turn in range(turns + 1):
            for party, node in (("JO", world.jo), ("SA", world.sa)):
                share = range(count * turn // (turns + 1), count * (turn + 1) // (turns + 1))
                for start in range(share.start, share.stop, 500):
                    rows = [alert(plate=f"{party}-{n}") for n in range(start, min(start + 500, share.stop))]
                    node.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
                if turn < turns:
                    world.rotate(party)
        _settle(world)
    finally:
        for each in couriers:
            each.stop()
    return world.audit()


def _settle(world: Rooted) -> None:
    """Until nothing waits on either side, or nothing moves for too long."""
    moved, last = time.monotonic(), -1
    while waiting := sum(
        each.waiting for node in (world.jo, world.sa) for each in node.ask("link.status", {}, who=HOME)
    ):
        if waiting != last:
            moved, last = time.monotonic(), waiting
        assert time.monotonic() - moved < PATIENCE, f"{waiting} messages wait and nothing moves"
        time.sleep(0.02)  # couriers move it in threads of their own: we can only look
