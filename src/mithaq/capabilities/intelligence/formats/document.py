"""Alerts in a JSON file: an array of objects, each what the command takes. Good and bad ones are told apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from mithaq.capabilities.intelligence.formats.columns import without_provenance
from mithaq.capabilities.intelligence.formats.table import read_text, with_reference
from mithaq.errors import BadInput, MithaqError
from mithaq.kernel import canonical
from mithaq.kernel.plug import Line


def read_json(form: type[Struct], data: bytes, where: str) -> Iterator[Line]:
    """Every object, in order, by its place from 1. A file that is not an array of objects raises.

    Strict, as all JSON is read here: no key twice, no floats, at most ``canonical.MAX_BYTES`` bytes.
    """
    text = unicodedata.normalize("NFC", read_text(data, where))
    try:
        rows = canonical.read(text.encode(), list[dict[str, Any]])
    except MithaqError as problem:
        raise problem.at(where) from None
    for number, given in enumerate(rows, 1):
        yield _line(form, number, given)


def _line(form: type[Struct], number: int, given: dict[str, Any]) -> Line:
    try:
        known = with_reference(without_provenance(given))
        canonical.fit(known, form)
    except BadInput as problem:
        return Line(number, problem=f"{problem.where.removeprefix('$.') or 'row'}: {problem.message}")
    return Line(number, known)
