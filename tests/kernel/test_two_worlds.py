"""What a party learns of others is only what it must.

Two worlds are played on the same clock. They differ in everything that is not the partner's
business: an agreement with a third nation and alerts that go there, a private part of the own law, who the officers
are. What the partner receives, opened, is the same to the byte, once keys, salts, ids and signatures (random in any
run) are numbered in the order in which they appear.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mithaq.config import Home
from mithaq.kernel import canonical
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.seal import unseal
from tests.treaties import Nations

A, B = replace(HOME, id="officer-A"), replace(HOME, id="officer-B")


def play(folder: Path, *, third: bool) -> list[bytes]:
    """Everything that Iraq's node was ever sent by Saudi Arabia, opened."""
    world = Nations(folder)
    if third:
        _private_law(world.homes["SA"])
    seen = _tap(world)
    try:
        text = world.text()
        matter = world.propose("SA", text)
        world.conclude(matter, text)
        if third:
            other = world.text(law=_between(text.law, "JO", "SA"))
            aside = world.propose("SA", other)
            world.conclude(aside, other)
        else:
            world.step(9)  # as long as the negotiation takes in the other world
        for n in range(3):
            _alert(world, f"P-{n}", who=A if third else B)
            world.step()
        world.say("SA", "suspend", matter, text.digest)
        world.step()
        return seen
    finally:
        world.close()


def _between(law: Any, *parties: str) -> Any:
    from msgspec.structs import replace

    return replace(law, id="a-secret-covenant", parties=parties)


def _alert(world: Nations, plate: str, *, who: Actor) -> None:
    given = {"plate": plate, "reason": "stolen", "place": "31.4,36.9", "time": "2026-11-20T04:10:33Z",
             "purpose": "vehicle_theft", "reference": who.id}  # fmt: skip
    world.nodes["SA"].do("intelligence.alert-vehicle", given, who=who).result()


def _private_law(home: Home) -> None:
    path = home.law / "law-SA-private.json"
    law = json.loads(path.read_bytes())
    law["clauses"] += [{"id": "99", "effect": "forbid", "from": "any", "to": "any", "act": "share",
                        "when": [["caveats", "anyof", ["ongoing_operation"]]]}]  # fmt: skip
    path.write_bytes(json.dumps(law).encode())


def _tap(world: Nations) -> list[bytes]:
    seen: list[bytes] = []
    node, keys = world.nodes["IQ"], world.nodes["IQ"].surroundings.keyed
    receive: Callable[[bytes], Any] = node.receive

    def tapped(sealed: bytes) -> Any:
        sender, plain = unseal(sealed, keys, me="IQ")  # type: ignore[arg-type]
        if sender == "SA":
            seen.append(plain)
        return receive(sealed)

    world.wire.join("IQ", tapped)
    return seen


def test_a_partner_sees_nothing_of_a_third_agreement_a_private_law_or_an_officer(tmp_path: Path) -> None:
    shown = [_shape(play(folder, third=third)) for folder, third in ((tmp_path / "a", False), (tmp_path / "b", True))]
    assert shown[0] == shown[1]
    assert sum(each.count(b'"release"') for each in shown[0]) >= 3


def _shape(seen: list[bytes]) -> list[bytes]:
    """What was seen, with what is random by its nature (keys, salts, signatures, ids) put in order of appearance."""
    names: dict[str, str] = {}
    return [canonical.encode(_renamed(json.loads(each), names)) for each in seen]


def _renamed(value: Any, names: dict[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _renamed(item, names, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names, key) for item in value]
    if isinstance(value, str):
        if key in ("content", "statement", "manifest", "witness") and value.startswith("{"):
            return _renamed(json.loads(value), names)
        if key == "payload":
            import base64

            return _renamed(json.loads(base64.b64decode(value)), names)
        if key in ("checkpoint", "cosigned"):
            return value.split("\n")[:2]  # the origin and the size; the root is of salted entries
        if _is_random(key, value):
            return names.setdefault(value, f"#{len(names)}")
    return value


def _is_random(key: str, value: str) -> bool:
    """Values that differ between any two runs: digests, keys, salts, signatures and ids."""
    random_keys = {"salt", "sig", "keyid", "entry", "path", "consistency", "record", "matter", "heard", "previous",
                   "about", "digest", "ed25519", "ml-dsa-44", "ml-dsa-65", "public", "root",
                   "certificates"}  # fmt: skip
    return key in random_keys or len(key) == 2 or value.startswith("sha256:")
