"""Numbers as people write them: exact, 1/3 or 0.1, and when they become floats again."""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import cast

SMALLEST, LARGEST = 1e-300, 1e300
"""Between these there is a float for every number."""


def quick(number: Fraction) -> Fraction:
    """The number itself, in truth an int if it is whole: these are ten times as fast."""
    return cast(Fraction, number.numerator) if number.denominator == 1 else number


ZERO, HALF, ONE = quick(Fraction(0)), Fraction(1, 2), quick(Fraction(1))


def is_whole(number: Fraction) -> bool:
    """Whether it is an integer."""
    return number.denominator == 1


@lru_cache(10_000)
def exact(number: float) -> Fraction:
    """The number that a float stands for: 1/3 or 1/10, not the nearest binary fraction."""
    if number.is_integer():
        return quick(Fraction(number))
    small = Fraction(number).limit_denominator(1000)
    return small if float(small) == number else Fraction(repr(number))


def product_of(x: Fraction, y: Fraction) -> Fraction | None:
    """The product of two numbers, or None where a float could not hold it."""
    product = quick(x * y)
    if abs(x) == 1 or abs(y) == 1 or not product:
        return product
    if not SMALLEST < abs(product) < LARGEST:
        return None
    # Exact as long as it is a number that people write.
    long = product.numerator.bit_length() + product.denominator.bit_length() > 256
    return exact(float(product)) if long else product


def pieces(exponent: Fraction) -> Iterator[Fraction]:
    """An exponent, in two pieces where no float comes close: `x ** 1e17 / x`."""
    near = exact(float(exponent))
    yield near
    if abs(exponent - near) > 1e-15:
        yield quick(exponent - near)


def numerals(number: Fraction, fraction: bool) -> tuple[float, float]:
    """A positive number as one float over another, as it is read best; in a fraction or alone."""
    upper, lower = number.numerator, number.denominator
    plain = float(number)
    if lower == 1:
        return plain, 1.0
    long = fraction or (upper == 1 and lower < 10) or len(digits_of(plain)) > 6
    if long and max(upper, lower) < 1000:
        return float(upper), float(lower)
    inverse = 1 / Fraction(number)
    if exact(plain) != number and exact(float(inverse)) == inverse:
        return 1.0, float(inverse)
    return plain, 1.0


def digits_of(number: float) -> str:
    """A number as it is written, so that lengths can be compared."""
    return repr(number).removesuffix(".0")
