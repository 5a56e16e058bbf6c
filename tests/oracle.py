"""Every operation and its partial derivatives at 50 digits, written anew for mpmath.

The formulas are chosen so that 50 digits are enough at any doubles: `test_ops.py` compares them
with themselves at more digits, and the derivatives among them with numerical differentiation.
Where mpmath gives up on numbers that are too large for it, the error says which truth it was.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mpf

mpmath.mp.dps = 50


def _cbrt(x: mpf) -> mpf:
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


def _hypot(x: mpf, y: mpf) -> mpf:
    return mpmath.sqrt(x * x + y * y)


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def _softplus(x: mpf) -> mpf:
    return max(x, mpf(0)) + mpmath.log1p(mpmath.exp(-abs(x)))


def _logsumexp(*xs: mpf) -> mpf:
    rest = sorted(xs)
    top = rest.pop()
    return top + mpmath.log1p(mpmath.fsum(mpmath.exp(x - top) for x in rest))


def _dot(*xs: mpf) -> mpf:
    with mpmath.workprec(5000):  # enough for any cancellation
        pairs = zip(xs[: len(xs) // 2], xs[len(xs) // 2 :], strict=True)
        total = mpmath.fsum(a * b for a, b in pairs)
    return +total


def _softmax(index: int, xs: tuple[mpf, ...]) -> mpf:
    return 1 / mpmath.fsum(mpmath.exp(x - xs[index]) for x in xs)


def _others(*xs: mpf) -> mpf:
    """What the first leaves to the others."""
    return mpmath.fsum(_softmax(i, xs) for i in range(1, len(xs)))


def _log_softmax(x: mpf, *xs: mpf) -> mpf:
    top = max(x, *xs)
    powers = [mpmath.exp(other - top) for other in (x, *xs)]
    powers.remove(1)
    return x - top - mpmath.log1p(mpmath.fsum(powers))


def _norm(*xs: mpf) -> mpf:
    return mpmath.sqrt(mpmath.fsum(x * x for x in xs))


def _ties(extreme: mpf, xs: tuple[mpf, ...]) -> list[mpf]:
    return [mpf(x == extreme) / xs.count(extreme) for x in xs]


def _log_derivative(x: mpf, base: Any = mpmath.e) -> mpf:
    return 1 / (x * mpmath.log(base))


def _power(x: mpf, y: mpf) -> mpf:
    return mpmath.power(x, y)


def _half(x: mpf, y: mpf) -> mpf:
    return mpf(1) if x > y else mpf(0) if x < y else mpf(1) / 2


def _asinh(x: mpf) -> mpf:
    a = abs(x)
    return mpmath.sign(x) * mpmath.log1p(a + a * a / (1 + mpmath.sqrt(1 + a * a)))


def _atanh(x: mpf) -> mpf:
    return mpmath.log1p(2 * x / (1 - x)) / 2


def _acosh(x: mpf) -> mpf:
    return mpmath.log1p((x - 1) + mpmath.sqrt((x - 1) * (x + 1)))


def _tanh(x: mpf) -> mpf:
    e = mpmath.expm1(2 * abs(x))
    return mpmath.sign(x) * e / (e + 2)


def _sech2(x: mpf) -> mpf:
    return 1 / mpmath.cosh(x) ** 2


def erfc(x: mpf) -> mpf:
    """mpmath's, and its asymptote where the square of `x`, which that computes, is no double."""
    if x < mpf(10) ** 100:
        return mpmath.erfc(x)
    return mpmath.exp(-x * x) / (x * mpmath.sqrt(mpmath.pi)) * _asymptotic(2 * x * x)


def _asymptotic(square: mpf) -> mpf:
    """`1 - 1 / square + 3 / square ** 2 - 15 / square ** 3 + ...`"""
    total = term = mpf(1)
    count = 1
    while abs(term) > mpmath.eps:
        term *= -count / square
        total += term
        count += 2
    return total


