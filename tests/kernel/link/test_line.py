"""The line to a partner: when it is tried again, how much it carries at once, and what it falls back to."""

from __future__ import annotations

import random

from mithaq.api.couriers import Couriers
from mithaq.errors import NotAllowed, Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.link.inbound import Answer
from mithaq.kernel.link.line import FIRST, LARGEST, LONGEST, SMALLEST, Line
from mithaq.kernel.link.message import Delivery
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.seal import unseal
from tests.worlds import World, alert

AWAY = Unavailable("unreachable", "away")


def test_it_waits_twice_as_long_each_time_less_up_to_half_by_chance() -> None:
    line, now = Line(random.Random(7).random), 0.0
    for failure in range(12):
        line.failed(now, AWAY)
        full = min(LONGEST, FIRST * 2**failure)
        assert full / 2 <= line.wait(now) <= full
        assert not line.due(now)
        now += line.wait(now)
        assert line.due(now)


def test_two_lines_that_fail_together_do_not_come_back_together() -> None:
    one, other = Line(random.Random(1).random), Line(random.Random(2).random)
    one.failed(0.0, AWAY)
    other.failed(0.0, AWAY)
    assert one.wait(0.0) != other.wait(0.0)


def test_it_is_due_at_once_when_the_partner_shows_up() -> None:
    line = Line(lambda: 0.0)
    line.failed(0.0, AWAY)
    assert line.reached()
    assert line.due(0.0)
    assert not line.reached()  # no news


def test_it_carries_less_when_slow_and_more_when_quick_within_bounds() -> None:
    line = Line(lambda: 0.0)
    for _ in range(20):
        line.took(60.0)
    assert line.size == SMALLEST
    for _ in range(20):
        line.took(0.1)
    assert line.size == LARGEST
    line.failed(0.0, AWAY)
    assert line.size == LARGEST // 2


def test_a_partner_of_the_first_format_is_spoken_to_in_it(world: World) -> None:
    """It turns format 2 away as something it cannot read, and gets everything all the same."""
    honest, formats = world.sa.receive, []

    def old(sealed: bytes) -> Answer:
        _, plain = unseal(sealed, world.sa._inbound._ends.keys, me="SA")
        formats.append(canonical.decode(plain, Delivery).format)
        if formats[-1] != "mithaq-delivery/1":
            raise NotAllowed("turned-away", "not read")
        return honest(sealed)

    world.wire.join("SA", old)
    world.jo.do("intelligence.alert-vehicles", {"rows": [alert(plate=f"P-{n}") for n in range(300)]}, who=HOME).result()
    world.jo.step()
    assert formats.count("mithaq-delivery/2") == 1
    with world.jo.store.read() as tx:
        assert tx.links.tally("JO>SA") == {"accepted": 300}
    world.assert_sound()


def woken(world: World) -> bool:
    """Whether the courier for SA gets up when JO tells that something may move."""
    couriers = Couriers(world.jo)
    couriers.wake()
    return couriers._wake["SA"].is_set()


def test_nobody_gets_up_for_a_partner_with_whom_nothing_is_left_to_do(world: World) -> None:
    assert woken(world)  # since the start nobody has looked
    world.jo.step()
    assert not woken(world)
    world.sa.do("intelligence.alert-vehicle", alert(plate="A-1"), who=HOME).result()
    assert not woken(world)  # SA's news, not ours
    world.jo.do("intelligence.alert-vehicle", alert(plate="A-2"), who=HOME).result()
    assert woken(world)
    world.jo.step()
    assert not woken(world)
    world.jo.do("node.restored", {}, who=HOME).result()
    assert woken(world)
    world.step()
    world.step()
    assert not woken(world)
    world.assert_sound()


def test_what_is_numbered_while_a_delivery_ends_is_not_slept_through(world: World) -> None:
    """It is durable after the attempt has looked, and before the attempt has noted that nothing is left."""
    line, look = world.jo.line("SA"), world.jo._outbound._next

    def late(party: str, link: str) -> Delivery | None:
        found = look(party, link)
        if found is None and not raised:
            raised.append(world.jo.do("intelligence.alert-vehicle", alert(plate="L-2"), who=HOME).result())
        return found

    raised: list[object] = []
    world.jo._outbound._next = late  # type: ignore[method-assign]
    world.jo.do("intelligence.alert-vehicle", alert(plate="L-1"), who=HOME).result()
    world.jo.attempt("SA")
    assert raised
    assert (line.quiet, woken(world)) == (False, True)
    world.jo.attempt("SA")
    assert line.quiet
    world.assert_sound()


def test_a_line_that_is_paused_or_fails_is_looked_at(world: World) -> None:
    world.jo.step()
    world.jo.do("link.pause", {"party": "SA"}, who=HOME).result()
    world.jo.do("intelligence.alert-vehicle", alert(plate="P-1"), who=HOME).result()
    world.jo.step()
    assert woken(world)
    world.jo.do("link.resume", {"party": "SA"}, who=HOME).result()
    world.wire.leave("SA")
    world.jo.step()
    assert world.jo.line("SA").failures == 1
    assert woken(world)
    world.wire.join("SA", world.sa.receive)
    world.clock_on()
    world.jo.step()
    assert not woken(world)
    world.assert_sound()
