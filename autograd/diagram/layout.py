"""Where Graphviz puts the boxes, frames and arrows of a picture."""

import json
from collections import defaultdict
from typing import NamedTuple

from autograd.diagram.plane import HEAD, Curve, Point, Rect
from autograd.diagram.scene import Arrow, Scene
from autograd.diagram.sizes import size


class Layout(NamedTuple):
    """The places of everything, by the keys; y grows downwards."""

    boxes: dict[str, Rect]
    clusters: dict[str, Rect]
    curves: dict[str, Curve]

    def moved(self, dx: float, dy: float) -> "Layout":
        return Layout(
            {key: rect.moved(dx, dy) for key, rect in self.boxes.items()},
            {key: rect.moved(dx, dy) for key, rect in self.clusters.items()},
            {key: curve.moved(dx, dy) for key, curve in self.curves.items()},
        )

    def turned(self) -> "Layout":
        """With x and y exchanged."""
        return Layout(
            {key: rect.turned() for key, rect in self.boxes.items()},
            {key: rect.turned() for key, rect in self.clusters.items()},
            {key: curve.turned() for key, curve in self.curves.items()},
        )


def read(text: str) -> Layout:
    """The layout in Graphviz's JSON, where y grows upwards."""
    content = json.loads(text)
    boxes, clusters, curves, numbered = {}, {}, {}, {}
    for thing in content.get("objects", ()):
        if "pos" in thing:
            x, y = _point(thing["pos"])
            width, height = (float(thing[side]) * 72 / 2 for side in ("width", "height"))
            rect = Rect(x - width, y - height, x + width, y + height)
            boxes[thing["id"]] = numbered[thing["_gvid"]] = rect
        elif "bb" in thing:
            left, bottom, right, top = map(float, thing["bb"].split(","))
            clusters[thing["id"]] = Rect(left, -top, right, -bottom)
    for thing in content.get("edges", ()):
        if "id" not in thing:  # of a pair that is in succession
            continue
        if "pos" in thing:
            tip, *points = thing["pos"].split()
            curves[thing["id"]] = Curve([*map(_point, points)], _point(tip.removeprefix("e,")))
        else:  # Graphviz has found no way
            tail, head = numbered[thing["tail"]], numbered[thing["head"]]
            across = content["rankdir"] == "LR"
            turned = direct(tail.turned(), head.turned()).turned()
            curves[thing["id"]] = direct(tail, head) if across else turned
    return Layout(boxes, clusters, curves)


def direct(tail: Rect, head: Rect) -> Curve:
    """A curve from the right of a box to the left of another, whatever is in its way."""
    (x, y), tip = (tail.right, tail.middle), (head.left, head.middle)
    half = (x + tip[0]) / 2
    return Curve([(x, y), (half, y), (half, tip[1]), (tip[0] - HEAD, tip[1])], tip)


def _point(text: str) -> Point:
    x, y = text.split(",")
    return float(x), -float(y)


def fitted(layout: Layout, scene: Scene) -> Layout:
    """The layout with boxes exactly as large as what is in them.

    Graphviz rounds sizes, and counts the second outline of the root.
    """
    boxes = {}
    for box in scene.boxes:
        (width, height), there = size(box), layout.boxes[box.key]
        x, y = there.center - width / 2, there.middle - height / 2
        boxes[box.key] = Rect(x, y, x + width, y + height)
    return Layout(boxes, layout.clusters, layout.curves)


def in_order(layout: Layout, scene: Scene) -> Layout:
    """The layout with the leaves in the order of their use, from above or from the left.

    Graphviz orders boxes so that few arrows cross, and within frames it heeds nothing else. Leaves
    as large as each other, in the same frame, that are operands of the same boxes, can change
    places.
    """
    if scene.direction == "TB":
        return _in_order(layout.turned(), scene).turned()
    return _in_order(layout, scene)


def _in_order(layout: Layout, scene: Scene) -> Layout:
    leaves = {box.key: box for box in scene.boxes if box.kind == "leaf"}
    uses: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in scene.arrows:
        if arrow.tail in leaves:
            uses[arrow.tail].append(arrow)
    alike: dict[object, list[str]] = defaultdict(list)
    for key, arrows in uses.items():  # in the order of use
        rect, heads = layout.boxes[key], tuple(arrow.head for arrow in arrows)
        alike[leaves[key].group, heads, round(rect.center), round(rect.height)].append(key)
    boxes, curves = dict(layout.boxes), dict(layout.curves)
    for keys in alike.values():
        places = sorted(keys, key=lambda key: layout.boxes[key].top)
        for key, place in zip(keys, places, strict=True):
            own, there = layout.boxes[key], layout.boxes[place]
            boxes[key] = own.moved(0.0, there.middle - own.middle)
            for arrow, other in zip(uses[key], uses[place], strict=True):
                (_, y), *points = layout.curves[other.key].points
                tip = layout.curves[other.key].tip
                curves[arrow.key] = Curve([(own.right, y), *points], tip)
    return Layout(boxes, layout.clusters, curves)
