"""Puts the label of every arrow beside its curve, where it covers as little as possible."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from autograd.diagram.plane import Curve, Plane, Point, Rect, distance

ASIDE = 2.5
"""The least distance of a label from its arrow."""
FRACTIONS = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9)
"""Where a label may be along its arrow, the best place first."""
OWN, BOX, LABEL, OTHER = 40.0, 100.0, 60.0, 4.0
"""The costs of lying on the own arrow, a box, another label, another arrow."""


class Label(NamedTuple):
    """The room of the words that are to be put beside an arrow."""

    key: str
    width: float
    height: float


def placed(
    labels: Sequence[Label], curves: Mapping[str, Curve], obstacles: Iterable[Rect], above: bool
) -> dict[str, Rect]:
    """A place for each label, by the keys of the arrows.

    Several places along the arrow are tried on both sides, and the cheapest is taken. That depends
    on the labels placed before, so those that lie on something are given a second chance.

    Args:
        labels: with the keys of their arrows.
        curves: of all arrows, by their keys.
        obstacles: the boxes and the labels of frames.
        above: whether labels are rather above their arrows than to the right of them.
    """
    board = _Board(obstacles)
    lines = {key: curve.walk() for key, curve in curves.items()}
    for key, line in lines.items():
        board.add_line(key, line)
    result: dict[str, Rect] = {}
    waiting = list(labels)
    for _ in range(2):
        crowded = []
        for label in waiting:
            if label.key in result:
                board.labels.remove(result[label.key], result[label.key])
            result[label.key], cost = _best(label, lines[label.key], board, above)
            board.labels.add(result[label.key], result[label.key])
            if cost >= OTHER:
                crowded.append(label)
        waiting = crowded
    return result


def _best(label: Label, line: list[Point], board: "_Board", above: bool) -> tuple[Rect, float]:
    best, least = Rect(0.0, 0.0, 0.0, 0.0), inf
    for count, rect in enumerate(_places(label, line, above)):
        cost = board.cost(rect, label.key, least) + 0.01 * count
        if cost < least:
            best, least = rect, cost
        if least < OTHER:
            break
    return best, least


def _places(label: Label, line: list[Point], above: bool) -> Iterator[Rect]:
    """The places beside an arrow, those that are closest to its middle first."""
    last = len(line) - 1
    for further in (0.0, 7.0):
        for at in [_straight(line), *(round(fraction * last) for fraction in FRACTIONS)]:
            (x, y), before, after = line[at], line[max(0, at - 1)], line[min(last, at + 1)]
            length = distance(before, after) or 1.0
            # The unit normal that points upwards, or to the right.
            across, down = (after[1] - before[1]) / length, (before[0] - after[0]) / length
            if (down > 0.0) if above else (across < 0.0):
                across, down = -across, -down
            half = (abs(across) * (label.width + 4.0) + abs(down) * label.height) / 2
            for side in (1.0, -1.0):
                away = side * (half + ASIDE + further)
                middle_x, middle_y = x + away * across, y + away * down
                yield Rect(
                    middle_x - label.width / 2,
                    middle_y - label.height / 2,
                    middle_x + label.width / 2,
                    middle_y + label.height / 2,
                )


def _straight(line: list[Point]) -> int:
    """Which point is in the middle of the longest part that is horizontal or vertical."""
    best = start = end = 0
    for at, (before, after) in enumerate(pairwise(line), 1):
        if min(abs(after[0] - before[0]), abs(after[1] - before[1])) > 0.01:
            start = at
        elif at - start > best:
            best, end = at - start, at
    return end - best // 2 if best else len(line) // 2


class _Board:
    """All that is in the picture so far."""

    def __init__(self, obstacles: Iterable[Rect]) -> None:
        self.boxes: Plane[Rect] = Plane(64.0)
        self.labels: Plane[Rect] = Plane(64.0)
        self.lines: Plane[tuple[float, float, str]] = Plane(16.0)
        for rect in obstacles:
            self.boxes.add(rect, rect)

    def add_line(self, key: str, line: list[Point]) -> None:
        for x, y in line:
            self.lines.add_point((x, y, key), x, y)

    def cost(self, rect: Rect, key: str, most: float) -> float:
        """The cost of putting the label of an arrow there, or something above `most`."""
        around = rect.grown(1.0)
        cost = BOX * sum(map(around.meets, self.boxes.near(around)))
        cost += LABEL * sum(map(around.meets, self.labels.near(around)))
        left, top, right, bottom = around
        for x, y, other in self.lines.near(around):
            if cost > most:
                break
            if left < x < right and top < y < bottom:
                cost += OWN if other == key else OTHER
        return cost
