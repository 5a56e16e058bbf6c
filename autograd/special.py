"""How special functions are computed on floats: those of normal numbers, gamma functions, erfinv.

These are kernels too, in the language of `autograd.kernels`, of which they call a few.
"""

import math

from autograd.kernels import _decayed, _fsum, _pow, _product_error, _sum_error, sin_pi

# --- Tools --------------------------------------------------------------------------------------


def _polynomial(x: float, *coefficients: float) -> float:
    """The polynomial with these coefficients, of which that of the highest power comes first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def _continued(x: float, value: float, *numerators: float) -> float:
    """`1 / (x + a / (x + b / (x + ...)))`, from the inside: its value there, then ..., b, a."""
    for numerator in numerators:
        value = 1.0 / (x + numerator * value)
    return value


# --- The normal distribution ---------------------------------------------------------------------


def _erfcx(x: float, error: float, correction: float) -> float:
    """`exp(y ** 2) * erfc(y) * (1 - correction)` for `y = x + error`, x from 0.5 on.

    `(1 + 2 * x) * exp(x ** 2) * erfc(x)` is close to a polynomial of `(x - 3.5) / (x + 2.5)`, which
    is from -1 to 1: the idea of Shepherd and Laframboise, Mathematics of Computation 36 (1981).
    """
    product = _polynomial(
        (x - 3.5) / (x + 2.5),
        -1.758776604748611e-10, 1.6016206432575034e-10, 2.1035733856415845e-09,
        -5.269399511694885e-10, -1.3850021811765551e-08, -7.047535213532136e-09,
        6.898246035465337e-08, 9.88411614734026e-08, -3.0037856309194624e-07,
        -8.089513023659347e-07, 1.300352446961034e-06, 5.783337803215547e-06,
        -7.071892042435781e-06, -4.116718852160905e-05, 6.401281045003443e-05,
        0.0002904648460476749, -0.0008848860959473378, -0.0011965769232149073,
        0.01258744651905673, -0.03662799043760799, 0.05674654966868336,
        -0.024899113240524604, -0.12000786868938808, 1.2423492448711544,
    )  # fmt: skip
    size = 1.0 + 2.0 * x
    value = product / size
    return value - value * (correction + (2.0 * (x + error) - (size - 1.0)) / size)


def erfc(x: float) -> float:
    """The complementary error function; C's can be 5 units off from 0.8 on."""
    if x < 0.5 or x != x:
        return math.erfc(x)
    if x > 30.0:
        return 0.0
    square = x * x
    return _decayed(_erfcx(x, 0.0, _product_error(x, x, square)), square)


def _density(factor: float, x: float) -> float:
    """A factor times the density of the standard normal distribution."""
    if abs(x) > 40.0:
        return 0.0
    square = x * x
    factor *= 0.3989422804014327
    return _decayed(factor - 0.5 * factor * _product_error(x, x, square), 0.5 * square)


def _erfcx_of_root(x: float, correction: float) -> float:
    """`exp(y ** 2) * erfc(y) * (1 - correction)` for `y = x / sqrt(2)`."""
    z = 0.7071067811865476 * x
    error = _product_error(0.7071067811865476, x, z) - 4.833646656726457e-17 * x
    return _erfcx(z, error, correction)


def _tail(factor: float, x: float) -> float:
    """A factor times the probability that a standard normal number is above `x`, at least 0."""
    if x > 40.0:
        return 0.0
    if x < 0.75:
        return 0.5 * factor * math.erfc(0.7071067811865476 * x)
    square = x * x
    scaled = _erfcx_of_root(x, 0.5 * _product_error(x, x, square))
    return _decayed(0.5 * factor * scaled, 0.5 * square)


def normal_density(x: float) -> float:
    """`exp(-x ** 2 / 2) / sqrt(2 * pi)`."""
    return _density(1.0, x)


def normal_moment(x: float) -> float:
    """`x * normal_density(x)`."""
    return _density(x, x)


def normal_density_bend(x: float) -> float:
    """`(x ** 2 - 1) * normal_density(x)`."""
    y = max(-40.0, min(40.0, x)) if x == x else x
    return _density((y - 1.0) * (y + 1.0), x)


def ndtr(x: float) -> float:
    """The probability that a standard normal number is below `x`."""
    return _tail(1.0, -x) if x < 0.0 else 1.0 - _tail(1.0, x)


