"""A node of an earlier version and one of today exchange: two processes over real HTTPS, by their command lines."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.compat.old import ROOT, Version, environment, is_in_history, laws, python, versions
from tests.worlds import alert

PATIENCE = 60.0
AGREEMENT = "JO-SA-border.json"


class Side:
    """One nation: its home, the Python that runs its version, and its serving process."""

    def __init__(self, party: str, home: Path, called: tuple[str, ...]) -> None:
        self.party, self.home, self.port = party, home, _free_port()
        self._mithaq = (*called, "-m", "mithaq", "--home", str(home))
        self._process: subprocess.Popen[str] | None = None

    def run(self, *words: str) -> Any:
        """What a command says as JSON; it must end with 0."""
        command = [*self._mithaq, *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, f"{self.party}: {' '.join(words)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def serve(self) -> None:
        """Serve in a process of its own; returns once it answers."""
        with (self.home / "serve.log").open("ab") as log:
            command = [*self._mithaq, "node", "serve"]
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.home / "serve.log").read_text(errors="replace")
        assert json.loads(line)["link"] == f"https://127.0.0.1:{self.port}"

    def stop(self) -> None:
        if self._process is not None:
            with self._process:
                self._process.terminate()

    def raise_alert(self, plate: str, *flags: str) -> str:
        """Raise an alert that the agreement lets through; its id."""
        words = [word for name, value in alert(plate=plate).items() for word in (f"--{name.replace('_', '-')}", value)]
        stated = self.run("intelligence", "alert-vehicle", *words, *flags)
        assert len(stated["released"]) == 1, stated
        return str(stated["id"])

    def link(self, link: str) -> dict[str, Any]:
        """How a link is, as this side sees it."""
        nothing = {"size": 0, "accepted": 0, "refused": 0}
        found = {each["link"]: each for each in self.run("link", "status")}
        return dict(found.get(link, nothing))

    def alerts(self) -> dict[str, Any]:
        return {each["key"]: each["body"] for each in self.run("intelligence", "alerts")}


class Pair:
    """Jordan with a node of today and Saudi Arabia with one of an earlier version."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.new = Side("JO", folder / "jo", (sys.executable,))
        self.old = Side("SA", folder / "sa", python(place))
        shipped = laws(place)
        self.each(lambda side: side.run("node", "init", side.party, "--link-port", str(side.port)))
        self._rest_on(shipped)
        cards = {side.party: side.run("party", "card") for side in (self.new, self.old)}
        for side, other in ((self.new, self.old), (self.old, self.new)):
            card, url = cards[other.party], f"https://127.0.0.1:{other.port}"
            side.run("party", "trust", card["card"], "--fingerprint", card["fingerprint"], "--url", url)
        self.cards = {party: Path(card["card"]) for party, card in cards.items()}
        self.text = text = str(shipped / AGREEMENT)
        signed = {side.party: str(folder / f"{side.party}.sig") for side in (self.new, self.old)}
        made = self.each(lambda side: side.run("law", "sign", text, "--out", signed[side.party]))
        assert len({each["digest"] for each in made}) == 1  # both read the same text in the same bytes
        for adopted in self.each(lambda side: side.run("law", "adopt", text, *signed.values())):
            assert adopted["missing"] == []

    def each(self, job: Any) -> list[Any]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(job, (self.new, self.old)))

    def _rest_on(self, shipped: Path) -> None:
        """Let the new node rest on the words, floor and law that the old version ships.

        An agreement pins the vocabulary by digest, and the old version cannot read today's vocabulary. So the two can
        only agree on the old one; and every law of a home must rest on the one vocabulary that the home has adopted, so
        the examples that only today's version ships leave the home.
        """
        folder = self.new.home / "law"
        for path in folder.glob("law-*.json"):
            path.unlink()
        for path in (shipped / "vocabulary.json", shipped / "floor.json", *shipped.glob("law-JO*.json")):
            shutil.copy(path, folder / path.name)
        self.new.run("law", "adopt-words")

    def arrived(self, at: Side, id: str) -> dict[str, Any]:
        """The alert, once it is at the other side."""
        until = time.monotonic() + PATIENCE
        while id not in (found := at.alerts()):
            assert time.monotonic() < until, f"{id} did not arrive at {at.party}: {at.run('link', 'status')}"
            time.sleep(0.1)
        body: dict[str, Any] = found[id]
        return body

    def settle(self) -> None:
        """Wait until nothing waits on either side."""
        until = time.monotonic() + PATIENCE
        while any(each["waiting"] for links in self.each(lambda side: side.run("link", "status")) for each in links):
            assert time.monotonic() < until, self.each(lambda side: side.run("link", "status"))
            time.sleep(0.1)

    def assert_sound(self, folder: Path) -> None:
        """Nothing waits, both hold the same logs, and an auditor who knows neither version finds them whole."""
        self.settle()
        held = [{each["link"]: each for each in logs} for logs in self.each(lambda side: side.run("link", "verify"))]
        assert held[0].keys() == held[1].keys()
        for link, ours in held[0].items():
            theirs = held[1][link]
            assert (ours["size"], ours["root"]) == (theirs["size"], theirs["root"])
            assert ours["verified"]
            assert theirs["verified"]
            sender, receiver = link.split(">")
            out = folder / f"{sender}-{receiver}.ndjson"
            self.new.run("link", "export", sender, receiver, "--out", str(out))
            cards = ("--sender", str(self.cards[sender]), "--receiver", str(self.cards[receiver]))
            audit = [sys.executable, str(ROOT / "tools" / "verify_link.py"), "export", str(out), *cards]
            told = subprocess.run(audit, capture_output=True, text=True, check=False, timeout=PATIENCE)
            assert told.returncode == 0, told.stdout + told.stderr


