"""An administrator runs the node and its people, and reads no content: walked over everything that is declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mithaq.errors import BadInput, MithaqError, NotAllowed
from mithaq.kernel.node import Node
from mithaq.kernel.node_acts import NODE_ACTS
from mithaq.kernel.people import permit
from mithaq.kernel.people.actor import HOME, Actor
from tests.kernel.people.staff import Staff
from tests.worlds import World, alert, two_nations

SECRET = "ZX-SECRET-99"  # in every text field of what is held
RUNS_PEOPLE = {
    "people.list", "people.roles", "people.sessions", "people.tokens", "people.changes", "acts.waiting", "acts.broken",
}  # fmt: skip
"""Questions that may hold personal data and are the administrator's: of officers, and of acts that are its own."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path / "world") as found:
        yield found


@pytest.fixture
def administrators(world: World) -> list[Actor]:
    """One who signed in, and the home, which is an administrator only from then on."""
    stated = alert(plate=SECRET, make=SECRET, remarks=SECRET, source=SECRET)
    world.jo.do("intelligence.alert-vehicle", stated, who=HOME).result()
    world.sa.do("intelligence.alert-vehicle", alert(plate=SECRET, registered_in="SA"), who=HOME).result()
    world.step()
    return [Staff(world.jo, world.clock).found(), HOME]


def refused(node: Node, name: str, who: Actor) -> bool:
    declared = node.questions.get(name) or node.commands.get(name) or NODE_ACTS[name]
    with node.store.read() as tx:
        try:
            permit.require(tx, who, declared)
        except NotAllowed:
            return True
    return False


def test_no_administrator_asks_what_may_hold_personal_data(world: World, administrators: list[Actor]) -> None:
    personal = {name for name, each in world.jo.questions.items() if each.personal}
    assert len(personal) > 15
    assert {"audit.list", "audit.about", "link.export", "export.page", "intelligence.alerts"} <= personal
    for who in administrators:
        allowed = {name for name in personal if not refused(world.jo, name, who)}
        assert allowed <= RUNS_PEOPLE, allowed - RUNS_PEOPLE


def test_no_answer_to_an_administrator_tells_what_a_record_says(world: World, administrators: list[Actor]) -> None:
    """What it may ask it is asked, with what it can know: ids from the logs, the links, and nothing at all."""
    with world.jo.store.read() as tx:
        ids = [each.id for each in tx.records.page(limit=100)]
    inputs: list[dict[str, Any]] = [{}, *({"id": id} for id in ids), *({"id": id, "to": "SA"} for id in ids)]
    inputs += [{"sender": a, "receiver": b} for a, b in (("JO", "SA"), ("SA", "JO"))]
    inputs += [{"sender": "JO", "receiver": "SA", "seq": 1}, {"part": "records"}]
    answered = 0
    for who in administrators:
        for name in world.jo.questions:
            for given in inputs:
                try:
                    told = msgspec.json.encode(world.jo.ask(name, given, who=who))
                except (MithaqError, BadInput) as problem:
                    told = str(problem).encode()
                else:
                    answered += 1
                assert SECRET.encode() not in told, name
    assert answered > 10


def test_no_administrator_states_records_or_lets_them_out(world: World, administrators: list[Actor]) -> None:
    content = [name for name in world.jo.commands if name.startswith(("intelligence.", "attachment.", "release."))]
    content += ["link.recall", "export.allow", "matter.draft", "matter.say", "link.renew", "link.agree"]
    assert len(content) > 20
    for who in administrators:
        allowed = [name for name in content if name in world.jo.commands and not refused(world.jo, name, who)]
        assert allowed == []


def test_an_administrator_cannot_give_itself_what_it_lacks(world: World, administrators: list[Actor]) -> None:
    for who in administrators:
        for name in ("intelligence.alerts", "audit.list", "export.page", "link.export"):
            given = {"role": "administrator", "permission": name, "change": "give"}
            with pytest.raises(NotAllowed):
                world.jo.do("people.permit", given, who=who).result()
