"""Places on the ground in whole numbers, so that every machine gives the same answer.

A point is (latitude, longitude) in micro-degrees (10⁻⁶ °, about 0.11 m), WGS 84. There are no floats: sines and
cosines are taken from integer series, distances are compared as squared integers.

Lines are straight between their corners in latitude and longitude; distances are measured on a plane laid at the
point, scaled by the cosine of its latitude. Within 100 km of the point the error stays below 1 % up to 60° of
latitude. Shapes across the antimeridian are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[int, int]

MICRO = 1_000_000
METRES_PER_DEGREE = 111_195  # a degree of latitude on a sphere of radius 6,371,009 m
_PI = 3_141_592_653_590  # π · 10¹²
_UNIT = 10**12
_HALF = MICRO // 2


def read_point(text: str) -> Point:
    """The point a ``PlaceText`` names. Raises ValueError for anything that is not one on the globe.

    >>> read_point("31.49,36.99")
    (31490000, 36990000)
    """
    latitude, comma, longitude = text.partition(",")
    if not comma:
        raise ValueError(f"{text!r} is not latitude,longitude")
    point = (_micro(latitude), _micro(longitude))
    if abs(point[0]) > 90 * MICRO or abs(point[1]) > 180 * MICRO:
        raise ValueError(f"{text!r} is not on the globe")
    return point


def write_point(point: Point) -> str:
    """The one spelling of a point: no trailing zeros, no negative zero.

    >>> write_point((31_490_000, -7))
    '31.49,-0.000007'
    """
    return f"{_degrees(point[0])},{_degrees(point[1])}"


def _micro(text: str) -> int:
    whole, _, fraction = text.strip().partition(".")
    digits = whole.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(fraction) <= 6 and (not fraction or fraction.isdigit())):
        raise ValueError(f"{text!r} is not decimal degrees")
    size = int(digits) * MICRO + int(fraction.ljust(6, "0"))
    return -size if whole.startswith("-") else size


def _degrees(micro: int) -> str:
    whole, fraction = divmod(abs(micro), MICRO)
    sign = "-" if micro < 0 else ""
    return f"{sign}{whole}.{fraction:06d}".rstrip("0").rstrip(".")


def cosine(latitude: int) -> int:
    """The cosine of a latitude in micro-degrees, in millionths, to the nearest; from the Taylor series in integers.

    >>> cosine(0), cosine(60_000_000), cosine(90_000_000)
    (1000000, 500000, 0)
    """
    x = abs(latitude) * _PI // (180 * MICRO)  # radians · 10¹²
    square = x * x // _UNIT
    term, total = _UNIT, _UNIT
    for n in range(2, 26, 2):
        term = -term * square // _UNIT // (n * (n - 1))
        total += term
    return max(0, (total + _HALF) // MICRO)


def inside(point: Point, ring: Sequence[Point]) -> bool:
    """Whether the point is in the polygon with these corners (first not repeated); its edge belongs to it.

    >>> inside((5, 5), [(0, 0), (0, 10), (10, 10), (10, 0)])
    True
    """
    y, x = point
    odd = False
    for (y1, x1), (y2, x2) in pairwise([*ring, ring[0]]):
        side = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        if side == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
        if (y1 > y) != (y2 > y) and (side > 0) == (y2 < y1):
            odd = not odd
    return odd


def near(point: Point, line: Sequence[Point], metres: int) -> bool:
    """Whether the point is within ``metres`` of a line through these corners (two or more).

    >>> near((0, 0), [(0, 100_000), (10_000, 100_000)], 12_000)
    True
    """
    scale = cosine(point[0])
    reach = metres * MICRO * MICRO // METRES_PER_DEGREE  # in 10⁻⁶ of a micro-degree
    flat = [((y - point[0]) * MICRO, (x - point[1]) * scale) for y, x in line]
    return any(_near_segment(a, b, reach) for a, b in pairwise(flat))


def _near_segment(a: Point, b: Point, reach: int) -> bool:
    """Whether the origin is within ``reach`` of the segment from a to b."""
    dy, dx = b[0] - a[0], b[1] - a[1]
    length = dy * dy + dx * dx
    along = -(a[0] * dy + a[1] * dx)
    if along <= 0 or length == 0:
        return a[0] * a[0] + a[1] * a[1] <= reach * reach
    if along >= length:
        return b[0] * b[0] + b[1] * b[1] <= reach * reach
    cross = a[0] * dx - a[1] * dy  # twice the area: distance · √length
    return cross * cross <= reach * reach * length


ROW = 900_000  # 0.9° of latitude: 200 rows from pole to pole, each about 100 km high
SPLITS = {"100km": 1, "10km": 10, "1km": 100, "100m": 1000}
"""How many times a row (and a column) of the coarsest grid is divided. The grids nest: a coarse cell is known from any
of its fine ones, and two releases of one place at two precisions tell no more than the finer."""


def cell_centre(point: Point, precision: str) -> Point:
    """The centre of the cell of that grid in which the point lies; a cell is about as wide as it is high.

    >>> write_point(cell_centre(read_point("31.4912,36.9987"), "10km"))
    '31.455,37'
    """
    split = SPLITS[precision]
    height = ROW // split
    rows = 180 * MICRO // height
    row = min((point[0] + 90 * MICRO) // height, rows - 1)
    columns = _columns(row // split) * split
    column = min((point[1] + 180 * MICRO) * columns // (360 * MICRO), columns - 1)
    latitude = row * height + height // 2 - 90 * MICRO
    longitude = (2 * column + 1) * 180 * MICRO // columns - 180 * MICRO
    return latitude, longitude


def _columns(row: int) -> int:
    """How many coarsest cells go round the earth in this coarsest row."""
    middle = row * ROW + ROW // 2 - 90 * MICRO
    return max(1, 360 * cosine(middle) // ROW)
