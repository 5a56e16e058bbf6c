"""Draws arrows as smooth curves where the way is clear.

Graphviz aims at the middle of boxes, so that arrows meet their borders anywhere, corners included.
A textbook has them leave at one side and arrive, one beside the other, at the opposite one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from autograd.diagram.layout import Layout
from autograd.diagram.plane import Curve, Plane, Rect
from autograd.diagram.scene import Arrow, Scene

HEAD = 7.0
"""The length of an arrow's head."""
CLEAR = 5.0
"""The least distance of a curve from boxes that it passes."""
LEAVING, ARRIVING = 0.3, 0.62
"""The part of a box's side along which arrows leave, or arrive."""
APART = 14.0
"""The greatest distance between two of them."""


def routed(layout: Layout, scene: Scene) -> Layout:
    """The layout with an S-curve for each arrow that has no box in its way.

    The others go the way that Graphviz found for them.
    """
    if scene.direction == "TB":
        return _routed(layout.turned(), scene.arrows).turned()
    return _routed(layout, scene.arrows)


def _routed(layout: Layout, arrows: Iterable[Arrow]) -> Layout:
    boxes = layout.boxes
    plane: Plane[Rect] = Plane()
    for rect in boxes.values():
        plane.add(rect, rect)
    starts = _spread(arrows, boxes, lambda arrow: arrow.tail, lambda arrow: arrow.head, LEAVING)
    ends = _spread(arrows, boxes, lambda arrow: arrow.head, lambda arrow: arrow.tail, ARRIVING)
    curves = dict(layout.curves)
    for arrow in arrows:
        tail, head = boxes[arrow.tail], boxes[arrow.head]
        x, tip = tail.right, head.left
        if tip - x < 2 * HEAD:
            continue
        y, end = starts[arrow.key], ends[arrow.key]
        half = (x + tip - HEAD) / 2
        curve = Curve([(x, y), (half, y), (half, end), (tip - HEAD, end)], (tip, end))
        if _is_clear(curve, plane, (tail, head)):
            curves[arrow.key] = curve
    return Layout(boxes, layout.clusters, curves)


def _spread(
    arrows: Iterable[Arrow],
    boxes: dict[str, Rect],
    near: Callable[[Arrow], str],
    far: Callable[[Arrow], str],
    part: float,
) -> dict[str, float]:
    """Where each arrow meets the side of the box at one end, in the order of the other ends."""
    meeting: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        meeting[near(arrow)].append(arrow)
    result = {}
    for key, group in meeting.items():
        box = boxes[key]
        group.sort(key=lambda arrow: boxes[far(arrow)].middle)
        apart = min(APART, part * box.height / max(1, len(group) - 1))
        for count, arrow in enumerate(group):
            result[arrow.key] = box.middle + (count - (len(group) - 1) / 2) * apart
    return result


def _is_clear(curve: Curve, plane: Plane[Rect], ends: tuple[Rect, Rect]) -> bool:
    """Whether no boxes but those at its ends are in the way of a curve."""
    for x, y in curve.walk():
        spot = Rect(x, y, x, y).grown(CLEAR)
        if any(spot.meets(rect) for rect in plane.near(spot) if rect not in ends):
            return False
    return True
