"""``mithaq law check``, ``show``, ``decide`` and ``schema``, as a lawyer without a node uses them."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mithaq.cli.law.schema import SHAPES, write_schema
from mithaq.cli.main import mithaq
from mithaq.errors import BadInput, MithaqError
from tests.test_docs import ROOT

LINE: dict[str, Any] = {
    "line": 1, "kind": "intelligence.alert.vehicle/1", "from": "JO", "to": "SA", "act": "share",
    "purpose": "drug_trafficking", "instant": "2027-03-01T04:10:00Z",
    "attributes": {"place": {"cell": "border-belt-50km"}}, "fields": {"plate": "12-34567", "source": "S-17"},
}  # fmt: skip


def law(home: Path, *words: str) -> Result:
    return CliRunner().invoke(mithaq, ["--home", str(home / "none"), "law", *words])


def example(name: str) -> dict[str, Any]:
    found = json.loads((resources.files("mithaq.laws") / name).read_bytes())
    assert isinstance(found, dict)
    return found


def decided(folder: Path, lines: list[Any], *more: str) -> tuple[Result, list[dict[str, Any]]]:
    """The laws of both nations asked about these lines (dicts, or text as it stands)."""
    records, out = folder / "records.ndjson", folder / "out.ndjson"
    records.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines))
    given = ["--agreement", "JO-SA-border", "--law", "law-JO", "--law", "law-SA"]
    found = law(folder, "decide", *given, "--records", str(records), "--out", str(out), *more)
    return found, [json.loads(line) for line in out.read_text().splitlines()]


def test_the_samples_are_decided_as_they_say(shared: Path, tmp_path: Path) -> None:
    samples = shared / "data" / "samples"
    lines = (samples / "decide_records.ndjson").read_text().splitlines()
    expected = [json.loads(line) for line in (samples / "decide_out.ndjson").read_text().splitlines()]
    found, answers = decided(tmp_path, list(lines))
    assert found.exit_code == 0
    for answer, sample in zip(answers, expected, strict=True):
        assert answer.keys() == sample.keys()
        for name in sample.keys() - {"obligations"}:
            assert answer[name] == sample[name]
        assert all(each in answer["obligations"] for each in sample["obligations"])
        assert list(answer["fields"]) == list(sample["fields"])


def test_a_line_that_cannot_be_used_is_named_and_the_others_are_decided(tmp_path: Path) -> None:
    lines = [
        LINE, "{not json", {**LINE, "purpose": "drug_traffiking"}, {**LINE, "extra": 1}, "",
        {**LINE, "attributes": {"subject.flag": []}}, {**LINE, "line": 9}, "x" * (1024 * 1024 + 9),
        {**LINE, "line": 10},
    ]  # fmt: skip
    found, answers = decided(tmp_path, lines)
    assert found.exit_code == 2
    assert [each["line"] for each in answers] == [1, 9, 10]
    told = found.stderr.splitlines()
    assert [line.split(": line ")[1].split(":")[0] for line in told] == ["2", "3", "4", "6", "8"]
    assert "drug_trafficking" in told[1]
    assert "$.attributes.subject.flag" in told[3]
    assert "3 permitted, 0 denied, 5 unusable" in found.stdout


def test_a_denial_names_what_was_nearly_enough(tmp_path: Path) -> None:
    _, [answer] = decided(tmp_path, [{**LINE, "attributes": {}}])
    assert answer["decision"] == "deny"
    missed = {(each["clause"], *each["failing"]) for each in answer["near_misses"]}
    assert ("4.1", "place") in missed


def test_a_floor_of_their_own_decides_whichever_way_it_is_given(tmp_path: Path) -> None:
    strict = {**example("floor.json"), "id": "strict", "clauses": [
        {"id": "S1", "effect": "forbid", "from": "any", "to": "any", "act": "share"}
    ]}  # fmt: skip
    (tmp_path / "strict.json").write_text(json.dumps(strict))
    for option in ("--law", "--floor"):
        _, [answer] = decided(tmp_path, [LINE], option, str(tmp_path / "strict.json"))
        assert answer["forbids"] == [{"law": "strict/1", "clause": "S1"}]
    found = law(tmp_path, "decide", "--law", "floor", "--floor", "floor", "--records", "r", "--out", "o")
    assert isinstance(found.exception, MithaqError)
    assert "more than one floor" in str(found.exception)


@pytest.mark.parametrize("option", ["--agreement", "--law", "--floor", "--vocabulary", "--records", "--out"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, option: str) -> None:
    (tmp_path / "records").write_text(json.dumps(LINE))
    missing = str(tmp_path / "no" / "such")
    given = {"--agreement": "JO-SA-border", "--records": str(tmp_path / "records"), "--out": str(tmp_path / "out")}
    words = [word for pair in {**given, option: missing}.items() for word in pair]
    found = law(tmp_path, "decide", *words)
    assert isinstance(found.exception, BadInput)
    assert missing in str(found.exception)


def test_answers_never_overwrite_the_requests(tmp_path: Path) -> None:
    records = tmp_path / "records"
    records.write_text(json.dumps(LINE))
    found = law(tmp_path, "decide", "--agreement", "JO-SA-border", "--records", str(records), "--out", str(records))
    assert isinstance(found.exception, BadInput)
    assert json.loads(records.read_text()) == LINE


def test_answers_go_through_a_link_and_leave_it_there(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("")
    link.symlink_to(target)
    (tmp_path / "records").write_text(json.dumps(LINE))
    given = ["--agreement", "JO-SA-border", "--records", str(tmp_path / "records"), "--out", str(link)]
    assert law(tmp_path, "decide", *given).exit_code == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["decision"] == "permit"


def test_the_same_law_twice_is_refused(tmp_path: Path) -> None:
    given = ["--agreement", "JO-SA-border", "--agreement", "JO-SA-border", "--records", "r", "--out", "o"]
    found = law(tmp_path, "decide", *given)
    assert isinstance(found.exception, BadInput)
    assert "name each law once" in str(found.exception)


def test_checking_tells_holding_broken_and_unusable_apart(tmp_path: Path) -> None:
    assert law(tmp_path, "check", "JO-SA-border", "floor", "law-IQ-private").exit_code == 0
    broken = example("JO-SA-border.json")
    for clause in broken["clauses"]:
        clause["when"] = [each for each in clause.get("when", []) if each[0] != "subject.flags"]
        if not clause["when"]:
            del clause["when"]
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))
    found = law(tmp_path, "check", "--json", "JO-SA-border", str(path))
    assert found.exit_code == 1
    good, bad = json.loads(found.stdout)["files"]
    assert good["findings"] == []
    assert {"5.1", "5.2", "5.3", "12.1", "12.2"} == {each["clause"] for each in bad["findings"]}
    [shown] = [each for each in bad["findings"] if (each["clause"], each["against"]) == ("5.2", "floor/1 F1")]
    assert shown["how"] == "releases"
    assert shown["example"]["kind"] == "intelligence.alert.person/1"
    assert shown["where"] == "$.clauses[4]"

    misspelt = example("JO-SA-border.json")
    misspelt["clauses"][0]["when"][0][2][0] = "drug_traffiking"
    path.write_text(json.dumps(misspelt))
    found = law(tmp_path, "check", str(path), "law-JO")
    assert found.exit_code == 2
    assert "$.clauses[0].when[0][2][0]" in found.stderr
    assert "drug_trafficking" in found.stderr
    assert "law-JO/1" in found.stdout
    assert law(tmp_path, "check", str(tmp_path)).exit_code == 2


def test_a_clause_that_can_never_match_is_found(tmp_path: Path) -> None:
    text = example("JO-SA-border.json")
    text["clauses"][0]["when"] += [["purpose", "eq", "vehicle_theft"], ["purpose", "eq", "customs_control"]]
    text["clauses"][1]["when"] += [["subject.category", "eq", "suspect"]]  # of a Kind that has none
    path = tmp_path / "dead.json"
    path.write_text(json.dumps(text))
    found = law(tmp_path, "check", "--json", str(path))
    assert found.exit_code == 1
    assert [(each["how"], each["clause"]) for each in json.loads(found.stdout)["files"][0]["findings"]] == [
        ("dead", "4.1"), ("dead", "4.2")
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "word"), [("ar", "يجوز للأردن"), ("en", "Jordan may"), ("fr", "la Jordanie")])
def test_a_law_is_shown_in_three_languages(tmp_path: Path, language: str, word: str) -> None:
    found = law(tmp_path, "show", "JO-SA-border", "--lang", language)
    assert found.exit_code == 0
    assert word in found.stdout
    assert "mithaq-render/1" in found.stdout
    told = json.loads(law(tmp_path, "show", "JO-SA-border", "--lang", language, "--json").stdout)
    assert told["language"] == language
    assert len(told["clauses"]) == len(example("JO-SA-border.json")["clauses"])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_documented_schema_is_the_one_in_force(shape: str) -> None:
    assert (ROOT / "docs" / "schemas" / f"{shape}.json").read_text() == write_schema(shape), (
        f"mithaq law schema {shape} > docs/schemas/{shape}.json"
    )
