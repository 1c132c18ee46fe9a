"""Showing answers: JSON for programs, tables for people. rich is loaded only when a table is drawn."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """The value as JSON, or the text."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output, as wide as the terminal. Cells are text, never markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=Text(title), title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, no_wrap=column == "id")  # it is copied into the next command
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 140).print(drawn)


def apart(text: str) -> str:
    """Text of any direction that does not turn its surroundings (Unicode isolates)."""
    return f"\u2068{text}\u2069"


def cell(value: object) -> str:
    """One value of a record as text; nothing is shown as a dash."""
    if value is None or value == "":
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