def ndtr(x: mpf) -> mpf:
    """The distribution function of the standard normal distribution, for any double."""
    return erfc(-x / mpmath.sqrt(2)) / 2


def _mills(formula: Any) -> Any:
    """A formula of `x` and the inverse of Mills' ratio, with as many digits as cancel in it."""

    def function(x: mpf) -> mpf:
        more = 50 + 9 * int(mpmath.log10(1 + abs(x)))
        with mpmath.workdps(mpmath.mp.dps + more):
            if x < -1000:
                result = formula(x, -x / _asymptotic(x * x))
            else:
                result = formula(x, mpmath.npdf(x) / ndtr(x))
        return +result

    return function


LOG_NDTR = [
    lambda x: mpmath.log(ndtr(x)) if x < 0 else mpmath.log1p(-ndtr(-x)),
    _mills(lambda x, m: m),
    _mills(lambda x, m: -m * (x + m)),
    _mills(lambda x, m: m * ((x + m) * (x + 2 * m) - 1)),
    _mills(lambda x, m: -m * (6 * m**3 + 12 * m * m * x + 7 * m * x * x - 4 * m + x**3 - 3 * x)),
]
"""The logarithm of the normal distribution function, and its derivatives of order 1 to 4."""


def _silu_slope(x: mpf) -> mpf:
    return _sigmoid(x) * (1 + x * _sigmoid(-x))


CUBIC = mpf("0.044715")  # of the GELU's approximation


def _gelu_gate(x: mpf) -> mpf:
    return _sigmoid(mpmath.sqrt(8 / mpmath.pi) * (x + CUBIC * x**3))


def _gelu_gate_slope(x: mpf) -> mpf:
    return _gelu_gate(x) * _gelu_gate(-x) * mpmath.sqrt(8 / mpmath.pi) * (1 + 3 * CUBIC * x * x)


def _gelu_gate_bend(x: mpf) -> mpf:
    inner = mpmath.sqrt(2 / mpmath.pi) * (x + CUBIC * x**3)
    slope = mpmath.sqrt(8 / mpmath.pi) * (1 + 3 * CUBIC * x * x)
    curve = 6 * CUBIC * x / (1 + 3 * CUBIC * x * x)
    return _gelu_gate_slope(x) * (curve - slope * _tanh(inner))


SELU_SCALE = mpf("1.0507009873554804934193349852946")
SELU_ALPHA = mpf("1.6732632423543772848170429916717")


def _elu(x: mpf, alpha: mpf) -> mpf:
    return x if x > 0 else alpha * mpmath.expm1(x)


def _elu_slope(x: mpf, alpha: mpf) -> mpf:
    if x == 0:
        return min(max(alpha, mpf(0)), mpf(1))
    return mpf(1) if x > 0 else alpha * mpmath.exp(x)


def _below_zero(value: Any) -> Any:
    return lambda x, alpha: value(x, alpha) if x < 0 else mpf(0)


def _gammaln(x: mpf) -> mpf:
    if x > 0:
        return mpmath.loggamma(x)
    return mpmath.log(mpmath.pi / abs(mpmath.sinpi(x))) - mpmath.loggamma(1 - x)


def psi(n: mpf, x: mpf) -> mpf:
    """The polygamma function of a whole number n, nan of others.

    By its asymptotic series where `x` is large, to which recurrence leads; by reflection where it
    is negative. (mpmath's has an absolute error only, and not all negative numbers.)
    """
    order = int(n) if mpmath.isfinite(n) else -1
    if order < 0 or order != n:
        return mpmath.nan
    sign = (-1) ** (order + 1)
    if x <= 0:
        return -sign * psi(n, 1 - x) - _cot_derivative(order, x)
    return sign * _zeta(order, x, mpmath.mp.dps + 10)


