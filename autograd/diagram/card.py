"""Draws a box: a card with a heading, numbers, and the gradient on a ground of its own."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from autograd.diagram import palette
from autograd.diagram.dot import fill_color, line_color, pen
from autograd.diagram.elements import add, path
from autograd.diagram.plane import Rect
from autograd.diagram.scene import Box, Heat, Line
from autograd.diagram.sizes import (
    BANDS,
    CELL,
    EDGE,
    HEADINGS,
    SIDE,
    STACK,
    Strip,
    grids,
    heat_tops,
    rows,
)
from autograd.diagram.widths import SMALL, TINY

ROUND = {"leaf": 9.0, "operation": 2.5, "group": 4.0, "cut": 0.0}
"""The radius of the corners."""
BASELINE = 0.36
"""How far below its middle a line of text stands, in units of the font's size."""


def draw_card(parent: Element, box: Box, place: Rect) -> None:
    """Draw a box at a place, with all that is written in it."""
    left, top, right, bottom = place
    if box.count > 1:
        _outline(parent, box, Rect(left + STACK, top, right, bottom - STACK), "behind")
        top, right = top + STACK, right - STACK
    card = Rect(left, top, right, bottom)
    lines = rows(box)
    if box.kind != "cut":
        _outline(parent, box, card, "card")
        _heading(parent, box, card, lines)
    for row in lines:
        _line(parent, box, card, row)
    if box.opens is not None:
        add_triangle(parent, card.right - SIDE - 4, top + EDGE + 9, _ink(box, lines[0]), "right")
    for heat, below in heat_tops(box):
        _heat(parent, heat, left + SIDE, top + below)


def _outline(parent: Element, box: Box, card: Rect, kind: str) -> None:
    add(
        parent,
        "rect",
        class_=kind,
        x=card.left,
        y=card.top,
        width=card.width,
        height=card.height,
        rx=ROUND[box.kind],
        fill=palette.DEAD_FILL if box.dead else palette.CARD,
        stroke=line_color(box),
        stroke_width=_stroke(box),
        stroke_dasharray="4 3" if box.dead else None,
    )


def _stroke(box: Box) -> float:
    """The width of a box's outline."""
    if box.color is not None:
        return pen(box.color)
    return 2.0 if box.root else 1.25


def _heading(parent: Element, box: Box, card: Rect, lines: list[Strip]) -> None:
    """The ground of the heading of the root, and of a group."""
    heading = [row for row in lines if row.line.role in HEADINGS]
    if heading and (_is_strong(box) or (box.kind == "group" and not box.dead)):
        color = palette.ROOT if _is_strong(box) else palette.HEADING
        bottom = card.top + heading[-1].bottom + 2
        _ground(parent, box, card, Rect(card.left, card.top, card.right, bottom), color)


def _is_strong(box: Box) -> bool:
    return box.root and not box.dead and box.color is None


def _ink(box: Box, row: Strip) -> str:
    """The colour of a line."""
    role = row.line.role
    if role == "mark":
        return palette.BACKGROUND if _is_loud(row.line) else row.line.color
    if box.dead:
        return palette.DEAD
    if role in HEADINGS:
        if _is_strong(box):
            return palette.BACKGROUND
        return palette.LEAF if box.kind == "leaf" else palette.INK
    return palette.MUTED if role == "count" else palette.INK


def _is_loud(mark: Line) -> bool:
    """Whether a mark is to be seen before anything else: agreement is written quietly."""
    return mark.color != palette.RIGHT


def _line(parent: Element, box: Box, card: Rect, row: Strip) -> None:
    role, text = row.line.role, row.line.text
    if role in BANDS:  # in a box that is dead, too, as it may come to life on a page
        band = Rect(card.left, card.top + row.top, card.right, card.top + row.bottom)
        if role == "grad":
            _ground(parent, box, card, band, fill_color(box), hatched=box.tint is None)
        elif _is_loud(row.line):
            _ground(parent, box, card, band, row.line.color)
    ink = _ink(box, row)
    y = card.top + (row.top + row.bottom) / 2 + BASELINE * row.size
    bold = "bold" if role == "mark" or row.size > SMALL else None
    common: dict[str, Any] = {
        "y": y,
        "font_size": float(row.size),
        "font_weight": bold,
        "fill": ink,
    }
    label, space, number = text.partition(" ")
    if role in ("data", "grad") and space:
        element = add(parent, "text", **common)
        quiet = palette.MUTED if role == "data" and not box.dead else ink
        add(element, "tspan", label + space, x=card.left + SIDE, fill=quiet)
        add(element, "tspan", number, x=card.right - SIDE, text_anchor="end")
    else:
        add(parent, "text", text, x=card.center, text_anchor="middle", **common)


