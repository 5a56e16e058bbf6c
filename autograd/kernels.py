"""Floating-point algorithms behind the table: numbers in, the nearest representable number out.

Only functions for which neither `math` nor NumPy has an implementation that is right over the
whole range of a double, on every machine. None of them warns; where one raises, `Op.value` asks
NumPy.
"""

import math

import numpy as np

SMALLEST_NORMAL = 2.0**-1022


def _exact_product(x: float, y: float) -> tuple[float, float]:
    """`x * y` as the exact sum of the rounded product and its rounding error (Dekker 1971).

    Each factor is split into two floats of at most 26 bits (Veltkamp 1968). Exact where the factors
    are below 2 ** 995 and the product is 0 or between 2 ** -960 and 2 ** 960.
    """
    product = x * y
    scaled = 134217729.0 * x
    x1 = scaled - (scaled - x)
    x2 = x - x1
    scaled = 134217729.0 * y
    y1 = scaled - (scaled - y)
    y2 = y - y1
    return product, x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)


def _is_normal(x: float) -> bool:
    """Whether `x` carries all 53 bits: neither 0 nor subnormal, infinite or nan."""
    return SMALLEST_NORMAL <= abs(x) < math.inf


def _quiet_power(x: float, y: float) -> float:
    """`x ** y` by IEEE 754: infinities and nan where `math.pow` raises."""
    try:
        return math.pow(x, y)
    except OverflowError:
        pass
    except ValueError:
        if x != 0.0:
            return math.nan
    return math.copysign(math.inf, x) if y % 2.0 == 1.0 else math.inf


def power(x: float, y: float) -> float:
    """`x ** y`; a square is rounded once, as a product is."""
    return x * x if y == 2.0 else math.pow(x, y)


def _is_exact(y: float, exponent: float) -> bool:
    """Whether `exponent` is `y - 1` without a rounding."""
    return exponent + 1.0 == y and exponent != y


def power_slope(x: float, y: float) -> float:
    """`y * x ** (y - 1)`, where neither `y - 1` is rounded nor the power leaves the range."""
    if y == 0.0:
        return 0.0
    if abs(y) == math.inf:
        return math.nan if x < 0.0 else y if x == 1.0 or (x < 1.0) == (y < 0.0) else 0.0
    exponent = y - 1.0
    if x != 0.0 and not _is_exact(y, exponent):
        factor = _quiet_power(x, y)
        if _is_normal(factor) or factor != factor or math.isinf(x):
            return y * factor / x
        root = _quiet_power(abs(x), y / 2.0)
        return math.copysign(1.0, factor) * (y * root / x) * root
    factor = _quiet_power(x, exponent)
    if _is_normal(factor) or factor != factor or x == 0.0 or math.isinf(x):
        return y * factor
    root = _quiet_power(abs(x), exponent / 2.0)
    return math.copysign(1.0, factor) * (y * root) * root


def power_log(x: float, y: float) -> float:
    """`x ** y * log(x)`: its limits at 0 and infinity, nan for negative x."""
    if not x > 0.0:
        return math.nan if x != 0.0 or y != y else 0.0 if y > 0.0 else -math.inf
    if x == math.inf:
        return math.inf if y >= 0.0 else y * 0.0
    factor = _quiet_power(x, y)
    if _is_normal(factor):
        return factor * math.log(x)
    root = _quiet_power(x, y / 2.0)
    return root * math.log(x) * root


def power_mixed(x: float, y: float) -> float:
    """`x ** (y - 1) * (1 + y * log(x))`: its limits at 0 and infinity, nan for negative x."""
    if not x > 0.0:
        if x != 0.0 or y != y:
            return math.nan
        return 0.0 if y > 1.0 else -math.inf if y > 0.0 else math.inf
    if x == math.inf:
        return math.nan if y != y else 0.0 if y < 1.0 else math.inf
    bracket = 1.0 + y * math.log(x)
    exponent, divisor = (y - 1.0, 1.0) if _is_exact(y, y - 1.0) else (y, x)
    factor = _quiet_power(x, exponent)
    if _is_normal(factor):
        return factor * bracket / divisor
    root = _quiet_power(x, 0.5 * exponent)
    return root * bracket / divisor * root


def quotient_slope(x: float, y: float) -> float:
    """`-x / y ** 2`, without the bits that `x / y` loses below the normal range."""
    if y == 0.0:
        return -x * math.inf
    quotient = x / y
    if abs(quotient) >= SMALLEST_NORMAL or quotient != quotient or math.isinf(y):
        return -quotient / y
    mantissa, exponent = math.frexp(x)
    divisor, shift = math.frexp(y)
    return _scale(-mantissa / divisor / divisor, exponent - 2 * shift)


