"""Where Graphviz puts the boxes, frames and arrows of a picture."""

import json
from collections import defaultdict
from typing import NamedTuple

from autograd.diagram.plane import Curve, Point, Rect
from autograd.diagram.scene import Arrow, Scene


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
    boxes, clusters, curves = {}, {}, {}
    for thing in content.get("objects", ()):
        if "pos" in thing:
            x, y = _point(thing["pos"])
            width, height = (float(thing[side]) * 72 / 2 for side in ("width", "height"))
            boxes[thing["id"]] = Rect(x - width, y - height, x + width, y + height)
        elif "bb" in thing:
            left, bottom, right, top = map(float, thing["bb"].split(","))
            clusters[thing["id"]] = Rect(left, -top, right, -bottom)
    for thing in content.get("edges", ()):
        tip, *points = thing["pos"].split()
        curves[thing["id"]] = Curve([*map(_point, points)], _point(tip.removeprefix("e,")))
    return Layout(boxes, clusters, curves)


def _point(text: str) -> Point:
    x, y = text.split(",")
    return float(x), -float(y)


def in_order(layout: Layout, scene: Scene) -> Layout:
    """The layout with the leaves in the order of their use, from above or from the left.

    Graphviz orders boxes so that few arrows cross, and within frames it heeds nothing else. Leaves
    of the same size, in the same frame, that are operands of the same boxes, can change places.
    """
    uses: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in scene.arrows:
        uses[arrow.tail].append(arrow)
    alike: dict[object, list[str]] = defaultdict(list)
    leaves = {box.key: box for box in scene.boxes if box.kind == "leaf"}
    for key in (key for key in uses if key in leaves):  # in the order of use
        rect = layout.boxes[key]
        rank = rect.center if scene.direction == "LR" else rect.middle
        shape = (round(rect.width), round(rect.height), round(rank))
        heads = tuple(arrow.head for arrow in uses[key])
        alike[leaves[key].group, shape, heads].append(key)
    boxes, curves = dict(layout.boxes), dict(layout.curves)
    for keys in alike.values():
        places = sorted(keys, key=lambda key: layout.boxes[key][1::-1])
        if scene.direction == "TB":
            places.sort(key=lambda key: layout.boxes[key].left)
        for key, place in zip(keys, places, strict=True):
            boxes[key] = layout.boxes[place]
            for arrow, other in zip(uses[key], uses[place], strict=True):
                curves[arrow.key] = layout.curves[other.key]
    return Layout(boxes, layout.clusters, curves)
