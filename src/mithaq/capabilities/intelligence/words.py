"""The closed lists of words that alerts and what follows on them use. The same in clauses (``laws/vocabulary.json``).

No list says what somebody *is*: an alert says what is looked for, why, and what is asked of whoever finds it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

Reason = Literal[
    "stolen",
    "drug_trafficking",
    "arms_smuggling",
    "people_smuggling",
    "terrorism",
    "wanted_person",
    "missing_person",
    "inspection",
]
"""Why to look out for a vehicle: as ``intelligence.alert.vehicle/1`` was adopted. It is not changed any more."""

WideReason = Literal[
    "stolen",
    "drug_trafficking",
    "arms_smuggling",
    "people_smuggling",
    "terrorism",
    "wanted_person",
    "missing_person",
    "inspection",
    "lost",
    "forged",
    "customs_offence",
    "dangerous_goods",
    "animal_or_plant_disease",
]
"""Why to look out for anything else."""

Category = Literal["arrest", "missing", "judicial", "check", "refuse_entry", "seize", "inform"]
"""What sort of alert it is, as Regulation (EU) 2018/1862 sorts them (a model only: secondary source)."""

Measure = Literal[
    "specific_check",
    "inquiry",
    "discreet",
    "inform",
    "locate",
    "protect",
    "seize",
    "refuse_entry",
    "arrest",
]
"""What the origin asks whoever finds it to do. What is done is for a person there, under the law there (rules.py)."""

Reliability = Literal["A", "B", "C", "X"]
"""Of the source: A no doubt, B mostly reliable, C mostly not, X cannot be judged (the 4x4 system)."""

Accuracy = Literal["1", "2", "3", "4"]
"""Of the information: 1 certain, 2 known to the source itself, 3 from others but confirmed, 4 cannot be judged."""

SubjectCategory = Literal["suspect", "convicted", "wanted", "victim", "witness", "missing", "other"]
Flag = Literal[
    "asylum_seeker",
    "refugee",
    "child",
    "victim",
    "witness",
    "informant",
    "misused_identity",
    "political_offence",
    "death_penalty_risk",
    "torture_risk",
]
"""What a screening found that protects a person. Not screened is *unknown*, which every forbid treats as found."""

GUARDED: frozenset[str] = frozenset({"child", "victim", "witness"})
"""A text about such a person that partners may read is agreed to by a second person."""

Relation = Literal[
    "same_case", "owner", "driver", "occupant", "carried_in", "carries", "holder", "part_of", "seen_with"
]  # fmt: skip
Topic = Literal[
    "identity", "description", "whereabouts", "ownership", "document", "contest", "misused_identity", "other"
]  # fmt: skip
VesselType = Literal[
    "cargo", "tanker", "container", "passenger", "fishing", "pleasure", "tug", "dhow", "small_boat", "other"
]  # fmt: skip
Urgency = Literal["routine", "urgent", "flash"]
Likeness = Literal["certain", "likely", "not_the_same"]
Outcome = Literal["answered", "answered_in_part", "nothing_to_tell"]
"""Of a request. *Nothing to tell* says the same whether there is nothing, or nothing that may be told."""

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
Script = Annotated[str, Meta(pattern=r"^[A-Z][a-z]{3}(?!\n)$", description="ISO 15924 code of a script: Arab, Latn")]
BirthDate = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?(?!\n)$",
        description="as far as it is known: 1990, 1990-04 or 1990-04-17, Gregorian; what is not known is not guessed",
    ),
]
