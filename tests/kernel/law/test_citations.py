"""What shipped laws cite: *read* only with the source file, which is there and has the article."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from mithaq.errors import Invalid
from mithaq.kernel.law.clause import Citation
from mithaq.kernel.law.law import Law, load_law
from mithaq.kernel.law.vocabulary import load_vocabulary
from tests.kernel.law.small_world import law

FOLDER = resources.files("mithaq.laws")
WORDS = load_vocabulary((FOLDER / "vocabulary.json").read_bytes())
SOURCE = re.compile(r"open-treaties @([0-9a-f]{7}) (data/[a-z0-9_-]+\.json)")


def shipped() -> list[Law]:
    names = sorted(each.name for each in FOLDER.iterdir() if each.name.endswith(".json"))
    return [load_law((FOLDER / name).read_bytes(), WORDS) for name in names if name != "vocabulary.json"]


def citations() -> list[tuple[str, Citation]]:
    return [(f"{law.id} {each.id}", cited) for law in shipped() for each in law.clauses for cited in each.cite]


def test_what_is_marked_read_names_a_file_and_its_commit() -> None:
    read = [cited for _, cited in citations() if cited.status == "read"]
    assert read
    for cited in read:
        assert cited.source is not None
        assert SOURCE.fullmatch(cited.source), cited


def test_an_article_always_has_a_source() -> None:
    assert all(cited.source for _, cited in citations() if cited.article is not None)


@pytest.mark.parametrize(("clause", "cited"), [each for each in citations() if each[1].status == "read"])
def test_the_article_is_in_the_file_that_was_read(shared: Path, clause: str, cited: Citation) -> None:
    found = SOURCE.fullmatch(cited.source or "")
    assert found is not None
    treaty = json.loads((shared / "data" / "policy" / "open-treaties" / found.group(2)).read_text())
    name, _, _ = cited.instrument.rpartition(", ")
    assert set(name.lower().split()) <= set(treaty["treaty_en"].lower().split()), treaty["treaty_en"]
    if cited.article is not None:
        number = int(cited.article)
        numbers = {each["article"] for each in treaty["articles"]}
        assert numbers & {str(number), _in_chinese(number)}, f"{clause}: no article {number}"


def _in_chinese(number: int) -> str:
    """A number below 100 as the files write it.

    >>> _in_chinese(33), _in_chinese(10), _in_chinese(3)
    ('三十三', '十', '三')
    """
    digits = " 一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return f"{digits[tens] if tens > 1 else ''}{'十' if tens else ''}{digits[ones]}".strip()


def test_the_iraqi_layer_says_that_no_source_was_read() -> None:
    for each in shipped():
        if each.id.startswith("law-IQ"):
            assert "no source read" in f"{each.title} {each.note}"
            own = [cited for clause in each.clauses for cited in clause.cite if "Iraq" in cited.instrument]
            assert not own


def test_every_shipped_law_says_that_it_is_an_example() -> None:
    assert all(each.note.startswith("Example for lawyers. Not law") for each in shipped())


@pytest.mark.parametrize("bad", [{"article": "3"}, {"status": "read"}])
def test_an_article_or_a_reading_without_a_source_is_refused(bad: dict[str, str]) -> None:
    cite = {"instrument": "Convention", "status": "to_be_verified", **bad}
    with pytest.raises(Invalid) as refused:
        law("agreement", [{"id": "1", "effect": "forbid", "cite": [cite]}])
    assert refused.value.where == "$.clauses[0].cite[0]"
