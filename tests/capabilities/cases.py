"""Cases that tests of intelligence speak of, and the officers who work on them. All are invented."""

from __future__ import annotations

from typing import Any

from mithaq.kernel.duty import Duty, duties
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME, Actor
from tests.worlds import World

ANALYST = Actor(id="officer/aya", roles=("analyst",), by="session")
OTHER_ANALYST = Actor(id="officer/omar", roles=("analyst",), by="session")
ON_DUTY = Actor(id="officer/dina", roles=("duty_officer",), by="session")
LIAISON = Actor(id="officer/lina", roles=("liaison_officer",), by="session")
LEGAL = Actor(id="officer/majed", roles=("legal_officer",), by="session")
SUPERVISOR = Actor(id="officer/salim", roles=("supervisor",), by="session")
ADMINISTRATOR = Actor(id="officer/root", roles=("administrator",), by="session")

CRIMES = ("drug_trafficking", "domestic_inquiry")
TIME = "2026-11-20T04:10:33Z"
PLACE = "31.4912,36.9987"
GROUNDS = "seen twice at the depot that the case is about"


def person(**changes: Any) -> dict[str, Any]:
    """A suspect whom a screening found nothing about, so that the agreement lets some of it through."""
    return {
        "name": "سامر الخطيب", "script": "Arab", "born": "1984-05", "nationality": "JO", "reason": "drug_trafficking",
        "category": "check", "measure": "discreet", "grounds": GROUNDS, "subject": "suspect", "offence_max_years": 10,
        "flags": [], "place": PLACE, "time": TIME, "purpose": "drug_trafficking", "source": "informant S-9",
        "remarks": "not to be warned", **changes,
    }  # fmt: skip


def child(**changes: Any) -> dict[str, Any]:
    """A missing child."""
    return {
        "name": "Nour Haddad", "reason": "missing_person", "category": "missing", "measure": "protect",
        "subject": "missing", "flags": ["child"], "nationality": "JO", "place": PLACE, "time": TIME,
        "purpose": "search_and_rescue", "description": "red jacket, school bag", **changes,
    }  # fmt: skip


def document(**changes: Any) -> dict[str, Any]:
    return {
        "number": "N1234567", "type": "passport", "issuer": "JO", "reason": "stolen", "purpose": "border_control",
        **changes,
    }  # fmt: skip


def goods(**changes: Any) -> dict[str, Any]:
    return {
        "goods": "precursor chemicals", "reason": "customs_offence", "purpose": "customs_control",
        "commodity": "292430", "identifiers": [{"type": "container", "value": "CSQU3054383"}], **changes,
    }  # fmt: skip


def vessel(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Al Noor", "reason": "people_smuggling", "purpose": "people_smuggling", "flag": "JO",
        "identifiers": [{"type": "imo", "value": "IMO 9074729"}], **changes,
    }  # fmt: skip


def organisation(**changes: Any) -> dict[str, Any]:
    return {"name": "Delta Transit LLC", "reason": "customs_offence", "purpose": "customs_control", **changes}


def do(node: Node, verb: str, given: dict[str, Any], who: Actor = HOME, **more: str) -> Any:
    return node.do(f"intelligence.{verb}", given, who=who, **more).result()


def ask(node: Node, verb: str, given: dict[str, Any], who: Actor = HOME) -> Any:
    return node.ask(f"intelligence.{verb}", given, who=who)


def one(node: Node, id: str, who: Actor = HOME) -> dict[str, Any]:
    """The body of one alert as somebody sees it."""
    return dict(ask(node, "alert", {"id": id}, who).body)


def found(node: Node, who: Actor = HOME, **wanted: Any) -> list[str]:
    """The titles that a search finds."""
    return [row.title for row in ask(node, "search", wanted, who).items]


def owed(node: Node) -> dict[str, Duty]:
    """Every duty by its id, whatever became of it."""
    node.catch_up()
    with node.store.read() as tx:
        return {duty.id: duty for duty in duties(tx, ended=True)}


def settle(world: World) -> None:
    """Everything that waits moves, and what follows from it follows."""
    for _ in range(3):
        world.clock_on()
        world.step()
