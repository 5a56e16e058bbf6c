"""How values are computed on floats: numbers in, the nearest representable number out.

Here is only what neither `math` nor NumPy gets right over the whole range of a double, on every
machine. Nothing here warns; where something raises, `Op.value` asks NumPy.

Kernels are written in a small Python that a compiler can lower: `if` and conditional expressions,
loops over operands, comparisons, arithmetic, `abs`, `max`, `min`, `float`, the functions of `math`
that C has, and functions further up in this file, which may be given all operands, or a computation
for each, `*[... for x in operands]`. Primitives do what that cannot express.
"""

import math

import numpy as np

SMALLEST_NORMAL = 2.0**-1022
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772

# --- Primitives: other code has to bring these along ---------------------------------------------


def _pow(x: float, y: float) -> float:
    """C's `pow`: the power by IEEE 754, infinities and nan where `math.pow` raises."""
    try:
        return math.pow(x, y)
    except OverflowError:
        pass
    except ValueError:
        if x != 0.0:
            return math.nan
    return math.copysign(math.inf, x) if y % 2.0 == 1.0 else math.inf


def _fsum(*terms: float) -> float:
    """The sum of finite terms, rounded once: exact partial sums (Shewchuk 1997), as in `sum`."""
    return math.fsum(terms)


def dot(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    """The exact sum of the exact products, rounded once: the same in any order, on any machine.

    Where the rounding error of a product may be out of range, the products are added as integers.
    """
    if len(left) >= 80:  # NumPy is faster
        factors = np.array(left + right).reshape(2, -1)
        sizes = np.abs(factors)
        smallest = (sizes + (sizes == 0.0)).min()
        if smallest >= 2.0**-240 and sizes.max() <= 2.0**480:  # nothing can overflow or underflow
            products = factors[0] * factors[1]
            errors = _product_error(factors[0], factors[1], products)
            return _total(np.append(products, errors).tolist()) or _exactly(left, right)
    parts: list[float] = []
    for x, y in zip(left, right, strict=True):
        product = x * y
        if -(2.0**-500) < product < 2.0**-500 and x and y:
            return _exactly(left, right)
        scaled = 134217729.0 * x  # as in _product_error: a call would take as long as the rest
        x1 = scaled - (scaled - x)
        x2 = x - x1
        scaled = 134217729.0 * y
        y1 = scaled - (scaled - y)
        y2 = y - y1
        parts += product, x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)
    return _total(parts) or _exactly(left, right)


def dot_of_halves(*operands: float) -> float:
    """The dot product of the first half of the operands and the second."""
    half = len(operands) // 2
    return dot(operands[:half], operands[half:])


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


def prod(*operands: float) -> float:
    """The product, from left to right."""
    return math.prod(operands, start=1.0)


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
    rest = -0.0 if left else 0.0  # the sum of the products that are infinite, nan or 0
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


def _sinc_derivative(n: float, x: float, sine: float, cosine: float) -> float:
    """The derivative of order n of `sin(pi x) / (pi x)`, given the sine and the cosine of `pi x`.

    By the power series of sinc near 0. Beyond, by differentiating `x * sinc(x)` over and over:
    `x * sinc^(k)(x) = d^k/dx^k sin(pi x) / pi - k * sinc^(k-1)(x)`.
    """
    if not 0.0 <= n < 100.0 or x != x:
        return math.nan
    order, t = int(n), math.pi * x
    if abs(t) > 0.5 * order + 1.0:
        waves, scale = (sine, cosine, -sine, -cosine), 1.0 / math.pi
        derivative = 0.0
        for k in range(order + 1):
            derivative = (scale * waves[k % 4] - k * derivative) / x
            scale *= math.pi
        return derivative
    m = order % 2  # the power of t in the first term
    term = math.pi**order * (1.0, -t, -1.0, t)[order % 4]
    total = 0.0
    while abs(term) > 2.0**-60 * abs(total) and term != 0.0:
        total += term / (order + m + 1.0)
        term *= -(t * t) / ((m + 1.0) * (m + 2.0))
        m += 2
    return total


