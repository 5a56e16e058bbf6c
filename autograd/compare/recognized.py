"""Numbers that people know by sight: 1/4, -1, sqrt(2), 2 * pi, a constant of the function."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import e, isfinite, log, pi, sqrt

from autograd.notation.numbers import number

LARGEST = 12
"""The largest numerator and denominator of a fraction that neither is 1 of."""
LARGEST_ALONE = 100_000
FEW = 3
"""Numbers with so few digits are rather written with them than by the function's constants."""
KNOWN = {
    "pi": pi,
    "sqrt(pi)": sqrt(pi),
    "sqrt(2 * pi)": sqrt(2.0 * pi),
    "e": e,
    "log(2)": log(2.0),
    "log(10)": log(10.0),
    "180 / pi": 180.0 / pi,
}


def recognized(x: float, constants: Iterable[float] = (), tolerance: float = 1e-9) -> str:
    """A number as people know it, or nothing.

    Args:
        x: the number.
        constants: numbers that occur in the function.
        tolerance: how far it may be off, relative to its size.
    """

    def same(y: float) -> bool:
        return abs(abs(x) - y) <= tolerance * abs(x)

    if not isfinite(x) or not x:
        return "0" if x == 0.0 else ""
    sign = "-" if x < 0.0 else ""
    fraction = Fraction(abs(x)).limit_denominator(LARGEST_ALONE)
    if same(float(fraction)) and _simple(fraction, LARGEST_ALONE):
        return sign + str(fraction)
    square = Fraction(x * x).limit_denominator(LARGEST)
    if same(sqrt(square)) and _simple(square, LARGEST):
        return sign + (f"1/sqrt({1 / square})" if square < 1 else f"sqrt({square})")
    few = same(float(f"{abs(x):.{FEW}g}"))
    for value, text in _products(constants):
        if same(value):
            return number(x) if few else sign + text
    return ""


def _simple(fraction: Fraction, largest: int) -> bool:
    low, high = sorted((fraction.numerator, fraction.denominator))
    return high <= LARGEST or (low == 1 and high <= largest)


def _products(constants: Iterable[float]) -> Iterator[tuple[float, str]]:
    """Multiples of known numbers, and powers of the function's constants, with their names."""
    for name, value in KNOWN.items():
        for factor in (1.0, 2.0, 0.5):
            times = "" if factor == 1.0 else f"{number(factor)} * "
            yield factor * value, f"{times}{name}"
            below = f"({name})" if " / " in name else name
            yield factor / value, f"{number(factor)}/{below}"
    for constant in constants:
        size = abs(constant)
        if size in (0.0, 1.0) or not isfinite(size):
            continue
        text = number(size)
        for factor in (1.0, 2.0, 0.5):
            times = "" if factor == 1.0 else f"{number(factor)} * "
            yield factor * size, f"{times}{text}"
            yield factor / size, f"{number(factor)}/{text}"
            yield factor * size * size, f"{times}{text} ** 2"
            yield factor * sqrt(size), f"{times}sqrt({text})"
            yield factor / sqrt(size), f"{number(factor)}/sqrt({text})"
