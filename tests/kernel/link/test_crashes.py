"""Crash points: a node may end at every step of the road, and nothing is lost, doubled or out of order.

A step is one use of the store or of the line. At the step chosen the node ends before it, in the middle of it (what it
did is rolled back, as SQLite does), or after it and before anybody was told. Then it is started again from its files.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mithaq.adapters.store.sql import SqlStore
from mithaq.assembly import open_home, open_home_store
from mithaq.cli.rehearsal import audit_stores
from mithaq.errors import MithaqError, Unavailable
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.node import Node
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.ports import Transaction
from tests.examples import examples
from tests.worlds import START, alert, rehearsed

T = TypeVar("T")
WHEN = ("before", "inside", "after")


class Crash(Exception):
    """The node ends here."""


class Points:
    """Counts steps, and ends the node at the one that was chosen."""

    def __init__(self) -> None:
        self.steps = 0
        self.at: int | None = None
        self.when = "before"
        self.fired = False

    def step(self) -> str:
        """What happens at this step: nothing, or when it ends."""
        self.steps += 1
        if self.steps != self.at:
            return ""
        self.fired = True
        return self.when

    def choose(self, at: int | None, when: str) -> None:
        self.steps, self.at, self.when = 0, at, when


class CrashingStore:
    """A real store in which a write is a step."""

    def __init__(self, store: SqlStore, points: Points) -> None:
        self._store, self._points = store, points
        self.read, self.close, self.finish_with = store.read, store.close, store.finish_with

    def write(self, job: Callable[[Transaction], T]) -> Future[T]:
        when = self._points.step()
        if when == "before":
            raise Crash
        if when == "inside":

            def half(tx: Transaction) -> T:
                job(tx)
                raise Crash

            return self._store.write(half)
        future = self._store.write(job)
        if when == "after":
            future.result()
            raise Crash
        return future


class Nations:
    """Two nations with files, on a line that is a step each way, and on which messages can be lost or come again."""

    def __init__(self, folder: Path) -> None:
        self.rehearsal = rehearsed(folder)
        self.points = {"JO": Points(), "SA": Points()}
        self.clock = ManualClock(START)
        self.nodes: dict[str, Node] = {}
        self.fate = ""
        self.copies: list[tuple[str, bytes]] = []
        self.stated = 0
        for party in self.points:
            self.start(party)

    def start(self, party: str) -> None:
        """Start a nation's node from its files, whatever became of the one before."""
        if party in self.nodes:
            self.nodes[party].close()
        self.points[party].choose(None, "")
        home = self.rehearsal.nations[party].home
        store: Any = CrashingStore(open_home_store(home), self.points[party])
        self.nodes[party] = open_home(home, clock=self.clock, store=store, transport=self)

    def deliver(self, partner: str, sealed: bytes) -> bytes:
        """The line, as a transport."""
        sender = "JO" if partner == "SA" else "SA"
        when = self.points[sender].step()
        if when in ("before", "inside"):
            raise Crash
        fate, self.fate = self.fate, ""
        self.copies = [*self.copies[-20:], (partner, sealed)]
        if fate == "lost":
            raise Unavailable("unreachable", "the line lost it")
        try:
            answer = self.nodes[partner].receive(sealed).sealed
        except Crash:
            self.start(partner)
            raise Unavailable("unreachable", "the partner ended") from None
        if when == "after":
            raise Crash
        if fate == "answer lost":
            raise Unavailable("unreachable", "the line lost the answer")
        return answer

    def close(self) -> None:
        """A transport is closed by each of its nodes."""

    def guarded(self, party: str, act: Callable[[], Any]) -> Any:
        """Do it; where the node ends in it, start it again. What was not acknowledged may or may not have happened."""
        try:
            return act()
        except Crash:
            self.start(party)
        except MithaqError:
            pass
        return None

    def state(self, party: str, count: int, *, flash: bool = False) -> None:
        """State alerts, again until they are acknowledged: the references make that harmless."""
        rows = [
            alert(plate=f"P-{self.stated + n}", reference=f"R-{self.stated + n}", flash=flash) for n in range(count)
        ]
        self.stated += count
        given = {"rows": rows}
        while not self.guarded(
            party, lambda: self.nodes[party].do("intelligence.alert-vehicles", given, who=HOME).result()
        ):
            pass

    def move(self, party: str) -> None:
        self.clock_on()
        self.guarded(party, lambda: self.nodes[party].attempt("SA" if party == "JO" else "JO"))

    def again(self, number: int) -> None:
        """A copy of an earlier delivery comes once more."""
        if self.copies:
            partner, sealed = self.copies[number % len(self.copies)]
            self.guarded(partner, lambda: self.nodes[partner].receive(sealed))

    def clock_on(self) -> None:
        self.clock.advance(timedelta(minutes=1))

    def finish(self) -> None:
        """No more trouble: everything moves until nothing waits."""
        self.fate = ""
        for party in self.points:
            self.points[party].choose(None, "")
        for _ in range(20):
            for party in self.points:
                self.move(party)
            found = [
                {each.link: each for each in node.ask("link.status", {}, who=HOME)} for node in self.nodes.values()
            ]
            sizes = [{name: each.size for name, each in links.items()} for links in found]
            if sizes[0] == sizes[1] and not any(each.waiting for links in found for each in links.values()):
                return

    def audit(self) -> dict[str, Any]:
        known = {party: node.rings.own for party, node in self.nodes.items()}
        return audit_stores({party: node.store for party, node in self.nodes.items()}, known)

    def assert_sound(self) -> None:
        found = self.audit()
        assert (found["lost"], found["duplicates"], found["out_of_order"], found["root_mismatches"]) == (0, 0, 0, 0)
        assert found["logs_verified"] == found["logs"]
        assert found["released"] == found["received"] == self.stated
        for nation in self.rehearsal.nations.values():
            assert list(nation.home.evidence.iterdir()) == []  # an honest partner that crashes is never accused

    def end(self) -> None:
        for node in self.nodes.values():
            node.close()


