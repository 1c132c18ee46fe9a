"""A nation takes back what it stated: what waits is stopped, whoever has it is told, and nobody else learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mithaq.errors import Clash
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.matter import record as recalls
from mithaq.kernel.matter.speak import speak
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.ports import Transaction
from mithaq.kernel.statement import add_signature
from tests.treaties import Nations, nations
from tests.worlds import World, alert


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Nations]:
    with nations(tmp_path) as made:
        yield made


def recall(node: Node, id: str, why: str = "wrong") -> Any:
    return node.do("link.recall", {"id": id, "why": why}, who=HOME).result()


def why(node: Node, id: str) -> str | None:
    with node.store.read() as tx:
        return recalls.recalled(tx, id)


def stated(node: Node) -> str:
    return str(node.do("intelligence.alert-vehicle", alert(), who=HOME).result().id)


def test_whoever_has_the_record_is_told_why_and_both_note_it(world: World) -> None:
    id = stated(world.jo)
    world.step()
    found = recall(world.jo, id)
    assert (found.stopped, len(found.arrived), found.told) == ((), 1, ("SA",))
    assert (why(world.jo, id), why(world.sa, id)) == ("wrong", None)
    world.step()
    assert why(world.sa, id) == "wrong"
    with world.sa.store.read() as tx:
        assert [entry.subject for entry in tx.journal.page() if entry.what == "recalled"] == [id]
    world.assert_sound()


def test_what_still_waits_never_leaves(world: World) -> None:
    world.wire.leave("SA")
    id = stated(world.jo)
    found = recall(world.jo, id)
    assert (len(found.stopped), found.arrived) == (1, ())
    world.wire.join("SA", world.sa.receive)
    world.clock_on()
    world.step()
    with world.sa.store.read() as tx:
        assert tx.records.get(id) is None
        assert tx.statements.matters(recalls.KIND) == []  # it does not even learn that there was one
    world.assert_sound()


def test_who_had_it_without_our_knowing_is_told_once_its_receipt_says_so(world: World) -> None:
    id = stated(world.jo)
    world.jo._outbound.ask("SA")

    def lossy(sealed: bytes) -> Answer:
        world.sa.receive(sealed)
        raise ConnectionError

    world.wire.join("SA", lossy)
    with pytest.raises(ConnectionError):
        world.jo.deliver("SA")
    assert recall(world.jo, id).told == ()
    world.wire.join("SA", world.sa.receive)
    world.clock_on()
    world.step()
    world.step()
    assert why(world.sa, id) == "wrong"
    world.assert_sound()


def test_a_recalled_record_is_neither_recalled_again_nor_corrected(world: World) -> None:
    id = stated(world.jo)
    recall(world.jo, id)
    with pytest.raises(Clash, match="recalled before"):
        recall(world.jo, id)
    with pytest.raises(Clash, match="was recalled"):
        world.jo.do("intelligence.correct-vehicle", {**alert(), "id": id}, who=HOME).result()


def test_nobody_recalls_the_record_of_another(three: Nations) -> None:
    text = three.text()
    three.conclude(three.propose("SA", text), text)
    stated = three.alert("SA")
    three.step()
    iq = three.nodes["IQ"]

    def thief(tx: Transaction) -> None:
        speak(iq._desk(tx, HOME), recalls.KIND, "recall", parties=("IQ", "SA"), record=stated.id, why="wrong")

    iq.store.write(thief).result()
    three.step()
    assert stated.released == ("IQ",)
    assert (why(three.nodes["SA"], stated.id), why(iq, stated.id)) == (None, None)


def test_the_node_says_it_though_the_nation_has_officials_and_says_nothing_else(three: Nations) -> None:
    text = three.text()
    matter = three.propose("SA", text)
    three.conclude(matter, text)
    stated = three.alert("SA")
    three.step()
    sa = three.nodes["SA"]
    recall(sa, stated.id, "ended")
    three.step()
    assert why(three.nodes["IQ"], stated.id) == "ended"
    with three.nodes["JO"].store.read() as tx:  # it never had the record, and learns nothing
        assert tx.statements.matters(recalls.KIND) == []
    given = {"says": "withdraw", "matter": matter, "about": text.digest}
    drafted = sa.do("matter.draft", given, who=HOME).result()
    signed = add_signature(drafted.envelope.encode(), sa.surroundings.signer).decode()
    assert sa.do("matter.say", {"envelope": signed}, who=HOME).result().state == "waits"


def test_recalls_leave_the_compiled_law_as_it_is(world: World) -> None:
    id = stated(world.jo)
    with world.jo.store.read() as tx:
        before = world.jo.standing.law(tx)
    recall(world.jo, id)
    with world.jo.store.read() as tx:
        assert world.jo.standing.law(tx) is before
