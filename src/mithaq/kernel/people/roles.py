"""Roles: what a person is to the node. The standard ones, as a table one can grep; a nation may name more.

A command names the standard roles that hold its permission; a nation gives and takes permissions by role
(``people.permit``). What of a record a role may read is not said here but by law, in clauses with ``act: read``.
"""

from __future__ import annotations

STANDARD: dict[str, str] = {
    "duty_officer": "on duty at a post or in an operations room: raises, looks up, confirms",
    "analyst": "assesses and links what is known; sees sources where the law lets it",
    "commander": "commands patrols and operations",
    "customs_officer": "controls goods and declarations",
    "liaison_officer": "speaks with partners: requests, replies, supplementary information",
    "legal_officer": "answers for agreements, laws, reservations and complaints",
    "supervisor": "answers for others' work: reviews, second person for sensitive acts",
    "administrator": "runs the node and its people; reads no content",
    "oversight": "audits: reads who did and saw what; the administrator cannot silence it",
}
"""Standard roles by name, with what they are for."""

EVERYONE = tuple(STANDARD)
OPERATIONAL = tuple(role for role in STANDARD if role not in ("administrator", "oversight"))
"""Those who work with records."""
