"""``mithaq law decide``: what given laws say of every record in a file, without a node."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from mithaq.cli.common import json_option, pass_home
from mithaq.cli.fail import tell
from mithaq.cli.law.files import find, floor_option, read_floor, read_text, read_words, vocabulary_option
from mithaq.cli.show import emit
from mithaq.config import Home
from mithaq.errors import Clash, Invalid, Malformed, MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.law.compile import Compiled
from mithaq.kernel.law.law import Law
from mithaq.kernel.law.question import Answer, Asked, answer
from mithaq.kernel.law.rulebook import Rulebook, rulebook
from mithaq.kernel.law.vocabulary import Vocabulary

UNUSABLE = 2
MAX_LINE = 1024 * 1024


@click.command()
@click.option("--agreement", "agreements", multiple=True, metavar="FILE", help="In the nation's declared order.")
@click.option("--law", "laws", multiple=True, metavar="FILE", help="National laws; a floor given here is the floor.")
@click.option("--records", required=True, type=click.Path(path_type=Path), help="One request on each line (NDJSON).")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="One decision on each line (NDJSON).")
@vocabulary_option
@floor_option
@json_option
@pass_home
def decide(
    home: Home, agreements: tuple[str, ...], laws: tuple[str, ...], records: Path, out: Path,
    words: str | None, floor: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Decide every request in a file by these agreements and laws, and the floor.

    FILE may be the name of a shipped example (JO-SA-border, law-JO). Shapes: mithaq law schema request, and answer.
    Exit code: 0 every line was decided, 2 some line was unusable; the others are decided all the same.
    """
    vocabulary = read_words(home, words)
    compiled = Compiled(_book(home, vocabulary, agreements, laws, floor))
    counts: Counter[str] = Counter()
    plain = not out.is_symlink() and (out.is_file() or not out.exists())
    part = out.with_name(f"{out.name}.part") if plain else out
    try:
        if out.exists() and out.samefile(records):
            raise Invalid("file", "the answers would be written over the requests", where=str(out))
        with records.open("rb") as source, part.open("wb") as target:
            for made in _decided(source, records, compiled, counts, as_json):
                target.write(canonical.write_line(made))
                counts[made.decision] += 1
        if part != out:
            part.replace(out)  # in place only when all is decided: an answer of before is not lost on the way
    except OSError as problem:
        raise Invalid("file", f"cannot be used: {problem.strerror}", where=str(problem.filename)) from None
    told = {name: counts[name] for name in ("permit", "deny", "unusable")}
    text = f"{told['permit']} permitted, {told['deny']} denied, {told['unusable']} unusable: {out}"
    emit({**told, "out": str(out)}, as_json=as_json, text=text)
    raise SystemExit(UNUSABLE if told["unusable"] else 0)


def _book(
    home: Home, words: Vocabulary, agreements: tuple[str, ...], laws: tuple[str, ...], floor: str | None
) -> Rulebook:
    given = [read_text(find(name), words) for name in laws]
    floors = [each for each in given if each.type == "floor"]
    if len(floors) > 1 or (floors and floor is not None):
        raise Invalid("floor", "more than one floor", hint="give one, by --floor or --law")
    base: Law = floors[0] if floors else read_floor(home, floor, words)
    national = [each for each in given if each.type != "floor"]
    signed = [read_text(find(name), words) for name in agreements]
    try:
        return rulebook(words, signed, national, base)
    except Clash as problem:
        raise Invalid(problem.code, problem.message, hint="name each law once") from None


def _decided(
    source: IO[bytes], path: Path, compiled: Compiled, counts: Counter[str], as_json: bool
) -> Iterator[Answer]:
    """An answer for each usable line; the others are told on standard error, by line."""
    vocabulary = compiled.book.vocabulary
    size = path.stat().st_size
    with click.progressbar(length=size, label="deciding", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for number, line in enumerate(_lines(source), 1):
            bar.update(len(line))
            if not line.strip():
                continue
            try:
                if len(line) > MAX_LINE:
                    raise Malformed("too-large", f"a line of more than {MAX_LINE} bytes")
                asked = canonical.read(line, Asked)
                yield answer(asked.line or number, asked.request(vocabulary), compiled)
            except MithaqError as problem:
                counts["unusable"] += 1
                tell(problem.at(f"{path}: line {number}"), as_json=as_json)


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, of one that is too long no more than its beginning."""
    while line := source.readline(MAX_LINE + 1):
        yield line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = source.readline(MAX_LINE + 1)