def log_ndtr(x: float) -> float:
    """`log(ndtr(x))`; far to the left by the scaled erfc, which takes the exponential out."""
    if x > -1.0:
        return math.log1p(-_tail(1.0, x)) if x > 0.0 else math.log(ndtr(x))
    if x < -1e155:
        return -math.inf
    return -0.5 * x * x + math.log(0.5 * _erfcx_of_root(-x, 0.0))


def inverse_mills(x: float) -> float:
    """`normal_density(x) / ndtr(x)`, the inverse of Mills' ratio; about -x far to the left."""
    if x > -1.0 or x != x:
        return normal_density(x) / ndtr(x)
    return 0.7978845608028654 / _erfcx_of_root(-x, 0.0) if x > -1e9 else -x


def _third_ratio(y: float) -> float:
    """The third repeated integral of the normal density's tail over the second, y from 2.5 on.

    Such ratios are `r[n] = 1 / (y + (n + 1) * r[n + 1])`; Abramowitz and Stegun, 7.2.5.
    """
    return _continued(
        y, 2.0 / (y + math.sqrt(y * y + 242.0)), 60.0, 59.0, 58.0, 57.0, 56.0, 55.0, 54.0, 53.0,
        52.0, 51.0, 50.0, 49.0, 48.0, 47.0, 46.0, 45.0, 44.0, 43.0, 42.0, 41.0, 40.0, 39.0, 38.0,
        37.0, 36.0, 35.0, 34.0, 33.0, 32.0, 31.0, 30.0, 29.0, 28.0, 27.0, 26.0, 25.0, 24.0, 23.0,
        22.0, 21.0, 20.0, 19.0, 18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0,
        6.0, 5.0, 4.0,
    )  # fmt: skip


def inverse_mills_slope(x: float) -> float:
    """`-m * (x + m)` with `m = inverse_mills(x)`."""
    if x > -2.5 or x != x:
        return -_density(x + inverse_mills(x), x) / ndtr(x)
    second = 1.0 / (3.0 * _third_ratio(-x) - x)
    first = 1.0 / (2.0 * second - x)
    return first * (2.0 * second - first) - 1.0


def inverse_mills_bend(x: float) -> float:
    """`m * ((x + m) * (x + 2 * m) - 1)` with `m = inverse_mills(x)`."""
    if x > -2.5 or x != x:
        m = inverse_mills(x)
        return _density((x + m) * (x + 2.0 * m) - 1.0, x) / ndtr(x)
    third = _third_ratio(-x)
    second = 1.0 / (3.0 * third - x)
    first = 1.0 / (2.0 * second - x)
    return 2.0 * first * (3.0 * second * (third - first) + first * first)


# --- The GELU, whose approximation is `x * sigmoid(y)`, y = sqrt(8 / pi) * (x + 0.044715 * x ** 3)


def _gelu_decay(factor: float, x: float) -> float:
    """A factor times `exp(-abs(y))`, the roundings on the way to y undone."""
    x = min(abs(x), 30.0)
    square = x * x
    cubic = 0.07135481627260025 * square
    slope = 1.5957691216057308 + cubic
    y = slope * x
    error = _product_error(0.07135481627260025, square, cubic) - 9.96930880911092e-17
    error += 0.07135481627260025 * _product_error(x, x, square) - 6.175149918155315e-19 * square
    error += _sum_error(1.5957691216057308, cubic, slope)
    error = error * x + _product_error(slope, x, y)
    return _decayed(factor - factor * error, y)


def gelu_gate(x: float) -> float:
    """`sigmoid(y)`, about `ndtr(x)`."""
    e = _gelu_decay(1.0, x)
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


def gelu_gate_slope(x: float) -> float:
    """The derivative of `gelu_gate(x)`."""
    e = _gelu_decay(1.0, x)
    x = min(abs(x), 30.0)
    slope = 1.5957691216057308 + 0.21406444881780074 * x * x
    return _gelu_decay(slope, x) / (1.0 + e * (2.0 + e))


def gelu(x: float, approximate: float = False) -> float:
    """`x * ndtr(x)` or, approximately, `x * gelu_gate(x)`; below -40 it is -0.0."""
    if x >= 0.0:
        return x * (gelu_gate(x) if approximate != 0.0 else ndtr(x))
    x = max(x, -40.0)
    return _gelu_decay(x, x) / (1.0 + _gelu_decay(1.0, x)) if approximate != 0.0 else _tail(x, -x)


# --- The gamma function and what is made of it ---------------------------------------------------