@functools.lru_cache(1000)
def _zeta(order: int, x: mpf, precise: int) -> mpf:
    total = mpf(0)
    with mpmath.workdps(precise):
        while x < precise + order:
            total += x ** -(order + 1)
            x = x + 1
        total += x ** -(order + 1) / 2 + (x**-order / order if order else -mpmath.log(x))
        k, term, factor = 2, total, mpf(order + 1) / 2 / x ** (order + 2)
        while abs(term) > abs(total) * mpf(10) ** -precise:
            term = mpmath.bernoulli(k) * factor
            factor *= mpf((k + order) * (k + order + 1)) / ((k + 1) * (k + 2)) / x**2
            total, k = total + term, k + 2
        return total * mpmath.factorial(order)


def _cot_derivative(order: int, x: mpf) -> mpf:
    """The derivative of `pi * cot(pi * x)`, a polynomial of cotangents."""
    coefficients = [mpf(0), mpmath.pi]
    for _ in range(order):
        slopes = [k * c for k, c in enumerate(coefficients)][1:] + [mpf(0)] * 2
        coefficients = [
            -mpmath.pi * (c + (slopes[k - 2] if k > 1 else 0)) for k, c in enumerate(slopes)
        ]
    return mpmath.polyval(coefficients[::-1], mpmath.cospi(x) / mpmath.sinpi(x))


def _betaln(x: mpf, y: mpf) -> mpf:
    low, high = min(x, y), max(x, y)
    if high > mpf(10) ** 100 * (1 + low):
        return mpmath.loggamma(low) - low * mpmath.log(high)
    with mpmath.workdps(mpmath.mp.dps + 150):
        return mpmath.loggamma(low) + mpmath.loggamma(high) - mpmath.loggamma(low + high)


def _psi_difference(n: mpf, x: mpf, y: mpf) -> mpf:
    if y < x * mpf(10) ** -60:
        return -y * psi(n + 1, x + y / 2)
    with mpmath.workdps(mpmath.mp.dps + 80):
        return psi(n, x) - psi(n, x + y)


def _erfinv_slope(x: mpf) -> mpf:
    return mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(mpmath.erfinv(x) ** 2)


def _floored(x: mpf, y: mpf) -> mpf:
    """The quotient rounded down, with all its digits."""
    if mpmath.isinf(y):
        return mpf(-1 if x * mpmath.sign(y) < 0 else 0)
    with mpmath.workprec(5000):
        return mpmath.floor(x / y)


def _truncated(x: mpf, y: mpf) -> mpf:
    """The quotient without its fraction, with all its digits."""
    with mpmath.workprec(5000):
        return mpmath.sign(x) * mpmath.sign(y) * _floored(abs(x), abs(y))


def _remainder(x: mpf, y: mpf, quotient: mpf) -> mpf:
    with mpmath.workprec(5000):
        return x - y * quotient


def _clip(x: mpf, a: mpf, b: mpf) -> mpf:
    return min(max(x, a), b)


def _xlog(x: mpf, log: mpf) -> mpf:
    return x * log if x else mpf(0)


def _log1mexp(x: mpf) -> mpf:
    return mpmath.log(-mpmath.expm1(-x)) if x < 1 else mpmath.log1p(-mpmath.exp(-x))


