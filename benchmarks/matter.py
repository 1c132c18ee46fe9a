"""Matters: folding what parties said, verifying it, and rotating every key of a node with messages in flight.

`fold_10000_s` folds ten thousand statements of three parties that heard each other, from their values to the state.
`permutations_checked` folds every order of eight statements of a negotiation and counts the orders that gave the one
state. `verify_per_s` opens envelopes signed by two officials each (Ed25519 and ML-DSA-65 both) against a keyring, on
one core. `rotation_lost` sends messages both ways between two nodes that change their signing and sealing keys in the
middle, several times each, and counts what the auditor does not find on the other side. No peer folds signed statements
of sovereign parties: the nearest, MISP's sharing groups and the Dataspace Protocol's negotiations, sign none of them.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from benchmarks.measure import per_second, run
from benchmarks.rotation import rotate_in_flight
from mithaq.adapters.keystore.file import KeyFile
from mithaq.kernel import canonical
from mithaq.kernel.keyring import Keyring
from mithaq.kernel.manifest import Official
from mithaq.kernel.matter.agreement import AGREEMENT, KIND
from mithaq.kernel.matter.fold import fold
from mithaq.kernel.matter.said import Said, verify_said
from mithaq.kernel.statement import Envelope, add_signature, media_type
from mithaq.kernel.values import digest

ROLES = {verb.name: verb.role for verb in AGREEMENT.verbs}
MATTER = "JO-01JD0000000000000000000000"
TEXT, OTHER = digest(b"a text"), digest(b"another text")
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def measure(full: bool, seed: int) -> dict[str, Any]:
    chosen = random.Random(seed)
    return {
        "fold_10000_s": fold_seconds(10_000, chosen),
        "permutations_checked": orders_that_agree(),
        "verify_per_s": verified_per_second(),
        **rotate_in_flight(10_000),
        "peer": None,
        "peer_reason": "none folds signed statements of sovereign parties",
    }


def fold_seconds(count: int, chosen: random.Random) -> float:
    """The best of three, over fresh values: digests are not kept between them."""
    told = canonical.plain(talk(count, chosen))
    best = []
    for _ in range(3):
        said = [canonical.fit(each, Said) for each in told]
        chosen.shuffle(said)
        started = time.perf_counter()
        state = fold(AGREEMENT, said)
        assert len(state.effective) + len(state.void) == count
        best.append(time.perf_counter() - started)
    return round(min(best), 3)


def orders_that_agree() -> int:
    """How many of the 40,320 orders of eight statements give the state that most give."""
    said = negotiation()
    counted: dict[bytes, int] = {}
    for order in permutations(said):
        state = canonical.encode(fold(AGREEMENT, order))
        counted[state] = counted.get(state, 0) + 1
    return max(counted.values())


def verified_per_second() -> int:
    keys = [KeyFile.generate() for _ in range(2)]
    until = START + timedelta(days=365)
    officials = tuple(Official("signatory", each.signing, START, until) for each in keys)
    signed = next(each for each in negotiation() if each.says == "sign" and each.party == "JO")
    ring = Keyring("JO", (), (), officials=officials, quorums={"signatory": 2})
    envelope = canonical.encode(Envelope(media_type("statement"), canonical.encode(signed), ()))
    for each in keys:
        envelope = add_signature(envelope, each)

    def verify_one() -> int:
        verify_said(envelope, ring)
        return 1

    return int(per_second(verify_one, 3.0))


def negotiation() -> list[Said]:
    """Offered, countered, initialled and signed by both, ratified by one, suspended by the other."""
    talk = Talk()
    talk.say("JO", "propose", TEXT, {"parties": ["JO", "SA"], "text": {}})
    talk.say("SA", "counter", OTHER, {"against": TEXT, "patch": {}})
    for says in ("endorse", "sign"):
        for party in ("JO", "SA"):
            talk.say(party, says, OTHER, {})
    talk.say("JO", "ratify", OTHER, {})
    talk.say("SA", "suspend", OTHER, {})
    return talk.said


def talk(count: int, chosen: random.Random) -> list[Said]:
    """Three parties that suspend and resume, each having heard the newest of the others."""
    made = Talk()
    made.say("JO", "propose", TEXT, {"parties": ["IQ", "JO", "SA"], "text": {}})
    stopped = dict.fromkeys(("IQ", "JO", "SA"), False)
    while len(made.said) < count:
        party = chosen.choice(("IQ", "JO", "SA"))
        made.say(party, "resume" if stopped[party] else "suspend", TEXT, {})
        stopped[party] = not stopped[party]
    return made.said


class Talk:
    """Parties that speak in turn, each having heard everything said before."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._last: dict[str, Said] = {}

    def say(self, party: str, says: str, about: str, terms: dict[str, Any]) -> None:
        own = self._last.get(party)
        made = Said(
            matter=MATTER, kind=KIND, party=party, number=own.number + 1 if own else 1,
            previous=own.digest if own else None,
            heard={name: each.digest for name, each in self._last.items() if name != party},
            says=says, about=about, role=ROLES[says], at=START + timedelta(seconds=len(self.said)), terms=terms,
        )  # fmt: skip
        self._last[party] = made
        self.said.append(made)


if __name__ == "__main__":
    run(measure)
