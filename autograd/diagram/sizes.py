"""How much room the parts of a picture take, in points, and where they are in a box."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograd.diagram.scene import Box, Heat, Line
from autograd.diagram.widths import LINE_HEIGHT, SMALL, TINY, width

NARROWEST, SIDE = 76, 9
"""The least width of a box, and the room on either side of the text in it."""
EDGE = 5
"""The room above the first line of a box and below the last."""
GAP, RANK_GAP = 14, 46
"""The least distance of two boxes side by side, and of a box and its operand's, labels aside."""
PAD, FRAME = 10, 8
"""The margin of the picture, and the distance between a frame and what is in it."""
SPACES = 15
"""The room of the spaces around the words on an arrow."""
STACK = 4
"""How far the outline behind a box that stands for many is away."""
CORNER = 16
"""The room for the triangle that opens a box, or closes a frame."""
CELL = 8
"""The side of a number's square in a heat map."""
BETWEEN = 10
"""The distance between the two halves of a heat map, and between one and the next."""
WIDEST_PAIR = 220
"""The halves of a heat map wider than this are one above the other."""

HEIGHTS = {"name": 18, "operation": 18, "count": 17, "data": 17, "grad": 21, "mark": 21}
"""The height of a line, by its role."""
HEADINGS = ("name", "operation")
BANDS = ("grad", "mark")
"""The lines of the heading, and those on a ground of their own."""


class Strip(NamedTuple):
    """A line in a box, and where it is, from the top of the card."""

    line: Line
    top: float
    bottom: float
    size: int
    """Of the font."""


class Grid(NamedTuple):
    """A half of a heat map, and where it is, from the corner of the heat map."""

    caption: str
    shades: list[list[int | None]]
    left: float
    top: float


# --- Boxes --------------------------------------------------------------------------------------


def size(box: Box) -> tuple[float, float]:
    """The width and the height of a box, with the outline behind it where there is one."""
    corner = 2 * CORNER if box.opens is not None else 0
    lines = [width(row.line.longest) * row.size + 2 * SIDE for row in rows(box)]
    lines[0] += corner
    if box.kind != "cut":
        lines.append(NARROWEST)
    heats = [heat_size(heat) for heat in box.heats]
    wide = max([*lines, *(wide + 2 * SIDE for wide, _ in heats)])
    high = _foot(box) + sum(high + BETWEEN for _, high in heats)
    behind = STACK if box.count > 1 else 0
    return wide + behind, high + behind


def rows(box: Box) -> list[Strip]:
    """The lines of a box: the heading, the numbers, what is on a ground of its own."""
    result: list[Strip] = []
    top = float(EDGE)
    before = None
    for line in box.lines:
        if before is not None and _part(line) != _part(before):
            top += 3
        bottom = top + HEIGHTS[line.role]
        result.append(Strip(line, top, bottom, 14 if _part(line) == 0 else SMALL))
        top, before = bottom, line
    return result


def _part(line: Line) -> int:
    return 0 if line.role in HEADINGS else 2 if line.role in BANDS else 1


def _foot(box: Box) -> float:
    """Where the lines of a box end."""
    last = rows(box)[-1]
    return last.bottom + (0 if last.line.role in BANDS and not box.heats else EDGE)


def heat_tops(box: Box) -> Iterator[tuple[Heat, float]]:
    """The heat maps of a box, and where each begins."""
    top = _foot(box)
    for heat in box.heats:
        yield heat, top
        top += heat_size(heat)[1] + BETWEEN


def heat_size(heat: Heat) -> tuple[float, float]:
    """The width and the height of a heat map, with its label and captions."""
    halves = list(grids(heat))
    right = max(half.left + _grid_width(half.shades) for half in halves)
    last = halves[-1]
    bottom = last.top + len(last.shades) * CELL + TINY + 4
    return max(right, width(heat.label) * SMALL), bottom


def grids(heat: Heat) -> Iterator[Grid]:
    """The halves of a heat map: beside each other, or one above the other where they are wide."""
    data, grad = ([list(row) for row in half] for half in (heat.data, heat.grad))
    top = LINE_HEIGHT + 2.0 if heat.label else 4.0
    yield Grid("data", data, 0.0, top)
    if not grad:
        return
    wide = _grid_width(data)
    if 2 * wide + BETWEEN <= WIDEST_PAIR:
        yield Grid("grad", grad, wide + BETWEEN, top)
    else:
        yield Grid("grad", grad, 0.0, top + len(data) * CELL + TINY + 8)


def _grid_width(shades: list[list[int | None]]) -> float:
    return max(len(shades[0]) * CELL, width("data") * TINY)


# --- Other text ---------------------------------------------------------------------------------


def label_size(lines: Iterable[str]) -> tuple[float, float]:
    """The width and the height of the words on an arrow or a frame."""
    widths = [width(line) * SMALL for line in lines]
    return max(widths, default=0.0), len(widths) * LINE_HEIGHT
