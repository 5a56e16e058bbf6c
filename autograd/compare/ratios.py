"""Ratios of a hand-derived gradient to the right one: constants, and numbers of the function."""

from collections.abc import Iterator, Sequence

import numpy as np

from autograd.compare.case import Array, near
from autograd.compare.evidence import (
    CONDITION,
    CONSTANT,
    FEWEST,
    MOST_LISTED,
    Argument,
    Evidence,
    Mask,
    Quantity,
)
from autograd.compare.findings import Finding, escaped
from autograd.notation.numbers import number

POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
MOST_PAIRED = 300
"""How many numbers of the function are compared with each other."""
MOST_WRITTEN = 16
"""How many numbers a matrix may have and still be written out."""
OUTPUT = "its output"
LENGTH = "its own length"
SMALLEST = 1e-12
"""The rounding of numbers that are computed otherwise than the function does."""


# --- Constants ------------------------------------------------------------------------------------


def multiples(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A constant ratio, of the whole gradient or of each element."""
    ratio = _constant(evidence, argument.yours, argument.ours, argument.room)
    if ratio is not None:
        yield argument.finding("multiple", _times(evidence, ratio), ratio)
        return
    count = argument.ours.shape[1]
    if len(argument.ours) >= FEWEST and argument.is_yours(1.0 - argument.ours):
        yield argument.finding(
            "complement", "the {noun} of {argument}{place} is 1 minus the right one"
        )
        return
    if len(argument.ours) < FEWEST or count < 2:
        return
    ratios = []
    for yours, ours, room in zip(argument.yours.T, argument.ours.T, argument.room.T, strict=True):
        ratio = _constant(evidence, yours, ours, room)
        if ratio is None or np.ptp(ours) <= CONSTANT * np.abs(ours).max():
            return
        ratios.append(evidence.spelled(ratio))
    words = "the elements of the {noun} of {argument}{place} are the right ones times "
    yield argument.finding("multiple", f"{words}{_written(argument, ratios)} at every point")


def _constant(evidence: Evidence, yours: Array, ours: Array, room: Array) -> float | None:
    """The constant ratio of all the numbers; None if there is none, or too little to tell."""
    strongest = np.unravel_index(np.abs(ours).argmax(), ours.shape)
    if not ours[strongest]:
        return None
    ratio = float(yours[strongest] / ours[strongest])
    if abs(yours[strongest]) <= room[strongest]:
        ratio = 0.0
    if not near(ratio * ours, yours, room * max(1.0, abs(ratio))).all():
        return None
    varying = np.ptp(np.abs(ours)) > CONSTANT * np.abs(ours).max()
    return ratio if varying or evidence.recognized(ratio) else None


def _times(evidence: Evidence, ratio: float) -> str:
    """The sentence on a constant ratio."""
    subject = "the {noun} of {argument}{place}"
    if ratio == 0.0:
        return f"{subject} is 0 at every point: it is forgotten"
    text = evidence.spelled(ratio)
    if text == "-1":
        return f"{subject} is the right one with the opposite sign: a sign is flipped"
    inverse = evidence.recognized(1.0 / ratio)
    if not inverse and not evidence.recognized(ratio):
        few = evidence.decimal(1.0 / ratio)
        inverse = few if len(few) < len(text) else ""
    digits = "" if text == number(ratio) else f" ({number(ratio)})"
    words = f"{subject} is {text}{digits} times the right one at every point"
    missing = abs(ratio) < 1.0 or (_named(evidence, 1.0 / ratio) and not _named(evidence, ratio))
    factor = (inverse if missing and inverse else text).removeprefix("-")
    if missing and inverse:
        words += f": the factor {factor} is missing, or a division by it is made twice"
    else:
        words += f": there is a factor {factor} too many, or a division by it is missing"
    words += "; and a sign is flipped" if ratio < 0.0 else ""
    size = abs(1.0 / ratio) if missing else abs(ratio)
    if (size > 2.0 or size % 1.0) and evidence.occurs(size):
        return f"{words} ({number(size)} occurs in the function)"
    if size > 2.0 and any(abs(size - count) <= evidence.exact * size for count in evidence.counts):
        return f"{words} (a sum in the function has {number(size)} terms)"
    return words


def _written(argument: Argument, texts: Sequence[str]) -> str:
    """A number for each element."""
    if len(argument.shape) == 2:
        square = np.array(texts, dtype=object).reshape(argument.shape)
        on = {*np.diagonal(square)}
        off = {*square[~np.eye(*argument.shape, dtype=bool)]}
        if argument.shape[0] == argument.shape[1] > 1 == len(on) == len(off):
            return f"{on.pop()} on the diagonal and {off.pop()} off it"
        if len(texts) <= MOST_WRITTEN:
            rows = [f"[{', '.join(row)}]" for row in square]
            return f"[{', '.join(rows)}]"
    more = ", …" if len(texts) > MOST_LISTED else ""
    return f"[{', '.join(texts[:MOST_LISTED])}{more}]"


def _named(evidence: Evidence, x: float) -> bool:
    """Whether a number is a constant of the function, and neither whole nor 1 over a whole one."""
    return evidence.occurs(x) and abs(x) % 1.0 != 0.0 and abs(1.0 / x) % 1.0 != 0.0


def unchanging(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A gradient that is the same at all points, though the right one is not, or is another one."""
    yours, ours = argument.yours, argument.ours
    if len(yours) < FEWEST or not np.isfinite(yours).all() or np.ptp(yours, axis=0).any():
        return
    texts = [evidence.decimal(float(x)) for x in yours[0]]
    shown = _written(argument, texts) if len(set(texts)) > 1 else texts[0]
    words = f"the {{noun}} of {{argument}}{{place}} is {shown} at every point"
    if not (np.ptp(ours, axis=0) > CONSTANT * np.abs(ours).max(axis=0)).any():
        right = [evidence.decimal(float(x)) for x in ours[0]]
        if len(right) > 1:
            return
        words += f", and should be {right[0]}"
    yield argument.finding("constant", words, float(yours[0, 0]) if len(texts) == 1 else None)


# --- Numbers of the function ----------------------------------------------------------------------


def factors(evidence: Evidence, argument: Argument) -> Iterator[Finding]:
    """A ratio that is a number of the function or a power of it, or one in the place of another."""
    telling = np.minimum(np.abs(argument.ours), np.abs(argument.yours)) > CONDITION * argument.room
    if telling.any(axis=1).sum() < FEWEST or not _both_zero(argument)[~telling].all():
        return
    ratio = np.where(telling, argument.yours / argument.ours, np.nan)
    smaller = np.minimum(np.abs(argument.ours), np.abs(argument.yours))
    error = evidence.exact + 4.0 * argument.room / smaller
    ratios = _Ratios(evidence, argument, ratio, error, telling)
    yield from ratios.of_a_square()
    yield from ratios.powers()
    yield from ratios.replaced()


def _both_zero(argument: Argument) -> Mask:
    zero = np.maximum(np.abs(argument.ours), np.abs(argument.yours)) <= argument.room
    return np.asarray(zero | ~argument.bad)


class _Ratios:
    """The ratios of an argument, where they are known, and how far they may be off."""

    def __init__(
        self, evidence: Evidence, argument: Argument, ratio: Array, error: Array, telling: Mask
    ) -> None:
        self.evidence, self.argument = evidence, argument
        self.ratio, self.error, self.telling = ratio, error, telling
        first = np.take_along_axis(ratio, telling.argmax(axis=1)[:, None], axis=1)
        off = np.abs(ratio - first) > error * np.abs(ratio)
        self.uniform = not off[telling].any()
        """Whether all elements have the same ratio at each point."""

    def of_a_square(self) -> Iterator[Finding]:
        """A ratio that is a multiple of the result plus a constant: the gradient of a square."""
        mask = self.telling
        root = np.broadcast_to(self.evidence.results[:, None], mask.shape)[mask]
        target, error = self.ratio[mask], self.error[mask]
        low, high = root.argmin(), root.argmax()
        if mask.any(axis=1).sum() <= FEWEST or root[low] == root[high]:
            return
        slope = (target[high] - target[low]) / (root[high] - root[low])
        offset = target[low] - slope * root[low]
        sizes = np.abs(slope * root) + np.abs(offset)
        if not (np.abs(slope * root + offset - target) <= 4.0 * error * sizes).all():
            return
        if abs(slope) * np.abs(root).max() <= CONSTANT * sizes.max():
            return  # a constant
        center = float(-offset / slope)
        if abs(offset) <= CONSTANT * sizes.max():
            center = 0.0
        text, scale = self.evidence.decimal(center), self.evidence.spelled(float(0.5 * slope))
        if not center and scale not in ("1", "1/2", "-1", "-1/2"):
            return  # a multiple of the result
        minus = f"+ {text[1:]}" if text.startswith("-") else f"- {text}"
        times = "" if scale == "1" else f"{scale} * "
        square = f"(result {minus}) ** 2" if center else "result ** 2"
        words = "the {noun} of {argument}{place} is that of "
        words += escaped(f"{times}{square}, not of the result")
        yield self.argument.finding("square", words, center)

    def powers(self) -> Iterator[Finding]:
        """The simplest number of the function that the ratio is a power of, times a constant."""
        best = min(self._powers(), key=lambda x: x[0], default=None)
        if best is not None:
            _, quantity, power, factor = best
            plain = abs(power) == 1.0 and self.evidence.spelled(factor) == "1"
            words = self._by_value(quantity.name, power, factor)
            yield self.argument.finding("factor" if plain else "power", words, factor)

    def _powers(self) -> Iterator[tuple[tuple[int, ...], Quantity, float, float]]:
        lengths = np.linalg.norm(self.argument.ours, axis=1)
        length = [Quantity(LENGTH, lengths, 1)] if self.argument.ours.shape[1] > 1 else []
        target, error = self.ratio[self.telling], self.error[self.telling]
        for quantity in (*self.evidence.quantities, *length):
            grid = quantity.grid(self.ratio.shape)
            if grid is None or (quantity.numbers.ndim == 1 and not self.uniform):
                continue
            numbers = grid[self.telling]
            if near(grid, self.argument.ours, self.argument.room).all():
                continue  # the right derivative itself
            if np.ptp(np.abs(numbers)) <= CONSTANT * np.abs(numbers).max():
                continue
            for rank, power in enumerate(POWERS):
                raised = numbers**power
                found = target / raised
                factor = float(found[0])
                if not (np.abs(found - factor) <= 4.0 * (error + SMALLEST) * abs(factor)).all():
                    continue
                text = self.evidence.recognized(factor)
                yield (
                    (text not in ("1", "-1"), not text, quantity.rank, rank),
                    quantity,
                    power,
                    factor,
                )

    def _by_value(self, value: str, power: float, factor: float) -> str:
        """The sentence on a ratio that is a power of a value, times a constant."""
        if self.argument.noun == "row" and value == self.argument.name:
            value = OUTPUT
        text = f"sqrt({value})" if abs(power) == 0.5 else value
        if abs(power) == 2.0:
            text = f"({text}) ** 2" if " " in text else f"{text} ** 2"
        text, spelled = escaped(text), self.evidence.spelled(factor)
        words = "the {noun} of {argument}{place} is the right one"
        if spelled == "-1":
            words += " with the opposite sign,"
        elif spelled != "1":
            words += f" times {spelled} and"
        if value == LENGTH:
            return f"{words} divided by {LENGTH}" if power < 0.0 else f"{words} times {LENGTH}"
        if value == OUTPUT and power == 1.0 and spelled == "2":
            return f"{words} multiplied by {text} at every point: it is that of the square"
        if power > 0.0:
            cause = f"there is a factor {text} too many, or a division by it is missing"
            return f"{words} multiplied by {text} at every point: {cause}"
        return f"{words} divided by {text} at every point: the factor {text} is missing"

    def replaced(self) -> Iterator[Finding]:
        """One number of the function in the place of another, as a factor."""
        target, error = self.ratio[self.telling], self.error[self.telling] + SMALLEST
        for dimensions in (1, 2):
            several = [
                x for x in self.evidence.quantities if x.numbers.ndim == dimensions and not x.output
            ]
            grids = [x.grid(self.ratio.shape) for x in several]
            pairs = [(x, grid) for x, grid in zip(several, grids, strict=True) if grid is not None]
            if not pairs or len(pairs) > MOST_PAIRED or (dimensions == 1 and not self.uniform):
                continue
            table = np.array([grid[self.telling] for _, grid in pairs])
            constant = np.ptp(np.abs(table), axis=1) <= CONSTANT * np.abs(table).max(axis=1)
            for below, product in enumerate(table * target):
                sizes = np.maximum(np.abs(table), np.abs(product))
                known = (np.isfinite(sizes) & (sizes > 0.0)).all(axis=1)
                for sign in (1.0, -1.0):
                    fits = (np.abs(sign * table - product) <= error * sizes).all(axis=1) & known
                    for above in np.flatnonzero(fits & ~constant):
                        # If the ratio is 1 or -1, the one may as well be there for the other.
                        if above != below and not (np.abs(target) == 1.0).all():
                            belongs, there = pairs[below][0].name, pairs[above][0].name
                            opposite = " with the opposite sign" if sign < 0.0 else ""
                            whole = near(pairs[below][1], self.argument.ours, self.argument.room)
                            words = "the {noun} of {argument}{place} "
                            how = "is {} where {} belongs"
                            if not whole.all():
                                how = "has {} as a factor where {} belongs"
                            words += escaped(how.format(there, belongs))
                            yield self.argument.finding("replaced", words + opposite)
                            return
