"""Every error that Mithaq raises on purpose.

    MithaqError
    ├── BadInput        what was given cannot be used: mend it and try again
    │   ├── Malformed   not the bytes, text or file format that was expected
    │   └── Invalid     well-formed, but breaks a rule of its Kind, Law or command
    ├── NotAllowed      understood and refused: trying again will not help
    ├── NotFound        no such record, party, law, link or command
    ├── Clash           true on its own, but not beside what is already there
    ├── Unavailable     not now: trying again later may help
    └── Untrusted       a signature, seal, proof or identity does not hold

Each carries a stable ``code`` that programs may rely on, the place in the input (``where``: a file, line or
JSON path) and a ``hint`` that tells the caller what to do. Edges map the classes, never the codes, to HTTP
statuses and exit codes (``api/problems.py``, ``cli/fail.py``).
"""

from __future__ import annotations


class MithaqError(Exception):
    """Base of all. ``str(error)`` is one line: where, what, and what to do."""

    def __init__(self, code: str, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{advice}"

    def at(self, where: str) -> MithaqError:
        """The same error, with a place put before the one it has (a file before a JSON path)."""
        joined = f"{where}: {self.where}" if self.where else where
        return type(self)(self.code, self.message, where=joined, hint=self.hint)


class BadInput(MithaqError):
    """What was given cannot be used: mend it and try again."""


class Malformed(BadInput):
    """Not the bytes, text or file format that was expected."""


class Invalid(BadInput):
    """Well-formed, but breaks a rule of its Kind, Law or command."""


class NotAllowed(MithaqError):
    """Understood and refused: trying again will not help."""


class NotFound(MithaqError):
    """No such record, party, law, link or command."""


class Clash(MithaqError):
    """True on its own, but not beside what is already there."""


class Unavailable(MithaqError):
    """Not now: trying again later may help."""


class Untrusted(MithaqError):
    """A signature, seal, proof or identity does not hold. Nothing of the input was used."""
