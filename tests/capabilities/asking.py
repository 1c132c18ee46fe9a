"""Questions between two nations in one process: what tests of hit and no hit say in few words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mithaq.kernel import canonical
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.values import link_id
from tests.worlds import World, alert

PLATE = {"type": "plate", "value": "12-34567"}
FACTS = {"offence": "drug_trafficking", "facts": "Plate, make and colour compared at the barrier.", "compared": True}


def put(node: Node, to: str, **changes: Any) -> Any:
    """A question that the example agreement lets through, with these fields changed."""
    given = {
        "to": to, "identifiers": [PLATE], "kinds": ["vehicle"], "purpose": "drug_trafficking", "case": "AMM-2026-118",
        "why": "lorry at the barrier, papers do not fit the load", **changes,
    }  # fmt: skip
    return node.do("intelligence.query", given, who=HOME).result()


def raised(node: Node, sort: str = "vehicle", **changes: Any) -> Any:
    """An alert of this node."""
    given = alert(**changes) if sort == "vehicle" else changes
    return node.do(f"intelligence.alert-{sort}", given, who=HOME).result()


def hidden(node: Node, **changes: Any) -> Any:
    """An alert on the same plate that the law keeps from every partner."""
    return raised(node, caveats=["protected_source"], **changes)


def beat(world: World, seconds: int = 25) -> None:
    """What was asked arrives, its beat comes, and the answer is back."""
    world.step()
    world.clock.advance(timedelta(seconds=seconds))
    world.step()
    world.step()


def query(node: Node, id: str) -> dict[str, Any]:
    """How a question stands at a node."""
    found = node.ask("intelligence.queries", {"limit": 500}, who=HOME)
    row = next((row for row in found.items if row.key == id), None)
    return dict(row.body) if row is not None else {}


def state(node: Node, id: str) -> str:
    return str(query(node, id).get("state", ""))


def sent(node: Node, to: str, base: str) -> list[Any]:
    """The messages of a node's link that carry releases of this Kind, with their bodies."""
    with node.store.read() as tx:
        page = tx.links.page(link_id(node.party, to), limit=500)
    found = [(each, canonical.decode(each.content, dict)) for each in page if each.content]
    return [(each, content) for each, content in found if str(content["body"].get("kind", "")).startswith(f"{base}/")]


def duty(node: Node, id: str) -> Any:
    with node.store.read() as tx:
        row = tx.duties.get(id)
    return None if row is None else {"state": row.state, **canonical.decode(row.content, dict)}