def _hypot(*operands: float) -> float:
    """The root of the sum of squares, without overflow on the way."""
    return math.hypot(*operands)


def unit_vector(*operands: float) -> list[float]:
    """The operands over their norm, as `direction_among` has each of them."""
    top = max([abs(x) if x == x else math.inf for x in operands])
    if not 2.0**-900 < top < 2.0**900:
        return [
            direction_among(x, *operands[:i], *operands[i + 1 :]) for i, x in enumerate(operands)
        ]
    size = math.hypot(*operands)
    return [x / size for x in operands]


def rounded(x: float, ndigits: float = 0.0) -> float:
    """Python's rounding to a number of digits, half to even; nan if that is not a whole number."""
    if not math.isfinite(ndigits) or ndigits % 1.0 != 0.0:
        return math.nan
    try:
        return round(x, int(max(-400.0, min(400.0, ndigits)))) if math.isfinite(x) else x
    except OverflowError:
        return math.copysign(math.inf, x)


PRIMITIVES = (
    _pow, _fsum, _sinc_derivative, _hypot, unit_vector, rounded,
    dot, dot_of_halves, sum, mean, prod,
)  # fmt: skip
"""The primitives that kernels and the table call. All functions below this line are kernels."""


def _product_error(x: float, y: float, product: float) -> float:
    """The rounding error of `product = x * y`: the two add up to the exact product.

    Each factor is split into two floats of at most 26 bits (Veltkamp 1968, Dekker 1971). Exact
    where the factors are below 2 ** 995 and the product is 0 or between 2 ** -960 and 2 ** 960.
    """
    scaled = 134217729.0 * x
    x1 = scaled - (scaled - x)
    x2 = x - x1
    scaled = 134217729.0 * y
    y1 = scaled - (scaled - y)
    y2 = y - y1
    return x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)


def _sum_error(x: float, y: float, total: float) -> float:
    """The rounding error of `total = x + y`: the two add up to the exact sum (Knuth 1969)."""
    other = total - x
    return (x - (total - other)) + (y - other)


def _is_normal(x: float) -> bool:
    """Whether `x` carries all 53 bits: neither 0 nor subnormal, infinite or nan."""
    return SMALLEST_NORMAL <= abs(x) < math.inf


def _decayed(factor: float, y: float) -> float:
    """`factor * exp(-y)`, rounded once where the exponential alone is below the normal range."""
    if y > 1200.0:
        factor *= 7.124576406741286e-218  # exp(-500)
        y -= 500.0
    if y > 700.0:
        factor *= 7.124576406741286e-218
        y -= 500.0
    return factor * math.exp(-y)


def power(x: float, y: float) -> float:
    """`x ** y`; a square is rounded once, as a product is."""
    return x * x if y == 2.0 else math.pow(x, y)


def power_slope(x: float, y: float) -> float:
    """`y * x ** (y - 1)`, without rounding `y - 1` and without overflow on the way."""
    if y == 0.0:
        return 0.0
    if abs(y) == math.inf:
        return math.nan if x < 0.0 else y if x == 1.0 or (x < 1.0) == (y < 0.0) else 0.0
    exponent = y - 1.0
    divisor = 1.0
    if x != 0.0 and (exponent + 1.0 != y or exponent == y):  # it has been rounded
        exponent = y
        divisor = x
    factor = _pow(x, exponent)
    if x == 0.0 or _is_normal(factor) or factor != factor or math.isinf(x):
        return y * factor / divisor
    root = _pow(abs(x), 0.5 * exponent)
    return math.copysign(1.0, factor) * (y * root / divisor) * root


