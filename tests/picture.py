"""Reads a picture back from its SVG."""

from typing import NamedTuple
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


class Box(NamedTuple):
    lines: list[str]
    marks: set[str]
    """leaf, operation, group or cut; root; dead"""
    tooltip: str
    outline: dict[str, str]
    """The attributes of the card around the text, if there is one."""
    grounds: list[str]
    """The colours of the grounds of single lines."""
    heats: list[str]
    """What is written at the heat maps."""


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


def texts(group: ElementTree.Element, kind: str | None = None) -> list[str]:
    """The lines of text in an element."""
    found = [text for text in group.findall(f"{SVG}text") if text.get("class") == kind]
    return ["".join(text.itertext()) for text in found]


def legend(svg: str) -> list[str]:
    """The lines of the legend."""
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return [
        "".join(text.itertext())
        for group in groups
        if group.get("class") == "legend"
        for text in group.findall(f"{SVG}text")
    ]


def read(svg: str) -> Picture:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    names: dict[str, str] = {}
    boxes, arrows, frames = {}, [], []
    groups = list(root.iter(f"{SVG}g"))
    for group in groups:
        kind, *marks = group.get("class", "").split()
        tooltip = group.findtext(f"{SVG}title", "")
        lines = texts(group)
        if kind == "cluster":
            frames.append(tooltip)
        elif kind == "node":
            name = lines[0]
            count = sum(other.lines[0] == name for other in boxes.values())
            names[group.attrib["data-key"]] = name = f"{name}#{count + 1}" if count else name
            outlines = [x.attrib for x in group if x.get("class") == "card"]
            boxes[name] = Box(
                lines,
                set(marks),
                tooltip,
                *(outlines or [{}]),
                [x.attrib["fill"] for x in group if x.get("class") == "ground"],
                texts(group, "heat"),
            )
    for group in groups:
        kind, *marks = group.get("class", "").split()
        if kind == "edge":
            arrows.append(
                Arrow(
                    names[group.attrib["data-tail"]],
                    names[group.attrib["data-head"]],
                    texts(group),
                    set(marks),
                    group.findtext(f"{SVG}title", ""),
                    group.find(f"{SVG}path").get("stroke-dasharray"),
                )
            )
    return Picture(
        root.findtext(f"{SVG}title", ""), root.attrib["aria-label"], boxes, arrows, frames
    )
