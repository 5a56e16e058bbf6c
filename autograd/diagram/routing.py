"""Draws arrows as smooth curves where the way is clear.

Graphviz aims at the middle of boxes, so that arrows meet their borders anywhere, corners included.
A textbook has them leave at one side and arrive, one beside the other, at the opposite one. They
are straight where there is room for a label, and bend where there are many of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from autograd.diagram.layout import Layout
from autograd.diagram.plane import HEAD, Curve, Plane, Point, Rect
from autograd.diagram.scene import Arrow, Scene

CLEAR = 5.0
"""The least distance of a curve from boxes that it passes."""
LEAVING, ARRIVING = 0.3, 0.62
"""The part of a box's side along which arrows leave, or arrive."""
APART = 14.0
"""The greatest distance between two of them."""
BEND = 38.0
"""How long an arrow bends that is straight elsewhere."""


def routed(layout: Layout, scene: Scene) -> Layout:
    """The layout with an S-curve for each arrow that has no box in its way.

    The others go the way that Graphviz found for them.
    """
    if scene.direction == "TB":
        return _routed(layout.turned(), scene.arrows).turned()
    return _routed(layout, scene.arrows)


def _routed(layout: Layout, arrows: Sequence[Arrow]) -> Layout:
    boxes = layout.boxes
    plane: Plane[Rect] = Plane(64.0)
    for rect in boxes.values():
        plane.add(rect, rect)
    leaving = _by_end(arrows, lambda arrow: arrow.tail)
    arriving = _by_end(arrows, lambda arrow: arrow.head)
    starts = _spread(leaving, boxes, lambda arrow: arrow.head, LEAVING)
    ends = _spread(arriving, boxes, lambda arrow: arrow.tail, ARRIVING)
    curves = dict(layout.curves)
    for arrow in arrows:
        tail, head = boxes[arrow.tail], boxes[arrow.head]
        begin, tip = (tail.right, starts[arrow.key]), (head.left, ends[arrow.key])
        late = len(leaving[arrow.tail]) <= len(arriving[arrow.head])
        for curve in _ways(begin, tip, late):
            if _is_clear(curve, plane, (tail, head)):
                curves[arrow.key] = curve
                break
    return Layout(boxes, layout.clusters, curves)


def _ways(begin: Point, tip: Point, late: bool) -> Iterator[Curve]:
    """The ways to try: with the bend at the end, or the beginning, and then all the way."""
    x, end = begin[0], tip[0] - HEAD
    if end - x < HEAD:
        return
    bends = [(x, end)]
    if end - x > BEND and begin[1] != tip[1]:
        bends += [(x, x + BEND), (end - BEND, end)][:: 1 if late else -1]
    for left, right in reversed(bends):
        half = (left + right) / 2
        points = [begin]
        if x < left:
            points += [begin, (left, begin[1]), (left, begin[1])]
        points += [(half, begin[1]), (half, tip[1]), (right, tip[1])]
        if right < end:
            points += [(right, tip[1]), (end, tip[1]), (end, tip[1])]
        yield Curve(points, tip)


def _by_end(arrows: Iterable[Arrow], end: Callable[[Arrow], str]) -> dict[str, list[Arrow]]:
    """The arrows that each box is at one end of."""
    result: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        result[end(arrow)].append(arrow)
    return result


def _spread(
    meeting: dict[str, list[Arrow]],
    boxes: dict[str, Rect],
    far: Callable[[Arrow], str],
    part: float,
) -> dict[str, float]:
    """Where each arrow meets the side of a box, in the order of the boxes at their other ends."""
    result = {}
    for key, arrows in meeting.items():
        ordered = sorted(arrows, key=lambda arrow: boxes[far(arrow)].middle)
        apart = min(APART, part * boxes[key].height / max(1, len(arrows) - 1))
        for count, arrow in enumerate(ordered):
            result[arrow.key] = boxes[key].middle + (count - (len(arrows) - 1) / 2) * apart
    return result


def _is_clear(curve: Curve, plane: Plane[Rect], ends: tuple[Rect, Rect]) -> bool:
    """Whether no boxes but those at its ends are in the way of a curve."""
    for x, y in curve.walk(2 * CLEAR):
        spot = Rect(x - CLEAR, y - CLEAR, x + CLEAR, y + CLEAR)
        if any(spot.meets(rect) for rect in plane.near(spot) if rect not in ends):
            return False
    return True
