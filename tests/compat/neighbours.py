"""Jordan with the present program and Saudi Arabia with an older one, who have an agreement and serve."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

from mithaq.assembly import open_home_store
from mithaq.cli.rehearsal import audit_stores
from mithaq.config import Home
from mithaq.kernel.party import read_identity
from tests.compat.nations import Link, Nation, Program, both, free_port, until

AGREEMENT = "JO-SA-border.json"


class Neighbours:
    """Both homes in one folder, set up by the commands of the operator's guide, or copied from where they were.

    The law between versions is that of the **older** program: its vocabulary, floor, national laws and agreement. An
    agreement pins the vocabulary by digest, so both must hold the same words, and there is one way round only: the
    present program reads every word and clause of the older, while version 0.1.0 cannot read an agreement of today
    (``overlap`` and ``life_saving`` are fields it does not know). So the nation with the present program keeps to the
    words that its partner has, as one does whose home is from before they changed, and says so: ``law adopt-words``.
    What its own program ships beside them leaves the home, for all law of a home rests on one vocabulary.
    """

    def __init__(self, folder: Path, jo: Nation, sa: Nation) -> None:
        self.folder, self.jo, self.sa = folder, jo, sa
        self.nations = (jo, sa)

    @classmethod
    def made(cls, folder: Path, jo: Program, sa: Program) -> Neighbours:
        """Two new homes. Saudi Arabia's program is the older one, whose law both adopt."""
        nations = [Nation(party, folder / party, it, free_port()) for party, it in (("JO", jo), ("SA", sa))]
        found = cls(folder, *nations)
        both(lambda nation: nation.run("node", "init", nation.party, "--link-port", str(nation.port)), found.nations)
        _adopt_words(found.jo, sa)
        found._trust()
        found._agree(sa.laws / AGREEMENT)
        return found

    def copied(self, folder: Path) -> Neighbours:
        """The same two nations as they were set up, in homes of their own."""
        nations = []
        for each in self.nations:
            shutil.copytree(each.home, folder / each.party)
            nations.append(Nation(each.party, folder / each.party, each.program, each.port))
        return Neighbours(folder, *nations)

    def __enter__(self) -> Neighbours:
        try:
            both(Nation.start, self.nations)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        both(Nation.stop, self.nations)

    def settle(self) -> dict[str, Link]:
        """Until nothing waits on any link; then every link that carried something, which both must tell alike."""
        said: list[dict[str, Link]] = []

        def nothing_waits() -> bool:
            said[:] = both(Nation.links, self.nations)
            return not any(link.waiting for links in said for link in links.values())

        until("nothing waits", nothing_waits)
        ours, theirs = said
        assert ours == theirs
        return ours

    def assert_sound(self) -> dict[str, Link]:
        """Nothing waits, both tell every link alike, and both rebuild and verify every log they hold."""
        links = self.settle()
        for logs in both(lambda nation: nation.run("link", "verify"), self.nations):
            assert links.keys() == {each["link"] for each in logs if each["verified"]}, logs
        return links

    def audit(self) -> None:
        """After both have stopped, the auditor: nothing lost, doubled or out of order in either store."""
        stores = {}
        for nation in self.nations:  # copies, since to open the store of an older version is to renew it
            copy = self.folder / f"{nation.party}.audited.db"
            shutil.copyfile(nation.home / "node.db", copy)
            stores[nation.party] = open_home_store(Home(nation.home), copy)
        try:
            known = {
                nation.party: read_identity(nation.home.joinpath("card.json").read_bytes()) for nation in self.nations
            }
            found = audit_stores(stores, known)
        finally:
            for store in stores.values():
                store.close()
        assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
        assert found["logs_verified"] == found["logs"] > 0

    def _trust(self) -> None:
        cards = dict(zip(self.nations, both(Nation.card, self.nations), strict=True))
        other = dict(zip(self.nations, reversed(self.nations), strict=True))

        def trust(nation: Nation) -> None:
            card, fingerprint = cards[other[nation]]
            nation.run("party", "trust", card, "--fingerprint", fingerprint, "--url", other[nation].url)

        both(trust, self.nations)

    def _agree(self, text: Path) -> None:
        """Each signs the text, both read it in the same bytes, and each keeps it with both signatures."""
        files = {nation: str(self.folder / f"{nation.party}.sig") for nation in self.nations}
        signed = both(lambda nation: nation.run("law", "sign", str(text), "--out", files[nation]), self.nations)
        assert len({each["digest"] for each in signed}) == 1
        for adopted in both(lambda nation: nation.run("law", "adopt", str(text), *files.values()), self.nations):
            assert adopted["missing"] == []


def _adopt_words(nation: Nation, law: Program) -> None:
    """In place of what its own program shipped, this nation adopts the words, floor and law that another ships."""
    for path in (nation.home / "law").glob("law-*.json"):
        path.unlink()
    for name in ("vocabulary.json", "floor.json", f"law-{nation.party}.json"):
        shutil.copyfile(law.laws / name, nation.home / "law" / name)
    nation.run("law", "adopt-words")
