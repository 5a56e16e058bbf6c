"""The derivative of every operation at every point, of order 1 to 3, as a limit.

An operation is a SymPy expression, which SymPy differentiates; the result is evaluated by mpmath
with as many digits as it takes. Where the expression has no value (at a pole), at an end of the
domain and at infinity the point is approached, from inside the domain, at three distances so small
that what the derivative tends to is beyond doubt.
"""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import oracle
import sympy
from mpmath import mpf

from autograd.op import Op

INF, NAN = math.inf, math.nan


class sinc_derivative(sympy.Function):  # noqa: N801
    """The derivative of sinc of an order; SymPy's formulas for it cancel near 0."""

    def fdiff(self, argindex: int = 1) -> Any:
        order, x = self.args
        return sinc_derivative(order + 1, x) if argindex == 2 else sympy.Integer(0)


SELU_SCALE, SELU_ALPHA = map(sympy.Rational, map(str, (oracle.SELU_SCALE, oracle.SELU_ALPHA)))


def _normal_density(x: Any) -> Any:
    return sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)


class Ndtr(sympy.Function):  # type: ignore[misc]
    """SymPy makes `2 - erfc(x)` of `erfc(-x)`, which loses all digits far to the left."""

    def fdiff(self, argindex: int = 1) -> Any:
        return _normal_density(*self.args)


class LogNdtr(sympy.Function):  # type: ignore[misc]
    """The derivative of its first operand's order of the logarithm of `Ndtr`."""

    def fdiff(self, argindex: int = 2) -> Any:
        order, x = self.args
        return LogNdtr(order + 1, x)


LINEAR, CUBIC = sympy.symbols("linear cubic")
COEFFICIENTS = {  # put in when all is factored: SymPy takes long to factor with these numbers
    LINEAR: sympy.sqrt(8 / sympy.pi),
    CUBIC: sympy.sqrt(8 / sympy.pi) * sympy.Rational("0.044715"),
}


def _gelu_gate(x: Any) -> Any:
    return 1 / (1 + sympy.exp(-LINEAR * x - CUBIC * x**3))


