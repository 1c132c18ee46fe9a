"""What is shown at a terminal: text of others moves, colours and renames nothing, and turns no order of letters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mithaq.cli import fail, feeds, why
from mithaq.cli.preview import show_preview
from mithaq.cli.show import apart, cell, emit, shown, table
from mithaq.errors import Invalid

OBEYED = (*map(chr, (*range(0x20), *range(0x7F, 0xA0))), *"\u2028\u2029\u202a\u202d\u202e\u2066\u2067\u2068\u2069")
EVIL = "A\x1b]0;mine\x07\x1b[31mred\x9b2J\u202eeslaf\u2028B\u2069"
CLEAN = "A\ufffd]0;mine\ufffd\ufffd[31mred\ufffd2J\ufffdeslaf\ufffdB\ufffd"


@pytest.mark.parametrize("character", OBEYED, ids=lambda each: f"U+{ord(each):04X}")
def test_no_character_that_a_terminal_obeys_is_left_in_a_value(character: str) -> None:
    for told in (
        cell(f"a{character}b"),
        shown(f"a{character}b"),
        cell([f"a{character}b"]),
        cell({f"a{character}b": 1}),
    ):
        assert character not in told
    assert character not in apart(f"a{character}b")[1:-1]


def test_what_is_only_text_is_left_as_it_is() -> None:
    for text in ("بئر 12-34567", "a\u200fb", "🚚", "naïve", "[red]"):
        assert cell(text) == text
    assert cell("two\r\nlines\n\tand more") == "two⏎lines⏎ and more"


def test_no_way_to_the_terminal_lets_it_through(capsys: pytest.CaptureFixture[str]) -> None:
    table(EVIL, ("id", EVIL), [("JO-1", EVIL)])
    emit({}, as_json=False, text=EVIL)
    show_preview(preview(EVIL))
    show_preview({**preview(EVIL), "decision": "deny", "reasons": [EVIL]})
    emit({}, as_json=False, text=why.tell(reason(EVIL)))
    fail.tell(Invalid("word", EVIL, where=EVIL, hint=EVIL), as_json=False)
    fail.tell(Invalid("word", EVIL, where=EVIL, hint=EVIL), as_json=True)
    emit({}, as_json=False, text=feeds._tell(imported(EVIL)))
    told = capsys.readouterr()
    assert not set("".join(told).replace("\n", "")) & set(OBEYED) - set("\u2069\u2068")
    assert CLEAN[:20] in told.out
    assert CLEAN[:20] in told.err


def test_json_for_a_program_says_the_same_value_in_other_letters(capsys: pytest.CaptureFixture[str]) -> None:
    emit({EVIL: [EVIL, "بئر"]}, as_json=True, text="")
    told = capsys.readouterr().out
    assert not set(told[:-1]) & set(OBEYED)
    assert "بئر" in told
    assert json.loads(told) == {EVIL: [EVIL, "بئر"]}


def test_a_value_makes_no_line_of_its_own() -> None:
    assert len(why.tell(reason("because\n  message    JO>SA/1 accepted")).splitlines()) == 4
    assert len(feeds._tell(imported("no water\n  line 9: fine")).splitlines()) == 2


def preview(text: str) -> dict[str, Any]:
    field = {"field": "remarks", "ours": text, "theirs": text, "level": "clear", "by": "JO-SA/1 4"}
    bound = {"what": "retain", "value": text, "by": "JO-SA/1 4"}
    return {"id": "JO-1", "version": 1, "to": "SA", "decision": "permit", "exercise": False, "fields": [field],
            "obligations": [bound], "reasons": []}  # fmt: skip


def reason(text: str) -> dict[str, Any]:
    decision = {"decision": "permit", "obligations": [{"what": "retain", "value": text, "by": "4"}]}
    return {"id": "JO-1", "version": 1, "to": "SA", "decision": decision, "reasons": [text], "message": "JO>SA/1",
            "outcome": "accepted", "code": ""}  # fmt: skip


def imported(text: str) -> dict[str, Any]:
    return {"rows": 1, "stated": 0, "unchanged": 0, "withheld": 0, "released": {}, "dry_run": False,
            "problems": [{"line": 2, "reason": text}]}  # fmt: skip
