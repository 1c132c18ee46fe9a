"""A breach: one clause that breaks the floor, and a request that shows it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.kernel import canonical
from mithaq.kernel.law.request import Request

Key = tuple[str, str, str]
"""What makes two breaches the same: the clause, what it breaks, and the field or obligation."""

How = Literal["releases", "shows", "grants", "profiles", "unproved"]


class Breach(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How a clause breaks the floor, and against which of its clauses, or which protected value.

    ``what`` is the field that is shown or the obligation that grants. ``example`` is None where the breach lies in a
    place of which no point was found, and for ``unproved``: a clause too entangled with others to be proved within
    bounds, which is refused as well. ``without``, for ``profiles``: the same request without the protected value,
    which lets out less.
    """

    how: How
    law: str
    clause: str
    against: str
    what: str = ""
    example: Request | None = None
    without: Request | None = None

    @property
    def key(self) -> Key:
        return self.clause, self.against, self.what


def tell(breach: Breach) -> str:
    """A breach in one line, with its example as JSON."""
    what = {
        "releases": f"releases what {breach.against} forbids",
        "shows": f"shows {breach.what} although {breach.against} hides it",
        "grants": f"grants {breach.what} beyond {breach.against}",
        "profiles": f"lets out more because of {breach.against}",
        "unproved": f"is too entangled to be proved against {breach.against}: split it",
    }[breach.how]
    said = f"{breach.law} {breach.clause} {what}"
    return said if breach.example is None else f"{said}, for example {canonical.encode(breach.example).decode()}"
