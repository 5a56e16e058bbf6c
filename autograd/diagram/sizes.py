"""How much room the parts of a picture take, in points, and where they are in a box."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograd.diagram.groups import Group
from autograd.diagram.legend import legend, legend_size
from autograd.diagram.scene import Box, Heat, Line, Scene
from autograd.diagram.succession import succession
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
    lines = [width(row.line.text) * row.size + 2 * SIDE for row in rows(box)]
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


# --- The whole ----------------------------------------------------------------------------------


def extent(scene: Scene) -> tuple[float, float]:
    """About the width and the height of a picture, rather too large, without a layout.

    Graphviz puts boxes into ranks, an operand before what uses it. Along the arrows a picture is as
    long as its ranks and the labels between them; across, as wide as its fullest rank.
    """
    across = scene.direction == "LR"
    ranks = _ranks(scene)
    along: dict[float, float] = defaultdict(float)  # at each rank, and halfway to the next
    full: dict[Group, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for box in scene.boxes:
        long, wide = size(box) if across else size(box)[::-1]
        rank = ranks[box.key]
        along[rank] = max(along[rank], long + RANK_GAP)
        full[box.group][rank] += wide + GAP
    for arrow in scene.arrows:
        long, wide = label_size(arrow.lines) if across else label_size(arrow.lines)[::-1]
        tail, head = ranks[arrow.tail], ranks[arrow.head]
        middle = (tail + head) // 2 + 0.5
        along[middle] = max(along[middle], long + SPACES)
        full[()][middle] += wide + GAP
        for rank in range(tail + 1, head):
            full[()][rank] += 2 * GAP
    length = 1.05 * sum(along.values())
    for cluster in sorted(scene.clusters, key=lambda cluster: -len(cluster.group)):
        inner = full[cluster.group]
        title, high = label_size([cluster.label])
        wide = max(inner.values()) + 2 * FRAME + GAP
        wide = wide + high if across else max(wide, title)
        for half in range(int(2 * min(inner)), int(2 * max(inner)) + 1):
            full[cluster.group[:-1]][half / 2] += wide
        length += 2 * FRAME + (0.0 if across else high)
    breadth = 1.5 * max(full[()].values())
    wide, high = (length, breadth) if across else (breadth, length)
    foot_width, foot = legend_size(legend(scene, wide))
    return max(wide, foot_width) + 2 * PAD, high + foot + 3 * PAD


def _ranks(scene: Scene) -> dict[str, int]:
    """The rank of each box, by its key: as near as can be to what uses it, those before 0."""
    users: dict[str, list[str]] = defaultdict(list)
    waiting: Counter[str] = Counter()
    arrows = [(arrow.tail, arrow.head) for arrow in scene.arrows]
    for tail, head in [*arrows, *succession(scene)]:
        users[head].append(tail)
        waiting[tail] += 1
    ready = [box.key for box in scene.boxes if not waiting[box.key]]
    ranks = dict.fromkeys((box.key for box in scene.boxes), 0)
    for key in ready:  # which grows
        for tail in users[key]:
            ranks[tail] = min(ranks[tail], ranks[key] - 1)
            waiting[tail] -= 1
            if not waiting[tail]:
                ready.append(tail)
    return ranks