def power_log(x: float, y: float) -> float:
    """`x ** y * log(x)`: its limits at 0 and infinity, nan for negative x."""
    if not x > 0.0:
        return math.nan if x != 0.0 or y != y else 0.0 if y > 0.0 else -math.inf
    if x == math.inf:
        return math.inf if y >= 0.0 else y * 0.0
    factor = _pow(x, y)
    if _is_normal(factor):
        return factor * math.log(x)
    root = _pow(x, y / 2.0)
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
    exponent = y - 1.0
    divisor = 1.0
    if exponent + 1.0 != y or exponent == y:  # it has been rounded
        exponent = y
        divisor = x
    factor = _pow(x, exponent)
    if _is_normal(factor):
        return factor * bracket / divisor
    root = _pow(x, 0.5 * exponent)
    return root * bracket / divisor * root if root != 0.0 else math.copysign(0.0, bracket)


def quotient_slope(x: float, y: float) -> float:
    """`-x / y ** 2`, without the bits that `x / y` loses below the normal range."""
    if y == 0.0:
        return -x * math.inf
    quotient = x / y
    if abs(quotient) >= SMALLEST_NORMAL or quotient != quotient or math.isinf(y):
        return -quotient / y
    return -(x * 2.0**1000) / y / y * 2.0**-1000


def cbrt(x: float) -> float:
    """The real cube root, `math.cbrt` polished by one Newton step with an exact residual."""
    if x == 0.0 or x - x != 0.0:
        return x
    unit = 2.0**200 if abs(x) > 2.0**600 else 2.0**-200 if abs(x) < 2.0**-600 else 1.0
    x /= unit * unit * unit
    root = math.cbrt(x)
    square = root * root
    cube = square * root
    error = _product_error(square, root, cube) + _product_error(root, root, square) * root
    return (root + (x - cube - error) / (3.0 * square)) * unit


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


# Angles in degrees and in half turns.


def _scaled(x: float, factor: float, rest: float) -> float:
    """`x` times a factor that is given in two pieces, rounded once where nothing underflows."""
    product = factor * x
    if not 2.0**-900 < abs(product) < 2.0**900:
        return product
    return product + (_product_error(factor, x, product) + rest * x)


def deg2rad(x: float) -> float:
    """`x * pi / 180`."""
    return _scaled(x, 0.017453292519943295, 2.9486522708701687e-19)


def rad2deg(x: float) -> float:
    """`x * 180 / pi`."""
    return _scaled(x, 57.29577951308232, -1.9878495670576283e-15)


def sin_pi(x: float) -> float:
    """`sin(pi * x)` of a finite `x`, which is reduced exactly: 0 for whole numbers."""
    part = math.fmod(x, 2.0)
    if abs(part) > 1.0:
        part -= math.copysign(2.0, part)
    if abs(part) > 0.5:
        part = math.copysign(1.0, part) - part
    if abs(part) < 0.25:
        return math.sin(math.pi * part)
    return math.copysign(math.cos(math.pi * (0.5 - abs(part))), part)


def cos_pi(x: float) -> float:
    """`cos(pi * x)` of a finite `x`."""
    return sin_pi(0.5 - math.fmod(abs(x), 2.0))


def sinc(x: float) -> float:
    """`sin(pi * x) / (pi * x)`: 1 at 0, and 0 at other whole numbers and at infinity."""
    if x == 0.0 or abs(x) == math.inf:
        return float(x == 0.0)
    return sin_pi(x) / math.pi / x + 0.0


def sinc_derivative(n: float, x: float) -> float:
    """The derivative of sinc whose order is the whole part of `n`, at least 0 and below 100."""
    if abs(x) == math.inf:
        return 0.0 if 0.0 <= n < 100.0 else math.nan
    return _sinc_derivative(n, x, sin_pi(x), cos_pi(x))


def square(x: float) -> float:
    """`x * x`."""
    return x * x


def reciprocal(x: float) -> float:
    """`1 / x`."""
    return 1.0 / x


# Products with logarithms, and logarithms of probabilities.


