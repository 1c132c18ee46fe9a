"""Commands generated from declarations: options by type, the whole input as JSON, answers as people read them."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import pytest
from click.testing import CliRunner, Result
from msgspec import Meta, Struct

from mithaq.api import body
from mithaq.cli.generated import command_for
from mithaq.cli.main import mithaq
from mithaq.cli.options import gather, parameters
from mithaq.cli.told import tell
from mithaq.errors import Malformed, MithaqError
from mithaq.kernel.desk import Stated
from mithaq.kernel.plug import Capability, Column, Command, Page, Question
from mithaq.kernel.record import Field, Kind, Sensitivity
from mithaq.kernel.shelves import Row
from mithaq.kernel.values import Instant, RecordId
from tests.samples.crossing import CHECKED, made_home, option_words
from tests.samples.install import ANIMAL_HEALTH, install


class Depth(StrEnum):
    SHALLOW = "shallow"
    DEEP = "deep"


class Owner(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class Well(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Field("what people call it", Sensitivity.OPEN)]
    depth: Annotated[Depth, Field("how deep it is", Sensitivity.OPEN)]


class AddWell(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A well as it is found. ``id`` is of the survey."""

    id: RecordId
    name: str
    water: Literal["sweet", "salt"]
    depth: Depth | None = None
    metres: Annotated[int, Meta(ge=0, description="metres to the water")] = 10
    time: Instant | None = None
    names: tuple[str, ...] = ()
    uses: tuple[Literal["camels", "people"], ...] = ()
    owners: tuple[Owner, ...] = ()
    more: dict[str, Any] = {}
    dry: bool = False
    public: bool = True
    key: str = ""


KIND = Kind("wells.well", 1, Well, title="name", subject="name", place=None, time=None, retention="P1Y")
ADD = Command("wells.add-well", "add a well", AddWell, Stated, lambda *_: None, second=lambda *_: "")
ID = "JO-" + "0" * 26
NEEDED = (ID, "--name", "Bir", "--water", "salt")


def capability(*pages: Page, gives: Any = tuple[Row, ...]) -> Capability:
    question = Question("wells.wells", "every well", Owner, gives, lambda *_: None)
    return Capability("wells", "wells", kinds=(KIND,), commands=(ADD,), questions=(question,), pages=pages)


