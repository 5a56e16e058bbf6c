"""Differences of a hand-derived gradient from the right one: terms that are missing or extra."""

from collections.abc import Iterator

import numpy as np

from autograd.compare.case import Array, near
from autograd.compare.evidence import (
    CONDITION,
    CONSTANT,
    FEWEST,
    MOST_LISTED,
    Argument,
    Evidence,
    Quantity,
)
from autograd.compare.findings import Finding, escaped
from autograd.compare.ratios import MOST_PAIRED

MOST_NUMBERS = 200_000
"""How many numbers they may have together, for all points and elements."""
LOST = 1e5
"""How much larger than its difference numbers may be that tell the size of it."""


def differences(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A difference that is the same at all points."""
    off, ours = argument.yours - argument.ours, argument.ours
    if not np.isfinite(off).all():
        return
    varying = np.ptp(ours, axis=0) > CONSTANT * np.abs(ours).max(axis=0)
    if len(off) < FEWEST or not varying.any():
        return
    middle = np.median(off, axis=0)
    if not near(ours + middle, argument.yours, argument.room).all():
        return
    sizes = np.maximum(np.abs(argument.yours), np.abs(ours))
    known = (sizes <= LOST * np.abs(middle)).sum(axis=0)
    if np.min(known[middle != 0.0], initial=FEWEST) < FEWEST:
        return
    texts = [evidence.decimal(float(x)) for x in middle]
    first = float(middle[0])
    words = "the {noun} of {argument}{place} is too "
    if len(set(texts)) == 1:
        way = "large" if first > 0.0 else "small"
        words += f"{way} by {texts[0].removeprefix('-')} at every point"
    else:
        more = ", …" if len(texts) > MOST_LISTED else ""
        words += f"large by [{', '.join(texts[:MOST_LISTED])}{more}] at every point"
    yield argument.finding("difference", words, first)


def terms(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A difference that is proportional to a number of the function, or to another gradient; or one
    number of the function in the place of another.
    """
    off = argument.yours - argument.ours
    sizes = np.maximum(np.abs(argument.yours), np.abs(argument.ours))
    telling = np.abs(off) > CONDITION * np.maximum(argument.room, 1e-14 * sizes)
    if telling.any(axis=1).sum() < FEWEST:
        return
    others = [
        Quantity(evidence.grouping.of(x.name), x.ours, 5)
        for x in evidence.arguments
        if x.name != argument.name and x.ours.shape == off.shape
    ]
    found = []
    for quantity in (*(x for x in evidence.quantities if not x.output), *others):
        grid = quantity.grid(off.shape)
        if grid is None or np.ptp(np.abs(grid[telling])) <= CONSTANT * np.abs(grid[telling]).max():
            continue
        factors = off[telling] / grid[telling]
        factor = float(np.median(factors))
        if (
            np.isfinite(factors).all()
            and near(argument.ours + factor * grid, argument.yours, 4.0 * argument.room).all()
        ):
            found.append((not evidence.recognized(factor), quantity, factor))
    if not found:
        yield from _replaced(evidence, argument, off)
        return
    _, quantity, factor = min(found, key=lambda x: (x[0], x[1].rank))
    spelled = evidence.decimal(factor)
    times, value = spelled.removeprefix("-"), quantity.name
    term = escaped(_scaled(times, value))
    how = "lacks the term" if spelled.startswith("-") else "has an extra term"
    yield argument.finding("term", f"the {{noun}} of {{argument}}{{place}} {how} {term}", factor)


def _replaced(evidence: Evidence, argument: Argument, off: Array) -> Iterator[Finding]:
    """One number of the function in the place of another, as a term."""
    values = [x for x in evidence.quantities if x.value and not x.output]
    for several in ([x for x in values if x.numbers.ndim == 1], values):
        pairs = [(x, grid) for x in several if (grid := x.grid(off.shape)) is not None]
        if not pairs or len(pairs) > MOST_PAIRED or len(pairs) * off.size > MOST_NUMBERS:
            continue
        table = np.array([grid for _, grid in pairs])
        row, column = np.unravel_index(np.abs(off).argmax(), off.shape)
        for below, (quantity, grid) in enumerate(pairs):
            apart = table - grid
            factors = off[row, column] / apart[:, row, column]
            room = 4.0 * argument.room + 1e-14 * np.abs(grid)
            fits = near(factors[:, None, None] * apart, off, room).all(axis=(1, 2))
            for above in np.flatnonzero(fits & np.isfinite(factors)):
                factor = evidence.recognized(float(factors[above]))
                # A - B is also -B where -A belongs: if that is all there is, it is rather that.
                turned = near(-factors[above] * table[above], argument.ours, argument.room)
                whole = near(factors[above] * grid, argument.ours, argument.room).all()
                plain = factors[above] > 0.0 and not turned.all(axis=0).any()
                if above != below and factor and (whole or plain):
                    there, belongs = (_scaled(factor, x.name) for x in (pairs[above][0], quantity))
                    words = escaped(f" has the term {there} where {belongs} belongs")
                    yield argument.finding("term", "the {noun} of {argument}{place}" + words)
                    return


def _scaled(factor: str, value: str) -> str:
    """A value times a factor, as it is written."""
    if factor == "1":
        return value
    if factor == "-1":
        return f"-({value})" if " " in value else f"-{value}"
    return f"{factor} * ({value})" if " " in value else f"{factor} * {value}"
