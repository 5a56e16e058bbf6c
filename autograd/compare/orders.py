"""The right numbers at other places: in another order, summed, or of another argument."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from autograd.compare.case import Array, near
from autograd.compare.evidence import MOST_LISTED, Argument, Evidence, Mask
from autograd.compare.findings import Finding, escaped

Shape = tuple[int, ...]
MOST_SORTED = 200
"""How many elements an argument may have for each to be looked for among all."""


def places(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """The right numbers at other places, or sums of them."""
    yield from _orders(argument)
    for other in evidence.arguments:
        if other is not argument:
            yield from _of_another(argument, other)
    yield from _sums(argument)


def _orders(argument: Argument) -> Iterator[Finding]:
    """The same elements in another order."""
    count = argument.ours.shape[1]
    if count < 2 or len(argument.ours) < 2:
        return
    for how, order in _known_orders(argument.shape):
        room = np.maximum(argument.room, argument.room[:, order])
        for sign, words in ((1.0, ""), (-1.0, ", and has the opposite sign")):
            if near(argument.yours, sign * argument.ours[:, order], room).all():
                yield argument.finding("order", f"the {{noun}} of {{argument}} is {how}{words}")
                return
    for axis, lines in _exchanged(argument):
        listed = [f"{line} has that of {other}" for line, other in lines.items()]
        words = f"{axis}s of the {{noun}} of {{argument}} are those of others: "
        yield argument.finding("order", words + escaped(_listed(listed)))
        return


def elements_of_others(argument: Argument) -> Iterator[Finding]:
    """Elements that have the right numbers of others, in no order that has a name."""
    count = argument.ours.shape[1]
    if count < 2 or len(argument.ours) < 2:
        return
    varying = np.ptp(argument.ours, axis=0).all()
    source = _sources(argument) if count <= MOST_SORTED and varying else None
    if source is not None:
        moved = [
            f"{argument.element(i)} has that of {argument.element(x)}"
            for i, x in enumerate(source)
            if i != x
        ]
        words = "elements of the {noun} of {argument} are those of others: "
        yield argument.finding("order", words + escaped(_listed(moved)))


def _known_orders(shape: Shape) -> Iterator[tuple[str, NDArray[np.int_]]]:
    """The orders that have a name."""
    grid = np.arange(int(np.prod(shape))).reshape(shape)
    if grid.ndim == 2:
        square = shape[0] == shape[1]
        yield "transposed" if square else "transposed and reshaped", grid.T.ravel()
        if not square:
            yield "reshaped as if its axes were exchanged", grid.reshape(shape[::-1]).T.ravel()
    for axis in range(grid.ndim):
        along = f" along axis {axis}" if grid.ndim > 1 else ""
        yield f"reversed{along}", np.flip(grid, axis).ravel()
        for shift in (1, -1):
            yield f"shifted by {shift}{along}", np.roll(grid, shift, axis).ravel()


def _exchanged(argument: Argument) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows or columns of a matrix that have the numbers of others."""
    shape = argument.shape
    if len(shape) != 2:
        return
    yours, ours, room = (
        x.reshape(-1, *shape) for x in (argument.yours, argument.ours, argument.room)
    )
    for axis, title in ((0, "row"), (1, "column")):
        lines = [np.moveaxis(x, 1 + axis, 0) for x in (yours, ours, room)]
        source: dict[str, str] = {}
        for i, (mine, right, off) in enumerate(zip(*lines, strict=True)):
            if near(mine, right, off).all():
                continue
            found = [j for j, x in enumerate(lines[1]) if x.any() and near(mine, x, off).all()]
            if not found:
                break
            source[argument.line(axis, i)] = argument.line(axis, found[0])
        else:
            yield title, source


def _sources(argument: Argument) -> list[int] | None:
    """The element whose right number each element has, if that is always the same one."""
    result = []
    for i in range(argument.ours.shape[1]):
        fits = near(argument.yours[:, i, None], argument.ours, argument.room[:, i, None])
        found = np.flatnonzero(fits.all(axis=0))
        if not found.size:
            return None
        result.append(i if i in found else int(found[0]))
    return result


