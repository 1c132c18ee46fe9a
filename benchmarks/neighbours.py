"""Which of the 57 have a treaty with which: a sparse graph as it may be, made of facts. No treaty is claimed to exist.

Two sorts of agreement. Each pair of *land neighbours* has one of its own: the 79 land boundaries between members, as
listed in github.com/mledoze/countries at 5e9f370 (facts of an open list, without prejudice to any boundary). Each
*regional cluster* has one for all its parties: the members that belong to an organisation of their region, by its own
list of members. A cluster is what reaches those who have no neighbour among the 57 (AL, BD, BH, KM, MV, MZ, UG).
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

# fmt: off
_BOUNDARIES = {
    "AE": "OM SA", "AF": "IR PK TJ TM UZ", "AZ": "IR TR", "BF": "BJ CI ML NE TG", "BJ": "NE NG TG", "BN": "MY",
    "CI": "GN ML", "CM": "GA NG TD", "DJ": "SO", "DZ": "LY MA ML MR NE TN", "EG": "LY PS SD", "GM": "SN",
    "GN": "GW ML SL SN", "GW": "SN", "GY": "SR", "ID": "MY", "IQ": "IR JO KW SA SY TR", "IR": "PK TM TR",
    "JO": "PS SA SY", "KG": "KZ TJ UZ", "KW": "SA", "KZ": "TM UZ", "LB": "SY", "LY": "NE SD TD TN", "ML": "MR NE SN",
    "MR": "SN", "NE": "NG TD", "NG": "TD", "OM": "SA YE", "QA": "SA", "SA": "YE", "SD": "TD", "SY": "TR", "TJ": "UZ",
    "TM": "UZ",
}
_CLUSTERS = {
    "GCC": "AE BH KW OM QA SA",
    "AMU": "DZ LY MA MR TN",
    "ECO": "AF AZ IR KG KZ PK TJ TM TR UZ",
    "WAEMU": "BF BJ CI GW ML NE SN TG",
    "CEMAC": "CM GA TD",
    "IGAD": "DJ SD SO UG",
    "SAARC": "AF BD MV PK",
    "ASEAN": "BN ID MY",
    "BSEC": "AL AZ TR",
    "SADC": "KM MZ",
}
# fmt: on

NEIGHBOURS: tuple[tuple[str, str], ...] = tuple(
    (one, other) for one, others in _BOUNDARIES.items() for other in others.split()
)
"""Pairs of members with a land boundary."""

CLUSTERS: dict[str, tuple[str, ...]] = {name: tuple(parties.split()) for name, parties in _CLUSTERS.items()}
"""Members of each regional organisation: Gulf Cooperation Council, Arab Maghreb Union, Economic Cooperation
Organization, West African and Central African monetary unions, Intergovernmental Authority on Development, South Asian
Association for Regional Cooperation, ASEAN, Black Sea Economic Cooperation, Southern African Development Community."""


def treaty_pairs() -> set[tuple[str, str]]:
    """Every pair that has an agreement, in order of the alphabet."""
    pairs = {(min(pair), max(pair)) for pair in NEIGHBOURS}
    for parties in CLUSTERS.values():
        pairs |= set(combinations(sorted(parties), 2))
    return pairs


def degrees(members: tuple[str, ...]) -> dict[int, int]:
    """How many members have so many treaty partners, by that number."""
    partners = Counter(party for pair in treaty_pairs() for party in pair)
    return dict(sorted(Counter(partners[party] for party in members).items()))