def sinc_derivative(n: mpf, x: mpf) -> mpf:
    """Of the order that is the whole part of `n`: by the power series of sinc, or, further out, by
    differentiating `x * sinc(x)` again and again.
    """
    order = int(n)
    if mpmath.isinf(x):
        return mpf(0)
    with mpmath.workdps(150):
        if abs(x) > 30 or (x and not order and x == int(x)):
            waves = (mpmath.sinpi(x), mpmath.cospi(x))
            result = mpf(0)
            for k in range(order + 1):
                wave = waves[k % 2] * (-1 if k % 4 > 1 else 1)
                result = (mpmath.pi ** (k - 1) * wave - k * result) / x
            return result
        t, terms = mpmath.pi * x, []
        for k in range((order + 1) // 2, 300):
            power = t ** (2 * k - order) / mpmath.factorial(2 * k - order)
            terms.append((-1) ** k * power / (2 * k + 1))
        return mpmath.pi**order * mpmath.fsum(terms)


Function = Callable[..., Any]

FUNCTIONS: dict[str, tuple[Function, list[Function]]] = {
    "add": (lambda x, y: x + y, [lambda x, y: mpf(1), lambda x, y: mpf(1)]),
    "subtract": (lambda x, y: x - y, [lambda x, y: mpf(1), lambda x, y: mpf(-1)]),
    "multiply": (lambda x, y: x * y, [lambda x, y: y, lambda x, y: x]),
    "divide": (lambda x, y: x / y, [lambda x, y: 1 / y, lambda x, y: -x / y**2]),
    "floor_divide": (_floored, [lambda x, y: mpf(0), lambda x, y: mpf(0)]),
    "mod": (
        lambda x, y: _remainder(x, y, _floored(x, y)),
        [lambda x, y: mpf(1), lambda x, y: -_floored(x, y)],
    ),
    "fmod": (
        lambda x, y: _remainder(x, y, _truncated(x, y)),
        [lambda x, y: mpf(1), lambda x, y: -_truncated(x, y)],
    ),
    "power": (
        _power,
        [lambda x, y: y * _power(x, y - 1), lambda x, y: _power(x, y) * mpmath.log(x)],
    ),
    "reciprocal": (lambda x: 1 / x, [lambda x: -1 / x**2]),
    "negative": (lambda x: -x, [lambda x: mpf(-1)]),
    "abs": (abs, [mpmath.sign]),
    "square": (lambda x: x * x, [lambda x: 2 * x]),
    "sqrt": (mpmath.sqrt, [lambda x: 1 / (2 * mpmath.sqrt(x))]),
    "cbrt": (_cbrt, [lambda x: 1 / (3 * _cbrt(x) ** 2)]),
    "hypot": (_hypot, [lambda x, y: x / _hypot(x, y), lambda x, y: y / _hypot(x, y)]),
    "exp": (mpmath.exp, [mpmath.exp]),
    "exp2": (lambda x: _power(mpf(2), x), [lambda x: _power(mpf(2), x) * mpmath.log(2)]),
    "expm1": (mpmath.expm1, [mpmath.exp]),
    "log": (mpmath.log, [_log_derivative]),
    "log1p": (mpmath.log1p, [lambda x: 1 / (1 + x)]),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), [lambda x: _log_derivative(x, 2)]),
    "log10": (lambda x: mpmath.log(x) / mpmath.log(10), [lambda x: _log_derivative(x, 10)]),
    "logaddexp": (
        _logsumexp,
        [lambda x, y: _softmax(0, (x, y)), lambda x, y: _softmax(1, (x, y))],
    ),
    "xlogy": (
        lambda x, y: _xlog(x, mpmath.log(y)),
        [lambda x, y: mpmath.log(y), lambda x, y: x / y],
    ),
    "xlog1py": (
        lambda x, y: _xlog(x, mpmath.log1p(y)),
        [lambda x, y: mpmath.log1p(y), lambda x, y: x / (1 + y)],
    ),
    "entr": (lambda x: -_xlog(x, mpmath.log(x)), [lambda x: -1 - mpmath.log(x)]),
    "logit": (lambda x: mpmath.log(x) - mpmath.log1p(-x), [lambda x: 1 / (x * (1 - x))]),
    "log1mexp": (_log1mexp, [lambda x: 1 / mpmath.expm1(x)]),
    "sin": (mpmath.sin, [mpmath.cos]),
    "cos": (mpmath.cos, [lambda x: -mpmath.sin(x)]),
    "tan": (mpmath.tan, [lambda x: 1 / mpmath.cos(x) ** 2]),
    "asin": (mpmath.asin, [lambda x: 1 / mpmath.sqrt(1 - x * x)]),
    "acos": (mpmath.acos, [lambda x: -1 / mpmath.sqrt(1 - x * x)]),
    "atan": (mpmath.atan, [lambda x: 1 / (1 + x * x)]),
    "atan2": (
        mpmath.atan2,
        [lambda y, x: x / (x * x + y * y), lambda y, x: -y / (x * x + y * y)],
    ),
    "sinc": (lambda x: sinc_derivative(mpf(0), x), [lambda x: sinc_derivative(mpf(1), x)]),
    "deg2rad": (lambda x: x * mpmath.pi / 180, [lambda x: mpmath.pi / 180]),
    "rad2deg": (lambda x: x * 180 / mpmath.pi, [lambda x: 180 / mpmath.pi]),
    "sinh": (lambda x: (mpmath.expm1(x) - mpmath.expm1(-x)) / 2, [mpmath.cosh]),
    "cosh": (mpmath.cosh, [lambda x: (mpmath.expm1(x) - mpmath.expm1(-x)) / 2]),
    "tanh": (_tanh, [_sech2]),
    "asinh": (_asinh, [lambda x: 1 / mpmath.sqrt(1 + x * x)]),
    "acosh": (_acosh, [lambda x: 1 / mpmath.sqrt((x - 1) * (x + 1))]),
    "atanh": (_atanh, [lambda x: 1 / ((1 - x) * (1 + x))]),
    "sigmoid": (_sigmoid, [lambda x: _sigmoid(x) * _sigmoid(-x)]),
    "softplus": (_softplus, [_sigmoid]),
    "log_sigmoid": (lambda x: -_softplus(-x), [lambda x: _sigmoid(-x)]),
    "erf": (mpmath.erf, [lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)]),
    "erfinv": (mpmath.erfinv, [_erfinv_slope]),
    "erfinv_slope": (_erfinv_slope, [lambda x: 2 * mpmath.erfinv(x) * _erfinv_slope(x) ** 2]),
    "gammaln": (_gammaln, [lambda x: psi(mpf(0), x)]),
    "digamma": (lambda x: psi(mpf(0), x), [lambda x: psi(mpf(1), x)]),
    "polygamma": (psi, [lambda n, x: mpmath.nan, lambda n, x: psi(n + 1, x)]),
    "betaln": (
        _betaln,
        [lambda x, y: _psi_difference(mpf(0), x, y), lambda x, y: _psi_difference(mpf(0), y, x)],
    ),
    "polygamma_difference": (
        _psi_difference,
        [
            lambda n, x, y: mpmath.nan,
            lambda n, x, y: _psi_difference(n + 1, x, y),
            lambda n, x, y: -psi(n + 1, x + y),
        ],
    ),
    "erfc": (erfc, [lambda x: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)]),
    "ndtr": (ndtr, [mpmath.npdf]),
    "log_ndtr": (LOG_NDTR[0], [LOG_NDTR[1]]),
    "normal_density": (mpmath.npdf, [lambda x: -x * mpmath.npdf(x)]),
    "normal_moment": (
        lambda x: x * mpmath.npdf(x),
        [lambda x: (1 - x) * (1 + x) * mpmath.npdf(x)],
    ),
    "normal_density_bend": (
        lambda x: (x - 1) * (x + 1) * mpmath.npdf(x),
        [lambda x: x * (3 - x * x) * mpmath.npdf(x)],
    ),
    "inverse_mills": (LOG_NDTR[1], [LOG_NDTR[2]]),
    "inverse_mills_slope": (LOG_NDTR[2], [LOG_NDTR[3]]),
    "inverse_mills_bend": (LOG_NDTR[3], [LOG_NDTR[4]]),
    "silu": (lambda x: x * _sigmoid(x), [_silu_slope]),
    "gelu": (
        lambda x, approximate: x * (_gelu_gate(x) if approximate else ndtr(x)),
        [
            lambda x, approximate: (
                _gelu_gate(x) + x * _gelu_gate_slope(x)
                if approximate
                else ndtr(x) + x * mpmath.npdf(x)
            ),
            lambda x, approximate: mpf(0),
        ],
    ),
    "gelu_gate": (_gelu_gate, [_gelu_gate_slope]),
    "gelu_gate_slope": (_gelu_gate_slope, [_gelu_gate_bend]),
    "elu": (_elu, [_elu_slope, _below_zero(lambda x, alpha: mpmath.expm1(x))]),
    "elu_slope": (
        _elu_slope,
        [_below_zero(_elu_slope), _below_zero(lambda x, alpha: mpmath.exp(x))],
    ),
    "selu": (
        lambda x: SELU_SCALE * _elu(x, SELU_ALPHA),
        [lambda x: SELU_SCALE * _elu_slope(x, SELU_ALPHA)],
    ),
    "softsign": (lambda x: x / (1 + abs(x)), [lambda x: 1 / (1 + abs(x)) ** 2]),
    "softsign_slope": (
        lambda x: 1 / (1 + abs(x)) ** 2,
        [lambda x: -2 * mpmath.sign(x) / (1 + abs(x)) ** 3],
    ),
    "softsign_bend": (
        lambda x: -2 * mpmath.sign(x) / (1 + abs(x)) ** 3,
        [lambda x: 6 / (1 + abs(x)) ** 4],
    ),
    "huber": (
        lambda delta, r: r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2),
        [lambda delta, r: max(abs(r) - delta, mpf(0)), lambda delta, r: _clip(r, -delta, delta)],
    ),
    "huber_slope": (
        lambda delta, r: _clip(r, -delta, delta),
        [lambda delta, r: mpmath.sign(r) * (abs(r) > delta), lambda delta, r: mpf(abs(r) < delta)],
    ),
    "hard_tanh": (lambda x: _clip(x, mpf(-1), mpf(1)), [lambda x: mpf(-1 < x < 1)]),
    "relu": (lambda x: max(x, mpf(0)), [lambda x: mpf(x > 0)]),
    "leaky_relu": (
        lambda x, a: x if x > 0 else a * x,
        [lambda x, a: mpf(1) if x > 0 else a, lambda x, a: min(x, mpf(0))],
    ),
    "maximum": (max, [_half, lambda x, y: _half(y, x)]),
    "minimum": (min, [lambda x, y: _half(y, x), _half]),
    "fmax": (max, [_half, lambda x, y: _half(y, x)]),
    "fmin": (min, [lambda x, y: _half(y, x), _half]),
    "clip": (
        _clip,
        [
            lambda x, a, b: mpf(a < x < b),
            lambda x, a, b: mpf(x <= a) * _half(b, a),
            lambda x, a, b: 1 - mpf(a < x < b) - mpf(x <= a) * _half(b, a),
        ],
    ),
    "where": (
        lambda c, x, y: x if c else y,
        [lambda c, x, y: mpf(0), lambda c, x, y: mpf(c != 0), lambda c, x, y: mpf(c == 0)],
    ),
    "sign": (mpmath.sign, [lambda x: mpf(0)]),
    "copysign": (  # mpmath has no negative zero, but the sign of the result is that of y
        lambda x, y: abs(x) if y >= 0 else -abs(x),
        [lambda x, y: mpmath.sign(x) * (1 if y >= 0 else -1), lambda x, y: mpf(0)],
    ),
    "heaviside": (
        lambda x, h0: h0 if x == 0 else mpf(x > 0),
        [lambda x, h0: mpf(0), lambda x, h0: mpf(x == 0)],
    ),
    "floor": (mpmath.floor, [lambda x: mpf(0)]),
    "ceil": (mpmath.ceil, [lambda x: mpf(0)]),
    "trunc": (lambda x: mpmath.sign(x) * mpmath.floor(abs(x)), [lambda x: mpf(0)]),
    "exceeds": (lambda x, y: mpf(x > y), [lambda x, y: mpf(0), lambda x, y: mpf(0)]),
    "greater": (lambda x, y: mpf(x > y), [lambda x, y: mpf(0), lambda x, y: mpf(0)]),
    "nonnegative": (lambda x: x, [lambda x: mpf(1)]),
    "defined": (lambda x, value: x, [lambda x, value: mpf(1), lambda x, value: mpf(0)]),
    "round": (lambda x, ndigits: mpmath.nint(x), [lambda x, n: mpf(0)] * 2),
    "nonzero": (lambda x: x if x else mpf("inf"), [lambda x: mpf(1)]),
    "stop_gradient": (lambda x: x, [lambda x: mpf(0)]),
    "identity": (lambda x: x, [lambda x: mpf(1)]),
    "difference": (lambda x, y: x - y, [lambda x, y: mpf(1), lambda x, y: mpf(-1)]),
    "sech2": (_sech2, [lambda x: -2 * _sech2(x) * _tanh(x)]),
    "gaussian": (lambda x: mpmath.exp(-x * x), [lambda x: -2 * x * mpmath.exp(-x * x)]),
    "bounded": (lambda x: max(min(x, mpf(30)), mpf(-30)), [lambda x: mpf(1)]),
    "sinc_derivative": (
        sinc_derivative,
        [lambda n, x: mpf(0), lambda n, x: sinc_derivative(n + 1, x)],
    ),
    "ratio": (lambda x, y: x / y, [lambda x, y: 1 / y, lambda x, y: -x / y**2]),
    "log_or_limit": (mpmath.log, [lambda x: 1 / x]),
    "log1p_or_limit": (mpmath.log1p, [lambda x: 1 / (1 + x)]),
    "entr_slope": (lambda x: -1 - mpmath.log(x), [lambda x: -1 / x]),
    "logit_slope": (
        lambda x: 1 / (x * (1 - x)),
        [lambda x: (2 * x - 1) / (x * (1 - x)) ** 2],
    ),
    "log1mexp_slope": (
        lambda x: 1 / mpmath.expm1(x),
        [lambda x: -mpmath.exp(x) / mpmath.expm1(x) ** 2],
    ),
    "asin_slope": (
        lambda x: 1 / mpmath.sqrt((1 - x) * (1 + x)),
        [lambda x: x / mpmath.sqrt((1 - x) * (1 + x)) ** 3],
    ),
    "acosh_slope": (
        lambda x: 1 / mpmath.sqrt((x - 1) * (x + 1)),
        [lambda x: -x / mpmath.sqrt((x - 1) * (x + 1)) ** 3],
    ),
    "atanh_slope": (
        lambda x: 1 / ((1 - x) * (1 + x)),
        [lambda x: 2 * x / ((1 - x) * (1 + x)) ** 2],
    ),
    "cbrt_slope": (
        lambda x: 1 / (3 * _cbrt(x) ** 2),
        [lambda x: -2 / (9 * _cbrt(x) ** 5)],
    ),
    "power_mixed": (
        lambda x, y: _power(x, y - 1) * (1 + y * mpmath.log(x)),
        [
            lambda x, y: _power(x, y - 2) * (2 * y - 1 + y * (y - 1) * mpmath.log(x)),
            lambda x, y: _power(x, y - 1) * mpmath.log(x) * (2 + y * mpmath.log(x)),
        ],
    ),
    "quotient_slope": (
        lambda x, y: -x / y**2,
        [lambda x, y: -1 / y**2, lambda x, y: 2 * x / y**3],
    ),
    "power_slope": (
        lambda x, y: y * _power(x, y - 1),
        [
            lambda x, y: y * (y - 1) * _power(x, y - 2),
            lambda x, y: _power(x, y - 1) * (1 + y * mpmath.log(x)),
        ],
    ),
    "power_log": (
        lambda x, y: _power(x, y) * mpmath.log(x),
        [
            lambda x, y: _power(x, y - 1) * (1 + y * mpmath.log(x)),
            lambda x, y: _power(x, y) * mpmath.log(x) ** 2,
        ],
    ),
    "direction": (
        lambda x, y: x / _hypot(x, y),
        [lambda x, y: y * y / _hypot(x, y) ** 3, lambda x, y: -x * y / _hypot(x, y) ** 3],
    ),
    "distance": (_hypot, [lambda x, y: x / _hypot(x, y), lambda x, y: y / _hypot(x, y)]),
    "inversion": (
        lambda x, y: x / (x * x + y * y),
        [
            lambda x, y: (y * y - x * x) / (x * x + y * y) ** 2,
            lambda x, y: -2 * x * y / (x * x + y * y) ** 2,
        ],
    ),
}