def given(*words: str, stdin: str = "") -> dict[str, Any]:
    """What a node would be given for these words; UsageError, as at the terminal, if they are not understood."""
    caught: dict[str, Any] = {}

    def run(source: str | None, **options: Any) -> None:
        caught.update(gather(ADD, options, source))

    made = click.Command("add-well", callback=run)
    made.params = [*parameters(ADD, capability()), click.Option(["--from", "source"])]
    result = CliRunner().invoke(made, words, input=stdin, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return caught


def told(found: Any, *pages: Page, capsys: pytest.CaptureFixture[str], of: str = "wells.wells") -> str:
    """What a person reads of an answer: its tables, and what is said after them."""
    made = capability(*pages)
    declared: Command | Question = ADD if of == ADD.name else made.questions[0]
    after = tell(declared, found, made)
    return capsys.readouterr().out + after


# -- what is given ---------------------------------------------------------------------------------------------------


def test_every_field_is_an_option_by_its_type() -> None:
    words = ("--depth", "deep", "--metres", "42", "--names", "Bir", "--names", "Well", "--uses", "camels", "--dry",
             "--owners", '[{"name": "Salma"}]', "--more", '{"a": 1}', "--time", "2026-11-20T04:10:33Z",
             "--no-public", "--field-key", "k")  # fmt: skip
    assert given(*NEEDED, *words) == {
        "id": ID, "name": "Bir", "water": "salt", "depth": "deep", "metres": 42, "names": ["Bir", "Well"],
        "uses": ["camels"], "dry": True, "owners": [{"name": "Salma"}], "more": {"a": 1},
        "time": "2026-11-20T04:10:33Z", "public": False, "key": "k",
    }  # fmt: skip


def test_what_is_not_given_is_left_to_the_declaration() -> None:
    assert given(*NEEDED) == {"id": ID, "name": "Bir", "water": "salt"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (NEEDED[1:], "Missing argument 'ID'"),
        (NEEDED[:3], "Missing option '--water'"),
        ((*NEEDED[:4], "sour"), "'sour' is not one of"),
        ((*NEEDED, "--uses", "goats"), "'goats' is not one of"),
        ((*NEEDED, "--metres", "deep"), "not a valid integer"),
        ((*NEEDED, "--owners", "Salma"), "not JSON"),
        ((*NEEDED, "--colour", "blue"), "No such option"),
    ],
)
def test_what_cannot_be_is_a_usage_error(words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        given(*words)
    assert reason in caught.value.format_message()


def test_the_whole_input_may_be_json_and_options_go_before_it(tmp_path: Path) -> None:
    whole = {"id": ID, "name": "Bir", "water": "salt", "metres": 3, "dry": True}
    file = tmp_path / "well.json"
    file.write_text(json.dumps(whole))
    assert given("--from", str(file)) == whole
    assert given("--from", "-", stdin=json.dumps(whole)) == whole
    assert given("--from", str(file), "--metres", "4", "--water", "sweet") == {**whole, "metres": 4, "water": "sweet"}
    owners = tmp_path / "owners.json"
    owners.write_text('[{"name": "Salma"}]')
    assert given(*NEEDED, "--owners", f"@{owners}")["owners"] == [{"name": "Salma"}]


@pytest.mark.parametrize(("text", "code"), [("{", "not-json"), ("[]", "not-json"), ("[" * 50_000, "not-json")])
def test_json_that_cannot_be_used_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(MithaqError) as caught:
        given("--from", "-", stdin=text)
    assert (caught.value.code, caught.value.where) == (code, "-")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(MithaqError, match=r"none\.json: cannot be read"):
        given("--from", "none.json")


def test_help_says_what_each_means_and_what_must_be_given() -> None:
    help_ = " ".join(CliRunner().invoke(command_for(ADD, capability()), ["--help"]).output.split())
    for said in (
        "Add a well. A well as it is found. id is of the survey.",
        "--name TEXT what people call it [required]",
        "--water WORD (salt, sweet) [required]",
        "--depth WORD how deep it is (shallow, deep)",
        "--metres NUMBER metres to the water [default: 10]",
        "--uses WORD (camels, people) [may stand several times]",
        "--owners JSON",
        "--break-glass REASON",
        "--key TEXT",
        "--from FILE",
    ):
        assert said in help_, said


# -- what is told ----------------------------------------------------------------------------------------------------

STATED = {"id": ID, "version": 2, "released": ["SA"], "withheld": {"IQ": []}, "deferred": [], "unchanged": False}
HELD = {"outcome": "waits", "waiting": "a1", "why": "it is deep", "until": "2026-11-23T12:00:00Z"}


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (STATED, (f"{ID} v2", "  released to SA", "  withheld from IQ: no clause permits it", f"mithaq why {ID}")),
        ({**STATED, "unchanged": True}, ("nothing changed",)),
        ({**STATED, "deferred": ["IQ"]}, ("decided later for IQ",)),
        ([{"stated": STATED}, {"problem": "no water"}], (f"{ID} v2", "problem  no water")),
        (HELD, ("waits for a second person until 2026-11-23T12:00:00Z: mithaq acts approve a1", "it is deep")),
        (None, ("done",)),
        ({"moved": 3, "to": {"name": "Salma"}}, ("moved  3", "  name  Salma")),
    ],
)
def test_what_became_of_an_act(found: Any, lines: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = told(found, capsys=capsys, of=ADD.name)
    assert all(line in text for line in lines), text


def test_a_list_is_drawn_by_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = Page("wells.list", "wells of Jordan", "list", "wells.wells", (Column("body.fields.name", "called"),))
    rows = [{"key": ID, "exercise": True, "body": {"fields": {"name": "بئر"}}}]
    text = told(rows, page, capsys=capsys)
    assert all(said in text for said in ("wells of Jordan", "called", "بئر", ID, "EXERCISE", "1 shown"))


def test_a_list_without_a_page_shows_what_every_row_has(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"key": ID, "title": "Bir", "time": "", "place": "31,36", "body": {"origin": "SA", "version": 3}}]
    text = told(rows, capsys=capsys)
    assert all(said in text for said in (ID, "Bir", "SA", "31,36", "name"))
    plain = told([{"role": "analyst", "may": ["read"]}, {"role": "commander", "may": []}], capsys=capsys)
    assert "commander" in plain
    assert "2 shown" in plain