@pytest.fixture(scope="session", params=versions(), ids=lambda version: version.number)
def old(request: pytest.FixtureRequest) -> Path:
    """The environment of an earlier version."""
    version: Version = request.param
    if not is_in_history(version):
        pytest.skip(f"the git history with {version.commit[:12]}, which is version {version.number}, is absent")
    return environment(version)


@pytest.fixture(scope="module")
def pair(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("pair"), old)
    try:
        made.new.serve()
        made.old.serve()
        yield made
    finally:
        made.new.stop()
        made.old.stop()


def test_alerts_go_both_ways_as_the_agreement_says(pair: Pair, tmp_path: Path) -> None:
    ids = pair.each(lambda side: [side.raise_alert(f"{side.party}-{n}") for n in range(2)])
    for sender, receiver, raised in ((pair.new, pair.old, ids[0]), (pair.old, pair.new, ids[1])):
        for n, id in enumerate(raised):
            body = pair.arrived(receiver, id)
            assert body["origin"] == sender.party
            assert body["fields"]["plate"] == f"{sender.party}-{n}"
            assert body["fields"]["colour"] == alert()["colour"]
            assert body["levels"]["source"] == "absent"
            assert "source" not in body["fields"]
    pair.assert_sound(tmp_path)


def test_what_the_old_one_does_not_understand_costs_nothing_else(pair: Pair, tmp_path: Path) -> None:
    before = pair.new.link("JO>SA")["size"]
    assert propose(pair)["to"] == ["SA"]
    to_old, to_new = pair.each(lambda side: side.raise_alert(f"{side.party}-after"))
    pair.arrived(pair.old, to_old)
    pair.arrived(pair.new, to_new)
    assert pair.new.link("JO>SA")["size"] == before + 2
    pair.assert_sound(tmp_path)


def test_a_flash_alert_arrives(pair: Pair) -> None:
    id = pair.new.raise_alert("flash", "--flash")
    pair.settle()
    assert id in pair.old.alerts(), pair.new.link("JO>SA")


def test_a_statement_is_taken_as_not_understood_rather_than_refused(pair: Pair) -> None:
    before = pair.new.link("JO>SA")
    propose(pair)
    pair.settle()
    after = pair.new.link("JO>SA")
    assert (after["accepted"], after["refused"]) == (before["accepted"] + 1, before["refused"])


def propose(pair: Pair) -> dict[str, Any]:
    """Offer a text to the old node, which knows no matters."""
    found: dict[str, Any] = pair.new.run("law", "propose", pair.text)
    return found


def _free_port() -> int:
    """A port that is free now, below those the system gives to outgoing calls."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of 100 ports tried is free")
