"""A part of an attachment as it crosses a link: the body of a message whose ``what`` is ``part``."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mithaq.kernel.attachment.descriptor import LARGEST, PART
from mithaq.kernel.law.decision import Basis
from mithaq.kernel.law.obligation import Value
from mithaq.kernel.values import Code, Count, Digest, Instant, RecordId

Number = Annotated[int, Meta(ge=1, le=LARGEST // PART)]


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Part number ``part`` (from 1) of the attachment ``of``, which a release of this record version named.

    ``basis``, ``made`` and ``handling`` are those of the release: what stops it at dispatch stops its parts too.
    """

    record: RecordId
    version: Count
    of: Digest
    part: Number
    data: Annotated[bytes, Meta(min_length=1, max_length=PART)]
    basis: Basis
    made: Instant
    handling: dict[Code, Value] = {}

    @property
    def subject(self) -> str:
        """How the message that carries it is named: below its record, so that a recall stops it too."""
        return f"{self.record}/{self.version}/{self.of.removeprefix('sha256:')}/{self.part}"