EXPRESSIONS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "reciprocal": lambda x: 1 / x,
    "negative": lambda x: -x,
    "square": lambda x: x**2,
    "sqrt": sympy.sqrt,
    "cbrt": lambda x: x * (x**2) ** sympy.Rational(-1, 3),  # real for a negative x
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "exp": sympy.exp,
    "exp2": lambda x: 2**x,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "logaddexp": lambda x, y: sympy.log(sympy.exp(x) + sympy.exp(y)),
    "xlogy": lambda x, y: x * sympy.log(y),
    "xlog1py": lambda x, y: x * sympy.log(1 + y),
    "entr": lambda x: -x * sympy.log(x),
    "logit": lambda x: sympy.log(x / (1 - x)),
    "log1mexp": lambda x: sympy.log(1 - sympy.exp(-x)),
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "atan2": sympy.atan2,
    "sinc": lambda x: sinc_derivative(0, x),
    "deg2rad": lambda x: x * sympy.pi / 180,
    "rad2deg": lambda x: x * 180 / sympy.pi,
    "sinh": lambda x: (sympy.exp(x) - sympy.exp(-x)) / 2,
    "cosh": lambda x: (sympy.exp(x) + sympy.exp(-x)) / 2,
    "tanh": lambda x: 1 - 2 / (sympy.exp(2 * x) + 1),
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "log_sigmoid": lambda x: -sympy.log(1 + sympy.exp(-x)),
    "erf": sympy.erf,
    "erfinv": sympy.erfinv,
    "erfinv_slope": lambda x: sympy.sqrt(sympy.pi) / 2 * sympy.exp(sympy.erfinv(x) ** 2),
    "gammaln": lambda x: sympy.log(sympy.gamma(x) ** 2) / 2,
    "digamma": sympy.digamma,
    "polygamma": sympy.polygamma,
    "polygamma_difference": lambda n, x, y: sympy.polygamma(n, x) - sympy.polygamma(n, x + y),
    "betaln": lambda x, y: sympy.log(sympy.gamma(x) * sympy.gamma(y) / sympy.gamma(x + y)),
    "erfc": sympy.erfc,
    "ndtr": Ndtr,
    "log_ndtr": lambda x: LogNdtr(0, x),
    "silu": lambda x: x / (1 + sympy.exp(-x)),
    "gelu": lambda x, approximate: sympy.Piecewise(
        (x * _gelu_gate(x), sympy.Ne(approximate, 0)), (x * Ndtr(x), True)
    ),
    "elu": lambda x, alpha: sympy.Piecewise((x, x > 0), (alpha * (sympy.exp(x) - 1), True)),
    "selu": lambda x: (
        SELU_SCALE * sympy.Piecewise((x, x > 0), (SELU_ALPHA * (sympy.exp(x) - 1), True))
    ),
    "softsign": lambda x: x / (1 + sympy.sqrt(x**2)),
    "huber": lambda delta, r: sympy.Piecewise(
        (r**2 / 2, r**2 <= delta**2), (delta * (sympy.sqrt(r**2) - delta / 2), True)
    ),
    "dot": lambda a, b, c, d: a * c + b * d,
    "sum": lambda *x: sum(x),
    "mean": lambda *x: sum(x) / len(x),
    "prod": lambda *x: math.prod(x),
    "logsumexp": lambda *x: sympy.log(sum(map(sympy.exp, x))),
    "direction_among": lambda *x: x[0] / sympy.sqrt(sum(y**2 for y in x)),
    "length": lambda *x: sympy.sqrt(sum(y**2 for y in x)),
    "norm": lambda *x: sympy.sqrt(sum(y**2 for y in x)),
    "softmax": lambda *x: sympy.exp(x[0]) / sum(map(sympy.exp, x)),
    "log_softmax": lambda *x: x[0] - sympy.log(sum(map(sympy.exp, x))),
    "nonzero": lambda x: x,
    "identity": lambda x: x,
    "nonnegative": lambda x: x,
    "distance": lambda x, y: sympy.sqrt(x**2 + y**2),
    "difference": lambda x, y: x - y,
    "sech2": lambda x: 4 / (sympy.exp(x) + sympy.exp(-x)) ** 2,
    "gaussian": lambda x: sympy.exp(-(x**2)),
    "defined": lambda x, value: x,
    "bounded": lambda x: x,
    "sinc_derivative": sinc_derivative,
    "ratio": lambda x, y: x / y,
    "log_or_limit": sympy.log,
    "log1p_or_limit": lambda x: sympy.log(1 + x),
    "entr_slope": lambda x: -1 - sympy.log(x),
    "logit_slope": lambda x: 1 / (x * (1 - x)),
    "log1mexp_slope": lambda x: 1 / (sympy.exp(x) - 1),
    "normal_density": _normal_density,
    "normal_moment": lambda x: x * _normal_density(x),
    "normal_density_bend": lambda x: (x**2 - 1) * _normal_density(x),
    "inverse_mills": lambda x: LogNdtr(1, x),
    "inverse_mills_slope": lambda x: LogNdtr(2, x),
    "inverse_mills_bend": lambda x: LogNdtr(3, x),
    "gelu_gate": _gelu_gate,
    "gelu_gate_slope": lambda x: sympy.diff(_gelu_gate(x), x),
    "elu_slope": lambda x, alpha: sympy.Piecewise((1, x > 0), (alpha * sympy.exp(x), True)),
    "softsign_slope": lambda x: 1 / (1 + sympy.sqrt(x**2)) ** 2,
    "softsign_bend": lambda x: -2 * x / sympy.sqrt(x**2) / (1 + sympy.sqrt(x**2)) ** 3,
    "huber_slope": lambda delta, r: sympy.Piecewise(
        (r, r**2 <= delta**2), (delta * r / sympy.sqrt(r**2), True)
    ),
    "asin_slope": lambda x: 1 / sympy.sqrt(1 - x**2),
    "acosh_slope": lambda x: 1 / sympy.sqrt(x**2 - 1),
    "atanh_slope": lambda x: 1 / (1 - x**2),
    "cbrt_slope": lambda x: (x**2) ** sympy.Rational(-1, 3) / 3,
    "quotient_slope": lambda x, y: -x / y**2,
    "power_slope": lambda x, y: y * x ** (y - 1),
    "power_mixed": lambda x, y: x ** (y - 1) * (1 + y * sympy.log(x)),
    "power_log": lambda x, y: x**y * sympy.log(x),
    "direction": lambda x, y: x / sympy.sqrt(x**2 + y**2),
    "inversion": lambda x, y: x / (x**2 + y**2),
}

