"""A map without tiles: the places of a question's rows over a graticule, drawn here, beside the same rows as a list.

It is not mirrored in any language: west stays left. No border is drawn: where one runs is not for us to say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct
from starlette.responses import Response

from mithaq.console import rows
from mithaq.console.console import Console
from mithaq.console.pages import Listed
from mithaq.console.visit import Visit
from mithaq.lib.geometry import MICRO, Point, read_point

WIDTH, MARGIN = 720.0, 44.0
LEAST, MOST = 0.5, 1.2  # height to width
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)  # degrees between two lines
LINES = 7


class Spot(Struct, frozen=True):
    """A numbered point of the drawing, and the row it stands for."""

    number: int
    x: float
    y: float
    line: rows.Line


class Stroke(Struct, frozen=True):
    """A line of the graticule, and what is written at it."""

    at: float
    label: str


class Drawing(Struct, frozen=True):
    """All that is drawn, in units of the picture. ``nowhere``: rows that say no place."""

    width: float
    height: float
    spots: tuple[Spot, ...]
    meridians: tuple[Stroke, ...]
    parallels: tuple[Stroke, ...]
    nowhere: tuple[rows.Line, ...]


class Frame(Struct, frozen=True):
    """What part of the earth is shown, in degrees, and how: equal distances along meridians, true at the middle."""

    south: float
    north: float
    west: float
    east: float

    @property
    def height(self) -> float:
        squeeze = _squeeze((self.south + self.north) / 2)
        return (WIDTH - 2 * MARGIN) * (self.north - self.south) / ((self.east - self.west) * squeeze) + 2 * MARGIN

    def x(self, longitude: float) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (longitude - self.west) / (self.east - self.west), 1)

    def y(self, latitude: float) -> float:
        return round(MARGIN + (self.height - 2 * MARGIN) * (self.north - latitude) / (self.north - self.south), 1)


def draw_map(console: Console, visit: Visit, listed: Listed) -> Response:
    """The page; 400 if what was looked for cannot be."""
    asked = rows.ask(console, visit, listed)
    lines = [rows.line(row, listed, visit) for row in asked.rows]
    status = 400 if asked.problems else 200
    return console.paint(visit, "map.html", status, listed=listed, asked=asked, drawing=drawing(lines))


def drawing(lines: Iterable[rows.Line]) -> Drawing:
    """Where everything goes."""
    placed, nowhere = [], []
    for line in lines:
        point = _point(line.place)
        if point is None:
            nowhere.append(line)
        else:
            placed.append((point, line))
    if not placed:
        return Drawing(WIDTH, 0, (), (), (), tuple(nowhere))
    frame = _frame([point for point, _ in placed])
    spots = tuple(
        Spot(number, frame.x(point[1] / MICRO), frame.y(point[0] / MICRO), line)
        for number, (point, line) in enumerate(placed, 1)
    )
    meridians = tuple(Stroke(frame.x(each), _degrees(each, "E", "W")) for each in _ticks(frame.west, frame.east))
    parallels = tuple(Stroke(frame.y(each), _degrees(each, "N", "S")) for each in _ticks(frame.south, frame.north))
    return Drawing(WIDTH, round(frame.height, 1), spots, meridians, parallels, tuple(nowhere))


def _frame(points: Sequence[Point]) -> Frame:
    """What holds all points with some room around, in a picture that is neither a strip nor a tower."""
    latitudes, longitudes = [p[0] / MICRO for p in points], [p[1] / MICRO for p in points]
    middle = (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2
    squeeze = _squeeze(middle[0])
    high = max(0.1, max(latitudes) - min(latitudes)) * 1.2
    wide = max(0.1 / squeeze, max(longitudes) - min(longitudes)) * 1.2
    high = max(high, wide * squeeze * LEAST)
    wide = max(wide, high / squeeze / MOST)
    return Frame(middle[0] - high / 2, middle[0] + high / 2, middle[1] - wide / 2, middle[1] + wide / 2)


def _squeeze(latitude: float) -> float:
    """How long a degree of longitude is there, in degrees of latitude; near the poles never nothing."""
    return max(0.05, math.cos(math.radians(latitude)))


def _ticks(low: float, high: float) -> list[float]:
    step = next((each for each in STEPS if (high - low) / each <= LINES), STEPS[-1])
    return [round(n * step, 2) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _degrees(value: float, above: str, below: str) -> str:
    return f"{abs(value):g}° {above if value >= 0 else below}"


def _point(place: str) -> Point | None:
    try:
        return read_point(place)
    except ValueError:
        return None