def ratio(x: float, y: float) -> float:
    """`x / y`, nan for negative y; 0 where `x` is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x / y if y > 0.0 else x * math.inf if y == 0.0 else math.nan


def log_or_limit(x: float) -> float:
    """`log(x)`: its limit at 0, nan below."""
    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan


def log1p_or_limit(x: float) -> float:
    """`log(1 + x)`: its limit at -1, nan below."""
    return math.log1p(x) if x > -1.0 else -math.inf if x == -1.0 else math.nan


def xlogy(x: float, y: float) -> float:
    """`x * log(y)`; 0 where `x` is 0."""
    return 0.0 if x == 0.0 and y == y else x * log_or_limit(y)


def xlog1py(x: float, y: float) -> float:
    """`x * log(1 + y)`; 0 where `x` is 0."""
    return 0.0 if x == 0.0 and y == y else x * log1p_or_limit(y)


def entr(x: float) -> float:
    """`-x * log(x)`: its limit 0 at 0, -inf below."""
    return 0.0 - xlogy(x, x) if not x < 0.0 else -math.inf


def entr_slope(x: float) -> float:
    """`-1 - log(x)`, near its zero 1 / e by the exact product of `x` and e in two pieces."""
    product = math.e * x
    if not 0.5 < product < 2.0:
        return -1.0 - log_or_limit(x)
    error = _product_error(math.e, x, product) + 1.4456468917292502e-16 * x
    return -math.log1p(product - 1.0 + error)


def logit(x: float) -> float:
    """`log(x / (1 - x))`: its limits at 0 and 1, nan beyond."""
    if 0.25 < x < 0.75:
        return 2.0 * math.atanh(2.0 * x - 1.0)
    if 0.0 < x < 1.0:
        return math.log(x / (1.0 - x))
    return -math.inf if x == 0.0 else math.inf if x == 1.0 else math.nan


def logit_slope(x: float) -> float:
    """`1 / (x * (1 - x))`, infinite at 0 and 1, nan beyond."""
    product = x * (1.0 - x)
    return 1.0 / product if product > 0.0 else math.inf if product == 0.0 else math.nan


def log1mexp(x: float) -> float:
    """`log(1 - exp(-x))`: its limit at 0, nan below (Maechler 2012)."""
    if x < 0.0:
        return math.nan
    return log_or_limit(-math.expm1(-x)) if x < 0.7 else math.log1p(-math.exp(-x))


def log1mexp_slope(x: float) -> float:
    """`1 / (exp(x) - 1)`, infinite at 0, nan below."""
    if x > 0.0:
        return math.exp(-x) / -math.expm1(-x)
    return math.inf if x == 0.0 else math.nan


def gaussian(x: float) -> float:
    """`exp(-x ** 2)`, corrected for the rounding of the square, which the exponential amplifies."""
    if abs(x) > 28.0:
        return 0.0
    square = x * x
    return math.exp(-square) * (1.0 - _product_error(x, x, square))


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


def log_sigmoid(x: float) -> float:
    """`log(sigmoid(x))`."""
    return -softplus(-x)


# Activation functions


def sign(x: float) -> float:
    """-1, 0 or 1; nan for nan."""
    return float(x > 0.0) - float(x < 0.0) if x == x else x


def silu(x: float) -> float:
    """`x * sigmoid(x)`, which at -inf is -0.0."""
    if x >= 0.0:
        return x / (1.0 + math.exp(-x))
    x = max(x, -2000.0)
    return _decayed(x, -x) / (1.0 + math.exp(x))


def elu(x: float, alpha: float = 1.0) -> float:
    """`x` where it is positive, otherwise `alpha * (exp(x) - 1)`."""
    return x if x >= 0.0 else alpha * math.expm1(x)


def elu_slope(x: float, alpha: float) -> float:
    """1 where `x` is positive, `alpha * exp(x)` where negative, at 0 the slope closest to 0."""
    if x == 0.0:
        return min(max(alpha, 0.0), 1.0)
    return 1.0 if x > 0.0 else _decayed(alpha, -x)


def selu(x: float) -> float:
    """`elu` with constants that keep the mean and the variance of many layers near 0 and 1.

    They are those of Klambauer, Unterthiner, Mayr and Hochreiter, "Self-Normalizing Neural
    Networks" (2017).
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