VARIADIC: dict[str, tuple[Function, Function]] = {
    "dot": (
        _dot,
        lambda *xs: xs[len(xs) // 2 :] + xs[: len(xs) // 2],
    ),
    "sum": (lambda *xs: mpmath.fsum(xs), lambda *xs: [mpf(1)] * len(xs)),
    "mean": (lambda *xs: mpmath.fsum(xs) / len(xs), lambda *xs: [mpf(1) / len(xs)] * len(xs)),
    "prod": (
        lambda *xs: mpmath.fprod(xs),
        lambda *xs: [mpmath.fprod(xs[:i] + xs[i + 1 :]) for i in range(len(xs))],
    ),
    "direction_among": (
        lambda *xs: xs[0] / _norm(*xs),
        lambda x, *xs: [
            (_norm(*xs) / _norm(x, *xs)) ** 2 / _norm(x, *xs),
            *[-x * y / _norm(x, *xs) ** 3 for y in xs],
        ],
    ),
    "length": (_norm, lambda *xs: [x / (_norm(*xs) or 1) for x in xs]),
    "norm": (_norm, lambda *xs: [x / (_norm(*xs) or 1) for x in xs]),
    "max": (max, lambda *xs: _ties(max(xs), xs)),
    "min": (min, lambda *xs: _ties(min(xs), xs)),
    "softmax": (
        lambda *xs: _softmax(0, xs),
        lambda x, *xs: [
            _softmax(0, (x, *xs)) * _others(x, *xs),
            *[-_softmax(0, (x, *xs)) * _softmax(1 + i, (x, *xs)) for i in range(len(xs))],
        ],
    ),
    "log_softmax": (
        _log_softmax,
        lambda x, *xs: [
            _others(x, *xs),
            *[-_softmax(1 + i, (x, *xs)) for i in range(len(xs))],
        ],
    ),
    "logsumexp": (_logsumexp, lambda *xs: [_softmax(i, xs) for i in range(len(xs))]),
}


KNOWN = {**FUNCTIONS, **VARIADIC}
"""All of them; `test_ops.py` says which operation is missing."""


def partials(name: str, operands: tuple[mpf, ...]) -> list[mpf]:
    """The partial derivatives of an operation at the operands."""
    if name in VARIADIC:
        return list(_asked(name, VARIADIC[name][1], operands))
    return [_asked(name, partial, operands) for partial in FUNCTIONS[name][1]]


def value(name: str, operands: tuple[mpf, ...]) -> mpf:
    """The value of an operation at the operands."""
    return _asked(name, KNOWN[name][0], operands)


def _asked(name: str, function: Function, operands: tuple[mpf, ...]) -> Any:
    try:
        return function(*operands)
    except OverflowError as error:
        at = ", ".join(mpmath.nstr(x, 17) for x in operands)
        raise OverflowError(
            f"mpmath cannot compute the truth of {name}({at}): {error}. Where an operand is huge, "
            "write what the function tends to, as `erfc` of tests/oracle.py does, which is to be "
            "called instead of mpmath's `erfc` and `ncdf`"
        ) from error


def units(got: float, exact: mpf, allowance: float = 0.0) -> float:
    """How many units in the last place `got` is from `exact`, beyond an absolute allowance.

    A result that overflows when it is rounded is infinite: there, only that is right.
    """
    rounded = float(exact)
    if math.isinf(rounded) or math.isinf(got):
        largest = mpf(math.ldexp(1 - 2.0**-53, 1024))
        close = abs(exact) > largest * (1 - mpf(2) ** -51) and got * float(mpmath.sign(exact)) > 0
        return 0.0 if close else math.inf
    error = max(abs(mpf(got) - exact) - mpf(allowance), mpf(0))
    return float(error / mpf(math.ulp(rounded)))
