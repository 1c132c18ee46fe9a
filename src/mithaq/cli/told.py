"""Answers as people read them, whatever the capability: by its pages where one shows the question, else by shape.

What is withheld from us by a partner, or from the reader by our own law, is shown as such and never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mithaq.cli.show import cell, shown, table
from mithaq.kernel.page import at, rows_of
from mithaq.kernel.plug import Capability, Column, Command, Page, Question

WITHHELD = "▨ withheld"
_IDENTITY = ("key", "id")


def tell(declared: Command | Question, found: Any, capability: Capability) -> str:
    """Draw the tables of an answer; what is to be said after them."""
    if isinstance(found, dict) and found.get("outcome") == "waits":
        return _waits(found)
    if isinstance(declared, Command):
        return _done(found)
    detail = _page(capability, declared, "detail")
    if detail is not None or _is_record(found):
        return _one(found, detail)
    shown = _page(capability, declared, "list") or _page(capability, declared, "map")
    rows = rows_of(found)
    if shown is None and not _is_table(rows):
        return "\n".join(_lines(found)) or "nothing"
    _many(rows, shown.columns if shown else _columns(rows, capability), shown.title if shown else declared.summary)
    more = found.get("next") if isinstance(found, dict) else None
    return f"{len(rows)} shown" + (f"; the next: --after {more}" if more else "")


def stated(found: dict[str, Any]) -> str:
    """What became of a record version that was stated."""
    if found["unchanged"]:
        return f"{found['id']} v{found['version']}: nothing changed"
    lines = [f"{found['id']} v{found['version']}"]
    lines += [f"  released to {party}" for party in found["released"]]
    lines += [
        f"  withheld from {party}: {shown('; '.join(by)) or 'no clause permits it'}"
        for party, by in found["withheld"].items()
    ]
    lines += [f"  a second person looks first, then to {party}" for party in found.get("reviewing", ())]
    lines += [f"  without its attachments to {party}" for party in found.get("without_attachments", ())]
    lines += [f"  decided later for {party}: it has not told how far we had come" for party in found["deferred"]]
    return "\n".join([*lines, f"  see: mithaq why {found['id']}"])


def _waits(found: dict[str, Any]) -> str:
    approve = f"mithaq acts approve {found['waiting']}"
    return f"waits for a second person until {found['until']}: {approve}\n  because {shown(found['why'])}"


def _done(found: Any) -> str:
    if isinstance(found, dict) and {"id", "version", "released", "withheld", "unchanged"} <= found.keys():
        return stated(found)
    if isinstance(found, list):
        return "\n".join(_done(each) for each in found)
    if isinstance(found, dict) and isinstance(found.get("stated"), dict):
        return _done(found["stated"])
    return "\n".join(_lines(found)) or "done"


def _page(capability: Capability, declared: Question, sort: str) -> Page | None:
    found = (each for each in capability.pages if each.of == declared.name and each.sort == sort and each.columns)
    return next(found, None)


def _many(rows: Sequence[Any], columns: Sequence[Column], title: str) -> None:
    shown = [*columns]
    names = {column.path for column in columns}
    if not names.intersection(_IDENTITY):
        shown = [Column(name, "id") for name in _IDENTITY if any(at(row, name) for row in rows)][:1] + shown
    shown = [column for column in shown if column.path in _IDENTITY or any(_holds(row, column) for row in rows)]
    exercise = any(at(row, "exercise") is True for row in rows)
    table(
        title,
        [*(column.label for column in shown), *([""] if exercise else [])],
        ([*(_value(row, column) for column in shown), *([_exercise(row)] if exercise else [])] for row in rows),
    )


def _one(found: Any, page: Page | None) -> str:
    about = _part(found)
    fields, levels = about.get("fields") or {}, about.get("levels") or {}
    hidden = {name: "absent" for name, level in levels.items() if level == "absent"}
    hidden |= dict.fromkeys((*found.get("hidden", ()), *about.get("hidden", ())), "by our own law")
    rows = list(_described(found, page, hidden, levels) if page else _fields(fields, levels))
    rows += [(name, WITHHELD, why) for name, why in hidden.items() if name not in {row[0] for row in rows}]
    table(_heading(found, about, page), ("field", "value", "level"), rows)
    return _handling(about)


def _described(
    found: Any, page: Page, hidden: dict[str, str], levels: dict[str, str]
) -> Iterator[tuple[str, str, str]]:  # fmt: skip
    """What the page shows of it. A field that holds nothing is left out; one that is withheld never is."""
    for column in page.columns:
        before, _, name = column.path.rpartition(".")
        is_field = before.rpartition(".")[2] == "fields"
        value = at(found, column.path)
        if value is None and is_field and name in hidden:
            yield column.label, WITHHELD, hidden.pop(name)
        elif _holds(found, column):
            yield column.label, _value(found, column), levels.get(name, "") if is_field else ""


def _fields(fields: dict[str, Any], levels: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, value in fields.items():
        yield name, cell(value), levels.get(name, "")


def _heading(found: Any, about: dict[str, Any], page: Page | None) -> str:
    id = next((str(found[name]) for name in _IDENTITY if name in found), page.title if page else "")
    version, origin = about.get("version"), about.get("origin")
    words = [id, f"v{version}" if version else "", f"from {origin}" if origin else "", _exercise(found)]
    return " ".join(word for word in words if word)


def _handling(about: dict[str, Any]) -> str:
    basis = about.get("basis")
    if not basis:
        return ""
    handling = ", ".join(f"{what} {cell(value)}" for what, value in (about.get("handling") or {}).items())
    deleted = f"; delete by {about['delete_by']}" if about.get("delete_by") else ""
    return f"basis {basis['law']} {basis['clause']}; {handling}{deleted}"


def _is_record(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(_part(found).get("fields"), dict)


def _part(found: Any) -> dict[str, Any]:
    """Where the fields and levels of a record stand in an answer: in its body, or in the answer itself."""
    body = found.get("body") if isinstance(found, dict) else None
    return body if isinstance(body, dict) else found


def _is_table(rows: Sequence[Any]) -> bool:
    return bool(rows) and all(isinstance(row, dict) for row in rows) and (len(rows) > 1 or _has_identity(rows[0]))


def _has_identity(row: dict[str, Any]) -> bool:
    return any(name in row for name in _IDENTITY)


def _columns(rows: Sequence[dict[str, Any]], capability: Capability) -> list[Column]:
    """The columns of rows that no page describes: what every view's row has, else everything that is not nested."""
    if all("key" in row and "title" in row for row in rows):
        titled = capability.kinds[0].title if capability.kinds else "title"
        return [Column("key", "id"), Column("title", titled), Column("body.origin", "from"),
                Column("body.version", "v"), Column("time", "time"), Column("place", "place")]  # fmt: skip
    plain = [name for name in rows[0] if not any(isinstance(row.get(name), dict | list) for row in rows)]
    return [Column(name, name) for name in plain]


def _holds(row: Any, column: Column) -> bool:
    return at(row, column.path) not in (None, "", [])


def _value(row: Any, column: Column) -> str:
    value = at(row, column.path)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return shown(", ".join(value)) or "—"
    return cell(value)


def _exercise(row: Any) -> str:
    return "EXERCISE" if at(row, "exercise") is True else ""


def _lines(found: Any, indent: str = "") -> Iterator[str]:
    """Anything at all, as names and values."""
    if isinstance(found, dict):
        for name, value in found.items():
            if isinstance(value, dict | list) and value:
                yield f"{indent}{shown(name)}"
                yield from _lines(value, f"{indent}  ")
            else:
                yield f"{indent}{shown(name)}  {cell(value or None if isinstance(value, dict | list) else value)}"
    elif isinstance(found, list):
        for each in found:
            yield from _lines(each, indent)
    elif found is not None:
        yield f"{indent}{cell(found)}"
