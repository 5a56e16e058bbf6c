"""A picture in DOT, the language of Graphviz."""

from collections.abc import Iterable
from typing import Any

import graphviz

from autograd.diagram import palette
from autograd.diagram.circles import is_circular
from autograd.diagram.groups import Group
from autograd.diagram.legend import EXPLAINS, explains
from autograd.diagram.scene import Arrow, Box, Scene
from autograd.diagram.sizes import GAP, RANK_GAP, size
from autograd.diagram.succession import succession
from autograd.diagram.widths import SMALL

POINTS_PER_INCH = 72
FONT = "Courier New"
"""Monospaced, and Graphviz knows how wide its letters are."""

SHAPES = {
    "leaf": ("box", "filled,rounded"),
    "operation": ("box", "filled"),
    "group": ("folder", "filled"),
    "cut": ("plaintext", "solid"),
}
COLORS = {
    "leaf": palette.LEAF,
    "operation": palette.OPERATION,
    "group": palette.MUTED,
    "cut": palette.MUTED,
}


def source(scene: Scene) -> str:
    """The DOT source of a picture. The `id` of every node and edge is the key of what it draws."""
    graph = graphviz.Digraph(
        graph_attr={
            "rankdir": scene.direction,
            "bgcolor": palette.BACKGROUND,
            "color": palette.CLUSTER,
            "fillcolor": palette.CLUSTER_FILL,
            "style": "filled",
            "fontname": FONT,
            "fontsize": str(SMALL),
            "fontcolor": palette.MUTED,
            "label": label([scene.caption, *([EXPLAINS] if explains(scene) else [])]),
            "labelloc": "b",
            "outputorder": "edgesfirst",
            "nodesep": _inches(GAP),
            # The operands of a box are in the order of their use.
            "ordering": "in",
            "pad": "0.15",
            "ranksep": _inches(RANK_GAP),
            # Takes half the time on large graphs, and looks as good.
            "nslimit": "1",
            "mclimit": "0.5",
        },
        node_attr={"fontname": FONT, "fontsize": str(SMALL), "fixedsize": "true"},
        edge_attr={
            "fontname": FONT,
            "fontsize": str(SMALL),
            "arrowsize": "0.7",
            "color": palette.ARROW,
            "fontcolor": palette.ROOT,
        },
    )
    if is_circular(scene):
        # Graphviz ranks the boxes of each frame by themselves, which is why frames are compact.
        # Where no order of the frames suits all arrows, it would draw some of them backwards, put
        # boxes one above the other and find no way for some arrows: so it ranks all boxes at once.
        graph.attr(newrank="true")
    frames: dict[Group, Any] = {(): graph}
    for cluster in scene.clusters:
        frame = graphviz.Digraph(f"cluster_{cluster.key}")
        frame.attr(id=cluster.key, label=label([cluster.label]), labelloc="t", labeljust="l")
        frames[cluster.group] = frame
    for box in scene.boxes:
        frames[box.group].node(box.key, id=box.key, **_node(box))
    inner_first = sorted(scene.clusters, key=lambda cluster: len(cluster.group), reverse=True)
    for cluster in inner_first:
        frames[cluster.group[:-1]].subgraph(frames[cluster.group])
    for arrow in scene.arrows:
        graph.edge(arrow.tail, arrow.head, id=arrow.key, **_edge(arrow))
    for before, after in succession(scene):
        graph.edge(before, after, style="invis")
    result: str = graph.source
    return result


def label(lines: Iterable[str]) -> str:
    """Lines of text, shown literally: `\\`, `&` and `<` have no meaning for Graphviz here."""
    escaped = [line.replace("\\", "\\\\").replace("&", "&amp;") for line in lines]
    result: str = graphviz.nohtml("\\n".join(escaped))
    return result


def line_color(box: Box) -> str:
    """The colour of a box's outline."""
    if box.color or box.dead:
        return box.color or palette.DEAD
    return palette.ROOT if box.root else COLORS[box.kind]


def fill_color(box: Box) -> str:
    """The colour of the ground on which the number of the gradient is."""
    if box.dead:
        return palette.DEAD_FILL
    graded = any(line.role == "grad" for line in box.lines)
    return palette.tint(box.tint) if graded else palette.CARD


def pen(color: str) -> float:
    """The width of a line with the colour of a mark."""
    return 3.0 if color == palette.CAUSE else 2.0


def _node(box: Box) -> dict[str, str]:
    width, height = size(box)
    shape, style = SHAPES[box.kind]
    return {
        "label": label(line.text for line in box.lines),
        "shape": shape,
        "style": f"{style},dashed" if box.dead else style,
        "color": line_color(box),
        **({"penwidth": f"{pen(box.color):g}"} if box.color else {}),
        "fillcolor": fill_color(box),
        "fontcolor": palette.DEAD if box.dead else palette.INK,
        "peripheries": "2" if box.root else "0" if box.kind == "cut" else "1",
        "width": _inches(width),
        "height": _inches(height),
    }


def _edge(arrow: Arrow) -> dict[str, str]:
    result = {"label": label(f" {line.longest} " for line in arrow.lines)}
    if arrow.dead or arrow.cut:
        result["style"] = "dashed" if arrow.dead else "dotted"
    if arrow.dead:
        result |= {"color": palette.DEAD, "fontcolor": palette.DEAD}
    if arrow.color:
        width = f"{pen(arrow.color):g}"
        result |= {"color": arrow.color, "fontcolor": arrow.color, "penwidth": width}
    return result


def _inches(points: float) -> str:
    return f"{points / POINTS_PER_INCH:.3f}"
