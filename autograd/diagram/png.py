"""The SVG of a picture as PNG: rendered by resvg, with a font that is part of this library.

The font is DejaVu Sans Mono, one of those that the SVG asks for. With it the PNG is the same
whatever fonts a machine has, even if it has none.
"""

import functools
import io
import math
from pathlib import Path
from xml.etree import ElementTree

from autograd.diagram.palette import BACKGROUND
from autograd.diagram.svg import FONTS

FOLDER = Path(__file__).with_name("fonts")
FAMILY = "DejaVu Sans Mono"
SHARP = 2.0
"""Pixels of the PNG to one of the picture, for screens that have as many."""
MANY_PIXELS = 3500 * 2500
"""They take about a second. A picture that has more of them is not magnified."""
MOST_PIXELS = 6 * MANY_PIXELS
"""A picture that has more of them is not rendered."""


def size(svg: str) -> tuple[float, float]:
    """The width and the height of a picture, in pixels."""
    _, root = next(ElementTree.iterparse(io.StringIO(svg), events=["start"]))
    return float(root.attrib["width"]), float(root.attrib["height"])


def rendered(svg: str) -> bytes:
    """A picture as PNG, in its light colours, at twice its size unless it is large.

    Characters that the font lacks are taken from the fonts of the machine.

    Raises:
        RuntimeError: if there is no resvg to render it, or the picture is too large.
    """
    try:
        import resvg_py
    except Exception as error:  # ImportError or OSError, depending on what is missing
        raise RuntimeError(
            "a .png file is drawn by the package resvg_py, which cannot be loaded here "
            f"({error}): install it, or save the picture as .svg"
        ) from error
    width, height = size(svg)
    if width * height > MOST_PIXELS:
        raise RuntimeError(
            f"a picture of {width:,.0f} × {height:,.0f} is too large for a .png file: collapse a "
            "group (collapse=), draw a part of the graph (depth=), or save the picture as .svg"
        )
    return resvg_py.svg_to_bytes(
        svg.replace(FONTS, FAMILY),
        zoom=max(1.0, min(SHARP, math.sqrt(MANY_PIXELS / (width * height)))),
        background=BACKGROUND,  # also where the last pixels are only half in the picture
        font_dirs=[str(FOLDER)],
        skip_system_fonts={*svg} <= _characters(),
    )


@functools.cache
def _characters() -> frozenset[str]:
    """The characters that the font has in every weight, and the line breaks between elements."""
    fonts = [_mapped(path.read_bytes()) for path in FOLDER.glob("*.ttf")]
    return frozenset.intersection(*fonts) | {"\n"}


def _mapped(font: bytes) -> frozenset[str]:
    """The characters for which a TrueType font has glyphs: format 12 of its table `cmap`.

    Source: the OpenType specification, sections "Table Directory" and "cmap".
    """

    def number(at: int, size: int = 4) -> int:
        return int.from_bytes(font[at : at + size], "big")

    entries = range(12, 12 + 16 * number(4, 2), 16)
    (cmap,) = (number(entry + 8) for entry in entries if font[entry : entry + 4] == b"cmap")
    subtables = [cmap + number(cmap + 8 + 8 * i) for i in range(number(cmap + 2, 2))]
    table = next(at for at in subtables if number(at, 2) == 12)
    groups = range(table + 16, table + 16 + 12 * number(table + 12), 12)
    return frozenset(chr(code) for at in groups for code in range(number(at), number(at + 4) + 1))
