"""A picture in DOT, the language of Graphviz."""

from collections.abc import Iterable
from typing import Any

import graphviz

from autograd.diagram import palette
from autograd.diagram.groups import Group
from autograd.diagram.scene import Arrow, Box, Scene
from autograd.diagram.sizes import SIZE, SMALL, size

POINTS_PER_INCH = 72
FONT = "Courier New,DejaVu Sans Mono,monospace"

SHAPES = {
    "leaf": ("box", "filled,rounded"),
    "operation": ("box", "filled"),
    "group": ("folder", "filled"),
    "cut": ("plaintext", "solid"),
}
COLORS = {
    "leaf": palette.LEAF,
    "operation": palette.OPERATION,
    "group": palette.GROUP,
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
            "label": label([scene.caption]),
            "labelloc": "b",
            "outputorder": "edgesfirst",
            "nodesep": "0.22",
            "pad": "0.15",
            "ranksep": "0.6",
            # Takes half the time on large graphs, and looks as good.
            "nslimit": "1",
            "mclimit": "0.5",
        },
        node_attr={"fontname": FONT, "fontsize": str(SIZE), "fixedsize": "true"},
        edge_attr={"fontname": FONT, "fontsize": str(SMALL), "arrowsize": "0.7"},
    )
    frames: dict[Group, Any] = {(): graph}
    for cluster in scene.clusters:
        frame = graphviz.Digraph(f"cluster_{cluster.key}")
        frame.attr(id=cluster.key, label=label([cluster.label]), labelloc="t")
        frames[cluster.group] = frame
    for box in scene.boxes:
        frames[box.group].node(box.key, id=box.key, **_node(box))
    inner_first = sorted(scene.clusters, key=lambda cluster: len(cluster.group), reverse=True)
    for cluster in inner_first:
        frames[cluster.group[:-1]].subgraph(frames[cluster.group])
    for arrow in scene.arrows:
        graph.edge(arrow.tail, arrow.head, id=arrow.key, **_edge(arrow))
    result: str = graph.source
    return result


def label(lines: Iterable[str]) -> str:
    """Lines of text, shown literally: `\\`, `&` and `<` have no meaning for Graphviz here."""
    escaped = [line.replace("\\", "\\\\").replace("&", "&amp;") for line in lines]
    result: str = graphviz.nohtml("\\n".join(escaped))
    return result


def line_color(box: Box) -> str:
    """The colour of a box's outline and heading."""
    if box.color or box.dead:
        return box.color or palette.DEAD
    return palette.ROOT if box.root else COLORS[box.kind]


def _node(box: Box) -> dict[str, str]:
    width, height = size(box)
    shape, style = SHAPES[box.kind]
    return {
        "label": label(line.text for line in box.lines),
        "shape": shape,
        "style": f"{style},dashed" if box.dead else style,
        "color": line_color(box),
        **({"penwidth": "2"} if box.color else {}),
        "fillcolor": palette.DEAD_FILL if box.dead else palette.TINTS[abs(box.tint or 0)],
        "fontcolor": palette.DEAD if box.dead else palette.INK,
        "peripheries": "2" if box.root else "0" if box.kind == "cut" else "1",
        "width": _inches(width),
        "height": _inches(height),
    }


def _edge(arrow: Arrow) -> dict[str, str]:
    plain = palette.DEAD if arrow.dead else palette.OPERATION
    return {
        "label": label(f" {line} " for line in arrow.lines),
        "style": "dashed" if arrow.dead else "dotted" if arrow.cut else "solid",
        "color": arrow.color or plain,
        **({"penwidth": "2"} if arrow.color else {}),
        "fontcolor": arrow.color or (palette.DEAD if arrow.dead else palette.INK),
    }


def _inches(points: float) -> str:
    return f"{points / POINTS_PER_INCH:.3f}"
