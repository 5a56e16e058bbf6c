"""Numbers that were computed in single precision: recognized, and judged with its tolerance."""

from collections.abc import Iterator, Sequence
from math import frexp, isfinite

import numpy as np

from autograd.compare.comparison import Comparison
from autograd.compare.judge import SINGLE
from autograd.notation.numbers import number
from autograd.quiet import quiet
from autograd.rounding import RELATIVE

SHORT = 12
"""Numbers with so few binary digits are exact in any precision."""
FEWEST = 2
"""How many other numbers are exactly float32 by no chance."""


@quiet
def in_single_precision(comparisons: Sequence[Comparison]) -> bool:
    """Whether all hand-derived numbers are exactly float32, and some not because they are short."""
    numbers = [
        yours
        for comparison in comparisons
        for _, yours in comparison.pairs
        if yours and isfinite(yours)
    ]
    if not numbers or any(float(np.float32(x)) != x for x in numbers):
        return False
    long = sum([(frexp(x)[0] * 2.0**SHORT) % 1.0 != 0.0 for x in numbers])
    return long >= FEWEST


def judged_as_single(tolerance: float) -> Iterator[str]:
    """A sentence on numbers that were found to be in single precision."""
    if tolerance == SINGLE:
        yield (
            "Your numbers are float32, so they are judged by its rounding "
            f"(tolerance={number(SINGLE, 2)})."
        )


def exact(tolerance: float) -> float:
    """How nearly a number must be met to be recognized, relative to its size."""
    return max(RELATIVE, 4.0 * tolerance)