def softsign(x: float) -> float:
    """`x / (1 + abs(x))`."""
    return math.copysign(1.0, x) if math.isinf(x) else x / (1.0 + abs(x))


def softsign_slope(x: float) -> float:
    """`1 / (1 + abs(x)) ** 2`."""
    size = 1.0 + abs(x)
    return 1.0 / size / size


def softsign_bend(x: float) -> float:
    """`-2 * sign(x) / (1 + abs(x)) ** 3`, the rounding of the sum undone."""
    y = min(abs(x), 1e300)
    size = 1.0 + y
    return 2.0 * sign(-x) / size / size / size * (1.0 - 3.0 * _sum_error(1.0, y, size) / size)


def huber(delta: float, r: float) -> float:
    """`r ** 2 / 2` up to `delta`, from there on a straight line; infinite for a negative delta."""
    if delta < 0.0:
        return math.inf
    size = abs(r)
    return 0.5 * r * r if size <= delta else delta * (size - 0.5 * delta)


def huber_slope(delta: float, r: float) -> float:
    """`r` moved into [-delta, delta]; nan for a negative delta."""
    return min(max(r, -delta), delta) if delta >= 0.0 and r == r else math.nan


def difference(x: float, y: float) -> float:
    """`x - y`, and 0 for two equal infinities."""
    return 0.0 if x == y else x - y


def logaddexp(x: float, y: float) -> float:
    """`log(exp(x) + exp(y))`."""
    return max(x, y) + math.log1p(math.exp(-abs(difference(x, y))))


def largest(*operands: float) -> float:
    """The largest; nan if one is nan."""
    for x in operands:
        if x != x:
            return x
    return max(operands)


def smallest(*operands: float) -> float:
    """The smallest; nan if one is nan."""
    for x in operands:
        if x != x:
            return x
    return min(operands)


def logsumexp(*operands: float) -> float:
    """`log(sum(exp(x)))`; the largest term is taken out, so that nothing overflows."""
    top = largest(*operands)
    if top - top != 0.0:
        return top
    return top + math.log1p(_fsum(-1.0, *[math.exp(x - top) for x in operands]))


def softmax(x: float, *others: float) -> float:
    """`exp(x)`, divided by the sum of all exponentials; equal infinities share."""
    top = largest(x, *others)
    if top != top:
        return top
    power = math.exp(difference(x, top))
    return power / _fsum(power, *[math.exp(difference(y, top)) for y in others])


def log_softmax(x: float, *others: float) -> float:
    """The logarithm of `softmax`, which keeps the digits of a share close to 1."""
    top = largest(x, *others)
    if top != top:
        return top
    distance = difference(x, top)
    return distance - math.log1p(
        _fsum(-1.0, math.exp(distance), *[math.exp(difference(y, top)) for y in others])
    )


def nonzero(x: float) -> float:
    """`x` itself, but infinite at 0."""
    return x if x != 0.0 else math.inf


def direction(x: float, y: float) -> float:
    """`x / hypot(x, y)`, the cosine of the angle of (x, y); 0 at the origin."""
    largest = max(abs(x), abs(y))
    if x != x or y != y or largest == 0.0:
        return x * y
    if largest == math.inf:
        return math.nan if abs(x) == abs(y) else math.copysign(float(abs(x) == math.inf), x)
    scale = 2.0**100 if largest < 2.0**500 else 0.5  # neither subnormal nor overflowing
    return x * scale / math.hypot(x * scale, y * scale)


