"""The kinds of Matter that this program knows. Each is data; a new one is a file and a line here."""

from __future__ import annotations

from mithaq.kernel.matter.agreement import AGREEMENT
from mithaq.kernel.matter.holding import HOLDING
from mithaq.kernel.matter.kind import MatterKind
from mithaq.kernel.matter.record import RECORD

KINDS: dict[str, MatterKind] = {kind.name: kind for kind in (AGREEMENT, RECORD, HOLDING)}
