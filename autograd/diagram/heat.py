"""Numbers as shades: one by one, and as the cells of a small heat map."""

from collections.abc import Sequence
from math import ceil, inf, isnan, prod, sqrt

from autograd.diagram.scene import SHADES

MOST, FEWER = 12, 8
"""The most rows and columns of a heat map in which each number is a cell; and where there are more,
so that a cell stands for a block of numbers."""


def shade(x: float, largest: float) -> int | None:
    """A number as one of the shades from -SHADES to SHADES; None for nan.

    By the square root of its size, so that small ones show, too.
    """
    if isnan(x):
        return None
    if x == 0.0:
        return 0
    share = min(1.0, abs(x) / largest) if abs(x) < inf else 1.0
    size = min(SHADES, 1 + int(SHADES * sqrt(share)))
    return size if x > 0.0 else -size


def shades(
    numbers: Sequence[float], shape: Sequence[int], largest: float | None = None
) -> list[list[int | None]]:
    """The heat map of an array, in rows.

    A vector is one row, if it is not too long, otherwise several; of more than two dimensions, the
    last is that of the columns. A cell that stands for a block shows the number of the largest
    magnitude in it. `largest` has the strongest shade, by default the largest finite magnitude.
    """
    if largest is None:
        largest = max([abs(x) for x in numbers if abs(x) < inf], default=0.0)
    *outer, columns = shape
    rows = prod(outer)
    if rows == 1 and columns > MOST:
        rows = min(FEWER, ceil(columns / MOST))
        columns = ceil(columns / rows)
    height, width = [1 if x <= MOST else ceil(x / FEWER) for x in (rows, columns)]
    blocks: dict[tuple[int, int], float] = {}
    for place, x in enumerate(numbers):
        row, column = divmod(place, columns)
        block = row // height, column // width
        blocks[block] = max(blocks.get(block, 0.0), x, key=_weight)
    return [
        [shade(blocks.get((i, j), 0.0), largest) for j in range(ceil(columns / width))]
        for i in range(ceil(rows / height))
    ]


def _weight(x: float) -> float:
    return inf if isnan(x) else abs(x)
