"""Finishes the SVG that Graphviz draws: tooltips, a text alternative, colours for the dark."""

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from autograd.diagram import palette
from autograd.diagram.dot import line_color
from autograd.diagram.scene import Arrow, Box, Scene
from autograd.diagram.sizes import SMALL
from autograd.diagram.widths import width

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


def finished(drawn: str, scene: Scene) -> str:
    """The SVG of a scene as drawn by Graphviz, with what Graphviz cannot express.

    None of the words in it are Graphviz's: all are put in anew, as the scene has them.
    """
    root = ElementTree.fromstring(drawn)
    groups: dict[str, Element] = {}
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
        element.tail = "\n"
        if "id" in element.attrib:
            groups[element.attrib.pop("id")] = element
        if element.tag == "text":
            del element.attrib["font-family"]
    for cluster in scene.clusters:
        _finish(groups[cluster.key], cluster.key, cluster.tooltip, [cluster.label])
    for box in scene.boxes:
        _finish_box(groups[box.key], box)
    for arrow in scene.arrows:
        _finish_arrow(groups[arrow.key], arrow)
    *_, width, height = root.attrib["viewBox"].split()
    title, style = Element("title"), Element("style")
    title.text, style.text = scene.title, STYLE
    root[:0] = [title, style]
    root.attrib = {
        "xmlns": NAMESPACE,
        "class": "autograd-diagram",
        "role": "img",
        "aria-label": scene.description,
        "viewBox": root.attrib["viewBox"],
        "width": width,
        "height": height,
        "font-family": FONTS,
    }
    return ElementTree.tostring(root, encoding="unicode")


def _finish(group: Element, key: str, tooltip: str, lines: Sequence[str]) -> list[Element]:
    """Put words into a drawn cluster, box or arrow; returns the elements of the lines."""
    group.set("data-key", key)
    title = group.find("title")
    assert title is not None
    title.text = tooltip
    texts = group.findall("text")
    for element, line in zip(texts, lines, strict=True):
        element.text = line
    return texts


def _finish_box(group: Element, box: Box) -> None:
    marks = [box.kind, *(["root"] if box.root else []), *(["dead"] if box.dead else [])]
    group.set("class", " ".join(["node", *marks]))
    texts = _finish(group, box.key, box.tooltip, [line.text for line in box.lines])
    heading = box.lines[0].role
    for element, line in zip(texts, box.lines, strict=True):
        if line.role == "mark" or line.role == heading != "count":
            element.attrib |= {"font-weight": "bold", "fill": line_color(box)}


def _finish_arrow(group: Element, arrow: Arrow) -> None:
    marks = [*(["cut"] if arrow.cut else []), *(["dead"] if arrow.dead else [])]
    group.set("class", " ".join(["edge", *marks]))
    group.attrib |= {"data-tail": arrow.tail, "data-head": arrow.head}
    for element in _finish(group, arrow.key, arrow.tooltip, arrow.lines):
        # A line behind the words must not cross them out, nor end there like a minus sign.
        room = width(f" {element.text} ") * SMALL
        backing = Element(
            "rect",
            {
                "x": f"{float(element.attrib['x']) - room / 2:.2f}",
                "y": f"{float(element.attrib['y']) - 0.8 * SMALL:.2f}",
                "width": f"{room:.2f}",
                "height": f"{SMALL}",
                "fill": palette.BACKGROUND,
            },
        )
        group.insert(list(group).index(element), backing)
