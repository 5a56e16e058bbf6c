"""Exponentials, logarithms and their kin in all lanes of a vector.

Each is within 1.5 units in the last place of the true number, and has the same bits on every
processor. The coefficients are of the sources named, the steps those of the textbooks (Muller,
Elementary Functions, 3rd edition, 2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from sys import float_info
from typing import Any

from autograd.compiler.native.ir import Floats, copysign, fma, nearest, select

_SHIFT = 1.5 * 2.0**52
"""Added to a small whole number, it leaves that number in the lowest bits."""
_SIGN = -(2**63)
_ONE, _QUARTER = 0x3FF0000000000000, 0x3FD0000000000000
"""The bits of 1.0 and of 0.25."""
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa38p-1"), float.fromhex("0x1.ef35793c7673p-45")
"""ln 2: its first 42 bits, whose products with exponents are exact, and what they leave."""


def polynomial(x: Floats, coefficients: Sequence[float]) -> Floats:
    """The polynomial with these coefficients, two or more, from the constant one on: its even and
    its odd part by Horner's rule, side by side."""
    square = x * x
    parts: list[Any] = []
    for part in (coefficients[::2], coefficients[1::2]):
        total: Any = part[-1]
        for coefficient in part[-2::-1]:
            total = fma(square, total, coefficient)
        parts.append(total)
    even, odd = parts
    return fma(x, odd, even)


def _power_of_two(shifted: Floats, bits: int) -> Floats:
    """2 ** n, times a power of two that has these bits, for whole numbers n in the lowest bits."""
    return ((shifted.bits() << 52) + bits).as_floats()


# (e**r - 1 - r) / r**2 for |r| < ln(2) / 2, interpolated at Chebyshev's points (mpmath's chebyfit):
# the error is less than 0.02 units of e**r.
_EXP = [float.fromhex(x) for x in (
    "0x1.0p-1", "0x1.5555555555556p-3", "0x1.5555555553d63p-5", "0x1.11111111109b3p-7",
    "0x1.6c16c1788bd90p-10", "0x1.a01a01a7c41d5p-13", "0x1.a019b90d2ae7ap-16",
    "0x1.71de0dae63bb3p-19", "0x1.289185613a3d6p-22", "0x1.af38a9b0ec855p-26",
)]  # fmt: skip
_LARGEST_EXPONENT = 708.0
"""Up to this size, an exponential is a normal float."""


def exp(x: Floats) -> Floats:
    """e ** x."""
    outside = abs(x).at_most(_LARGEST_EXPONENT) ^ 1
    shifted = _nearest_power(x)
    result = (_reduced(x, shifted, _EXP)[0] + 1.0).bits() + (shifted.bits() << 52)
    (found,) = x.function.replaced([result.as_floats()], outside, lambda: [_exp_anywhere(x)])
    return found


def _exp_anywhere(x: Floats) -> Floats:
    """e ** x, in two steps where the result may be too large or too small."""
    x = select(x < -746.0, -746.0, select(x > 710.0, 710.0, x))
    shifted = _nearest_power(x)
    y, n = _reduced(x, shifted, _EXP)[0] + 1.0, shifted - _SHIFT
    half = nearest(n * 0.5)
    return y * _power_of_two(half + _SHIFT, _ONE) * _power_of_two(n - half + _SHIFT, _ONE)


def _nearest_power(x: Floats) -> Floats:
    """The whole number n for which 2 ** n is nearest to e ** x, in the lowest bits."""
    return fma(x, 1.0 / math.log(2.0), _SHIFT)


def _reduced(x: Floats, shifted: Floats, coefficients: Sequence[float]) -> tuple[Floats, Floats]:
    """The y such that e ** x is (1 + y) * 2 ** n, for a whole number n in the lowest bits; and what
    is lost where y is rounded."""
    n = shifted - _SHIFT
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    square, quotient = r * r, polynomial(r, coefficients)
    y = fma(square, quotient, r)
    return y, fma(square, quotient, r - y)


# FreeBSD's e_log.c (Sun Microsystems 1993): log(1 + f) = f - f*f/2 + s * (f*f/2 + s*s * P(s*s)),
# where s = f / (2 + f).
_LOG = [
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01,
]  # fmt: skip
_ROOT_HALF = 0x3FE6A09E667F3BCD
"""The bits of the square root of 1/2."""


def log(x: Floats) -> Floats:
    """The natural logarithm."""
    small = x < float_info.min
    scaled = select(small, x * 2.0**54, x)
    bits = scaled.bits() - _ROOT_HALF
    f = ((bits & (2**52 - 1)) + _ROOT_HALF).as_floats() - 1.0
    # The exponent, shifted so that it is positive, in the lowest bits of a float.
    exponent = ((bits + (1024 << 52)) >> 52 | 0x4330000000000000).as_floats() - (2.0**52 + 1024.0)
    n = exponent - select(small, 54.0, 0.0)
    s = f / (f + 2.0)
    z = s * s
    half = f * f * 0.5
    rest = fma(s, half + z * polynomial(z, _LOG), n * LN2_LOW)
    result = fma(n, LN2_HIGH, f - (half - rest))
    result = select(x < math.inf, result, x)
    return select(x > 0.0, result, select(x.equals(0.0), -math.inf, (x - x) / (x - x)))


