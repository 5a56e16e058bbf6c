"""The legend beneath a picture: what is on the arrows, where gradients go, what the shades are."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from autograd.diagram import palette
from autograd.diagram.elements import add, path
from autograd.diagram.scene import ANY_NUMBER, SHADES, Box, Scene
from autograd.diagram.widths import SMALL, width, wrapped
from autograd.notation.numbers import number

LEAST_ROOM = 260.0
"""How wide a legend may be under the smallest picture."""
ROW, GAP = 20.0, 22.0
"""The height of a row, and the distance between two pieces in it."""
EXPLAINS = "where a mistake would give your numbers"
"""The meaning of a mark on a cause, in words."""
ARROW, SWATCH = 26.0, 11.0
"""The length of an arrow, and the side of a swatch."""

Draw = Callable[[Element, float, float], None]


class Piece(NamedTuple):
    """A part of a legend, drawn with its left end and its middle at a point."""

    width: float
    draw: Draw


def legend(scene: Scene, room: float) -> list[list[Piece]]:
    """The legend of a picture in rows that fit a width; none where nothing needs one."""
    rows: list[list[Piece]] = []
    left = 0.0
    room = max(room, LEAST_ROOM)
    for piece in _pieces(scene, room):
        left += GAP + piece.width
        if not rows or left > room:
            rows.append([])
            left = piece.width
        rows[-1].append(piece)
    return rows


def legend_size(rows: Sequence[Sequence[Piece]]) -> tuple[float, float]:
    """The width and the height of a legend."""
    widths = [sum(piece.width for piece in row) + GAP * (len(row) - 1) for row in rows]
    return max(widths, default=0.0), ROW * len(rows)


def draw_legend(parent: Element, rows: Sequence[Sequence[Piece]], left: float, top: float) -> None:
    """Draw the rows of a legend from a corner on."""
    for count, row in enumerate(rows):
        x = left
        for piece in row:
            piece.draw(parent, x, top + ROW * (count + 0.5))
            x += piece.width + GAP


def _pieces(scene: Scene, room: float) -> Iterator[Piece]:
    if scene.arrows:
        yield _arrow("values", palette.ARROW, palette.MUTED, forward=True)
        yield _arrow("gradients", palette.ROOT, palette.ROOT, forward=False)
        for line in wrapped(scene.caption, room / SMALL) if scene.caption else ():
            yield _words(line.strip(), palette.ROOT)
    if explains(scene):
        yield _swatched(EXPLAINS, palette.CAUSE)
    elif len(scene.boxes) == 1 and not scene.arrows and not scene.boxes[0].heats:
        return
    if not scene.swept and not any(box.color for box in scene.boxes):
        yield _words("no gradients yet: call backward()", palette.MUTED)
    elif scene.swept and scene.largest:
        yield _scale(scene.largest, f"grad {ANY_NUMBER}" if scene.roomy else "")
    if any(map(_has_nan, scene.boxes)):
        yield _swatched("nan", palette.NAN)


def explains(scene: Scene) -> bool:
    """Whether there is a mark on a cause."""
    written = [part.lines for part in scene.boxes] + [part.lines for part in scene.arrows]
    return any(line.color == palette.CAUSE for lines in written for line in lines)


def _has_nan(box: Box) -> bool:
    """Whether something in a box has the colour of nan."""
    halves = [half for heat in box.heats for half in (heat.data, heat.grad)]
    return box.tint is None or any(None in row for half in halves for row in half)


def _wide(text: str) -> float:
    return width(text) * SMALL


def _text(
    parent: Element, text: str, x: float, y: float, color: str, kind: str | None = None
) -> None:
    y += 0.36 * SMALL
    add(parent, "text", text, x=x, y=y, font_size=float(SMALL), fill=color, class_=kind)


def _words(text: str, color: str) -> Piece:
    return Piece(_wide(text), lambda parent, x, y: _text(parent, text, x, y, color))


def _arrow(text: str, line: str, color: str, *, forward: bool) -> Piece:
    """An arrow to the right or the left, and a word."""

    def draw(parent: Element, x: float, y: float) -> None:
        tail, tip = (x, x + ARROW) if forward else (x + ARROW, x)
        back = tip - 7.0 if forward else tip + 7.0
        dashes = None if forward else "3 2"
        shaft = path("M", tail, y, "H", back)
        add(
            parent,
            "path",
            d=shaft,
            fill="none",
            stroke=line,
            stroke_width=1.5,
            stroke_dasharray=dashes,
        )
        add(parent, "path", d=path("M", tip, y, "L", back, y - 3.5, "V", y + 3.5, "Z"), fill=line)
        _text(parent, text, x + ARROW + 6, y, color)

    return Piece(ARROW + 6 + _wide(text), draw)


def _scale(largest: float, longest: str) -> Piece:
    """The shades from the most negative gradient to the largest, with room for other numbers."""
    before, after = f"grad {number(-largest)}", number(largest)
    room = max(_wide(before), _wide(longest))
    shades = range(-SHADES, SHADES + 1)

    def draw(parent: Element, x: float, y: float) -> None:
        _text(parent, before, x, y, palette.MUTED, "least")
        x += room + 6
        for shade in shades:
            _swatch(parent, x, y, palette.tint(shade))
            x += SWATCH
        _text(parent, after, x + 6, y, palette.MUTED, "most")

    return Piece(room + 6 + SWATCH * len(shades) + 6 + max(_wide(after), _wide(longest)), draw)


def _swatched(text: str, color: str) -> Piece:
    """A colour, and what it means."""

    def draw(parent: Element, x: float, y: float) -> None:
        _swatch(parent, x, y, color)
        _text(parent, text, x + SWATCH + 6, y, palette.MUTED)

    return Piece(SWATCH + 6 + _wide(text), draw)


def _swatch(parent: Element, x: float, y: float, color: str) -> None:
    add(
        parent,
        "rect",
        class_="swatch",
        x=x,
        y=y - SWATCH / 2,
        width=SWATCH,
        height=SWATCH,
        fill=color,
        stroke=palette.CLUSTER,
        stroke_width=0.5,
    )