def _from_whole(x: float) -> float:
    """`x` less the whole number next to it, exactly: in [-0.5, 0.5]."""
    rest = math.fmod(x, 1.0)
    return rest - math.copysign(1.0, x) if abs(rest) > 0.5 else rest


def _stirling(x: float) -> float:
    """Stirling's series, which his formula for `gammaln(x)` lacks: for x of at least 8."""
    series = _polynomial(
        1.0 / x / x,
        -0.029550653594771242,
        0.00641025641025641,
        -0.0019175269175269176,
        0.0008417508417508417,
        -0.0005952380952380953,
        0.0007936507936507937,
        -0.002777777777777778,
        0.08333333333333333,
    )
    return series / x


def _gammaln_arc(t: float) -> float:
    """`gammaln(1.5 + t)` for t in [-0.6, 0.75]: its zeros times an interpolated curve."""
    curve = _polynomial(
        t,
        1.1004884709020575e-06,
        -3.7769603445289413e-06,
        4.6081904822795964e-06,
        -2.8573541950457685e-06,
        4.406785670781445e-06,
        -1.0939477584279085e-05,
        1.816263217358641e-05,
        -2.6534542392714774e-05,
        4.1258042610630936e-05,
        -6.620563110520743e-05,
        0.00010574382437962845,
        -0.00016892713925474804,
        0.00027125885625652735,
        -0.0004379894760330282,
        0.0007115240625525248,
        -0.0011644150583658187,
        0.0019229160276485393,
        -0.003212074041523307,
        0.005446457848705667,
        -0.009425622449654298,
        0.016797098631107,
        -0.031308487500993104,
        0.06291140107456555,
        -0.14595989591430616,
        0.4831289505409809,
    )
    return (t - 0.5) * (t + 0.5) * curve


def _gammaln_to_8(x: float, *steps: float) -> float:
    """`gammaln(x)` for x in [1.25, 8]: as many of the steps down as it takes to 2.25."""
    factor = 1.0
    for step in steps:
        if x > 2.25:
            x -= step
            factor *= x
    return math.log(factor) + _gammaln_arc(x - 1.5)


