"""Contact points: whom to call, by role. Never by name: officers change, and their names stay home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from mithaq.kernel.values import Code, Line


class Contact(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a role is reached: ``role = "liaison_officer", line = "+962 6 555 0100"``, and when."""

    role: Code
    line: Line
    hours: Line | None = None


Contacts = Annotated[tuple[Contact, ...], Meta(max_length=20)]
Book = Mapping[str, tuple[Contact, ...]]
"""By party: our own and those of partners."""
