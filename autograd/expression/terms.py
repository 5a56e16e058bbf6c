"""Products of powers, and sums of them: a product is a number and the exponents of its bases, a sum
the numbers of its products.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple, TypeAlias

from autograd.expression.rationals import ONE, ZERO, quick
from autograd.value import Value

Powers: TypeAlias = tuple[tuple[Value, Fraction], ...]
"""Bases with their exponents, which are not 0, in the order in which the bases were met."""
Sum: TypeAlias = dict[Powers, Fraction]


class Term(NamedTuple):
    """A product: a number times powers."""

    number: Fraction
    powers: Powers = ()


def total(terms: Iterable[Term]) -> Sum:
    """The sum of products, with like terms added up."""
    total: Sum = {}
    for factor, powers in terms:
        total[powers] = quick(total.get(powers, ZERO) + factor)
    return {powers: factor for powers, factor in total.items() if factor}


def listed(parts: Sum) -> list[Term]:
    """The products of a sum."""
    return [Term(number, powers) for powers, number in parts.items()]


def factors(parts: Sum) -> Iterator[Term]:
    """The products that may be taken out of a sum."""
    if len(parts) < 2:
        return
    numbers = list(parts.values())
    number = abs(numbers[0])
    if any(abs(other) != number for other in numbers):
        below = lcm(*[n.denominator for n in numbers])
        number = quick(Fraction(gcd(*[n.numerator for n in numbers]), below)) if below < 10 else ONE
    if all(n < 0 for n in numbers):
        number = -number
    first, *others = parts
    least, most = dict(first), dict(first)
    for powers in others:
        here = dict(powers)
        least = {x: min(e, here[x]) for x, e in least.items() if x in here and e * here[x] > 0}
        most = {x: max(most[x], here[x]) for x in least}
    # A common denominator makes one fraction of several; so does the largest one.
    nearest = tuple((x, e if e > 0 else most[x]) for x, e in least.items())
    ways = dict.fromkeys([(), nearest, tuple(least.items())])
    yield from [Term(n, powers) for powers in ways for n in {ONE: 0, number: 0} if powers or n != 1]
