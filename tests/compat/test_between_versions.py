"""A nation with the present program and one with an older exchange: real processes, real HTTPS, command lines only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.nations import Nation, both, past, present
from tests.compat.neighbours import AGREEMENT, Neighbours
from tests.compat.old import Version, environment, is_in_history, versions


@pytest.fixture(scope="module", params=versions(), ids=lambda version: version.number)
def introduced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Neighbours:
    """Jordan with the present program and Saudi Arabia with each older one, set up and not serving yet."""
    version: Version = request.param
    if not is_in_history(version):
        pytest.skip(f"no git history with {version.commit[:12]}, which is version {version.number}")
    return Neighbours.made(tmp_path_factory.mktemp("introduced"), jo=present(), sa=past(environment(version)))


@pytest.fixture
def neighbours(introduced: Neighbours, tmp_path: Path) -> Iterator[Neighbours]:
    """Both serve in homes of their own. When they have stopped, the auditor reads both stores."""
    with introduced.copied(tmp_path) as serving:
        yield serving
    serving.audit()


def test_alerts_and_corrections_cross_both_ways_as_agreed(neighbours: Neighbours) -> None:
    ids = dict(zip(neighbours.nations, both(lambda each: each.alert("12-34567"), neighbours.nations), strict=True))
    both(lambda each: each.correct(ids[each], "12-34568"), neighbours.nations)
    neighbours.assert_sound()
    for held, id in zip(both(Nation.held, neighbours.nations), reversed(ids.values()), strict=True):
        received = held[id]
        assert received["version"] == 2
        assert received["fields"]["plate"] == "12-34568"
        assert received["levels"]["place"] == "generalised:10km"
        assert received["levels"]["source"] == "absent"
        assert "source" not in received["fields"]


def test_more_than_one_delivery_waits_while_each_in_turn_is_killed_and_then_crosses(neighbours: Neighbours) -> None:
    for sender, receiver in (neighbours.nations, reversed(neighbours.nations)):
        receiver.stop(kill=True)
        sender.bring_in(700)
        assert sender.links()[f"{sender.party}>{receiver.party}"].waiting == 700
        sender.stop(kill=True)
        both(Nation.start, neighbours.nations)
    assert {name: link.accepted for name, link in neighbours.assert_sound().items()} == {"JO>SA": 700, "SA>JO": 700}


def test_a_pause_and_a_recall_which_the_older_does_not_know_lose_nothing(neighbours: Neighbours) -> None:
    jo, sa = neighbours.nations
    jo.run("link", "pause", "SA")
    recalled, _ = jo.alert("recalled"), jo.alert("kept")
    assert jo.run("link", "recall", recalled)["arrived"] == []
    sa.alert("theirs")
    assert jo.links().keys() == {"JO>SA"}
    jo.run("link", "resume", "SA")
    links = neighbours.assert_sound()
    said = 2  # that it pauses, and that it resumes
    assert (links["JO>SA"].accepted, links["JO>SA"].tombstone) == (1 + said, 1)
    assert links["SA>JO"].accepted == 1


def test_what_the_older_does_not_know_is_taken_all_the_same(neighbours: Neighbours) -> None:
    """0.1.0 knows neither a flash lane nor matters: an urgent alert keeps its place, a proposal is not understood."""
    jo, sa = neighbours.nations
    flash = jo.alert("flash", "--flash")
    jo.run("law", "propose", str(sa.program.laws / AGREEMENT))
    after = jo.alert("after")
    link = neighbours.assert_sound()["JO>SA"]
    assert (link.accepted, link.refused) == (3, 0)
    assert sa.held().keys() == {flash, after}


def test_a_nation_that_takes_up_the_present_program_goes_on_in_its_home(neighbours: Neighbours) -> None:
    jo, sa = neighbours.nations
    before = both(lambda each: each.alert("before"), neighbours.nations)
    neighbours.settle()
    sa.take_up(jo.program)
    after = [jo.alert("after", "--flash"), sa.alert("after")]
    neighbours.assert_sound()
    for held in both(Nation.held, neighbours.nations):
        assert held.keys() == {*before, *after}
