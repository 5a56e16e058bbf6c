"""Draws a picture as SVG, with tooltips, a text alternative, and colours for the dark."""

from collections.abc import Iterable
from math import ceil
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from autograd.diagram import palette
from autograd.diagram.card import BASELINE, add_triangle, draw_card
from autograd.diagram.dot import pen
from autograd.diagram.elements import add, path
from autograd.diagram.layout import Layout, fitted, in_order
from autograd.diagram.legend import draw_legend, legend, legend_size
from autograd.diagram.placing import Label, placed
from autograd.diagram.plane import Curve, Rect
from autograd.diagram.routing import routed
from autograd.diagram.scene import Arrow, Box, Cluster, Line, Scene
from autograd.diagram.sizes import CORNER, FRAME, PAD, label_size
from autograd.diagram.widths import LINE_HEIGHT, SMALL

NAMESPACE = "http://www.w3.org/2000/svg"
FONTS = (
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', "
    "'Courier New', monospace"
)
"""All monospaced, with letters of nearly equal width, so that text fits its box everywhere."""

STYLE = "\n".join(
    [
        "@media screen and (prefers-color-scheme: dark) {",
        *[
            f'.autograd-diagram [{part}="{light}"] {{ {part}: {dark} }}'
            for light, dark in palette.DARK.items()
            for part in ("fill", "stroke")
        ],
        "}",
    ]
)


def drawn(scene: Scene, layout: Layout) -> str:
    """The SVG of a scene, with everything where Graphviz has put it, and labels beside arrows."""
    layout, labels = places(scene, layout)
    bounds = _around([*layout.boxes.values(), *layout.clusters.values(), *labels.values()], layout)
    dx, dy = PAD - bounds.left, PAD - bounds.top
    layout = layout.moved(dx, dy)
    rows = legend(scene, bounds.width)
    legend_width, legend_height = legend_size(rows)
    width = max(bounds.width, legend_width) + 2 * PAD
    bottom = bounds.height + 2 * PAD
    height = bottom + (legend_height + PAD / 2 if rows else 0.0)
    root = _root(scene, float(ceil(width)), float(ceil(height)))  # as images are measured
    for cluster in scene.clusters:
        _cluster(root, cluster, layout.clusters[cluster.key])
    for arrow in scene.arrows:
        label = labels.get(arrow.key)
        _arrow(root, arrow, layout.curves[arrow.key], label and label.moved(dx, dy))
    for box in scene.boxes:
        _box(root, box, layout.boxes[box.key])
    if rows:
        draw_legend(add(root, "g", class_="legend"), rows, PAD, bottom)
    for element in root:
        element.tail = "\n"
    return ElementTree.tostring(root, encoding="unicode")


def places(scene: Scene, layout: Layout) -> tuple[Layout, dict[str, Rect]]:
    """Where Graphviz's layout puts everything when it is tidied up, and the words on the arrows."""
    layout = routed(in_order(fitted(layout, scene), scene), scene)
    labels = [
        Label(arrow.key, *label_size(line.longest for line in arrow.lines))
        for arrow in scene.arrows
        if arrow.lines
    ]
    titles = [_title_place(cluster, layout.clusters[cluster.key]) for cluster in scene.clusters]
    obstacles = [*layout.boxes.values(), *titles]
    above = scene.direction == "LR"
    return layout, placed(labels, layout.curves, obstacles, above=above)


def _title_place(cluster: Cluster, frame: Rect) -> Rect:
    """Where the label of a frame is."""
    wide, high = label_size([cluster.label])
    left, top = frame.left + FRAME, frame.top + 4
    return Rect(left, top, left + wide + (CORNER if cluster.closes is not None else 0), top + high)


def _around(rects: Iterable[Rect], layout: Layout) -> Rect:
    """The smallest rectangle around everything."""
    lefts, tops, rights, bottoms = map(list, zip(*rects, strict=True))
    points = [point for curve in layout.curves.values() for point in curve.points]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(lefts + xs), min(tops + ys), max(rights + xs), max(bottoms + ys))


# --- The parts ----------------------------------------------------------------------------------


