"""Names stay home: nothing that crosses a border tells who acted."""

from __future__ import annotations

import pytest

from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import link_id
from tests.kernel.people.staff import Staff
from tests.worlds import World, alert

NAME = "Rania al-Invented"

pytestmark = pytest.mark.usefixtures("quick")


def crossed(tx: Transaction) -> bytes:
    """Every byte of what links hold: messages, log entries, checkpoints, receipts' effects, statements."""
    found = []
    for link in tx.links.names():
        for message in tx.links.page(link, limit=1000):
            found += [message.content or b"", message.entry, message.subject.encode(), message.code.encode()]
        for size in range(1, tx.links.edge(link).size + 1):
            found.append((tx.links.checkpoint(link, size) or "").encode())
    for matter in tx.statements.matters():
        found += [each.envelope for each in tx.statements.of(matter)]
    return b"\n".join(found)


def test_neither_id_nor_name_nor_agency_of_an_officer_crosses(world: World, staff: Staff) -> None:
    given = {"id": "JO/PSD-INVENTED", "name": "The invented directorate", "authority": "police"}
    staff.do("people.add-agency", given, staff.found())
    administrator = staff.node.door.known(staff.tokens["administrator"])
    invited = {
        "id": "officer/rania", "name": NAME, "roles": ["duty_officer", "liaison_officer"], "agency": given["id"],
    }  # fmt: skip
    rania = staff.join(staff.do("people.invite", invited, administrator).invitation)
    stated = staff.do("intelligence.alert-vehicle", alert(), rania)
    assert stated.released == ("SA",)
    staff.do("intelligence.correct-vehicle", {"id": stated.id, **alert(colour="black")}, rania)
    world.step()
    with world.sa.store.read() as theirs, world.jo.store.read() as ours:
        assert theirs.links.edge(link_id("JO", "SA")).size >= 2
        held = crossed(theirs) + crossed(ours)
    assert stated.id.encode() in held
    words = ("officer/rania", "rania", NAME, "duty_officer", given["id"], given["name"], "PSD-INVENTED")
    assert [word for word in words if word.encode() in held] == []
    world.assert_sound()
