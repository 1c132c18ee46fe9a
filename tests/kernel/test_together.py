"""Two processes of one node, here as two objects on one database: what each remembers is right when the other wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mithaq.adapters.keystore.file import KeyFile
from mithaq.assembly import open_home
from mithaq.errors import NotFound, Unavailable
from mithaq.kernel.link.log.checkpoint import is_signed_with, read_checkpoint
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from tests.rooted import Rooted, rooted_nations
from tests.together import on_postgres
from tests.worlds import alert

LINK = "JO>SA"


@dataclass
class Two:
    """Jordan as the two processes ``one`` and ``other``, and Saudi Arabia."""

    world: Rooted
    one: Node
    other: Node

    def keys(self, node: Node) -> KeyFile:
        found = node._inbound._ends.keys
        assert isinstance(found, KeyFile)
        return found


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with rooted_nations(tmp_path, prepare=on_postgres) as world:
        other = open_home(world.rehearsal.nations["JO"].home, clock=world.clock, transport=world.wire)
        yield Two(world, world.jo, other)
        other.close()


def state(node: Node, plate: str) -> Any:
    return node.do("intelligence.alert-vehicle", alert(plate=plate), who=HOME).result(60)


def status(node: Node) -> Any:
    (found,) = (each for each in node.ask("link.status", {}, who=HOME) if each.link == LINK)
    return found


def until(there: Callable[[], bool]) -> None:
    """What is told by the database comes a moment later."""
    waiting = threading.Event()
    for _ in range(3000):
        if there():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not come")


def settled(two: Two) -> None:
    for _ in range(6):
        two.one.step()
        two.other.step()
        two.world.sa.step()
        two.world.clock_on()
    two.world.assert_sound()


def test_each_number_and_each_head_is_given_once_whoever_numbers(two: Two) -> None:
    def work(node: Node, mark: str) -> None:
        for n in range(25):
            state(node, f"{mark}-{n}")

    threads = [threading.Thread(target=work, args=each) for each in ((two.one, "A"), (two.other, "B"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled(two)
    with two.one.store.read() as tx:
        sizes = [read_checkpoint(note)[0].size for _, note in tx.links.checkpoints(LINK)]
        assert tx.links.edge(LINK).size == 50
        assert sizes == sorted(set(sizes))
        assert sizes[-1] == 50
    assert status(two.one).accepted == status(two.other).accepted == 50


def test_keys_that_one_process_takes_up_are_those_that_the_other_signs_with(two: Two) -> None:
    state(two.one, "P-1")
    state(two.other, "P-2")
    keys = two.keys(two.one)
    two.one.install(two.world.custodians["JO"].rotated(keys, at=two.world.clock.now()))
    pair = two.one.rings.own.ring.signing_now(two.world.clock.now()).keys
    state(two.other, "P-3")  # the very first commit after
    with two.other.store.read() as tx:
        assert is_signed_with(tx.links.checkpoint(LINK) or "", pair)
    assert two.other.rings.own.serial == 2
    two.world.wire.join("JO", two.other.receive)
    state(two.world.sa, "S-1")
    settled(two)
    two.world.rotate("SA")
    settled(two)  # the other took it up, and tells the first
    until(lambda: two.one.rings.of("SA").serial == two.other.rings.of("SA").serial == 2)
    two.world.wire.join("JO", two.one.receive)
    state(two.world.sa, "S-2")
    settled(two)


def test_a_process_without_the_keys_that_another_took_up_signs_nothing(two: Two) -> None:
    state(two.other, "P-1")
    two.keys(two.other)._secret = None  # it cannot look into the key file again
    keys = two.keys(two.one)
    two.one.install(two.world.custodians["JO"].rotated(keys, at=two.world.clock.now()))
    with pytest.raises((NotFound, Unavailable)):
        state(two.other, "P-2")
    state(two.one, "P-3")
    with two.one.store.read() as tx:
        assert tx.links.edge(LINK).size == 3  # two alerts and the manifest


def test_after_a_restore_that_one_process_was_told_of_the_other_numbers_nothing_either(two: Two) -> None:
    state(two.other, "P-1")
    settled(two)
    two.one.do("node.restored", {}, who=HOME).result()
    stated = state(two.other, "P-2")
    assert (stated.released, stated.deferred) == ((), ("SA",))
    settled(two)
    assert status(two.other).accepted == 3  # with the statement that we were set back
    assert not status(two.other).unsure
    assert state(two.other, "P-3").released == ("SA",)
    settled(two)


def test_a_link_is_delivered_on_by_one_process_and_the_other_knows_how_it_is(two: Two) -> None:
    state(two.other, "P-1")
    assert two.one.attempt("SA") == 1
    state(two.other, "P-2")
    assert two.other.attempt("SA") == 0
    assert (two.one.line("SA").ours, two.other.line("SA").ours) == (True, False)
    two.world.wire.leave("SA")
    two.one.attempt("SA")
    assert status(two.one).state == status(two.other).state == "retrying"
    assert status(two.other).problem
    two.world.wire.join("SA", two.world.sa.receive)
    two.world.wire.join("JO", two.other.receive)
    state(two.world.sa, "S-1")
    assert two.world.sa.attempt("JO") == 1  # the other hears that the partner is there, and the first tries at once
    until(lambda: two.one.line("SA").failures == 0)
    assert two.one.attempt("SA") == 1
    two.one.together.rest("SA")
    state(two.one, "P-3")
    assert two.other.attempt("SA") == 1
    settled(two)


def test_what_one_process_does_wakes_the_other(two: Two) -> None:
    woken = threading.Event()
    two.other.on_change(woken.set)
    until(woken.is_set)  # it listens
    woken.clear()
    made = state(two.one, "P-1")
    assert woken.wait(4)  # sooner than it would look by itself
    assert two.other.ask("intelligence.alert", {"id": made.id}, who=HOME)