def _scale(x: float, exponent: int) -> float:
    """`x * 2 ** exponent`, infinite where that overflows."""
    try:
        return math.ldexp(x, exponent)
    except OverflowError:
        return math.copysign(math.inf, x)


def cbrt(x: float) -> float:
    """The real cube root, `math.cbrt` polished by one Newton step with an exact residual."""
    if not _is_normal(x):
        return cbrt(x * 2.0**300) / 2.0**100 if 0.0 < abs(x) < 1.0 else x
    mantissa, exponent = math.frexp(x)
    shift = exponent % 3
    scaled = math.ldexp(mantissa, shift)
    root = math.cbrt(scaled)
    square, square_error = _exact_product(root, root)
    cube, cube_error = _exact_product(square, root)
    residual = (scaled - cube) - (cube_error + square_error * root)
    return math.ldexp(root + residual / (3.0 * square), (exponent - shift) // 3)


def cbrt_slope(x: float) -> float:
    """`1 / (3 * cbrt(x) ** 2)`, infinite at 0."""
    root = cbrt(x)
    return 1.0 / (3.0 * (root * root)) if root != 0.0 else math.inf


def asin_slope(x: float) -> float:
    """`1 / sqrt(1 - x ** 2)`, infinite at -1 and 1, nan beyond."""
    square = (1.0 - x) * (1.0 + x)
    return 1.0 / math.sqrt(square) if square > 0.0 else math.inf if square == 0.0 else math.nan


def acosh_slope(x: float) -> float:
    """`1 / sqrt(x ** 2 - 1)`, infinite at 1, nan below."""
    if x > 1.0:
        return 1.0 / (math.sqrt(x - 1.0) * math.sqrt(x + 1.0))
    return math.inf if x == 1.0 else math.nan


def atanh_slope(x: float) -> float:
    """`1 / (1 - x ** 2)`, infinite at -1 and 1, nan beyond."""
    difference = (1.0 - x) * (1.0 + x)
    return 1.0 / difference if difference > 0.0 else math.inf if difference == 0.0 else math.nan


def bounded(x: float) -> float:
    """`x` moved into [-30, 30]; nan for nan."""
    return min(max(x, -30.0), 30.0) if x == x else x


def gaussian(x: float) -> float:
    """`exp(-x ** 2)`: the exponential would amplify the rounding of the square, so it is undone."""
    if abs(x) > 28.0:
        return 0.0
    square, error = _exact_product(x, x)
    return math.exp(-square) * (1.0 - error)


def sech2(x: float) -> float:
    """The square of the hyperbolic secant, `4 e / (1 + e) ** 2` with `e = exp(-2 abs(x))`."""
    e = math.exp(-2.0 * abs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def sigmoid(x: float) -> float:
    """The logistic function, from the exponential that cannot overflow."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


def softplus(x: float) -> float:
    """`log(1 + exp(x))`."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if x == x else x


def difference(x: float, y: float) -> float:
    """`x - y`, and 0 for two equal infinities."""
    return 0.0 if x == y else x - y


def logaddexp(x: float, y: float) -> float:
    """`log(exp(x) + exp(y))`."""
    return max(x, y) + math.log1p(math.exp(-abs(difference(x, y))))


def logsumexp(*operands: float) -> float:
    """`log(sum(exp(x)))`; the largest term is taken out, so that nothing overflows."""
    if any(x != x for x in operands):
        return math.nan
    rest = list(operands)
    largest = max(rest)
    rest.remove(largest)
    return largest + math.log1p(math.fsum(math.exp(difference(x, largest)) for x in rest))


def direction(x: float, y: float) -> float:
    """`x / hypot(x, y)`, the cosine of the angle of (x, y); 0 at the origin."""
    largest = max(abs(x), abs(y))
    if x != x or y != y or largest == 0.0:
        return x * y
    if largest == math.inf:
        return math.nan if abs(x) == abs(y) else math.copysign(float(abs(x) == math.inf), x)
    shift = -math.frexp(largest)[1]
    x, y = math.ldexp(x, shift), math.ldexp(y, shift)
    return x / math.hypot(x, y)


def distance(x: float, y: float) -> float:
    """`hypot(x, y)`, but infinite at the origin."""
    return math.hypot(x, y) or math.inf


def inversion(x: float, y: float) -> float:
    """`x / (x ** 2 + y ** 2)`, the inversion of (x, y) in the unit circle; nan at the origin."""
    largest = max(abs(x), abs(y))
    if x != x or y != y or largest == 0.0:
        return math.nan
    if largest == math.inf:
        return math.copysign(0.0, x)
    shift = -math.frexp(largest)[1]
    mantissa, exponent = math.frexp(x)
    x, y = math.ldexp(x, shift), math.ldexp(y, shift)
    return _scale(mantissa / (x * x + y * y), exponent + 2 * shift)


def dot(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    """The exact sum of the exact products, rounded once: the same in any order, on any machine.

    Products that are large or small enough for the errors of some to be out of range are added as
    integers.
    """
    if len(left) >= 80:  # NumPy is faster
        factors = np.array(left + right).reshape(2, -1)
        sizes = np.abs(factors)
        smallest = (sizes + (sizes == 0.0)).min()
        if smallest >= 2.0**-240 and sizes.max() <= 2.0**480:  # nothing can overflow or underflow
            return _total(np.ravel(_exact_product(*factors)).tolist()) or _exactly(left, right)
    parts: list[float] = []
    for x, y in zip(left, right, strict=True):
        product = x * y
        if -(2.0**-500) < product < 2.0**-500 and x and y:
            return _exactly(left, right)
        scaled = 134217729.0 * x  # as in _exact_product: a call would take as long as the rest
        x1 = scaled - (scaled - x)
        x2 = x - x1
        scaled = 134217729.0 * y
        y1 = scaled - (scaled - y)
        y2 = y - y1
        parts += product, x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)
    return _total(parts) or _exactly(left, right)


def sum(*operands: float) -> float:
    """The sum, rounded once."""
    return _total(operands) or _exactly(operands, (1.0,) * len(operands))


def mean(*operands: float) -> float:
    """The arithmetic mean, rounded once."""
    parts: list[float] = []  # a few floats with the same exact sum
    while rest := _total([*operands, *[-x for x in parts]]):
        parts.append(rest)
    terms = tuple(parts) or operands
    return _exactly(terms, (1.0,) * len(terms), len(operands))


def _total(terms: list[float] | tuple[float, ...]) -> float:
    """The sum, rounded once; 0.0 also where that is not finite or a partial sum overflows."""
    try:
        total = math.fsum(terms)
    except (OverflowError, ValueError):
        return 0.0
    return total if total - total == 0.0 else 0.0


def _exactly(left: tuple[float, ...], right: tuple[float, ...], divisor: int = 1) -> float:
    """The dot product of two vectors over a whole number, in integers, so rounded once.

    A sum of 0 is -0.0 where every product is, as it is in any order of additions.
    """
    total = 0  # in units of 2 ** -2148, of which every product of floats is a multiple
    rest = -0.0 if left else 0.0  # the sum of what is infinite, nan or 0
    for x, y in zip(left, right, strict=True):
        if x and y and math.isfinite(x) and math.isfinite(y):
            numerator, denominator = x.as_integer_ratio()
            numerator2, denominator2 = y.as_integer_ratio()
            total += numerator * numerator2 << 2149 - (denominator * denominator2).bit_length()
            rest += 0.0
        else:
            rest += x * y
    if not total or rest:
        return rest
    try:
        return total / (divisor << 2148)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def greater(x: float, y: float) -> float:
    """1 where x > y, otherwise 0; nan if either is nan."""
    return float(x > y) if x == x and y == y else math.nan


def sign(x: float) -> float:
    """-1, 0 or 1; nan for nan."""
    return float(x > 0.0) - float(x < 0.0) if x == x else x


def defined(x: float, value: float) -> float:
    """`x` itself, nan where `value` is."""
    return x if value == value else math.nan


def nonnegative(x: float) -> float:
    """`x` itself, nan where it is negative; -0.0 becomes 0.0."""
    return x + 0.0 if x >= 0.0 else math.nan


def relu(x: float) -> float:
    """`max(x, 0)`; nan for nan."""
    return 0.0 if x <= 0.0 else x


def leaky_relu(x: float, slope: float = 0.01) -> float:
    """`x` where it is positive, otherwise `slope * x`; with slope 0 the same as `relu`."""
    if x <= 0.0:
        return slope * x if slope != 0.0 else 0.0
    return x


def stop_gradient(x: float) -> float:
    """`x` itself."""
    return x


def maximum(x: float, y: float) -> float:
    """The larger; nan if either is nan."""
    return x + y if x != x or y != y else max(x, y)


def minimum(x: float, y: float) -> float:
    """The smaller; nan if either is nan."""
    return x + y if x != x or y != y else min(x, y)


def clip(x: float, lower: float, upper: float) -> float:
    """`x` moved into [lower, upper]; `upper` where the two are crossed, as in NumPy."""
    return minimum(maximum(x, lower), upper)


def where(condition: float, x: float, y: float) -> float:
    """`x` where the condition is true (not 0), otherwise `y`."""
    return x if condition else y
