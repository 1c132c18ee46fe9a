"""Three nations in one process, with roots and officials, that negotiate: what tests of matters live in."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import resources
from itertools import permutations
from pathlib import Path
from typing import Any

from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.assembly import init_home, open_home, read_adoption, read_law, read_vocabulary
from mithaq.cli.practice import Ceremony, write_card
from mithaq.cli.rehearsal import NAMES, audit_stores
from mithaq.config import Config, Home, PartnerSettings, read_config, write_config, write_private
from mithaq.kernel import canonical
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.text import Conclusion, Text
from mithaq.kernel.node import Node
from mithaq.kernel.party import read_identity
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.statement import add_signature
from mithaq.treaty.text import make_text
from tests.worlds import START, homes

PARTIES = ("IQ", "JO", "SA")


class Nations:
    """Nodes by party, the roots behind them, and the keys of two signatories each, who must both sign."""

    def __init__(self, folder: Path, parties: tuple[str, ...] = PARTIES) -> None:
        self.clock, self.wire = ManualClock(START), LocalTransport()
        self.homes = {party: Home(folder / party.lower()) for party in parties}
        self.roots: dict[str, Ceremony] = {}
        self.officials: dict[str, dict[str, list[KeyFile]]] = {}
        for party, home in self.homes.items():
            self._make(party, home)
        for one, other in permutations(parties, 2):
            self._introduce(one, other)
        self.nodes: dict[str, Node] = {}
        for party in parties:
            self.open(party)

    def open(self, party: str) -> Node:
        node = open_home(self.homes[party], clock=self.clock, transport=self.wire, store=open_store(":memory:"))
        self.nodes[party] = node
        self.wire.join(party, node.receive)
        return node

    def close(self) -> None:
        for node in self.nodes.values():
            node.close()

    def step(self, rounds: int = 3) -> None:
        """Everything that waits moves; a minute passes between."""
        for _ in range(rounds):
            self.clock.advance(timedelta(minutes=1))
            for node in self.nodes.values():
                node.step()

    def say(
        self, party: str, says: str, matter: str | None = None, about: str | None = None, *, signers: int | None = None,
        **terms: Any,
    ) -> Any:  # fmt: skip
        """Draft it, sign it with the officials of its role (as many as given), and say it."""
        node = self.nodes[party]
        given = {"says": says, "matter": matter, "about": about, "terms": terms}
        drafted = node.do("matter.draft", given, who=HOME).result()
        envelope = drafted.envelope
        for key in self.officials[party][drafted.role][:signers]:
            envelope = add_signature(envelope.encode(), key).decode()
        return node.do("matter.say", {"envelope": envelope}, who=HOME).result()

    def propose(self, party: str, text: Text) -> str:
        """Offer it to its parties; the matter."""
        said = self.say(
            party, "propose", about=text.digest, parties=list(text.law.parties), text=canonical.plain(text)
        )  # fmt: skip
        self.step()
        return str(said.matter)

    def conclude(self, matter: str, text: Text) -> None:
        """Every founding party signs."""
        for party in text.law.parties:
            self.say(party, "sign", matter, text.digest)
            self.step()

    def text(self, party: str = "SA", law: Law | None = None, **conclusion: Any) -> Text:
        """The shipped example of warnings at the border as a text that rests on what this party adopted."""
        home = self.homes[party]
        words = read_vocabulary(home)
        if law is None:
            with resources.as_file(resources.files("mithaq.laws") / "border-warnings.json") as path:
                law = read_law(path, words)
        return make_text(
            law, conclusion=canonical.fit(conclusion, Conclusion), authentic=("ar", "en"), rests_on=read_adoption(home),
            vocabulary=words,
        )  # fmt: skip

    def shown(self, party: str, matter: str) -> Any:
        return self.nodes[party].ask("matter.show", {"matter": matter}, who=HOME)

    def force(self, party: str, matter: str, text: Text) -> Any:
        return next(each.force for each in self.shown(party, matter).texts if each.text == text.digest)

    def alert(self, party: str, **changes: Any) -> Any:
        given = {
            "plate": f"P-{secrets.token_hex(3)}", "reason": "stolen", "place": "31.4,36.9",
            "time": "2026-11-20T04:10:33Z", "purpose": "vehicle_theft", **changes,
        }  # fmt: skip
        return self.nodes[party].do("intelligence.alert-vehicle", given, who=HOME).result()

    def rotate(self, party: str, *, appoint: bool = False) -> None:
        """New signing and sealing keys, under a new manifest of the root."""
        node, keys = self.nodes[party], self.nodes[party].surroundings.keyed
        assert isinstance(keys, KeyFile)
        manifest = self.roots[party].manifest(self.clock.now(), [keys.make_signing()], [keys.make_sealing()])
        node.install(manifest.encode())

    def assert_sound(self) -> dict[str, Any]:
        stores = {party: node.store for party, node in self.nodes.items()}
        known = {party: read_identity(self.homes[party].card.read_bytes()) for party in stores}
        found = audit_stores(stores, known)
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"]
        return found

    def _make(self, party: str, home: Home) -> None:
        card = init_home(home, Config(party=party, names=NAMES.get(party, {"en": party})), at=START)
        shutil.copytree(homes() / "jo" / "law" / "proofs", home.proofs)  # the same texts need no second proof
        root = self.roots[party] = Ceremony(card)
        self.officials[party] = {
            role: [KeyFile.generate() for _ in range(count)]
            for role, count in (("negotiator", 1), ("signatory", 2), ("legal", 1))
        }
        for role, keys in self.officials[party].items():
            root.appoint(role, [each.signing for each in keys], need=len(keys), at=START)
        manifest = root.manifest(START, [dict(card.signing)], [card.sealing])
        write_private(home.card, write_card(root.card(manifest)))

    def _introduce(self, one: str, other: str) -> None:
        home = self.homes[one]
        config = read_config(home)
        settings = PartnerSettings("https://127.0.0.1:1", self.roots[other].root.digest)
        write_private(home.partner(other), self.homes[other].card.read_bytes())
        from msgspec.structs import replace

        write_config(home, replace(config, partners={**config.partners, other: settings}))


@contextmanager
def nations(folder: Path, parties: tuple[str, ...] = PARTIES) -> Iterator[Nations]:
    made = Nations(folder, parties)
    try:
        yield made
    finally:
        made.close()