PIECEWISE = set(
    """
    abs relu leaky_relu maximum minimum fmax fmin clip where stop_gradient sign copysign heaviside
    greater exceeds floor ceil trunc mod fmod floor_divide round
    max min hard_tanh
    """.split()
)
"""Linear in every operand on each side of a kink; slopes at the kinks by the conventions."""

KNOWN = EXPRESSIONS.keys() | PIECEWISE
"""The operations with limits; `test_ops.py` says which one is missing."""

UNBOUNDED = {"dot", "prod", "norm", "length"}
"""Their domain in the table is where the value can be represented, which is no end of anything."""

POWERS = {"power", "power_slope"}
"""Also defined for a negative base where the exponent is a whole number."""

OF_WHOLE_ORDER = {"polygamma", "polygamma_difference"}
"""Defined where the first operand is a whole number, so without a derivative with respect to it."""

WITH_POLES = {"gammaln", "digamma", "polygamma"}
"""At the negative whole numbers, where what goes to infinity there has no slope."""

THREE = "sum mean prod norm length direction_among max min softmax log_softmax logsumexp".split()
SIZES = {"dot": 4, **dict.fromkeys(THREE, 3)}

Multi = tuple[int, ...]  # how often an operation is differentiated with respect to each operand
DIGITS = [
    150,
    400,
    1200,
    4700,
]  # bits: the last is enough for 1e300 and 1e-300 in one sum of squares
DISTANCES = [100, 200, 400]  # from a point that is approached, as negative powers of 2


def arity(op: Op) -> int:
    return op.arity or SIZES[op.name]


def ends(op: Op, index: int) -> tuple[float, float]:
    """The ends of the domain of one operand."""
    return (-INF, INF) if op.name in UNBOUNDED else (op.domain * SIZES.get(op.name, 1))[index]


def _is_end(op: Op, operands: Sequence[float], multi: Multi, index: int) -> bool:
    """Whether an operand can be approached from one side only."""
    x = operands[index]
    if op.name in OF_WHOLE_ORDER and index == 0:
        return False
    if op.name in POWERS and not multi[1] and operands[1] % 1.0 == 0.0:
        return math.isinf(x)  # an integer power of any number
    return math.isinf(x) or x in ends(op, index)


def truths(op: Op, operands: Sequence[float], multi: Multi) -> tuple[float, ...]:
    """What the derivative may be.

    One number, but at a pole with different signs on its two sides: there is no limit, so nan, but
    a zero may also stand for the side that its sign is on, as it does in 1 / x.
    """
    if math.isnan(value(op, operands)) or (op.name == "entr" and operands[0] < 0.0):
        return (NAN,)
    if op.name in PIECEWISE:
        return (_piecewise(op.name, tuple(operands), multi),)
    if op.name in ("huber", "huber_slope"):
        if operands[0] < 0.0:
            return (NAN,)
        if operands[0] == abs(operands[1]) and (op.name, multi) != ("huber", (0, 1)):
            return (0.0,)  # at the kink of a slope
    if op.name.startswith("gelu") and abs(operands[0]) > 1e9:  # in a moment, not in minutes
        return (float(op.name == "gelu" and operands[0] > 0.0 and multi == (1, 0)),)
    if op.name in ("elu", "elu_slope", "selu") and operands[0] == 0.0:
        return (_at_kink(op.name, *operands, multi=multi),)
    agreed = CONVENTIONS.get((op.name, tuple(operands), multi))
    if agreed is not None:
        return (agreed,)
    if op.name in OF_WHOLE_ORDER and multi[0]:
        return (NAN,)
    if op.name in WITH_POLES and operands[-1] < 0.0 and operands[-1] % 1.0 == 0.0:
        return (NAN,)  # of any order, as there is no first derivative
    if op.name in POWERS and operands[0] < 0.0 and (multi[1] or operands[1] % 1.0 != 0.0):
        return (NAN,)  # defined at whole exponents only
    function = _derivative(op.name, arity(op), multi)
    return _limits(op, function, tuple(operands), multi)


