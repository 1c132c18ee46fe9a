"""Showing answers: JSON for programs, tables for people. rich is loaded only when a table is drawn.

What stands in a record, an error or a file was written by somebody else. A terminal obeys some characters instead of
showing them: it would be moved, coloured or renamed, or turn the order of letters (UTS 55). None of them reaches it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

_OBEYED = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e"
_IN_VALUE = re.compile(rf"[{_OBEYED}\u2066-\u2069]")
_IN_TEXT = re.compile(rf"[{_OBEYED}\u2066\u2067]")  # lines and isolates are how we lay out what we say
REPLACED = "\ufffd"


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """The value as JSON, or the text."""
    if as_json:
        written = json.dumps(value, ensure_ascii=False)
        click.echo(_IN_VALUE.sub(lambda found: f"\\u{ord(found[0]):04x}", written))
    else:
        say(text)


def say(text: str, *, err: bool = False) -> None:
    """Lines for a person, without anything that a terminal obeys."""
    click.echo(_IN_TEXT.sub(REPLACED, text), err=err)


def shown(value: str) -> str:
    """A value as part of a line: on one line, and without anything that a terminal obeys.

    >>> shown("two\\nlines, \\x1b[31mred")
    'two⏎lines, �[31mred'
    """
    return _IN_VALUE.sub(REPLACED, value.replace("\r\n", "\n").replace("\n", "⏎").replace("\t", " "))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output, as wide as the terminal. Cells are text, never markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=Text(shown(title)), title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(Text(_IN_TEXT.sub(REPLACED, column)), no_wrap=column == "id")  # copied into the next command
    for row in rows:
        drawn.add_row(*(Text(_IN_TEXT.sub(REPLACED, cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 140).print(drawn)


def apart(text: str) -> str:
    """Text of any direction that does not turn its surroundings (Unicode isolates)."""
    return f"\u2068{shown(text)}\u2069"


def cell(value: object) -> str:
    """One value of a record as text; nothing is shown as a dash."""
    if value is None or value == "":
        return "—"
    return shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
