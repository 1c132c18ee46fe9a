"""Coarsening: the same cell for the same place, never further than the cell is wide, and checkable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mithaq.kernel.law.generalise import generalise, is_generalised
from mithaq.lib.geometry import SPLITS, cell_centre

LATITUDE = st.integers(-90_000_000, 90_000_000)
LONGITUDE = st.integers(-180_000_000, 180_000_000)


@given(LATITUDE, LONGITUDE, st.sampled_from(sorted(SPLITS)))
def test_a_centre_is_its_own_cells_centre_and_near(latitude: int, longitude: int, precision: str) -> None:
    centre = cell_centre((latitude, longitude), precision)
    assert cell_centre(centre, precision) == centre
    assert abs(centre[0] - latitude) <= 900_000 // SPLITS[precision]


def test_a_receiver_can_tell_whether_a_value_was_generalised() -> None:
    coarse = generalise("31.4912,36.9987", "generalised:10km")
    assert is_generalised(coarse, "generalised:10km")
    assert not is_generalised("31.4912,36.9987", "generalised:10km")
    assert not is_generalised("2026-11-20T04:10:33Z", "generalised:hour")
    assert is_generalised("2026-11-01T00:00:00Z", "generalised:month")
    for odd in (None, 7, "", "x,y", "99.0,400"):
        assert not is_generalised(odd, "generalised:10km")
