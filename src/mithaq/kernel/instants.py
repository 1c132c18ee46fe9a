"""Instants inside bodies: every one is written in the one spelling, whatever a program or a partner wrote.

A type accepts an offset and a fraction of a second; text that is compared and sorted by must not have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from mithaq.kernel.clock import is_instant


def misspelt(typed: Any, plain: Any, where: str = "$") -> Iterator[str]:
    """The JSON paths of instants that are not in the one spelling, in a value and the plain data it was read from."""
    if isinstance(typed, datetime):
        if not is_instant(plain):
            yield where
    elif isinstance(typed, Struct) and isinstance(plain, dict):
        for name, written in zip(typed.__struct_fields__, typed.__struct_encode_fields__, strict=True):
            if written in plain:
                yield from misspelt(getattr(typed, name), plain[written], f"{where}.{written}")
    elif isinstance(typed, list | tuple) and isinstance(plain, list | tuple):
        for number, (one, other) in enumerate(zip(typed, plain, strict=False)):
            yield from misspelt(one, other, f"{where}[{number}]")
    elif isinstance(typed, dict) and isinstance(plain, dict):
        for key, one in typed.items():
            yield from misspelt(one, plain.get(key), f"{where}.{key}")
