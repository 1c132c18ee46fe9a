"""A breach: one clause that breaks the floor, and a request that shows it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.kernel.law.request import Request

How = Literal["releases", "shows", "grants", "profiles"]


class Breach(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How a clause breaks the floor, and against which of its clauses, or which protected value.

    ``what`` is the field that is shown or the obligation that grants. ``example`` is None where the breach lies in a
    place of which no point was found. ``without``, for ``profiles``: the same request without the protected value,
    which lets out less.
    """

    how: How
    law: str
    clause: str
    against: str
    what: str = ""
    example: Request | None = None
    without: Request | None = None
