"""Pages as data: whether one can be drawn from what it names, and what it takes out of an answer.

A column is a dotted path into one row of the answer. Where the type of the answer says what is there, the path is held
against it; where it only says *any data*, a name after ``fields`` is held against the fields of the capability's Kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import inspect

from mithaq.errors import Invalid
from mithaq.kernel.plug import Capability, Column, Page, Question
from mithaq.lib.nearest import did_you_mean

_MANY = (inspect.CollectionType, inspect.TupleType)


def check_page(page: Page, capability: Capability) -> None:
    """Invalid unless what the page is of exists, its columns are there, and what it opens is a page."""
    where = f"page {page.name}"
    known = capability.commands if page.sort == "form" else capability.questions
    of = next((each for each in known if each.name == page.of), None)
    if of is None:
        what = "command" if page.sort == "form" else "question"
        hint = did_you_mean(page.of, [each.name for each in known])
        raise Invalid("page", f"{page.of!r} is no {what} of {capability.name}", where=where, hint=hint)
    if not page.title:
        raise Invalid("page", "it needs a title", where=where)
    if page.opens and page.opens not in {each.name for each in capability.pages}:
        raise Invalid("page", f"it opens {page.opens!r}, which is no page of {capability.name}", where=where)
    if isinstance(of, Question):
        _check_columns(page, of, capability, where)


def rows_of(answer: Any) -> list[Any]:
    """The rows in an answer to a question: it is a list of them, or holds one list of them, or is one itself."""
    if isinstance(answer, list):
        return answer
    lists = [each for each in answer.values() if isinstance(each, list)] if isinstance(answer, dict) else []
    return lists[0] if len(lists) == 1 else [answer]


def at(row: Any, path: str) -> Any:
    """What stands at a dotted path of a row; None where nothing does."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _check_columns(page: Page, question: Question, capability: Capability, where: str) -> None:
    if not page.columns and not page.template:
        raise Invalid("page", "it shows no columns, and no template draws it", where=where)
    row = _row_type(inspect.type_info(question.gives), many=page.sort != "detail")
    fields = {name for kind in capability.kinds for name in kind.fields}
    for column in page.columns:
        _check_column(column, row, fields, f"{where}: column {column.path}")


def _check_column(column: Column, row: inspect.Type | None, fields: set[str], where: str) -> None:
    if not column.label:
        raise Invalid("column", "it needs a label", where=where)
    found, before = row, ""
    for name in column.path.split("."):
        if found is None:
            known = fields if before == "fields" else None
        else:
            known = {field.encode_name for struct in _structs(found) for field in struct.fields}
        if known is not None and name not in known:
            raise Invalid("column", f"the answer has no {name!r}", where=where, hint=did_you_mean(name, known))
        found, before = _step(found, name), name


def _row_type(answer: inspect.Type, *, many: bool) -> inspect.Type | None:
    """The type of one row: of the list that the answer is, or of the only list in it. None if it may be anything."""
    if isinstance(answer, inspect.Metadata):
        return _row_type(answer.type, many=many)
    if many and isinstance(answer, inspect.StructType):
        lists = [each.type for each in answer.fields if isinstance(_plain(each.type), _MANY)]
        return _row_type(lists[0], many=many) if len(lists) == 1 else _known(answer)
    if isinstance(answer, inspect.CollectionType):
        return _known(answer.item_type)
    if isinstance(answer, inspect.TupleType):
        return None
    return _known(answer)


def _step(found: inspect.Type | None, name: str) -> inspect.Type | None:
    types = [field.type for struct in _structs(found) for field in struct.fields if field.encode_name == name]
    return _known(types[0]) if len(types) == 1 else None


def _known(found: inspect.Type) -> inspect.Type | None:
    return found if any(True for _ in _structs(found)) or _is_leaf(found) else None


def _is_leaf(found: inspect.Type) -> bool:
    """Whether there is nothing below it: a path that goes on from here goes nowhere."""
    plain = _plain(found)
    if isinstance(plain, inspect.UnionType):
        return all(_is_leaf(each) for each in plain.types)
    return not isinstance(plain, inspect.AnyType | inspect.DictType | inspect.RawType | inspect.StructType | _MANY[0])


def _structs(found: inspect.Type | None) -> Iterator[inspect.StructType]:
    plain = _plain(found)
    if isinstance(plain, inspect.StructType):
        yield plain
    elif isinstance(plain, inspect.UnionType):
        for each in plain.types:
            yield from _structs(each)


def _plain(found: inspect.Type | None) -> inspect.Type | None:
    while isinstance(found, inspect.Metadata):
        found = found.type
    return found
