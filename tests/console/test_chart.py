"""The map: every row is on it or named as having no place, whatever its rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mithaq.console.chart import LEAST, MOST, WIDTH, drawing
from mithaq.console.rows import Line

PLACES = st.builds(
    lambda lat, lon: f"{lat / 1000:g},{lon / 1000:g}", st.integers(-89_000, 89_000), st.integers(-179_000, 179_000)
)


@given(st.lists(PLACES, min_size=1, max_size=8))
def test_every_place_is_inside_the_picture(places: list[str]) -> None:
    made = drawing([Line((), place=place) for place in places])
    assert len(made.spots) == len(places)
    for spot in made.spots:
        assert 0 <= spot.x <= made.width
        assert 0 <= spot.y <= made.height
    assert WIDTH * LEAST * 0.9 <= made.height <= WIDTH * MOST * 1.1


@given(st.lists(PLACES, min_size=2, max_size=8, unique=True))
def test_north_is_up_and_east_is_right(places: list[str]) -> None:
    spots = drawing([Line((), place=place) for place in places]).spots
    at = [tuple(map(float, place.split(","))) for place in places]
    for a, here in zip(at, spots, strict=True):
        for b, there in zip(at, spots, strict=True):
            assert a[0] < b[0] or here.y <= there.y
            assert a[1] < b[1] or here.x >= there.x


def test_a_row_without_a_place_is_named_and_not_drawn() -> None:
    made = drawing(
        [Line((), place=""), Line((), place="north of the wells"), Line((), place="31,37"), Line((), place="99,1")]
    )
    assert len(made.spots) == 1
    assert len(made.nowhere) == 3
    assert drawing([]).spots == ()
