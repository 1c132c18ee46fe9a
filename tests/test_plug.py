"""The plug: a capability from outside the tree joins two nations by its entry point, and everything follows."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mithaq.capabilities import known, load
from mithaq.cli.main import mithaq
from mithaq.cli.rehearsal import Nation
from mithaq.errors import Clash, Invalid, NotAllowed, NotFound
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.second import Waits
from tests.samples.crossing import CHECKED, NOTICE, Crossing, crossing, made_home, option_words
from tests.samples.install import ANIMAL_HEALTH, install

OFFICER = Actor(id="officer-7", roles=("customs_officer",), by="session")


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(ANIMAL_HEALTH, tmp_path / "site", monkeypatch)


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Crossing]:
    with crossing(tmp_path / "homes") as made:
        yield made


def notify(border: Crossing, **changes: Any) -> str:
    return str(border.jo.do("animal-health.notify", {**NOTICE, **changes}, who=OFFICER).result().id)


def owed(border: Crossing) -> list[tuple[str, str]]:
    return [(each.what, each.about) for each in border.sa.ask("duty.list", {}, who=HOME)]


def offer(folder: Path, distribution: str, entry: str) -> str:
    """A distribution that offers a capability by this entry point; the place for the module path."""
    info = folder / distribution / f"{distribution}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mithaq.capabilities]\n{entry}\n")
    return str(folder / distribution)


# -- joining ---------------------------------------------------------------------------------------------------------


def test_what_is_installed_is_listed_with_its_summary_and_not_imported() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from mithaq.cli.main import mithaq\n"
        "print(CliRunner().invoke(mithaq, ['--help']).output)\n"
        "assert not {'animal_health', 'importlib.metadata', 'mithaq.kernel.plug'} & sys.modules.keys()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "animal-health  animals at a crossing: notices, inspections, what is owed" in run.stdout


def test_one_that_is_not_installed_is_told_with_those_that_are() -> None:
    assert list(known()) == ["animal-health", "intelligence"]
    with pytest.raises(NotFound, match=r"did you mean 'animal-health'.*installed: animal-health, intelligence"):
        load("animal-helth")


def test_two_packages_with_one_name_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(offer(tmp_path, "other", "animal-health = other:capability"))
    with pytest.raises(Clash, match="of animal-health, other"):
        load("animal-health")


def test_a_package_may_not_take_the_name_of_what_comes_with_mithaq(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(offer(tmp_path, "other", "intelligence = animal_health:capability"))
    with pytest.raises(Clash, match="another 'intelligence'"):
        load("intelligence")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("wells = no_such_module:capability", "ModuleNotFoundError"),
        ("wells = animal_health:nothing", "AttributeError"),
        ("wells = leaves:capability", "SystemExit: not today"),
        ("wells = animal_health.records:CONSIGNMENT", "holds no Capability"),
        ("wells = animal_health:capability", "calls itself 'animal-health'"),
    ],
)
def test_a_package_that_holds_no_such_capability_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, told: str
) -> None:
    monkeypatch.syspath_prepend(offer(tmp_path, "other", entry))
    (tmp_path / "other" / "leaves.py").write_text("raise SystemExit('not\\ntoday')\n")
    with pytest.raises(Invalid, match=told) as caught:
        load("wells")
    assert "\n" not in str(caught.value)
    help_ = CliRunner().invoke(mithaq, ["--help"])
    assert (help_.exit_code, "wells" in help_.output) == (0, True)  # the others go on


def test_what_a_package_calls_itself_reaches_no_terminal_as_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(offer(tmp_path, "other", "\x1bcx = other:capability\nwells = other:capability"))
    metadata = tmp_path / "other" / "other-1.0.dist-info" / "METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\nSummary: w\x1bcells\n")
    shown = CliRunner().invoke(mithaq, ["--help"]).output
    assert "w\ufffdcells" in shown
    assert "\x1b" not in shown


# -- from one nation to the other ------------------------------------------------------------------------------------


def test_a_notice_crosses_is_owed_an_inspection_and_its_result_comes_back(border: Crossing) -> None:
    id = notify(border)
    border.step()
    told = border.sa.ask("animal-health.consignment", {"id": id}, who=OFFICER)
    assert (told.origin, told.fields["count"], told.fields["findings"]) == ("JO", 240, NOTICE["release_findings"])
    assert (told.levels["holding"], told.levels["place"]) == ("absent", "generalised:1km")
    assert "holding" not in told.fields
    assert owed(border) == [("inspect_animals", id)]
    border.sa.do("animal-health.inspect", {"id": id, **CHECKED}, who=OFFICER).result()
    assert owed(border) == []
    border.step()
    ours = border.jo.ask("animal-health.consignment", {"id": id}, who=OFFICER)
    assert (ours.result, ours.inspected_by, ours.fields["holding"]) == ("cleared", "SA", NOTICE["holding"])
    border.assert_sound()


def test_a_consignment_is_inspected_once(border: Crossing) -> None:
    id = notify(border)
    border.step()
    border.sa.do("animal-health.inspect", {"id": id, **CHECKED}, who=OFFICER).result()
    with pytest.raises(Clash, match="no inspection of it is owed"):
        border.sa.do("animal-health.inspect", {"id": id, **CHECKED}, who=OFFICER).result()


def test_an_exercise_stays_apart(border: Crossing) -> None:
    id = notify(border, exercise=True)
    border.step()
    assert border.sa.ask("animal-health.consignments", {}, who=OFFICER) == ()
    assert [each.id for each in border.sa.ask("animal-health.consignments", {"exercise": True}, who=OFFICER)] == [id]


# -- permission, audit, four eyes ------------------------------------------------------------------------------------


def test_without_a_role_it_is_refused_and_what_was_done_is_audited(border: Crossing) -> None:
    id = notify(border)
    stranger = Actor(id="officer-9", roles=("analyst",), by="session")
    with pytest.raises(NotAllowed):
        border.jo.do("animal-health.notify", NOTICE, who=stranger)
    with pytest.raises(NotAllowed):
        border.jo.ask("animal-health.consignment", {"id": id}, who=stranger)
    border.jo.ask("animal-health.consignment", {"id": id}, who=OFFICER)
    with border.jo.store.read() as tx:
        audited = [(each.who, each.act, each.subject) for each in tx.audit.page()]
    assert ("officer-7", "animal-health.notify", id) in audited
    assert ("officer-7", "animal-health.consignment", id) in audited
    assert ("officer-9", "refused animal-health.notify", "") in audited
    assert ("officer-9", "refused animal-health.consignment", id) in audited


def test_to_destroy_animals_takes_two(border: Crossing) -> None:
    id = notify(border)
    border.step()
    asked = {**CHECKED, "id": id, "result": "destroyed"}
    held = border.sa.do("animal-health.inspect", asked, who=OFFICER).result()
    assert isinstance(held, Waits)
    assert held.why == "animals are destroyed"
    assert owed(border) == [("inspect_animals", id)]


# -- over HTTP and at the command line -------------------------------------------------------------------------------


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(mithaq, ["--home", str(home), *words])


def test_the_command_line_does_what_is_declared(tmp_path: Path) -> None:
    home = made_home(tmp_path / "jo", "JO").path
    id = json.loads(run(home, "animal-health", "notify", *option_words(), "--json").output)["id"]
    listed = run(home, "animal-health", "consignments")
    assert all(word in listed.output for word in ("consignments", "certificate", "JO-VET-2026-0417", "1 shown"))
    shown = run(home, "animal-health", "consignment", id)
    assert all(word in shown.output for word in (f"{id} v1 from JO", "asked for", "Wadi Araba farm 7"))
    owed = json.loads(run(home, "matter", "duties", "--json").output)
    assert [each["what"] for each in owed] == ["inspect_animals"]


def test_it_is_served_over_http_and_described(tmp_path: Path) -> None:
    nation = Nation("JO", made_home(tmp_path / "jo", "JO"))
    nation.start()
    try:
        stated = nation.do("animal-health.notify", NOTICE)
        inside = json.loads(nation.home.serving.read_bytes())["inside"]
        head = {"authorization": f"Bearer {nation.home.token.read_text()}", "content-type": "application/json"}
        url = f"{inside}/v1/animal-health/consignments"
        with urllib.request.urlopen(urllib.request.Request(url, data=b"{}", headers=head), timeout=10) as answer:
            assert [each["id"] for each in json.load(answer)] == [stated["id"]]
        document = urllib.request.Request(f"{inside}/v1/openapi.json", headers=head)
        with urllib.request.urlopen(document, timeout=10) as answer:
            described = json.load(answer)
        assert described["paths"]["/v1/animal-health/notify"]["post"]["operationId"] == "animal-health.notify"
    finally:
        nation.stop()
