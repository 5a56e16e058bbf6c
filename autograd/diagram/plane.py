"""Rectangles and curves in the plane, and which of them are near a place."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, sqrt
from typing import Generic, NamedTuple, TypeVar

Point = tuple[float, float]
Item = TypeVar("Item")

HEAD = 7.0
"""The length of an arrow's head."""
STEP = 5.0
MOST_POINTS = 400
"""The distance of the points that stand for a curve, and how many there may be."""


class Rect(NamedTuple):
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def center(self) -> float:
        return (self.left + self.right) / 2

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def moved(self, dx: float, dy: float) -> "Rect":
        return Rect(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def grown(self, by: float) -> "Rect":
        return Rect(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def turned(self) -> "Rect":
        """With x and y exchanged."""
        return Rect(self.top, self.left, self.bottom, self.right)

    def meets(self, other: "Rect") -> bool:
        return (
            self.left < other.right
            and self.right > other.left
            and self.top < other.bottom
            and self.bottom > other.top
        )


class Curve(NamedTuple):
    """An arrow: the points of Bézier curves, one after the other, and the tip of its head."""

    points: Sequence[Point]
    tip: Point

    def moved(self, dx: float, dy: float) -> "Curve":
        tip_x, tip_y = self.tip
        return Curve([(x + dx, y + dy) for x, y in self.points], (tip_x + dx, tip_y + dy))

    def turned(self) -> "Curve":
        """With x and y exchanged."""
        return Curve([(y, x) for x, y in self.points], self.tip[::-1])

    def walk(self, step: float = STEP) -> list[Point]:
        """Points along it, from the beginning to the tip, about `step` away from each other."""
        corners = [*self.points, self.tip]
        length = sum(distance(a, b) for a, b in pairwise(corners))
        step = max(step, length / MOST_POINTS)
        result = [self.points[0]]
        for start in range(0, len(self.points) - 1, 3):
            a, b, c, d = self.points[start : start + 4]
            count = ceil((distance(a, b) + distance(b, c) + distance(c, d)) / step)
            result += [_on(a, b, c, d, at / count) for at in range(1, count + 1)]
        return [*result, self.tip]


def _on(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    """A point on a Bézier curve."""
    u = 1.0 - t
    i, j, k, m = u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t
    return (
        i * a[0] + j * b[0] + k * c[0] + m * d[0],
        i * a[1] + j * b[1] + k * c[1] + m * d[1],
    )


def distance(a: Point, b: Point) -> float:
    x, y = b[0] - a[0], b[1] - a[1]
    return sqrt(x * x + y * y)


class Plane(Generic[Item]):
    """Things by the cells of the plane in which they are."""

    def __init__(self, side: float) -> None:
        """The side of a cell is about that of the places that are asked for."""
        self._side = side
        self._cells: dict[Point, list[Item]] = defaultdict(list)

    def add(self, item: Item, rect: Rect) -> None:
        for cell in self._around(rect):
            self._cells[cell].append(item)

    def add_point(self, item: Item, x: float, y: float) -> None:
        self._cells[x // self._side, y // self._side].append(item)

    def remove(self, item: Item, rect: Rect) -> None:
        for cell in self._around(rect):
            self._cells[cell].remove(item)

    def near(self, rect: Rect) -> Iterator[Item]:
        """All that may be in a rectangle; a thing in several cells more than once."""
        for cell in self._around(rect):
            if cell in self._cells:
                yield from self._cells[cell]

    def _around(self, rect: Rect) -> Iterator[Point]:
        left, right = int(rect.left // self._side), int(rect.right // self._side)
        top, bottom = int(rect.top // self._side), int(rect.bottom // self._side)
        for i in range(left, right + 1):
            for j in range(top, bottom + 1):
                yield i, j