def test_what_is_withheld_is_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    body = {
        "fields": {"name": "Bir"}, "levels": {"name": "clear", "depth": "absent"}, "hidden": ["owner"], "version": 1,
        "origin": "SA", "basis": {"law": "JO-SA/1", "clause": "4"}, "handling": {"retain": "P1Y"},
    }  # fmt: skip
    text = told({"key": ID, "body": body}, capsys=capsys)
    assert text.count("▨ withheld") == 2
    told_ = " ".join(text.split())
    assert all(
        said in told_ for said in (f"{ID} v1 from SA", "absent", "by our own law", "basis JO-SA/1 4; retain P1Y")
    )
    columns = (Column("body.fields.name", "called"), Column("body.fields.depth", "how deep"))
    drawn = told({"key": ID, "body": body}, Page("wells.one", "well", "detail", "wells.wells", columns), capsys=capsys)
    row = next(line for line in drawn.splitlines() if "how deep" in line)
    assert "▨ withheld" in row
    assert drawn.count("▨ withheld") == 2


def test_any_other_answer_is_names_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    text = told({"count": 3, "of": {"deep": 1}, "none": []}, capsys=capsys)
    assert text.splitlines() == ["count  3", "of", "  deep  1", "none  —"]


# -- through a node --------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(ANIMAL_HEALTH, tmp_path / "site", monkeypatch)
    return made_home(tmp_path / "jo", "JO").path


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(mithaq, ["--home", str(home), "animal-health", *words])


def test_the_same_key_again_is_the_same_act(home: Path) -> None:
    first = run(home, "notify", *option_words(), "--key", "k1", "--json")
    again = run(home, "notify", *option_words(), "--key", "k1", "--json")
    other = run(home, "notify", *option_words(), "--key", "k2", "--json")
    assert json.loads(first.stdout)["id"] == json.loads(again.stdout)["id"] != json.loads(other.stdout)["id"]


def test_a_held_act_is_told_and_the_glass_can_be_broken(home: Path) -> None:
    id = json.loads(run(home, "notify", *option_words(), "--json").stdout)["id"]
    run(home, "consignments")
    destroy = ("inspect", id, *(word for name, value in CHECKED.items() for word in (f"--{name}", value)))
    destroy = (*destroy, "--result", "destroyed")
    assert "waits for a second person until" in run(home, *destroy).stdout
    done = run(home, *destroy, "--break-glass", "rabies at the post")
    assert done.stdout.splitlines()[0].endswith(" v1")
    assert "destroyed" in run(home, "consignment", id).stdout


@pytest.mark.parametrize("key", ["", "k" * 127, "two words", 'a"b', "a\\b", "مفتاح", "a\n", "k\udcff"])
def test_a_key_is_held_to_the_rule_of_the_api_wherever_the_node_runs(home: Path, key: str) -> None:
    told = run(home, "notify", *option_words(), "--key", key)
    assert told.exit_code != 0
    assert "1 to 126 visible ASCII characters" in told.output
    assert body._KEY.fullmatch(key) is None


@pytest.mark.parametrize("text", ['{"name": "\\ud800"}', '{"\\udc00": 1}'])
def test_half_a_character_is_told_as_what_it_is(text: str) -> None:
    with pytest.raises(Malformed, match="lone surrogate"):
        given(*NEEDED, "--from", "-", stdin=text)
    with pytest.raises(click.UsageError, match="lone surrogate"):
        given(*NEEDED, "--more", text)


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740992", "9" * 5000, "9" * 30])
def test_a_number_is_one_that_every_language_keeps(number: str) -> None:
    with pytest.raises(click.UsageError, match="not an integer within"):
        given(*NEEDED, f"--metres={number}")
    with pytest.raises(Malformed, match="not an integer within"):
        given(*NEEDED, "--from", "-", stdin=f'{{"metres": {number}}}')
    assert given(*NEEDED, "--metres", "9007199254740991")["metres"] == 2**53 - 1