def _ground(
    parent: Element, box: Box, card: Rect, band: Rect, color: str, *, hatched: bool = False
) -> None:
    """A ground for a line, as wide as the card and within its outline, round where that is."""
    inside = _stroke(box) / 2
    left, right = card.left + inside, card.right - inside
    round_ = max(0.0, ROUND[box.kind] - inside)
    above = round_ if band.top <= card.top else 0.0
    below = round_ if band.bottom >= card.bottom - 0.01 else 0.0
    top, bottom = max(band.top, card.top + inside), min(band.bottom, card.bottom - inside)
    add(
        parent,
        "path",
        class_="ground",
        d=path(
            *("M", left + above, top, "H", right - above),
            *(("A", above, above, 0.0, 0.0, 1.0, right, top + above) if above else ()),
            *("V", bottom - below),
            *(("A", below, below, 0.0, 0.0, 1.0, right - below, bottom) if below else ()),
            *("H", left + below),
            *(("A", below, below, 0.0, 0.0, 1.0, left, bottom - below) if below else ()),
            *("V", top + above),
            *(("A", above, above, 0.0, 0.0, 1.0, left + above, top) if above else ()),
            "Z",
        ),
        fill=color,
    )
    if hatched:
        high = bottom - top
        starts = range(round(left + below), round(right - below - high), 7)
        strokes = [("M", float(x), bottom, "L", x + high, top) for x in starts]
        add(
            parent,
            "path",
            d=path(*[part for stroke in strokes for part in stroke]),
            fill="none",
            stroke=palette.HATCH,
            stroke_width=1.0,
        )


def add_triangle(parent: Element, x: float, y: float, color: str, towards: str) -> None:
    """The sign of something that opens, or closes: a triangle that points right, or down."""
    corners = {"right": ((-3, -4.5), (4, 0), (-3, 4.5)), "down": ((-4.5, -3), (4.5, -3), (0, 4))}
    points = [path(x + dx, y + dy).replace(" ", ",") for dx, dy in corners[towards]]
    add(parent, "polygon", class_="fold", points=" ".join(points), fill=color)


# --- Heat maps ----------------------------------------------------------------------------------


def _heat(parent: Element, heat: Heat, left: float, top: float) -> None:
    small: dict[str, Any] = {"fill": palette.MUTED, "class_": "heat"}
    if heat.label:
        add(parent, "text", heat.label, x=left, y=top + 11.0, font_size=float(SMALL), **small)
    for half in grids(heat):
        x, y = left + half.left, top + half.top
        wide, high = len(half.shades[0]) * CELL, len(half.shades) * CELL
        for color, places in _by_color(half.shades):
            squares = [
                (
                    *("M", x + CELL * column, y + CELL * row, "h", float(CELL)),
                    *("v", float(CELL), "h", -float(CELL), "z"),
                )
                for row, column in places
            ]
            d = path(*[part for square in squares for part in square])
            add(
                parent,
                "path",
                class_="cells",
                d=d,
                fill=color,
                stroke=palette.CARD,
                stroke_width=0.75,
            )
        add(
            parent,
            "rect",
            class_="grid",
            x=x,
            y=y,
            width=float(wide),
            height=float(high),
            fill="none",
            stroke=palette.CLUSTER,
            stroke_width=0.75,
        )
        add(
            parent,
            "text",
            half.caption,
            x=x,
            y=y + high + TINY,
            font_size=float(TINY),
            **small,
        )


def _by_color(
    shades: list[list[int | None]],
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """The places, row and column, of each of the colours."""
    places: dict[str, list[tuple[int, int]]] = {}
    for row, line in enumerate(shades):
        for column, shade in enumerate(line):
            places.setdefault(palette.tint(shade), []).append((row, column))
    yield from places.items()