def scenario(nations: Nations) -> None:
    """A short road with everything on it: bulk, a flash that overtakes, an answer, a head that is asked for."""
    nations.nodes["JO"].line("SA").size = 16 * 1024
    nations.state("JO", 22)
    nations.state("JO", 1, flash=True)
    nations.move("JO")
    nations.state("SA", 2)
    nations.move("SA")
    nations.move("JO")


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("party", ["JO", "SA"])
def test_every_step(tmp_path: Path, party: str, when: str) -> None:
    """The node of a nation ends at each step of the scenario in turn."""
    counted, at, crashed = 0, 1, True
    while crashed:
        nations = Nations(tmp_path / str(at))
        nations.points[party].choose(at, when)
        scenario(nations)
        crashed = nations.points[party].fired
        nations.finish()
        nations.assert_sound()
        nations.end()
        shutil.rmtree(tmp_path / str(at))
        counted += crashed
        at += 1
    assert counted >= 6


class Road(RuleBasedStateMachine):
    """Any order of work and trouble."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.nations = Nations(Path(self._folder.name))

    @rule(party=st.sampled_from(["JO", "SA"]), count=st.integers(1, 40), flash=st.booleans())
    def state(self, party: str, count: int, flash: bool) -> None:
        self.nations.state(party, count, flash=flash)

    @rule(party=st.sampled_from(["JO", "SA"]))
    def move(self, party: str) -> None:
        self.nations.move(party)

    @rule(party=st.sampled_from(["JO", "SA"]), at=st.integers(1, 12), when=st.sampled_from(WHEN))
    def crash_later(self, party: str, at: int, when: str) -> None:
        self.nations.points[party].choose(at, when)

    @rule(party=st.sampled_from(["JO", "SA"]))
    def restart(self, party: str) -> None:
        self.nations.start(party)

    @rule(fate=st.sampled_from(["lost", "answer lost"]))
    def bad_line(self, fate: str) -> None:
        self.nations.fate = fate

    @rule(number=st.integers(0, 19))
    def a_copy_comes(self, number: int) -> None:
        self.nations.again(number)

    @rule(party=st.sampled_from(["JO", "SA"]), size=st.sampled_from([16 * 1024, 1024 * 1024]))
    def change_size(self, party: str, size: int) -> None:
        self.nations.nodes[party].line("SA" if party == "JO" else "JO").size = size

    @precondition(lambda self: self.nations.stated > 0)
    @rule(party=st.sampled_from(["JO", "SA"]), paused=st.booleans())
    def pause(self, party: str, paused: bool) -> None:
        command = "link.pause" if paused else "link.resume"
        other = "SA" if party == "JO" else "JO"
        self.nations.guarded(party, lambda: self.nations.nodes[party].do(command, {"party": other}, who=HOME).result())

    @invariant()
    def what_arrived_is_in_order_and_once(self) -> None:
        found = self.nations.audit()
        assert (found["duplicates"], found["out_of_order"]) == (0, 0)

    def teardown(self) -> None:
        for party in ("JO", "SA"):
            self.nations.points[party].choose(None, "")
            other = "SA" if party == "JO" else "JO"
            self.nations.nodes[party].do("link.resume", {"party": other}, who=HOME).result()
        self.nations.finish()
        self.nations.assert_sound()
        self.nations.end()
        self._folder.cleanup()


TestRoad = Road.TestCase
TestRoad.settings = settings(
    examples(5), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
