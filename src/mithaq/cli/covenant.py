"""The second act of the demo: nations negotiate, sign, suspend, let a third join and rotate keys, by statements alone.

``Officials`` are the practice keys of a nation's negotiator, signatories and legal officer; they live in memory, as the
practice root does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.assembly import ensure_proved, load_keys, read_adoption, read_law, read_vocabulary
from mithaq.cli.matter.look import in_force
from mithaq.cli.practice import Ceremony, write_card
from mithaq.cli.rehearsal import Nation, Rehearsal
from mithaq.config import Home, write_private
from mithaq.kernel import canonical
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.law.text import Conclusion, Text
from mithaq.kernel.party import Card
from mithaq.kernel.statement import add_signature
from mithaq.treaty.patch import diff
from mithaq.treaty.text import make_text, render

ROLES = (("negotiator", 1), ("signatory", 2), ("legal", 1))
THEFT = {"reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T09:10:00Z", "purpose": "vehicle_theft"}
RESCUE = THEFT | {"reason": "missing_person", "purpose": "search_and_rescue"}


class Officials:
    """Who speaks for a nation, and the root behind its node."""

    def __init__(self, home: Home, card: Card) -> None:
        at = SystemClock().now()
        self.keys = {role: [KeyFile.generate() for _ in range(count)] for role, count in ROLES}
        self.root = Ceremony(card)
        for role, keys in self.keys.items():
            self.root.appoint(role, [each.signing for each in keys], need=len(keys), at=at)
        manifest = self.root.manifest(at, [dict(card.signing)], [card.sealing])
        write_private(home.card, write_card(self.root.card(manifest)))

    def say(self, nation: Nation, says: str, matter: str | None, about: str | None, **terms: Any) -> dict[str, Any]:
        """Draft it at the node, sign it by every official of its role, and say it."""
        given = {"says": says, "matter": matter, "about": about, "terms": terms}
        drafted = nation.do("matter.draft", given)
        envelope = drafted["envelope"].encode()
        for key in self.keys[drafted["role"]]:
            envelope = add_signature(envelope, key)
        spoken: dict[str, Any] = nation.do("matter.say", {"envelope": envelope.decode()})
        return spoken

    def rotate(self, nation: Nation) -> int:
        """New signing and sealing keys of the node, at once; the serial of the manifest that lists them."""
        keys = load_keys(nation.home)
        made = self.root.manifest(SystemClock().now(), [keys.make_signing()], [keys.make_sealing()])
        return int(nation.carry("keys.install", {"manifest": made})["serial"])


class Covenant:
    """Iraq and Saudi Arabia make an agreement on warnings; Jordan joins it later."""

    def __init__(self, rehearsal: Rehearsal, officials: dict[str, Officials], tell: Callable[[str], None]) -> None:
        self._rehearsal, self._tell, self._officials = rehearsal, tell, officials
        self.found: dict[str, Any] = {}

    def play(self) -> dict[str, Any]:
        """The whole act; its counters, each read off the nodes."""
        offered, agreed = self._texts()
        matter = self._negotiate(offered, agreed)
        self._suspend(matter, agreed)
        self._accede(matter, agreed)
        self._rotate()
        self._rehearsal.settle()
        states = {party: nation.ask("matter.show", {"matter": matter}) for party, nation in self._nations.items()}
        self.found["matter_states"] = len({each["digest"] for each in states.values()})
        self._tell(f"\n  All three hold the same state of the matter: {states['JO']['digest'][:23]}…")
        self._tell(f"  {in_force(states['JO']['texts'][-1]['force'])}\n")
        return self.found

    @property
    def _nations(self) -> dict[str, Nation]:
        return self._rehearsal.nations

    def _say(self, party: str, says: str, matter: str | None, about: str | None, **terms: Any) -> dict[str, Any]:
        spoken = self._officials[party].say(self._nations[party], says, matter, about, **terms)
        signers = "official" if spoken["need"] == 1 else "officials"
        heard = ", ".join(spoken["to"]) or "nobody"
        self._tell(f"     {party} says {says}, signed by {spoken['need']} {signers}, to {heard}")
        self._rehearsal.settle()
        return spoken

    def _alert(self, party: str, plate: str, body: dict[str, Any]) -> list[str]:
        stated = self._nations[party].do("intelligence.alert-vehicle", {**body, "plate": plate})
        released: list[str] = stated["released"]
        self._tell(f"     {party} raises an alert ({body['purpose']}): goes to {', '.join(released) or 'nobody'}")
        return released

    def _texts(self) -> tuple[Text, Text]:
        """What Saudi Arabia offers, and what Iraq offers instead: open to Jordan, and ended with less notice."""
        home = self._nations["SA"].home
        words = read_vocabulary(home)
        with resources.as_file(resources.files("mithaq.laws") / "border-warnings.json") as path:
            law = read_law(path, words)
        for nation in self._nations.values():
            ensure_proved(nation.home, law, read_law(nation.home.law / "floor.json", words), words)
        offered = make_text(
            law, conclusion=Conclusion(signatures={"signatory": 2}), authentic=("ar", "en"), prevails="ar",
            rests_on=read_adoption(home), vocabulary=words,
        )  # fmt: skip
        terms = Conclusion(
            signatures={"signatory": 2}, accession="consent", open_to=("JO",), withdrawal_notice="P6M"
        )  # fmt: skip
        return offered, render(replace(offered, conclusion=terms), words)

    def _negotiate(self, offered: Text, agreed: Text) -> str:
        self._tell("  A covenant of three. Iraq and Saudi Arabia have no agreement yet: only statements cross.")
        plain = canonical.plain(offered)
        said = self._say("SA", "propose", None, offered.digest, parties=["IQ", "SA"], text=plain)
        matter = str(said["matter"])
        patch = canonical.plain(diff(offered, agreed))
        self._say("IQ", "counter", matter, agreed.digest, against=offered.digest, patch=patch)
        self.found["released_before_signature"] = len(self._alert("SA", "SA-1", THEFT))
        for party in ("IQ", "SA"):
            self._say(party, "sign", matter, agreed.digest)
        self.found["released_in_force"] = len(self._alert("SA", "SA-2", THEFT))
        self._rehearsal.settle()
        return matter

    def _suspend(self, matter: str, agreed: Text) -> None:
        self._tell("\n  Saudi Arabia suspends its own releases: at once, alone. What saves lives goes on.")
        self._say("SA", "suspend", matter, agreed.digest, reason="under review")
        self.found["released_suspended"] = len(self._alert("SA", "SA-3", THEFT))
        self.found["rescue_suspended"] = len(self._alert("SA", "SA-4", RESCUE))
        self._say("SA", "resume", matter, agreed.digest)

    def _accede(self, matter: str, agreed: Text) -> None:
        self._tell("\n  Jordan is shown the matter, accedes, and both agree to it.")
        self._nations["SA"].do("matter.share", {"matter": matter, "to": "JO"})
        self._rehearsal.settle()
        acceded = self._say("JO", "accede", matter, agreed.digest)
        for party in ("IQ", "SA"):
            self._say(party, "consent", matter, acceded["statement"])
        self.found["released_to_three"] = len(self._alert("IQ", "IQ-1", THEFT))

    def _rotate(self) -> None:
        self._tell("\n  Iraq rotates its signing and sealing keys while alerts are on their way.")
        before = self._alert("IQ", "IQ-2", THEFT)
        serial = self._officials["IQ"].rotate(self._nations["IQ"])
        after = self._alert("IQ", "IQ-3", THEFT)
        self._rehearsal.settle()
        self._tell(
            f"     manifest {serial} of Iraq, signed by two of the three custodians of its root, lists its keys now"
        )
        self.found["rotation_serial"] = serial
        self.found["released_around_rotation"] = len(before) + len(after)