def value(op: Op, operands: Sequence[float]) -> float:
    """The value of an operation, by IEEE 754."""
    with np.errstate(all="ignore"):
        return op.value(*operands)


# Decided by docs/conventions, not by a limit.
CONVENTIONS: dict[tuple[str, tuple[float, ...], Multi], float] = {
    ("hypot", (0.0, 0.0), (1, 0)): 0.0,
    ("hypot", (0.0, 0.0), (0, 1)): 0.0,
    ("hypot", (0.0, 0.0), (1, 1)): 0.0,
    ("distance", (0.0, 0.0), (1, 0)): 0.0,
    ("distance", (0.0, 0.0), (0, 1)): 0.0,
    # On every straight line; the path on which y is the square of x has another limit.
    ("betaln", (0.0, 0.0), (1, 0)): -INF,
    ("betaln", (0.0, 0.0), (0, 1)): -INF,
    ("softsign", (0.0,), (2,)): 0.0,
    ("softsign_slope", (0.0,), (1,)): 0.0,
    **{
        ("atan2", (0.0, 0.0), multi): NAN
        for multi in [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (0, 3), (1, 1)]
    },
    ("xlogy", (0.0, -INF), (1, 1)): NAN,
    ("xlog1py", (0.0, -INF), (1, 1)): NAN,
    ("ratio", (0.0, -INF), (1, 0)): NAN,
}


def _at_kink(name: str, x: float, alpha: float = 0.0, *, multi: Multi) -> float:
    """The derivative at 0 of an ELU, whose higher ones are agreed to be 0 there."""
    slope = float(oracle.SELU_SCALE) if name == "selu" else min(max(alpha, 0.0), 1.0)
    return slope if name != "elu_slope" and multi[0] == 1 == sum(multi) else 0.0


def _piecewise(name: str, operands: tuple[float, ...], multi: Multi) -> float:
    """The derivative of what is linear on each side of a kink."""
    order = sum(multi)
    if name == "copysign":  # mpmath has no negative zero
        operands = (operands[0], math.copysign(1.0, operands[1]))
    if order == 1:
        exact = oracle.partials(name, tuple(map(mpf, operands)))[multi.index(1)]
        return float(exact)
    if name == "leaky_relu" and multi == (1, 1):
        return float(operands[0] <= 0.0)  # the slope at 0 is the slope on the left
    return 0.0


@functools.cache
def _derivative(name: str, count: int, multi: Multi) -> Callable[..., Any]:
    """The derivative of an operation as a function for mpmath."""
    symbols = sympy.symbols(f"x:{count}")
    expression = EXPRESSIONS[name](*symbols)
    for symbol, times in zip(symbols, multi, strict=True):
        for _ in range(times):
            expression = _factored(sympy.diff(expression, symbol))
    expression = expression.subs(COEFFICIENTS)
    own = {
        "erfc": oracle.erfc,
        "Ndtr": oracle.ndtr,
        "sinc_derivative": oracle.sinc_derivative,
        "polygamma": oracle.psi,
        "LogNdtr": lambda order, x: oracle.LOG_NDTR[int(order)](x),
    }
    return sympy.lambdify(symbols, expression, [own, "mpmath"])


def _factored(expression: Any) -> Any:
    """Factored, so that less cancels; each piece by itself."""
    if isinstance(expression, sympy.Piecewise):
        pieces = [(sympy.factor(piece), condition) for piece, condition in expression.args]
        return sympy.Piecewise(*pieces)
    return sympy.factor(expression)


