"""Decisions: what the law answered, and everything needed to see why. Canonical-JSON-able, logged, re-checked.

The kernel explains in codes and data; sentences are made in ``treaty/render``.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mithaq.kernel.law.level import Level
from mithaq.kernel.law.obligation import Obligation
from mithaq.kernel.values import Digest


class Basis(Struct, frozen=True, forbid_unknown_fields=True):
    """The one permit that a release rests on, in the exact text (``digest``) that the parties signed."""

    law: str
    clause: str
    digest: Digest


class Forbid(Struct, frozen=True, forbid_unknown_fields=True):
    """A forbid that matched. In an agreement it silences that agreement, in a law or the floor all of them."""

    law: str
    clause: str


class Miss(Struct, frozen=True, forbid_unknown_fields=True):
    """A permit that did not match, and the attributes on which it failed."""

    law: str
    clause: str
    failing: tuple[str, ...]


class Inputs(Struct, frozen=True, forbid_unknown_fields=True):
    """Digests of everything the decision rests on: given the same, anyone decides the same."""

    vocabulary: Digest
    laws: dict[str, Digest]
    request: Digest
    engine: Literal["mithaq-decide/1"] = "mithaq-decide/1"


class Ruling(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the law says, without the digests.

    ``fields``: the level of every field asked about (a denial has none); ``fields_by``: who set it, a clause as
    ``law clause`` or a law. ``conflict``: obligations of two layers that cannot both be met, which denies.
    ``unknown``: attributes that clauses asked for and the request did not give. ``near_misses``: for a denial that no
    forbid made, the permits that failed on least.
    """

    decision: Literal["permit", "deny"]
    basis: Basis | None = None
    fields: dict[str, Level] = {}
    fields_by: dict[str, str] = {}
    obligations: tuple[Obligation, ...] = ()
    forbids: tuple[Forbid, ...] = ()
    conflict: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    near_misses: tuple[Miss, ...] = ()

    @property
    def permits(self) -> bool:
        return self.decision == "permit"


class Decision(Ruling, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Ruling with the digests of all its inputs."""

    inputs: Inputs
