"""Two nations negotiate an agreement with the commands that officials use: real processes, real key files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.keystore.personal import PersonalKey
from mithaq.cli.practice import Ceremony, write_card
from mithaq.cli.rehearsal import Rehearsal
from mithaq.config import Home, write_private
from mithaq.kernel.clock import SystemClock
from mithaq.kernel.party import Card

PHRASE = "several words are easy to keep"
ROLES = {"negotiator": 1, "signatory": 2, "legal": 1}
THEFT = ["--plate", "P-1", "--reason", "stolen", "--place", "31.4,36.9", "--time", "2026-11-20T04:10:33Z",
         "--purpose", "vehicle_theft"]  # fmt: skip


class Desk:
    """One nation's officials at the command line."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.phrase = folder / "phrase"

    def run(self, *words: str, keys: str = "", count: int | None = None) -> subprocess.CompletedProcess[str]:
        signing = [word for path in sorted(self.folder.glob(f"{keys}-*.key"))[:count] for word in ("--key", str(path))]
        signing += ["--passphrase-file", str(self.phrase)] if keys else []
        command = [sys.executable, "-m", "mithaq", "--home", str(self.home.path), *words, *signing]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    def do(self, *words: str, keys: str = "", count: int | None = None) -> Any:
        run = self.run(*words, "--json", keys=keys, count=count)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Rehearsal, dict[str, Desk]]]:
    made: dict[str, Desk] = {}

    def appoint(home: Home, card: Card) -> None:
        at, root, folder = SystemClock().now(), Ceremony(card), tmp_path / f"{card.party}-officials"
        folder.mkdir()
        (folder / "phrase").write_text(PHRASE + "\n")
        for role, count in ROLES.items():
            keys = [
                PersonalKey.create(folder / f"{role}-{n}.key", PHRASE.encode(), f"{role} {n}").keys
                for n in range(count)
            ]
            root.appoint(role, keys, need=count, at=at)
        manifest = root.manifest(at, [dict(card.signing)], [card.sealing])
        write_private(home.card, write_card(root.card(manifest)))
        made[card.party] = Desk(home, folder)

    with Rehearsal(tmp_path, ("IQ", "JO", "SA"), prepare=appoint) as rehearsal:
        yield rehearsal, made


def test_an_agreement_from_the_offer_to_its_end(desks: tuple[Rehearsal, dict[str, Desk]], tmp_path: Path) -> None:
    rehearsal, desk = desks
    sa, iq, jo = desk["SA"], desk["IQ"], desk["JO"]

    offered = sa.do("law", "propose", "border-warnings", "--signatories", "2", "--accession", "consent",
                    "--open-to", "JO", "--prevails", "ar", keys="negotiator")  # fmt: skip
    matter = offered["matter"]
    rehearsal.settle()
    assert "العراق" in iq.run("law", "text", matter, "--lang", "ar").stdout

    other = tmp_path / "other.json"
    law = json.loads((Path(__file__).parents[2] / "src/mithaq/laws/border-warnings.json").read_bytes())
    other.write_text(json.dumps({**law, "version": 2, "clauses": law["clauses"][:2]}))
    countered = iq.do("law", "counter", matter, str(other), "--note", "shorter", keys="negotiator")
    rehearsal.settle()
    text = countered["text"]
    changes = sa.do("law", "text", matter, "--text", text, "--against", offered["text"])
    assert ["removed", "9"] in [[each["change"], each["id"]] for each in changes]

    ambiguous = sa.run("law", "sign", matter, keys="signatory")
    assert ambiguous.returncode == 2
    assert "several texts" in ambiguous.stderr
    assert "Traceback" not in ambiguous.stderr

    waiting = sa.do("law", "sign", matter, "--text", text, keys="signatory", count=1)
    assert (waiting["state"], waiting["signatures"], waiting["need"]) == ("waits", 1, 2)
    draft = tmp_path / "draft.json"
    sa.do("law", "sign", matter, "--text", text, "--out", str(draft), keys="signatory", count=1)
    second = sorted(sa.folder.glob("signatory-*.key"))[1]
    said = sa.do("matter", "sign", str(draft), "--key", str(second), "--passphrase-file", str(sa.phrase))
    assert said["state"] == "said"
    rehearsal.settle()
    iq.do("law", "sign", matter, "--text", text, keys="signatory")
    rehearsal.settle()
    assert sa.do("intelligence", "alert-vehicle", *THEFT)["released"] == ["IQ", "JO"]

    sa.do("law", "suspend", matter, "--reason", "under review", keys="legal")
    assert sa.do("intelligence", "alert-vehicle", *THEFT)["released"] == ["JO"]
    assert "suspended by SA" in sa.run("law", "status", matter).stdout
    sa.do("law", "resume", matter, keys="legal")

    sa.do("matter", "share", matter, "--to", "JO")
    rehearsal.settle()
    jo.do("law", "accede", matter, keys="signatory")
    rehearsal.settle()
    for each in (iq, sa):
        each.do("law", "consent", matter, "--of", "JO", keys="signatory")
    rehearsal.settle()
    assert iq.do("intelligence", "alert-vehicle", *THEFT)["released"] == ["JO", "SA"]

    left = sa.do("law", "withdraw", matter, "--reason", "done", keys="signatory")
    assert left["says"] == "denounce"
    rehearsal.settle()
    digests = {each.do("matter", "show", matter)["digest"] for each in desk.values()}
    assert len(digests) == 1
    owed = {each["what"] for each in sa.do("matter", "duties")}
    assert owed - {"review_alert"} == {"renew_keys"}  # the counter-offer was answered; alerts have clocks of their own
    found = rehearsal.audit()
    assert (found["lost"], found["duplicates"], found["out_of_order"]) == (0, 0, 0)
    assert found["logs_verified"] == found["logs"] > 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["law", "propose", "none.json"], 2),
        (["law", "sign", "JO-01JD0000000000000000000000"], 4),
        (["law", "status", "nonsense"], 2),
        (["law", "suspend", "JO-01JD0000000000000000000000"], 4),
        (["matter", "show", "JO-01JD0000000000000000000000"], 4),
        (["matter", "sign", "none.json"], 4),
        (["matter", "say", "JO-01JD0000000000000000000000", "sign", "--terms", "{"], 2),
        (["party", "forget", "XX"], 4),
        (["keys", "approve", "none.json", "--key", "none", "--yes"], 4),
        (["keys", "install", "none.json"], 2),
    ],
    ids=str,
)
def test_bad_input_is_one_line_and_loses_nothing(words: list[str], code: int, tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    home = rehearsal.nations["JO"].home
    run = Desk(home, tmp_path).run(*words)
    assert run.returncode == code, run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert "Traceback" not in run.stderr
