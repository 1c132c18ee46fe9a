"""``mithaq law check``: every clause that breaks the floor, with a request that shows it; 0, 1 findings, 2 unusable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.fail import tell
from mithaq.cli.law.files import find, floor_option, read_floor, read_text, read_words, vocabulary_option
from mithaq.cli.show import emit, say
from mithaq.config import Home
from mithaq.errors import MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.law.breach import tell as breach_told
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.prove import breaches, dead
from mithaq.kernel.law.vocabulary import Vocabulary

FINDINGS, UNUSABLE = 1, 2


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@vocabulary_option
@floor_option
@json_option
@pass_home
def check(home: Home, files: tuple[str, ...], words: str | None, floor: str | None, as_json: bool) -> None:
    """Prove that the laws in FILE... keep to the floor, and that every clause of them can ever match.

    FILE may be the name of a shipped example (JO-SA-border, law-JO). Exit code: 0 they do, 1 something was found, 2 a
    file cannot be used.
    """
    vocabulary = read_words(home, words)
    base = read_floor(home, floor, vocabulary)
    reports, code = [], 0
    for name in files:
        try:
            path = find(name)
            report = _report(path, read_text(path, vocabulary), base, vocabulary)
        except MithaqError as problem:
            tell(problem, as_json=as_json)
            code = UNUSABLE
            continue
        reports.append(report)
        code = code or (FINDINGS if report["findings"] else 0)
        if not as_json:
            say(_lines(report))
    if as_json:
        emit({"files": reports}, as_json=True, text="")
    raise SystemExit(code)


def _report(path: Path, law: Law, floor: Law, vocabulary: Vocabulary) -> dict[str, Any]:
    findings = [{**canonical.plain(each), "text": breach_told(each)} for each in breaches(law, floor, vocabulary)]
    never = [
        {"how": "dead", "law": law.ref, "clause": id, "text": f"{law.ref} {id} can never match"}
        for id in dead(law, vocabulary)
    ]  # fmt: skip
    places = {each.id: f"$.clauses[{i}]" for i, each in enumerate(law.clauses)}
    return {
        "file": str(path), "law": law.ref, "digest": law.digest, "clauses": len(law.clauses),
        "findings": [{**each, "where": places[str(each["clause"])]} for each in (*findings, *never)],
    }  # fmt: skip


def _lines(report: dict[str, Any]) -> str:
    head = f"{report['file']}: {report['law']} {report['digest']}, {report['clauses']} clauses"
    found = [f"{report['file']}: {each['where']}: {each['text']}" for each in report["findings"]]
    return "\n".join(found or [f"{head}, keeps to the floor"])