def _root(scene: Scene, width: float, height: float) -> Element:
    size = path(width, height)
    root = Element(
        "svg",
        {
            "xmlns": NAMESPACE,
            "class": "autograd-diagram",
            "role": "img",
            "aria-label": scene.description,
            "viewBox": f"0 0 {size}",
            "width": size.split()[0],
            "height": size.split()[1],
            "font-family": FONTS,
        },
    )
    add(root, "title", scene.title)
    add(root, "style", STYLE)
    add(root, "rect", width=width, height=height, fill=palette.BACKGROUND)
    return root


def _group(root: Element, key: str, kinds: Iterable[str], tooltip: str) -> Element:
    group = add(root, "g", class_=" ".join(kinds), data_key=key)
    add(group, "title", tooltip)
    return group


def _cluster(root: Element, cluster: Cluster, frame: Rect) -> None:
    group = _group(root, cluster.key, ["cluster"], cluster.tooltip)
    add(
        group,
        "rect",
        x=frame.left,
        y=frame.top,
        width=frame.width,
        height=frame.height,
        rx=6.0,
        fill=palette.CLUSTER_FILL,
        stroke=palette.CLUSTER,
        stroke_width=1.0,
    )
    title = _title_place(cluster, frame)
    left, middle = title.left, title.middle
    if cluster.closes is not None:
        group.set("data-close", cluster.closes)
        add_triangle(group, left + 5, middle, palette.MUTED, "down")
        left += CORNER
    y = middle + BASELINE * SMALL
    add(group, "text", cluster.label, x=left, y=y, font_size=float(SMALL), fill=palette.MUTED)


def _box(root: Element, box: Box, place: Rect) -> None:
    kinds = ["node", box.kind, *["root"] * box.root, *["dead"] * box.dead]
    group = _group(root, box.key, kinds, box.tooltip)
    if box.opens is not None:
        group.set("data-open", box.opens)
    draw_card(group, box, place)


def _arrow(root: Element, arrow: Arrow, curve: Curve, label: Rect | None) -> None:
    kinds = ["edge", *["cut"] * arrow.cut, *["dead"] * arrow.dead]
    group = _group(root, arrow.key, kinds, arrow.tooltip)
    group.set("data-tail", arrow.tail)
    group.set("data-head", arrow.head)
    color = arrow.color or (palette.DEAD if arrow.dead else palette.ARROW)
    (x, y), *others = curve.points
    add(
        group,
        "path",
        d=path("M", x, y, "C", *[part for point in others for part in point]),
        fill="none",
        stroke=color,
        stroke_width=pen(arrow.color) if arrow.color else 1.25,
        stroke_dasharray="5 3" if arrow.dead else "1 4" if arrow.cut else None,
        stroke_linecap="round" if arrow.cut else None,
    )
    _head(group, curve, color)
    if label is None:
        return
    for count, line in enumerate(arrow.lines):
        top = label.top + count * LINE_HEIGHT
        _word(group, arrow, line, Rect(label.left, top, label.right, top + LINE_HEIGHT))


def _word(group: Element, arrow: Arrow, line: Line, place: Rect) -> None:
    """A line of a label; a mark on a ground of its colour."""
    color = palette.DEAD if arrow.dead else palette.ROOT
    if line.color:
        color = line.color
        if color != palette.RIGHT:
            add(
                group,
                "rect",
                x=place.left - 3,
                y=place.top,
                width=place.width + 6,
                height=place.height,
                rx=3.0,
                fill=color,
            )
            color = palette.BACKGROUND
    add(
        group,
        "text",
        line.text,
        x=place.center,
        y=place.middle + BASELINE * SMALL,
        text_anchor="middle",
        font_size=float(SMALL),
        font_weight="bold" if line.color else None,
        fill=color,
    )


def _head(group: Element, curve: Curve, color: str) -> None:
    """The head of an arrow."""
    (x, y), (tip_x, tip_y) = curve.points[-1], curve.tip
    across, down = 0.5 * (y - tip_y), 0.5 * (tip_x - x)
    corners = path("M", tip_x, tip_y, "L", x + across, y + down, "L", x - across, y - down, "Z")
    add(group, "path", class_="head", d=corners, fill=color)