def _of_another(argument: Argument, other: Argument) -> Iterator[Finding]:
    """The gradient of another argument, or a sum or a mean of it."""
    if argument.ours.shape == other.ours.shape and argument.is_yours(other.ours):
        words = f"the {{noun}} of {{argument}} is that of {escaped(other.name)}"
        if not argument.noun:
            words = f"{{argument}} is what {escaped(other.name)} should be"
        yield argument.finding("argument", words)
    if argument.ours.shape[1] >= other.ours.shape[1] or not np.abs(argument.yours).any():
        return
    for numbers, whose in ((other.yours, "your"), (other.ours, "the right")):
        for how, totals in _totals(numbers, other.shape, keep=False):
            if totals.shape == argument.yours.shape:
                scale = other.ours.shape[1]
                if argument.is_yours(totals, scale):
                    words = f"the {{noun}} of {{argument}} is the {how} of {whose} {{noun}} of "
                    yield argument.finding("sum", words + escaped(other.name))
                    return


def _sums(argument: Argument) -> Iterator[Finding]:
    """Sums or means of its own elements, along an axis or all of them; running sums."""
    shape, count = argument.shape, argument.ours.shape[1]
    if count < 2 or len(argument.ours) < 2:
        return
    for how, totals in _totals(argument.ours, shape, keep=True):
        if argument.is_yours(totals, count):
            words = f"each element of the {{noun}} of {{argument}} is the {how} of the right one"
            yield argument.finding("sum", words)
            return
    grid = argument.ours.reshape(-1, *shape)
    for axis in range(1, grid.ndim):
        for how, turned in (("running", grid), ("backward running", np.flip(grid, axis))):
            totals = np.cumsum(turned, axis)
            totals = totals if turned is grid else np.flip(totals, axis)
            if argument.is_yours(totals.reshape(argument.ours.shape), count):
                words = f"the {{noun}} of {{argument}} is the {how} sum of the right one"
                yield argument.finding("sum", words)
                return


def _totals(numbers: Array, shape: Shape, keep: bool) -> Iterator[tuple[str, Array]]:
    """Sums and means over one axis, or over all, for each point; for each element if they are
    kept.
    """
    grid = numbers.reshape(-1, *shape)
    axes: list[tuple[str, int | tuple[int, ...]]] = [("", tuple(range(1, grid.ndim)))]
    if len(shape) > 1:
        axes += [(f" along axis {axis}", 1 + axis) for axis in range(len(shape))]
    for along, axis in axes:
        for how, function in (("sum", np.sum), ("mean", np.mean)):
            totals = function(grid, axis=axis, keepdims=keep)
            totals = np.broadcast_to(totals, grid.shape) if keep else totals
            yield f"{how}{along}", totals.reshape(len(grid), -1)


# --- In words -------------------------------------------------------------------------------------


def region(argument: Argument, chosen: Mask) -> str:
    """Some elements of an array, in words."""
    shape = argument.shape
    grid = chosen.reshape(shape)
    if grid.ndim == 2 and not (argument.axes and chosen.sum() == 1):
        for title, mask in _regions(shape):
            if (grid == mask).all():
                return title
        for title, axis in (("row", 1), ("column", 0)):
            lines = grid.all(axis=axis)
            if (lines == grid.any(axis=axis)).all():
                numbers = [argument.line(1 - axis, int(i)) for i in np.flatnonzero(lines)]
                title = f"{title}{'s' if len(numbers) > 1 else ''}"
                title = f"the {title} of" if argument.axes else title
                return f"{title} {_listed(numbers)}"
    listed = [argument.element(int(i)) for i in np.flatnonzero(chosen)]
    if len(argument.axes) == 1:
        title = argument.axes[0].noun
        return f"the {title}{'s' if len(listed) > 1 else ''} of {_listed(listed)}"
    return f"element{'s' if len(listed) > 1 else ''} {_listed(listed)}"


def _regions(shape: Shape) -> Iterator[tuple[str, Mask]]:
    """The parts of a matrix that have a name."""
    row, column = np.indices(shape)
    first = (row == 0) | (column == 0)
    last = (row == shape[0] - 1) | (column == shape[1] - 1)
    if shape[0] == shape[1] > 1:
        yield "its diagonal", row == column
        yield "what is off its diagonal", row != column
        yield "what is below its diagonal", row > column
        yield "what is above its diagonal", row < column
        yield "its lower triangle", row >= column
        yield "its upper triangle", row <= column
    yield "its first row and its first column", first
    yield "its last row and its last column", last
    yield "its border", first | last


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else ""
    return ", ".join(words[:MOST_LISTED]) + more