def direction_among(x: float, *others: float) -> float:
    """`x` over the norm of all operands, which is scaled; 0 at the origin."""
    top = largest(abs(x), *[abs(y) for y in others])
    if top != top or top == 0.0:
        return top
    if top == math.inf:
        if abs(x) != math.inf:
            return math.copysign(0.0, x)
        for y in others:
            if abs(y) == math.inf:
                return math.nan
        return math.copysign(1.0, x)
    if top > 2.0**400:  # a small x must not lose its bits
        return x / _hypot(x * 2.0**-600, *[y * 2.0**-600 for y in others]) * 2.0**-600
    scale = 2.0**600 if top < 2.0**-400 else 1.0
    return x * scale / _hypot(x * scale, *[y * scale for y in others])


def distance(x: float, y: float) -> float:
    """`hypot(x, y)`, but infinite at the origin."""
    return math.inf if x == 0.0 and y == 0.0 else math.hypot(x, y)


def inversion(x: float, y: float) -> float:
    """`x / (x ** 2 + y ** 2)`, the inversion of (x, y) in the unit circle; nan at the origin."""
    largest = max(abs(x), abs(y))
    if x != x or y != y or largest == 0.0:
        return math.nan
    if largest == math.inf:
        return math.copysign(0.0, x)
    scale = 2.0**-600 if largest > 2.0**400 else 2.0**600 if largest < 2.0**-400 else 1.0
    x *= scale
    y *= scale
    return x * 2.0**100 / (x * x + y * y) * 2.0**-100 * scale  # the quotient is normal


def greater(x: float, y: float) -> float:
    """1 where x > y, otherwise 0; nan if either is nan."""
    return float(x > y) if x == x and y == y else math.nan


def copysign(x: float, y: float) -> float:
    """`x` with the sign of `y`; nan for nan, whose sign depends on the machine."""
    return math.copysign(x, y) if y == y else y


def exceeds(x: float, y: float) -> float:
    """1 where x > y, otherwise 0; nan counts as less than everything, and both nan give nan."""
    return math.nan if x != x and y != y else float(x > y or y != y)


def heaviside(x: float, h0: float) -> float:
    """0 below 0, `h0` at 0 and 1 above; nan for nan."""
    return x if x != x else h0 if x == 0.0 else float(x > 0.0)


def trunc(x: float) -> float:
    """The whole part of `x`."""
    return math.copysign(x - math.fmod(x, 1.0), x) if math.isfinite(x) else x


def floor(x: float) -> float:
    """The largest whole number that is not above `x`."""
    whole = trunc(x)
    return whole - 1.0 if whole > x else whole


def ceil(x: float) -> float:
    """The smallest whole number that is not below `x`."""
    return -floor(-x)


def defined(x: float, value: float) -> float:
    """`x` itself, or nan where `value` is nan."""
    return x if value == value else math.nan


def nonnegative(x: float) -> float:
    """`x` itself, or nan where it is negative; -0.0 becomes 0.0."""
    return x + 0.0 if x >= 0.0 else math.nan


def relu(x: float) -> float:
    """`max(x, 0)`; nan for nan."""
    return 0.0 if x <= 0.0 else x


def leaky_relu(x: float, slope: float = 0.01) -> float:
    """`x` where it is positive, otherwise `slope * x`; with slope 0 the same as `relu`."""
    if x <= 0.0:
        return slope * x if slope != 0.0 else 0.0
    return x


def identity(x: float) -> float:
    """`x` itself."""
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


def fmax(x: float, y: float) -> float:
    """The larger of the operands that are not nan."""
    return y if x != x else x if y != y else max(x, y)


def fmin(x: float, y: float) -> float:
    """The smaller of the operands that are not nan."""
    return y if x != x else x if y != y else min(x, y)


def clip(x: float, lower: float, upper: float) -> float:
    """`x` moved into [lower, upper]; `upper` where the two are crossed, as in NumPy."""
    return minimum(maximum(x, lower), upper)


def hard_tanh(x: float) -> float:
    """`x` moved into [-1, 1]."""
    return clip(x, -1.0, 1.0)


def where(condition: float, x: float, y: float) -> float:
    """`x` where the condition is true (not 0), otherwise `y`."""
    return x if condition != 0.0 else y