def _exact(function: Callable[..., Any], operands: Sequence[mpf]) -> mpf | None:
    """A function with at least 60 bits right: by more and more digits until two results agree."""
    before = None
    for bits in DIGITS:
        with mpmath.workprec(bits):
            try:
                got = function(*operands)
            except (ZeroDivisionError, ValueError):
                got = None
            if got is not None and mpmath.im(got):
                return mpmath.nan  # a power of a negative number
            if got is not None:
                got = mpmath.re(got) if mpmath.isfinite(got) else None
            if got is not None:
                agree = before is not None and abs(got - before) <= abs(got) * mpf(2) ** -60
                if agree and (got or bits == DIGITS[-1]):
                    return got
            before = got
    # What cancels in all these digits is 0.
    return mpf(0) if before is not None and abs(before) < mpf(2) ** -1100 else None


def _limits(
    op: Op, function: Callable[..., Any], operands: tuple[float, ...], multi: Multi
) -> tuple[float, ...]:
    """The value of a derivative at a point, or its limit there: see `truths`."""
    outer = [index for index in range(len(operands)) if _is_end(op, operands, multi, index)]
    if not outer:
        exact = _exact(function, [mpf(x) for x in operands])
        if exact is not None:
            return (_rounded(exact),)
    inward = {}
    for index in outer:
        x, (low, high) = operands[index], ends(op, index)
        inward[index] = -1 if x == INF or (x == high and x != low) else 1
    wrt = [index for index, times in enumerate(multi) if times]
    zeros = [index for index, x in enumerate(operands) if x == 0.0]
    for moving in ([] if outer else wrt, zeros):
        free = [index for index in moving if index not in outer]
        signs = {index: int(math.copysign(1.0, operands[index])) for index in free}
        try:
            chosen = _corner(op, function, operands, {**inward, **signs})
            other = _corner(op, function, operands, {**inward, **{i: -s for i, s in signs.items()}})
        except ZeroDivisionError:
            continue
        same = chosen == other or (math.isnan(chosen) and math.isnan(other))
        return (chosen,) if same else (NAN, chosen)
    raise ArithmeticError(f"no derivative {multi} of {op.name} near {operands}")


def _corner(
    op: Op, function: Callable[..., Any], operands: tuple[float, ...], steps: dict[int, int]
) -> float:
    """The limit from one side in each of several operands, nan if it depends on the path."""
    rates = set(itertools.product((1, 2), repeat=len(steps)))
    if op.name in ("logaddexp", "logsumexp", "softmax", "log_softmax"):
        rates = {(1,) * len(steps)}  # equal infinities are a tie
    found = {
        _approach(function, operands, steps, dict(zip(steps, rate, strict=True))) for rate in rates
    }
    return found.pop() if len(found) == 1 else NAN


def _approach(
    function: Callable[..., Any],
    operands: tuple[float, ...],
    steps: dict[int, int],
    rates: dict[int, int],
) -> float:
    """The limit where the operands in `steps` come from that side, or from inside infinity."""
    results = []
    for distance in DISTANCES:
        with mpmath.workprec(DIGITS[-1]):
            point = [mpf(x) for x in operands]
            for index, step in steps.items():
                t = mpf(2) ** (-distance // rates[index])
                x = operands[index]
                point[index] = math.copysign(1.0, x) / t if math.isinf(x) else x + step * t
        exact = _exact(function, point)
        if exact is None:
            raise ZeroDivisionError(f"no value at {[mpmath.nstr(x) for x in point]}")
        results.append(exact)
    return _tendency(results)


def _tendency(results: Sequence[mpf]) -> float:
    """What a sequence tends to, each of whose members is twice as many digits closer to it."""
    first, second, third = results
    if any(map(mpmath.isnan, results)):
        return NAN
    a, b, c = map(abs, results)
    if third == 0 or (c < b * 1e-2 and b < a * 1e-2):
        return 0.0
    if abs(third - second) < c * mpf(2) ** -55:
        return _rounded(third)
    if c > 1.5 * b and b > 1.5 * a and c > 100 and first * second > 0 and second * third > 0:
        return math.copysign(INF, third)
    raise ArithmeticError(f"no tendency in {[mpmath.nstr(x) for x in results]}")


def _rounded(exact: mpf) -> float:
    """The nearest double."""
    return float(exact)  # infinite where it overflows, 0 where it underflows
