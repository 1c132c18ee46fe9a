"""Two nations whose agreement asks for witnesses, and a regional body that is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from mithaq.adapters.keystore.witness import WitnessKeys, fresh
from mithaq.adapters.store.sql import open_store
from mithaq.adapters.transport.local import LocalTransport
from mithaq.adapters.witness.client import LocalWitnesses
from mithaq.adapters.witness.state import WitnessState
from mithaq.assembly import load_keys, open_home, read_law, read_vocabulary, signature, signature_file
from mithaq.cli.rehearsal import Rehearsal
from mithaq.config import write_private
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.law.law import write_law
from mithaq.kernel.link.evidence import Evidence
from mithaq.kernel.link.log.checkpoint import origin
from mithaq.kernel.link.log.note import ED25519, ML_DSA_65
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.witness.cosignature import VerifierKey
from mithaq.kernel.witness.policy import Group, Witnessed
from mithaq.kernel.witness.quorum import Stands
from mithaq.kernel.witness.service import Service
from tests.worlds import START, World, homes

BUREAU = WitnessKeys(fresh("bureau.example/witness"))
ALL_THREE = Witnessed(
    quorum="all_three",
    within="PT1H",
    witnesses={"bureau": tuple(key.text for key in BUREAU.keys)},
    groups=(Group("all_three", "all", ("JO", "SA", "bureau")),),
)
BOTH = Witnessed(quorum="both", within="PT1H", groups=(Group("both", "all", ("JO", "SA")),))


class Reached(LocalWitnesses):
    """A way to witnesses that may be cut."""

    cut = False

    @property
    def names(self) -> tuple[str, ...]:
        return () if self.cut else tuple(super().names)


@dataclass
class Witnessing(World):
    """Two nations, and the bureau."""

    bureau: Service = field(kw_only=True)
    state: WitnessState = field(kw_only=True)
    ways: dict[str, Reached] = field(kw_only=True)
    kept: list[Evidence] = field(kw_only=True)

    def stands(self, party: str, link: str) -> Stands:
        node = getattr(self, party.lower())
        [found] = [each for each in node.ask("link.witnesses", {}, who=HOME) if each.link == link]
        assert isinstance(found, Stands)
        return found

    def settle(self, steps: int = 4) -> None:
        for _ in range(steps):
            self.step()
            self.clock_on(61)


@contextmanager
def witnessing(folder: Path, policy: Witnessed = ALL_THREE) -> Iterator[Witnessing]:
    shutil.copytree(homes(), folder, dirs_exist_ok=True)
    rehearsal, clock, wire = Rehearsal(folder), ManualClock(START), LocalTransport()
    nations = {party: nation.home for party, nation in rehearsal.nations.items()}
    for home in nations.values():
        [path] = home.agreements.glob("*.json")
        law = replace(read_law(path, read_vocabulary(home)), witnessed=policy)
        write_private(path, write_law(law))
        for party, signer in nations.items():
            write_private(signature_file(home, law, party), signature(law, party, load_keys(signer), START))
    kept: list[Evidence] = []
    state = WitnessState(folder / "witness.db")
    bureau = Service(state, BUREAU, clock, kept.append)
    ways = {party: Reached({"bureau": bureau}) for party in nations}
    nodes = {
        party: open_home(home, clock=clock, store=open_store(":memory:"), transport=wire, witnesses=ways[party])
        for party, home in nations.items()
    }
    names = ((ED25519, "ed25519"), (ML_DSA_65, "ml-dsa-65"))
    for party, node in nodes.items():
        wire.join(party, node.receive)
        named = origin("JO>SA" if party == "JO" else "SA>JO")
        state.add(named, [tuple(VerifierKey(named, sort, node.card.keys[name]) for sort, name in names)])
    outside = {"bureau": bureau, "state": state, "ways": ways, "kept": kept}
    world = Witnessing(nodes["JO"], nodes["SA"], wire, clock, rehearsal, **outside)  # type: ignore[arg-type]
    try:
        yield world
    finally:
        world.jo.close()
        world.sa.close()