def _gammaln(x: float) -> float:
    """`gammaln(x)` for x of at least -0.5; nan for nan."""
    if x >= 8.0:
        return (x - 0.5) * (math.log(x) - 1.0) + (0.4189385332046727 + _stirling(x))
    if x > 0.9:
        return _gammaln_to_8(x, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    if x > 0.0:
        return _gammaln_arc(x - 0.5) - math.log(x)
    return _gammaln_arc(x + 0.5) - math.log(-x * (1.0 + x)) if x != 0.0 else math.inf


def gammaln(x: float) -> float:
    """`log(abs(gamma(x)))`: infinite at the poles; by reflection where x is below -0.5."""
    if not x < -0.5:
        return _gammaln(x)
    if x == -math.inf:
        return math.nan
    wave = sin_pi(x)
    return -math.log(-x / math.pi * abs(wave)) - _gammaln(-x) if wave != 0.0 else math.inf


def _gammaln_fall(x: float, y: float, *steps: float) -> float:
    """`gammaln(x) - gammaln(x + y)` for positive x and y; x is taken beyond 8 by the steps."""
    shifted = x
    gained = 0.0
    if x < 8.0:
        gained = _fsum(*[math.log1p(y / (x + step)) for step in steps])
        shifted = x + 8.0
    total = shifted + y
    ends = _stirling(shifted) - _stirling(total)
    logarithms = (total - 0.5) * math.log1p(y / shifted) + y * (math.log(shifted) - 1.0)
    return gained + (ends - logarithms)


def _factorial(n: float, *factors: float) -> float:
    """The product of those factors that are at most `n`."""
    product = 1.0
    for factor in factors:
        product *= factor if factor <= n else 1.0
    return product


def _power_fall(exponent: float, logarithm: float) -> float:
    """`1 - (1 + y / x) ** -exponent`, where the logarithm is that of 1 + y / x."""
    return -math.expm1(-exponent * logarithm)


def _ratio_power(root: float, rest: float, x: float, error: float, n: float) -> float:
    """`((root + rest) / (x + error)) ** n`, the rounding of the quotient undone."""
    ratio = root / x
    if n == 0.0 or not 2.0**-600 < x < 2.0**600:
        return _pow(ratio, n)
    product = ratio * x
    lost = (root - product) - _product_error(ratio, x, product)
    return _pow(ratio, n) * math.exp(n * ((lost + rest) / root - error / x))


def _zeta_term(n: float, x: float, step: float, y: float, root: float, rest: float) -> float:
    """`(root + rest) ** n * (z ** -(n + 1) - (z + y) ** -(n + 1))` with z = x + step."""
    z = x + step
    error = _sum_error(x, step, z)
    power = _ratio_power(root, rest, z, error, n)
    return power * (1.0 - error / z) * _power_fall(n + 1.0, math.log1p(y / z)) / z


def _zeta_rest(n: float, x: float, y: float, root: float, rest: float, *weights: float) -> float:
    """The sum of these terms over z = x, x + 1, ..., for x of at least n + 16.

    By Euler and Maclaurin; the weights are Bernoulli's numbers over factorials.
    """
    power = _ratio_power(root, rest, x, 0.0, n)
    if power == 0.0:
        return 0.0
    logarithm = math.log1p(y / x)
    total = 0.5 * _power_fall(n + 1.0, logarithm)
    rising = (n + 1.0) / x
    k = n + 2.0
    for weight in weights:
        total += weight * rising * _power_fall(k, logarithm)
        rising *= k / x * ((k + 1.0) / x)
        k += 2.0
    return power * ((_power_fall(n, logarithm) / n if n != 0.0 else logarithm) + total / x)


def _zeta_sum(n: float, x: float, y: float, root: float, rest: float, *steps: float) -> float:
    """The same sum for any positive x: its first 12 terms one by one, then the others."""
    start = x if x >= n + 16.0 else x + 12.0
    others = _zeta_rest(
        n,
        start,
        y,
        root,
        rest,
        0.08333333333333333,
        -0.001388888888888889,
        3.306878306878307e-05,
        -8.267195767195768e-07,
        2.08767569878681e-08,
        -5.284190138687493e-10,
        1.3382536530684679e-11,
        -3.3896802963225827e-13,
        8.586062056277845e-15,
        -2.174868698558062e-16,
    )
    if start == x:
        return others
    first = _zeta_term(n, x, 0.0, y, root, rest)
    if first == math.inf:
        return first
    return _fsum(others, first, *[_zeta_term(n, x, step, y, root, rest) for step in steps])


def _zeta_fall(n: float, x: float, y: float) -> float:
    """`n!` times that sum, which but for its sign is polygamma(n, x) - polygamma(n, x + y).

    A factorial that may overflow is put into the powers, by Stirling's formula.
    """
    root = 1.0
    rest = 0.0
    scale = _factorial(n, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    if n > 8.0:
        root = n * 0.36787944117144233
        rest = _product_error(n, 0.36787944117144233, root) - n * 1.2428753672788363e-17
        scale = math.sqrt(2.0 * math.pi * n) * math.exp(_stirling(n))
    total = _zeta_sum(n, x, y, root, rest, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0)
    return scale * total


def _digamma(x: float) -> float:
    """`digamma(x)` for positive x: below 16 by the distance from its zero."""
    if x >= 16.0:
        series = _polynomial(
            1.0 / x / x,
            -0.08333333333333333,
            0.021092796092796094,
            -0.007575757575757576,
            0.004166666666666667,
            -0.003968253968253968,
            0.008333333333333333,
            -0.08333333333333333,
        )
        return math.log(x) + (series / x - 0.5) / x
    y = (x - 1.4616321449683622) - 9.549995429965697e-17
    if y > 0.0:
        return _zeta_fall(0.0, 1.4616321449683622, y)
    return -_zeta_fall(0.0, x, -y)


def _pi_cot(x: float) -> float:
    """`pi * cot(pi * x)` for x in [-0.5, 0.5]."""
    if abs(x) <= 0.25:
        return math.pi / math.tan(math.pi * x)
    return math.copysign(math.pi * math.tan(math.pi * (0.5 - abs(x))), x)


def digamma(x: float) -> float:
    """The derivative of gammaln(x): at -0.0 and 0.0 its limits, nan at the other poles."""
    if x == 0.0:
        return -math.copysign(math.inf, x)
    if not x < 0.0:
        return _digamma(x)
    rest = _from_whole(x) if x > -math.inf else 0.0
    if rest == 0.0:
        return math.nan
    return _digamma(1.0 - x) - _pi_cot(rest)


def polygamma_difference(n: float, x: float, y: float) -> float:
    """`polygamma(n, x) - polygamma(n, x + y)`, nan unless x and y are at least 0."""
    if not 0.0 <= n <= 2.0**53 or math.fmod(n, 1.0) != 0.0 or not x >= 0.0 or not y >= 0.0:
        return math.nan
    sign = 1.0 if math.fmod(n, 2.0) == 1.0 else -1.0
    if x == 0.0:
        return sign * math.inf
    if y == 0.0:
        return 0.0
    unit = 2.0**-200 if y < 2.0**-830 and x > 2.0**-160 else 1.0  # of a y that may be subnormal
    return sign * _zeta_fall(n, x, y / unit) * unit  # so small that this is linear


def polygamma(n: float, x: float) -> float:
    """The derivative of digamma(x) of order n, nan unless n is a whole number of at most 2 ** 53.

    For negative x by reflection: the sum of `(x + k) ** -(n + 1)` over all k is periodic.
    """
    if not 0.0 <= n <= 2.0**53 or math.fmod(n, 1.0) != 0.0 or x == -math.inf:
        return math.nan
    if n == 0.0:
        return digamma(x)
    sign = 1.0 if math.fmod(n, 2.0) == 1.0 else -1.0
    if x == 0.0:
        return math.inf if sign > 0.0 else -math.copysign(math.inf, x)
    if not x < 0.0:
        return sign * _zeta_fall(n, x, math.inf)
    rest = _from_whole(x)
    size = abs(rest)
    if rest == 0.0:
        return math.inf if sign > 0.0 else math.nan
    if sign > 0.0:
        return _zeta_fall(n, size, math.inf) + _zeta_fall(n, 1.0 - size, size - x)
    near = math.copysign(_zeta_fall(n, size, 1.0 - 2.0 * size), rest)
    return -near - (_zeta_fall(n, 1.0 - x, math.inf) if math.isfinite(near) else 0.0)


def betaln(x: float, y: float) -> float:
    """`gammaln(x) + gammaln(y) - gammaln(x + y)`, nan unless both are positive; inf at 0.

    Large terms would cancel (DiDonato and Morris 1992, TOMS 708): the small operand is added to
    what the large one and the sum leave.
    """
    if not x >= 0.0 or not y >= 0.0:
        return math.nan
    low = min(x, y)
    high = max(x, y)
    total = low + high
    if low == 0.0 and high == math.inf:
        return math.nan
    if low == 0.0 or high == math.inf:
        return math.inf if low == 0.0 else -math.inf
    if total < 4.0:
        slope = _sum_error(high, low, total) * _digamma(total)
        return _gammaln(low) + (_gammaln(high) - _gammaln(total) - slope)
    if low < 8.0:
        return _gammaln(low) + _gammaln_fall(high, low, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    ends = 0.9189385332046728 + _stirling(low) + _stirling(high) - _stirling(total)
    logarithms = (low - 0.5) * math.log1p(high / low) + high * math.log1p(low / high)
    return ends - 0.5 * math.log(high) - logarithms


# --- The inverse of the error function -----------------------------------------------------------


def _erfinv_step(x: float, y: float) -> float:
    """The step of Newton's method from `x` to `erfinv(y)`, for positive numbers."""
    error = y - math.erf(x) if y < 0.5 else math.erfc(x) - (1.0 - y)
    return 0.886226925452758 * error * math.exp(x * x)


def erfinv(y: float) -> float:
    """The inverse of `erf`: Halley's method, from the approximation of Winitzki (2008)."""
    size = abs(y)
    if not size < 1.0:
        return math.copysign(math.inf, y) if size == 1.0 else math.nan
    if size < 2.0**-27:
        return 0.886226925452758 * y
    logarithm = math.log1p(-size) + math.log1p(size)
    half = 4.330746750799873 + 0.5 * logarithm
    square = -logarithm / 0.147
    x = math.sqrt(square / (math.sqrt(half * half + square) + half))
    step = _erfinv_step(x, size)
    x += step / (1.0 - x * step)
    step = _erfinv_step(x, size)
    x += step / (1.0 - x * step)
    step = _erfinv_step(x, size)
    return math.copysign(x + step / (1.0 - x * step), y)


def erfinv_slope(y: float) -> float:
    """`sqrt(pi) / 2 * exp(erfinv(y) ** 2)`, the roundings of the inverse and the square undone."""
    size = abs(y)
    if not size < 1.0:
        return math.inf if size == 1.0 else math.nan
    x = erfinv(size)
    square = x * x
    error = _product_error(x, x, square) + 2.0 * x * _erfinv_step(x, size)
    slope = 0.886226925452758 * math.exp(square)
    return slope + slope * (error - 4.325408677736948e-17)
