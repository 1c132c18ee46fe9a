"""The files that intelligence takes in: for each sort of alert a CSV file and a JSON file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from mithaq.capabilities.intelligence.commands import FORMS, bulk_name
from mithaq.capabilities.intelligence.formats.document import read_json
from mithaq.capabilities.intelligence.formats.table import read_csv
from mithaq.kernel.plug import Feed, Line


def _feeds(sort: str) -> tuple[Feed, Feed]:
    table: Callable[[bytes, str], Iterator[Line]] = partial(read_csv, FORMS[sort])
    document: Callable[[bytes, str], Iterator[Line]] = partial(read_json, FORMS[sort])
    many = sort if sort == "goods" else f"{sort}s"
    return (
        Feed(f"intelligence.csv.{sort}", f"alerts on {many}, a row each", ".csv", "text/csv", bulk_name(sort), table),
        Feed(
            f"intelligence.json.{sort}", f"alerts on {many}, an object each", ".json", "application/json",
            bulk_name(sort), document,
        ),
    )  # fmt: skip


FEEDS = tuple(feed for sort in FORMS for feed in _feeds(sort))