# (e**r - 1 - r) / r**2 for -3/4 ln(2) < r < ln(2) / 4 (Remez): the error is less than 0.2 units of
# e**r - 1.
_EXPM1 = [float.fromhex(x) for x in (
    "0x1.0000000000004p-1", "0x1.55555555555e8p-3", "0x1.5555555551bd0p-5", "0x1.11111110a4475p-7",
    "0x1.6c16c17ecfa93p-10", "0x1.a01a07a88507cp-13", "0x1.a01a21dd97b7bp-16",
    "0x1.71c7b9c436397p-19", "0x1.25384a034727ep-22", "0x1.6f75556be9c7fp-26",
)]  # fmt: skip
_LARGEST_SIZE = 353.0
"""Up to this size, a quarter of exp(-2 x) is a normal float."""


def tanh_and_sech2(x: Floats) -> tuple[Floats, Floats]:
    """The hyperbolic tangent and its derivative, the square of the hyperbolic secant: with e for
    exp(-2 abs(x)), they are t = (1 - e) / (1 + e), with the sign of x, and e * (1 + t)**2."""
    size = abs(x)
    y = size * -2.0
    # Where 1 - e is small, 2 ** n is 1, so that nothing cancels.
    shifted = _nearest_power(fma(size, -2.0, 0.25 * math.log(2.0)))
    quarter = _power_of_two(shifted, _QUARTER)
    rest, lost = _reduced(y, shifted, _EXPM1)
    rest = quarter * rest
    less, more = quarter - 0.25, quarter + 0.25
    reciprocal = x.function.splat(1.0) / (rest + more)
    quotient = (rest + less) * reciprocal
    # What remains of the division of numbers that have not been rounded corrects the quotient.
    remainder = fma(-quotient, rest, rest + fma(-quotient, more, less))
    remainder = fma(quarter, lost, remainder)
    quotient = fma(remainder, reciprocal, quotient)
    twice = fma(quotient, -2.0, x.function.splat(2.0))
    square = (rest + quarter) * twice * twice

    def anywhere() -> list[Floats]:
        square = _exp_anywhere(y) * 4.0
        return [square * 0.0 + 1.0, square]

    outside = size.at_most(_LARGEST_SIZE) ^ 1
    quotient, square = x.function.replaced([quotient, square], outside, anywhere)
    return copysign(quotient, x), square


def tanh(x: Floats) -> Floats:
    """The hyperbolic tangent."""
    return tanh_and_sech2(x)[0]


def sech2(x: Floats) -> Floats:
    """The square of the hyperbolic secant."""
    return tanh_and_sech2(x)[1]


# pi / 2 as three floats.
_HALF_PI = [float.fromhex(x) for x in (
    "0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110"
)]  # fmt: skip
# FreeBSD's k_sin.c and k_cos.c (Sun Microsystems 1993), for |x| < pi / 4.
_SIN = [
    -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
    2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10,
]  # fmt: skip
_COS = [
    4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
    -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11,
]  # fmt: skip
REDUCIBLE = 2.0**20
"""Larger angles are left to the C library."""


def _sin_from(x: Floats, quarters: int) -> Floats:
    """sin(x + quarters * pi / 2)."""
    n = nearest(x * (2.0 / math.pi))
    # Exact, as both are multiples of 2 ** -52 and the result is less than 1.
    first = fma(n, -_HALF_PI[0], x)
    # Of what is subtracted next, and of the difference, the errors are kept (Dekker's sums).
    second = n * _HALF_PI[1]
    high = first - second
    low = ((first - high) - second) - fma(n, _HALF_PI[1], -second)
    low = fma(n, -_HALF_PI[2], low)
    z = high * high
    cube = z * high
    sine = high - ((z * (low * 0.5 - cube * polynomial(z, _SIN[1:])) - low) - cube * _SIN[0])
    half = z * 0.5
    whole = 1.0 - half
    tail = z * z * polynomial(z, _COS) - high * low
    cosine = whole + (((1.0 - whole) - half) + tail)
    turns = (n + _SHIFT).bits() + quarters
    odd = (turns & 1).equals(1)
    bits = select(odd, cosine, sine).bits() ^ ((turns << 62) & _SIGN)
    return bits.as_floats()


def _with_large(name: str, x: Floats, result: Floats) -> Floats:
    """With what the C library says of angles that are larger, infinite, or nan."""
    large = abs(x).at_most(REDUCIBLE) ^ 1
    (result,) = x.function.replaced([result], large, lambda: [x.function.each(name, [x])])
    return result


def sin(x: Floats) -> Floats:
    """The sine of an angle."""
    return _with_large("sin", x, select(abs(x) < 2.0**-27, x, _sin_from(x, 0)))


def cos(x: Floats) -> Floats:
    """The cosine of an angle."""
    return _with_large("cos", x, _sin_from(x, 1))


FUNCTIONS: dict[str, Callable[..., Floats]] = {
    "exp": exp, "log": log, "tanh": tanh, "sech2": sech2, "sin": sin, "cos": cos,
}  # fmt: skip
"""Under the names of the instructions."""
TOGETHER: dict[str, tuple[str, Callable[..., Sequence[Floats]]]] = {
    "tanh": ("sech2", tanh_and_sech2),
}  # fmt: skip
"""Functions that are computed together with another one of the same operand, and what computes
both, with the same bits as by themselves."""
