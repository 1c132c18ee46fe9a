"""People of oversight in two nations, and what they do. All are invented."""

from __future__ import annotations

from typing import Any

from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, Actor
from tests.worlds import World

OVERSEER = Actor(id="officer/layla", roles=("oversight",), by="session")
LEGAL = Actor(id="officer/majed", roles=("legal_officer",), by="session")
OTHER_LEGAL = Actor(id="officer/huda", roles=("legal_officer",), by="session")
ANALYST = Actor(id="officer/aya", roles=("analyst",), authority="police", by="session")
ON_DUTY = Actor(id="officer/dina", roles=("duty_officer",), authority="border_guard", by="session")
ADMINISTRATOR = Actor(id="officer/root", roles=("administrator",), by="session")
CHILD_DESK = Actor(id="officer/sami", roles=("asylum_officer", "analyst"), authority="police", by="session")
PEOPLE = (OVERSEER, LEGAL, OTHER_LEGAL, ANALYST, ON_DUTY, ADMINISTRATOR, CHILD_DESK)
REASONS = "looked at the file and at what the post wrote"


def do(node: Node, verb: str, who: Actor = LEGAL, **given: Any) -> Any:
    return node.do(f"oversight.{verb}", given, who=who).result()


def ask(node: Node, verb: str, who: Actor = OVERSEER, **given: Any) -> Any:
    return node.ask(f"oversight.{verb}", given, who=who)


def trace(node: Node, id: str) -> Any:
    return node.ask("audit.trace", {"id": id}, who=OVERSEER)


def raise_(node: Node, verb: str, given: dict[str, Any], who: Actor = HOME) -> Any:
    return node.do(f"intelligence.{verb}", given, who=who).result()


def look(node: Node, id: str, who: Actor) -> Any:
    return node.ask("intelligence.alert", {"id": id}, who=who)


def complain(node: Node, **changes: Any) -> Any:
    given = {"person": "Rami Odeh", "asks": "correction", "grounds": "that lorry was sold years ago", **changes}
    return do(node, "complain", LEGAL, **given)


def settle(world: World, rounds: int = 3) -> None:
    """Everything that waits moves, and what follows from it follows."""
    for _ in range(rounds):
        world.clock_on()
        world.step()


def crossed(world: World) -> bytes:
    """Every byte that the two nations know of each other: messages and statements, as they crossed."""
    found = []
    for node in (world.jo, world.sa):
        with node.store.read() as tx:
            for link in tx.links.names():
                found += [each.content or b"" for each in tx.links.page(link, limit=1000)]
            for matter in tx.statements.matters():
                found += [each.envelope for each in tx.statements.of(matter)]
    return b"\n".join(found)
