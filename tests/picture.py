"""Reads a picture back from its SVG."""

from typing import NamedTuple
from xml.etree import ElementTree

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SVG = "{http://www.w3.org/2000/svg}"


class Box(NamedTuple):
    lines: list[str]
    marks: set[str]
    """leaf, operation, group or cut; root; dead"""
    tooltip: str
    outlines: list[dict[str, str]]
    """The attributes of what is drawn around the text."""


class Arrow(NamedTuple):
    tail: str
    head: str
    label: list[str]
    marks: set[str]
    tooltip: str
    dashes: str | None


class Picture(NamedTuple):
    title: str
    description: str
    boxes: dict[str, Box]
    """By the first line, with a number after it where that is not unique."""
    arrows: list[Arrow]
    frames: list[str]
    """The full names of the groups."""


def read(svg: str) -> Picture:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    names: dict[str, str] = {}
    boxes, arrows, frames = {}, [], []
    # Graphviz writes them in another order than that of the keys, in which they are computed.
    groups = sorted(
        root.iter(f"{SVG}g"), key=lambda group: int("0" + group.get("data-key", "").strip(LETTERS))
    )
    for group in groups:
        kind, *marks = group.get("class", "").split()
        tooltip = group.findtext(f"{SVG}title", "")
        lines = [text.text or "" for text in group.findall(f"{SVG}text")]
        shapes = [x.attrib for x in group if x.tag in (f"{SVG}path", f"{SVG}polygon")]
        if kind == "cluster":
            frames.append(tooltip)
        elif kind == "node":
            name = lines[0]
            count = sum(other.lines[0] == name for other in boxes.values())
            names[group.attrib["data-key"]] = name = f"{name}#{count + 1}" if count else name
            boxes[name] = Box(lines, set(marks), tooltip, shapes)
    for group in groups:
        kind, *marks = group.get("class", "").split()
        if kind == "edge":
            arrows.append(
                Arrow(
                    names[group.attrib["data-tail"]],
                    names[group.attrib["data-head"]],
                    [text.text or "" for text in group.findall(f"{SVG}text")],
                    set(marks),
                    group.findtext(f"{SVG}title", ""),
                    group.find(f"{SVG}path").get("stroke-dasharray"),
                )
            )
    return Picture(
        root.findtext(f"{SVG}title", ""), root.attrib["aria-label"], boxes, arrows, frames
    )
