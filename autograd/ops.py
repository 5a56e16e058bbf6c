"""The table: every operation once, with its derivatives. Read it as a table of calculus.

A partial derivative is `partial(out, *operands)`, where `out` is the value of the operation. It is
written in the operations of this table, so the same line computes a number from floats and a graph
from Values. The derivatives at awkward points are those of the page "Conventions" in the
documentation: what needs care there is an operation of the last section, so that no partial has to
choose its formula by the numbers at hand (a graph outlives them). There are two exceptions: the
partial of a power asks whether the exponent is a constant, which no graph changes, and that of a
step whether it is nan.
"""

import math
import operator
from collections.abc import Sequence
from functools import partial, reduce
from itertools import accumulate
from typing import Any

import numpy as np

from autograd import kernels, special
from autograd.everyday import Everyday, Rounding, addends, candidates
from autograd.gather import all_of, halves, two_vectors
from autograd.op import REALS, Entry, Op, call

POSITIVE, UNIT, ABOVE_ONE = (0.0, math.inf), (-1.0, 1.0), (1.0, math.inf)
WHOLE = (0.0, 20.0)
LOG2_E, LOG10_E = math.log2(math.e), math.log10(math.e)
DEGREE = math.radians(1.0)
AT_KINK = "#0's input #1 is at the kink, where its slope is taken to be 0"
AT_BOUND = "#0's input #1 is at its {} bound, where the slope is taken to be 0"
JUMP = "#0 is constant on both sides of its jump"
STEP = "#0 is constant between its jumps"


# --- Arithmetic ---------------------------------------------------------------------------------
# fmt: off

add = Entry(
    "add", operator.add, [lambda out, x, y: 1.0, lambda out, x, y: 1.0],
    text="#1 + #2", latex="#1 + #2", operator="+", public=False, symmetric=True, sums=True,
    numpy=np.add, raises=False,
    description="The sum of two operands.")
subtract = Entry(
    "subtract", operator.sub, [lambda out, x, y: 1.0, lambda out, x, y: -1.0],
    text="#1 - #2", latex="#1 - #2", operator="-", public=False, sums=True,
    numpy=np.subtract, raises=False,
    description="The difference of two operands.")
multiply = Entry(
    "multiply", operator.mul, [lambda out, x, y: y, lambda out, x, y: x],
    text="#1 * #2", latex=r"#1 \cdot #2", operator="*", public=False, symmetric=True,
    numpy=np.multiply, raises=False,
    description="The product of two operands.")
divide = Entry(
    "divide", operator.truediv, [lambda out, x, y: 1.0 / y, lambda out, x, y: quotient_slope(x, y)],
    text="#1 / #2", latex=r"\frac{#1}{#2}", numpy=np.divide,
    python=lambda x, y: "#1 / #2" if isinstance(y, float) and y != 0.0 else None,
    operator="/", public=False,
    description="The quotient of two operands.")


def _wave(x: Any) -> Any:
    """0 at the whole numbers, where it changes its sign."""
    return x * sinc(x)


floor_divide = Entry(
    "floor_divide", operator.floordiv,
    [lambda out, x, y: _level(out), lambda out, x, y: _level(out)],
    text="#1 // #2", latex=r"\left\lfloor{\frac{#1}{#2}}\right\rfloor", numpy=np.floor_divide,
    python=lambda x, y: "#1 // #2" if isinstance(y, float) and y != 0.0 else None,
    operator="//", public=False, sympy="floor(#1 / #2)",
    kinks=[lambda x, y: _wave(divide(x, y))], selects=True, reasons=[STEP, STEP], steps=True,
    description="The largest whole number that is not above the quotient of two operands.")
mod = Entry(
    "mod", operator.mod, [lambda out, x, y: 1.0, lambda out, x, y: -(x // y)],
    text="#1 % #2", latex=r"\left(#1 \bmod #2\right)", numpy=np.mod,
    python=lambda x, y: "#1 % #2" if isinstance(y, float) and y != 0.0 else None,
    operator="%", sympy="Mod(#1, #2)", kinks=[lambda x, y: _wave(divide(x, y))],
    jumps=True,
    description="The remainder `x - y * floor(x / y)`, which has the sign of y.")
fmod = Entry(
    "fmod", math.fmod,
    [lambda out, x, y: 1.0, lambda out, x, y: -sign(x) * sign(y) * (abs(x) // abs(y))],
    textbook=[lambda out, x, y: 1.0, lambda out, x, y: -trunc(x / y)],
    numpy=np.fmod, sympy="#1 - #2 * sign(#1 / #2) * floor(Abs(#1 / #2))",
    kinks=[lambda x, y: sinc(divide(x, y))],
    jumps=True,
    description="The remainder `x - y * trunc(x / y)`, which has the sign of x.")


def _power_dx(out: Any, x: Any, y: Any) -> Any:
    if not isinstance(y, float):
        return power_slope(x, y)
    if y == 2.0:
        return 2.0 * x
    if isinstance(x, float) or (y - 1.0) + 1.0 != y or y - 1.0 == y:
        return power_slope(x, y)
    return y if y in (0.0, 1.0) else y * power(x, y - 1.0)


power = Entry(
    "power", kernels.power, [_power_dx, lambda out, x, y: power_log(x, y)],
    text="#1 ** #2", latex="#1^{#2}", domain=(POSITIVE, REALS), numpy=np.power,
    python=lambda x, y: "#1 * #1" if isinstance(y, float) and y == 2.0 else None,
    operator="**", public=False, aliases=["float_power"],
    absorbs=lambda x, y: not isinstance(y, float) or y == 0.0,
    description="`x ** y`; nan for a negative x unless y is an integer.")
reciprocal = Entry(
    "reciprocal", kernels.reciprocal, [lambda out, x: quotient_slope(1.0, x)],
    text="1 / #1", latex=r"\frac{1}{#1}", numpy=np.reciprocal,
    description="`1 / x`.")
negative = Entry(
    "negative", operator.neg, [lambda out, x: -1.0],
    text="-#1", latex="-#1", numpy=np.negative, raises=False, operator="-", public=False,
    description="The operand with its sign changed.")
abs = Everyday(
    "abs", math.fabs, [lambda out, x: sign(x)],
    latex=r"\left|#1\right|", sympy="Abs(#1)", kinks=[lambda x: x], unsigned=True,
    numpy=np.absolute, raises=False, aliases=["fabs"],
    description="The absolute value; its derivative at 0 is 0.")

# --- Powers and roots ---------------------------------------------------------------------------

square = Entry(
    "square", kernels.square, [lambda out, x: 2.0 * x],
    text="#1 ** 2", latex="#1^2", numpy=np.square, raises=False,
    python="#1 * #1", unsigned=True,
    description="The square.")
sqrt = Entry(
    "sqrt", math.sqrt, [lambda out, x: 0.5 / nonnegative(out)],
    latex=r"\sqrt{#1}", domain=(POSITIVE,), numpy=np.sqrt,
    description="The square root.")
cbrt = Entry(
    "cbrt", kernels.cbrt, [lambda out, x: cbrt_slope(x)],
    latex=r"\sqrt[3]{#1}", numpy=np.cbrt, scipy="cbrt", raises=False,
    sympy="sign(#1) * Abs(#1) ** Rational(1, 3)",
    description="The real cube root.")
hypot = Entry(
    "hypot", math.hypot, [lambda out, x, y: direction(x, y), lambda out, x, y: direction(y, x)],
    latex=r"\sqrt{#1^2 + #2^2}", numpy=np.hypot, raises=False,
    sympy="sqrt(#1 ** 2 + #2 ** 2)", symmetric=True,
    absorbs=True,
    description="The distance of the point (x, y) from the origin, without overflow on the way.")

# --- Exponentials and logarithms ----------------------------------------------------------------

exp = Entry(
    "exp", math.exp, [lambda out, x: out], latex="e^{#1}", numpy=np.exp, unsigned=True,
    description="The exponential function, e to the power of the operand.")
exp2 = Entry(
    "exp2", math.exp2, [lambda out, x: power_log(2.0, x)],
    textbook=[lambda out, x: math.log(2.0) * out],
    latex="2^{#1}", numpy=np.exp2, scipy="exp2", sympy="2 ** #1", unsigned=True,
    description="2 to the power of the operand.")
expm1 = Entry(
    "expm1", math.expm1, [lambda out, x: exp(x)], latex="e^{#1} - 1", numpy=np.expm1, scipy="expm1",
    textbook=[lambda out, x: out + 1.0], sympy="exp(#1) - 1",
    forms=[lambda out, x: [exp(x) - 1.0]],
    description="`exp(x) - 1`, accurate for small x.")
log = Entry(
    "log", math.log, [lambda out, x: 1.0 / nonnegative(x)],
    latex=r"\ln\left(#1\right)", domain=(POSITIVE,), numpy=np.log, aliases=["ln"],
    description="The natural logarithm.")
log1p = Entry(
    "log1p", math.log1p, [lambda out, x: 1.0 / nonnegative(1.0 + x)],
    latex=r"\ln\left(1 + #1\right)", domain=((-1.0, math.inf),), numpy=np.log1p, scipy="log1p",
    sympy="log(1 + #1)", forms=[lambda out, x: [log(1.0 + x)]],
    description="`log(1 + x)`, accurate for small x.")
log2 = Entry(
    "log2", math.log2, [lambda out, x: LOG2_E / nonnegative(x)],
    latex=r"\log_2\left(#1\right)", domain=(POSITIVE,), numpy=np.log2,
    sympy="log(#1) / log(2)",
    description="The logarithm to base 2.")
log10 = Entry(
    "log10", math.log10, [lambda out, x: LOG10_E / nonnegative(x)],
    latex=r"\log_{10}\left(#1\right)", domain=(POSITIVE,), numpy=np.log10,
    sympy="log(#1) / log(10)",
    description="The logarithm to base 10.")
logaddexp = Entry(
    "logaddexp", kernels.logaddexp,
    [lambda out, x, y: sigmoid(difference(x, y)), lambda out, x, y: sigmoid(difference(y, x))],
    latex=r"\ln\left(e^{#1} + e^{#2}\right)", numpy=np.logaddexp, raises=False,
    sympy="log(exp(#1) + exp(#2))", symmetric=True,
    forms=[lambda out, x, y: [log(exp(x) + exp(y)), exp(x - out), exp(y - out)],
           lambda out, x, y: [x + log(1.0 + exp(y - x))],
           lambda out, x, y: [y + log(1.0 + exp(x - y))],
           lambda out, x, y: [out, 1.0 - sigmoid(y - x), 1.0 - sigmoid(x - y)]],
    description="`log(exp(x) + exp(y))`, without overflow.")

xlogy = Entry(
    "xlogy", kernels.xlogy, [lambda out, x, y: log_or_limit(y), lambda out, x, y: ratio(x, y)],
    latex=r"#1 \cdot \ln\left(#2\right)", domain=(REALS, POSITIVE), scipy="xlogy",
    numpy=lambda x, y: np.multiply(x, np.log(y)), raises=False, sympy="#1 * log(#2)",
    description="`x * log(y)`, which is 0 where x is 0, whatever y is.")
xlog1py = Entry(
    "xlog1py", kernels.xlog1py,
    [lambda out, x, y: log1p_or_limit(y), lambda out, x, y: ratio(x, 1.0 + y)],
    latex=r"#1 \cdot \ln\left(1 + #2\right)", domain=(REALS, (-1.0, math.inf)), scipy="xlog1py",
    numpy=lambda x, y: np.multiply(x, np.log1p(y)), raises=False,
    sympy="#1 * log(1 + #2)", forms=[lambda out, x, y: [x * log(1.0 + y), log(1.0 + y)]],
    description="`x * log(1 + y)`, which is 0 where x is 0; accurate for small y.")
entr = Entry(
    "entr", kernels.entr, [lambda out, x: entr_slope(x)],
    latex=r"-#1 \cdot \ln\left(#1\right)", domain=(POSITIVE,), scipy="entr",
    numpy=lambda x: np.multiply(-x, np.log(np.abs(x))), raises=False, sympy="-#1 * log(#1)",
    description="`-x * log(x)`, the share of a probability in the entropy: 0 at 0, -inf below it.")
logit = Entry(
    "logit", kernels.logit, [lambda out, x: logit_slope(x)],
    domain=((0.0, 1.0),), scipy="logit", numpy=lambda x: np.log(np.divide(x, 1.0 - x)),
    raises=False, sympy="log(#1 / (1 - #1))",
    description="The logarithm of the odds, `log(x / (1 - x))`, the inverse of sigmoid.")
log1mexp = Entry(
    "log1mexp", kernels.log1mexp, [lambda out, x: log1mexp_slope(x)],
    latex=r"\ln\left(1 - e^{-#1}\right)", domain=(POSITIVE,),
    numpy=lambda x: np.log(-np.expm1(-x)), raises=False, sympy="log(1 - exp(-#1))",
    forms=[lambda out, x: [log(1.0 - exp(-x)), 1.0 / (exp(x) - 1.0)],
           lambda out, x: [out, exp(-out) - 1.0]],
    description="`log(1 - exp(-x))` for positive x, accurate for small and large x.")

# --- Trigonometric functions (radians) ----------------------------------------------------------

sin = Entry("sin", math.sin, [lambda out, x: cos(x)], latex=r"\sin\left(#1\right)", numpy=np.sin,
    description="The sine of an angle in radians.")
cos = Entry("cos", math.cos, [lambda out, x: -sin(x)], latex=r"\cos\left(#1\right)", numpy=np.cos,
    description="The cosine of an angle in radians.")
tan = Entry(
    "tan", math.tan, [lambda out, x: 1.0 + square(out)],
    latex=r"\tan\left(#1\right)", numpy=np.tan,
    description="The tangent of an angle in radians.")
asin = Entry(
    "asin", math.asin, [lambda out, x: asin_slope(x)],
    latex=r"\arcsin\left(#1\right)", domain=(UNIT,), numpy=np.arcsin,
    forms=[lambda out, x: [0.5 * math.pi - acos(x)]],
    description="The inverse sine, in radians from -pi/2 to pi/2.")
acos = Entry(
    "acos", math.acos, [lambda out, x: -asin_slope(x)],
    latex=r"\arccos\left(#1\right)", domain=(UNIT,), numpy=np.arccos,
    description="The inverse cosine, in radians from 0 to pi.")
atan = Entry(
    "atan", math.atan, [lambda out, x: inversion(1.0, x)],
    latex=r"\arctan\left(#1\right)", numpy=np.arctan, raises=False,
    forms=[lambda out, x: [asin(x / sqrt(1.0 + square(x))), square(cos(out))]],
    description="The inverse tangent, in radians from -pi/2 to pi/2.")
atan2 = Entry(
    "atan2", math.atan2, [lambda out, y, x: inversion(x, y), lambda out, y, x: -inversion(y, x)],
    numpy=np.arctan2, raises=False,
    cut=lambda y, x: abs(y) + relu(x),
    description="The angle of the point (x, y), in radians from -pi to pi; y comes first.")

sinc = Entry(
    "sinc", kernels.sinc, [lambda out, x: sinc_derivative(1.0, x)],
    textbook=[lambda out, x: (cos(math.pi * x) - out) / x],
    sympy="Piecewise((1, Eq(#1, 0)), (sin(pi * #1) / (pi * #1), True))",
    description="`sin(pi * x) / (pi * x)`, which is 1 at 0 and 0 at the other whole numbers.")
deg2rad = Entry(
    "deg2rad", kernels.deg2rad, [lambda out, x: DEGREE], aliases=["radians"],
    numpy=np.deg2rad, raises=False, sympy="#1 * pi / 180", latex=r"\frac{\pi}{180} \cdot #1",
    description="An angle in radians that is given in degrees.")
rad2deg = Entry(
    "rad2deg", kernels.rad2deg, [lambda out, x: 1.0 / DEGREE], aliases=["degrees"],
    numpy=np.rad2deg, raises=False, sympy="#1 * 180 / pi", latex=r"\frac{180}{\pi} \cdot #1",
    description="An angle in degrees that is given in radians.")

# --- Hyperbolic functions -----------------------------------------------------------------------

sinh = Entry(
    "sinh", math.sinh, [lambda out, x: cosh(x)],
    latex=r"\sinh\left(#1\right)", numpy=np.sinh,
    forms=[lambda out, x: [0.5 * (exp(x) - exp(-x))]],
    description="The hyperbolic sine.")
cosh = Entry(
    "cosh", math.cosh, [lambda out, x: sinh(x)],
    latex=r"\cosh\left(#1\right)", numpy=np.cosh, unsigned=True,
    forms=[lambda out, x: [out, 0.5 * (exp(x) - exp(-x))]],
    description="The hyperbolic cosine.")
tanh = Entry(
    "tanh", math.tanh, [lambda out, x: sech2(x)], textbook=[lambda out, x: 1.0 - square(out)],
    latex=r"\tanh\left(#1\right)", numpy=np.tanh, raises=False,
    forms=[lambda out, x: [2.0 * sigmoid(2.0 * x) - 1.0, 1.0 - square(out)]],
    description="The hyperbolic tangent.")
asinh = Entry(
    "asinh", math.asinh, [lambda out, x: 1.0 / hypot(1.0, x)], numpy=np.arcsinh, raises=False,
    forms=[lambda out, x: [log(x + sqrt(square(x) + 1.0)), 1.0 / cosh(out)]],
    description="The inverse hyperbolic sine.")
acosh = Entry(
    "acosh", math.acosh, [lambda out, x: acosh_slope(x)],
    domain=(ABOVE_ONE,), numpy=np.arccosh,
    description="The inverse hyperbolic cosine, at least 0.")
atanh = Entry(
    "atanh", math.atanh, [lambda out, x: atanh_slope(x)],
    domain=(UNIT,), numpy=np.arctanh,
    forms=[lambda out, x: [0.5 * log((1.0 + x) / (1.0 - x))]],
    description="The inverse hyperbolic tangent.")

# --- Smooth steps -------------------------------------------------------------------------------

sigmoid = Entry(
    "sigmoid", kernels.sigmoid, [lambda out, x: 0.25 * sech2(0.5 * x)],
    textbook=[lambda out, x: out * (1.0 - out)], scipy="expit",
    latex=r"\sigma\left(#1\right)", sympy="1 / (1 + exp(-#1))", unsigned=True,
    forms=[lambda out, x: [1.0 - sigmoid(-x), out * (1.0 - out)]],
    description="The logistic function, `1 / (1 + exp(-x))`.")
log_sigmoid = Entry(
    "log_sigmoid", kernels.log_sigmoid, [lambda out, x: sigmoid(-x)], scipy="log_expit",
    latex=r"\ln \sigma\left(#1\right)", sympy="-log(1 + exp(-#1))",
    forms=[lambda out, x: [log(sigmoid(x))], lambda out, x: [x - log(1.0 + exp(x))],
           lambda out, x: [out, 1.0 - sigmoid(x)]],
    description="`log(sigmoid(x))`, without overflow.")
softplus = Entry(
    "softplus", kernels.softplus, [lambda out, x: sigmoid(x)],
    latex=r"\ln\left(1 + e^{#1}\right)", sympy="log(1 + exp(#1))", unsigned=True,
    forms=[lambda out, x: [log(1.0 + exp(x))], lambda out, x: [x + log(1.0 + exp(-x))],
           lambda out, x: [out, 1.0 - sigmoid(-x)]],
    description="`log(1 + exp(x))`, a smooth relu.")
erf = Entry("erf", math.erf, [lambda out, x: 2.0 / math.sqrt(math.pi) * gaussian(x)], scipy="erf",
    forms=[lambda out, x: [1.0 - erfc(x)]],
    description="The error function.")
erfc = Entry(
    "erfc", special.erfc, [lambda out, x: -2.0 / math.sqrt(math.pi) * gaussian(x)],
    scipy="erfc", unsigned=True, forms=[lambda out, x: [1.0 - erf(x)]],
    description="The complementary error function, `1 - erf(x)`, accurate for large x.")
ndtr = Entry(
    "ndtr", special.ndtr, [lambda out, x: normal_density(x)],
    latex=r"\Phi\left(#1\right)", sympy="erfc(-#1 / sqrt(2)) / 2", scipy="ndtr",
    forms=[lambda out, x: [1.0 - ndtr(-x)]], unsigned=True, aliases=["normal_cdf", "norm_cdf"],
    description="The probability that a standard normal number is below `x`.")
log_ndtr = Entry(
    "log_ndtr", special.log_ndtr, [lambda out, x: inverse_mills(x)],
    latex=r"\ln \Phi\left(#1\right)", sympy="log(erfc(-#1 / sqrt(2)) / 2)", scipy="log_ndtr",
    forms=[lambda out, x: [log(1.0 - ndtr(-x)), normal_density(x) / (1.0 - ndtr(-x))]],
    description="`log(ndtr(x))`, accurate where `ndtr(x)` is almost 0 or 1.")
erfinv = Entry(
    "erfinv", special.erfinv, [lambda out, x: erfinv_slope(x)],
    textbook=[lambda out, x: 0.5 * math.sqrt(math.pi) * exp(square(out))],
    latex=r"\operatorname{erf}^{-1}\left(#1\right)", domain=(UNIT,), scipy="erfinv",
    description="The inverse of the error function.")

# --- The gamma function and what is made of it --------------------------------------------------

gammaln = Entry(
    "gammaln", special.gammaln, [lambda out, x: digamma(x)],
    latex=r"\ln\left|\Gamma\left(#1\right)\right|", sympy="log(Abs(gamma(#1)))",
    aliases=["lgamma"], scipy="gammaln",
    description="The logarithm of the absolute value of the gamma function.")
digamma = Entry(
    "digamma", special.digamma, [lambda out, x: polygamma(1.0, x)],
    latex=r"\psi\left(#1\right)", aliases=["psi"], scipy="psi",
    description="The digamma function, the derivative of gammaln(x).")
polygamma = Entry(
    "polygamma", special.polygamma,
    [lambda out, n, x: math.nan * out, lambda out, n, x: polygamma(n + 1.0, x)],
    latex=r"\psi^{(#1)}\left(#2\right)", domain=(WHOLE, REALS),
    description="The derivative of digamma(x) of order n, a whole number: `n` comes first, and "
    "there is no derivative with respect to it.")
betaln = Entry(
    "betaln", special.betaln,
    [lambda out, x, y: polygamma_difference(0.0, x, y),
     lambda out, x, y: polygamma_difference(0.0, y, x)],
    textbook=[lambda out, x, y: digamma(x) - digamma(x + y),
              lambda out, x, y: digamma(y) - digamma(x + y)],
    latex=r"\ln \mathrm{B}\left(#1, #2\right)", sympy="log(beta(#1, #2))",
    domain=(POSITIVE, POSITIVE), symmetric=True, scipy="betaln",
    forms=[lambda out, x, y: [gammaln(x) + gammaln(y) - gammaln(x + y)]],
    description="The logarithm of the beta function of two positive numbers.")

# --- Activation functions and losses ------------------------------------------------------------


def _gelu_dx(out: Any, x: Any, approximate: Any) -> Any:
    if not isinstance(approximate, float):
        return where(approximate, _gelu_dx(out, x, 1.0), _gelu_dx(out, x, 0.0))
    if approximate:
        return gelu_gate(x) + bounded(x) * gelu_gate_slope(x)
    return ndtr(x) + normal_moment(x)


def _gelu_by_tanh(x: Any) -> tuple[Any, Any]:
    """The factor of `x` in `gelu(x, True)`, and its derivative."""
    t = tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * power(x, 3.0)))
    slope = math.sqrt(2.0 / math.pi) * (1.0 + 0.134145 * square(x))
    return 0.5 * (1.0 + t), 0.5 * (1.0 - square(t)) * slope


def _gelu_form(x: Any, approximate: Any) -> tuple[Any, Any]:
    rough = _gelu_by_tanh(x)
    gate = where(approximate, rough[0], 1.0 - ndtr(-x))
    return x * gate, gate + x * where(approximate, rough[1], normal_density(x))


silu = Entry(
    "silu", kernels.silu,
    [lambda out, x: sigmoid(x) + 8.0 * bounded(0.03125 * x) * sech2(0.5 * x)],
    textbook=[lambda out, x: sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x)))],
    latex=r"#1 \cdot \sigma\left(#1\right)", sympy="#1 / (1 + exp(-#1))", aliases=["swish"],
    forms=[lambda out, x: [x * (1.0 - sigmoid(-x))],
           lambda out, x: [out, (1.0 - sigmoid(-x)) * (1.0 + x - out)]],
    description="The sigmoid linear unit, `x * sigmoid(x)`.")
gelu = Entry(
    "gelu", special.gelu, [_gelu_dx, lambda out, x, approximate: 0.0],
    latex=r"\operatorname{GELU}\left(#*\right)",
    forms=[lambda out, *operands: [_gelu_form(*operands)[0]],
           lambda out, *operands: [out, _gelu_form(*operands)[1]]],
    sympy="Piecewise((#1 * (1 + tanh(sqrt(2 / pi) * (#1 + Rational(8943, 200000) * #1 ** 3))) / 2, "
    "Ne(#2, 0)), (#1 * erfc(-#1 / sqrt(2)) / 2, True))",
    absorbs=lambda x, approximate: not isinstance(approximate, float),
    description="The Gaussian error linear unit, `x * ndtr(x)`; if `approximate` is true (not 0), "
    "`0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))`.")
elu = Entry(
    "elu", kernels.elu,
    [lambda out, x, alpha: elu_slope(x, alpha), lambda out, x, alpha: expm1(0.0 - relu(-x))],
    textbook=[lambda out, x, alpha: elu_slope(x, alpha),
              lambda out, x, alpha: expm1(minimum(x, 0.0))],
    sympy="Piecewise((#1, #1 > 0), (#2 * (exp(#1) - 1), True))", kinks=[lambda x, alpha: x],
    forms=[lambda out, x, alpha: [where(greater(x, 0.0), x, alpha * (exp(x) - 1.0)),
                                  where(greater(x, 0.0), 1.0, out + alpha),
                                  where(greater(x, 0.0), 0.0, exp(x) - 1.0)]],
    absorbs=lambda x, alpha: not isinstance(alpha, float),
    description="`x` where it is positive, otherwise `alpha * (exp(x) - 1)`.")
selu = Entry(
    "selu", kernels.selu,
    [lambda out, x: kernels.SELU_SCALE * elu_slope(x, kernels.SELU_ALPHA)], kinks=[lambda x: x],
    sympy=f"{kernels.SELU_SCALE} * elu(#1, {kernels.SELU_ALPHA})",
    forms=[lambda out, x: [
        kernels.SELU_SCALE * where(greater(x, 0.0), x, kernels.SELU_ALPHA * (exp(x) - 1.0)),
        where(greater(x, 0.0), kernels.SELU_SCALE,
              out + kernels.SELU_SCALE * kernels.SELU_ALPHA)]],
    description=f"The scaled elu, `{kernels.SELU_SCALE} * elu(x, {kernels.SELU_ALPHA})`.")
softsign = Entry(
    "softsign", kernels.softsign, [lambda out, x: softsign_slope(x)],
    latex=r"\frac{#1}{1 + \left|#1\right|}", sympy="#1 / (1 + Abs(#1))",
    forms=[lambda out, x: [out, square(1.0 - abs(out))]],
    description="`x / (1 + abs(x))`.")
huber = Entry(
    "huber", kernels.huber,
    [lambda out, delta, r: relu(difference(abs(r), nonnegative(delta))),
     lambda out, delta, r: huber_slope(delta, r)],
    latex=r"H_{#1}\left(#2\right)", domain=(POSITIVE, REALS), scipy="huber",
    sympy="Piecewise((oo, #1 < 0), (#2 ** 2 / 2, Abs(#2) <= #1), (#1 * (Abs(#2) - #1 / 2), True))",
    absorbs=lambda delta, r: not isinstance(delta, float) or delta < 0.0,
    description="The Huber loss of a residual: `r ** 2 / 2` where `abs(r) <= delta`, otherwise "
    "`delta * (abs(r) - delta / 2)`; infinite for a negative delta.")

# --- Selection: a piece is picked, and nothing flows into the others ----------------------------


def _share(x: Any, y: Any) -> Any:
    """1 where x > y, 1/2 where they are equal: what x contributes to the larger of the two."""
    return 0.5 * (1.0 + greater(x, y) - greater(y, x))


relu = Entry(
    "relu", kernels.relu, [lambda out, x: greater(x, 0.0)],
    latex=r"\max\left(0, #1\right)", sympy="Max(0, #1)", unsigned=True,
    kinks=[lambda x: x], selects=True,
    reasons=[[(lambda x: x, AT_KINK), "#0's input #1 is negative"]],
    fused=lambda x: (x, (1.0,)) if x > 0.0 else (0.0, (0.0,)) if x <= 0.0 else (x, (x,)),
    description="The rectified linear unit, `max(x, 0)`; its derivative at 0 is 0.")


def _leaky_relu_dx(out: Any, x: Any, slope: Any) -> Any:
    positive = greater(x, 0.0)
    return positive + slope * (1.0 - positive)


leaky_relu = Entry(
    "leaky_relu", kernels.leaky_relu,
    [_leaky_relu_dx, lambda out, x, slope: difference(x, relu(x))],
    sympy="Piecewise((#1, #1 > 0), (#2 * #1, True))", domain=(REALS, (0.0, 1.0)),
    kinks=[lambda x, slope: x], selects=True,
    reasons=[[(lambda x, slope: x, AT_KINK),
              "#0's input #1 is negative and its slope there is 0"],
             "#0 does not use its slope, as #1 is not below 0"],
    absorbs=lambda x, slope: not isinstance(slope, float),
    description="`x` where it is positive, otherwise `slope * x`.")
maximum = Entry(
    "maximum", kernels.maximum, [lambda out, x, y: _share(x, y), lambda out, x, y: _share(y, x)],
    textbook=[lambda out, x, y: greater(x, y), lambda out, x, y: greater(y, x)],
    latex=r"\max\left(#1, #2\right)", sympy="Max(#1, #2)",
    kinks=[lambda x, y: x - y], selects=True, numpy=np.maximum, raises=False, symmetric=True,
    fused=lambda x, y: (x, (1.0, 0.0)) if x > y else (y, (0.0, 1.0)) if y > x else None,
    reasons=["#0 picks #2, not #1", "#0 picks #1, not #2"],
    description="The larger operand; nan if either is nan. In a tie each has half the derivative.")
minimum = Entry(
    "minimum", kernels.minimum, [lambda out, x, y: _share(y, x), lambda out, x, y: _share(x, y)],
    textbook=[lambda out, x, y: greater(y, x), lambda out, x, y: greater(x, y)],
    latex=r"\min\left(#1, #2\right)", sympy="Min(#1, #2)",
    kinks=[lambda x, y: x - y], selects=True, numpy=np.minimum, raises=False, symmetric=True,
    fused=lambda x, y: (x, (1.0, 0.0)) if x < y else (y, (0.0, 1.0)) if y < x else None,
    reasons=["#0 picks #2, not #1", "#0 picks #1, not #2"],
    description="The smaller operand; nan if either is nan. In a tie each has half the derivative.")


def _share_of_numbers(x: Any, y: Any) -> Any:
    """The share of x in the larger of the two, which is 1 where y is nan."""
    return 0.5 * (1.0 + exceeds(x, y) - exceeds(y, x))


fmax = Entry(
    "fmax", kernels.fmax,
    [lambda out, x, y: _share_of_numbers(x, y), lambda out, x, y: _share_of_numbers(y, x)],
    textbook=[lambda out, x, y: greater(x, y), lambda out, x, y: greater(y, x)],
    latex=r"\max\left(#1, #2\right)", sympy="Max(#1, #2)",
    kinks=[lambda x, y: x - y], selects=True, numpy=np.fmax, raises=False, symmetric=True,
    reasons=["#0 picks #2, not #1", "#0 picks #1, not #2"],
    absorbs=True,
    description="The larger operand, or the other one if one is nan.")
fmin = Entry(
    "fmin", kernels.fmin,
    [lambda out, x, y: _share_of_numbers(-x, -y), lambda out, x, y: _share_of_numbers(-y, -x)],
    textbook=[lambda out, x, y: greater(y, x), lambda out, x, y: greater(x, y)],
    latex=r"\min\left(#1, #2\right)", sympy="Min(#1, #2)",
    kinks=[lambda x, y: x - y], selects=True, numpy=np.fmin, raises=False, symmetric=True,
    reasons=["#0 picks #2, not #1", "#0 picks #1, not #2"],
    absorbs=True,
    description="The smaller operand, or the other one if one is nan.")


def _inside(x: Any, lower: Any, upper: Any) -> Any:
    return greater(x, lower) * greater(upper, x)


def _below(x: Any, lower: Any, upper: Any) -> Any:
    return (1.0 - greater(x, lower)) * _share(upper, lower)


clip = Entry(
    "clip", kernels.clip,
    [lambda out, x, lower, upper: _inside(x, lower, upper),
     lambda out, x, lower, upper: _below(x, lower, upper),
     lambda out, x, lower, upper: 1.0 - _inside(x, lower, upper) - _below(x, lower, upper)],
    kinks=[lambda x, lower, upper: x - lower, lambda x, lower, upper: x - upper,
           lambda x, lower, upper: lower - upper],
    between=(0, 1), selects=True, sympy="Min(Max(#1, #2), #3)",
    fused=lambda x, lower, upper:
        (x, (1.0, 0.0, 0.0)) if lower < x < upper else
        (lower, (0.0, 1.0, 0.0)) if x < lower < upper else
        (upper, (0.0, 0.0, 1.0)) if lower < upper < x else None,
    reasons=[
        [(lambda x, lower, upper: x - lower, AT_BOUND.format("lower")),
         (lambda x, lower, upper: relu(x - lower), "#0's input #1 is below its lower bound #2"),
         (lambda x, lower, upper: x - upper, AT_BOUND.format("upper")),
         "#0's input #1 is above its upper bound #3"],
         "#0 does not move #1 to its lower bound #2", "#0 does not move #1 to its upper bound #3"],
    description="`x` moved into [lower, upper]; its derivative at a bound is 0.")
hard_tanh = Entry(
    "hard_tanh", kernels.hard_tanh, [lambda out, x: _inside(x, -1.0, 1.0)],
    latex=r"\min\left(\max\left(-1, #1\right), 1\right)", sympy="Min(Max(-1, #1), 1)",
    kinks=[lambda x: x + 1.0, lambda x: x - 1.0], between=(0, 1), selects=True,
    reasons=[[(lambda x: x + 1.0, AT_BOUND.format("lower")),
              (lambda x: relu(x + 1.0), "#0's input #1 is below -1"),
              (lambda x: x - 1.0, AT_BOUND.format("upper")), "#0's input #1 is above 1"]],
    description="`x` moved into [-1, 1]; its derivative at -1 and 1 is 0.")
where = Entry(
    "where", kernels.where,
    [lambda out, condition, x, y: 0.0,
     lambda out, condition, x, y: where(condition, 1.0, 0.0),
     lambda out, condition, x, y: where(condition, 0.0, 1.0)],
    condition=True, selects=True,
    fused=lambda condition, x, y: (x, (0.0, 1.0, 0.0)) if condition else (y, (0.0, 0.0, 1.0)),
    latex=r"\begin{cases} #2 & #1 \neq 0 \\ #3 & \text{otherwise} \end{cases}",
    python="#2 if #1 else #3", sympy="Piecewise((#2, Ne(#1, 0)), (#3, True))",
    reasons=["#0 only asks whether its condition #1 is true",
         "#0's condition #1 is false, so it does not pick #2",
         "#0's condition #1 is true, so it does not pick #3"],
    absorbs=True,
    description="`x` where the condition is true (not 0, so nan is true), otherwise `y`.")
stop_gradient = Entry(
    "stop_gradient", kernels.stop_gradient, [lambda out, x: 0.0],
    latex=r"\operatorname{stop}\left(#1\right)", python="#1", sympy="#1",
    blocks=True, selects=True, reasons=["#0 lets nothing through"],
    description="The operand itself, through which nothing flows: its derivative is taken to be 0.")

# --- Signs and steps: the derivative is 0 between jumps, and taken to be 0 at a jump, too --------


def _level(out: Any) -> Any:
    """0, or nan where there is no value."""
    number = out if isinstance(out, float) else out._number  # a Value is not asked to compare
    return 0.0 if number == number else defined(0.0, out)


sign = Entry(
    "sign", kernels.sign, [lambda out, x: _level(out)],
    kinks=[lambda x: x], selects=True, reasons=[JUMP], numpy=np.sign, raises=False, steps=True,
    description="-1, 0 or 1, the sign of the operand.")
copysign = Entry(
    "copysign", kernels.copysign,
    [lambda out, x, y: sign(x) * copysign(1.0, y), lambda out, x, y: _level(out)],
    kinks=[lambda x, y: x, lambda x, y: y], selects=True, reasons=[AT_KINK, JUMP],
    numpy=np.copysign, raises=False, sympy="Piecewise((Abs(#1), #2 >= 0), (-Abs(#1), True))",
    jumps=True,
    description="`x` with the sign of y, which a zero has, too; nan where y is nan.")
heaviside = Entry(
    "heaviside", kernels.heaviside,
    [lambda out, x, h0: _level(out), lambda out, x, h0: 1.0 - greater(x, 0.0) - greater(0.0, x)],
    kinks=[lambda x, h0: x], selects=True, reasons=[JUMP, "#0 uses #2 only where #1 is 0"],
    numpy=np.heaviside, raises=False, sympy="Heaviside(#1, #2)",
    absorbs=lambda x, h0: not isinstance(h0, float),
    jumps=True,
    description="The unit step: 0 where x is negative, 1 where it is positive, and `h0` at 0.")
floor = Entry(
    "floor", kernels.floor, [lambda out, x: _level(out)],
    latex=r"\left\lfloor{#1}\right\rfloor", numpy=np.floor, raises=False,
    kinks=[lambda x: _wave(x)], selects=True, reasons=[STEP], steps=True,
    description="The largest whole number that is not above the operand.")
ceil = Entry(
    "ceil", kernels.ceil, [lambda out, x: _level(out)],
    latex=r"\left\lceil{#1}\right\rceil", sympy="ceiling(#1)", numpy=np.ceil, raises=False,
    kinks=[lambda x: _wave(x)], selects=True, reasons=[STEP], steps=True,
    description="The smallest whole number that is not below the operand.")
trunc = Entry(
    "trunc", kernels.trunc, [lambda out, x: _level(out)],
    sympy="sign(#1) * floor(Abs(#1))", numpy=np.trunc, raises=False,
    kinks=[lambda x: sinc(x)], selects=True, reasons=[STEP], steps=True,
    description="The whole part of the operand, without its fraction.")
round = Rounding(
    "round", kernels.rounded, [lambda out, x, ndigits: _level(out)] * 2,
    sympy="(ceiling(#1 * 10 ** #2 / 2 - Rational(1, 4))"
    " + floor(#1 * 10 ** #2 / 2 + Rational(1, 4))) / 10 ** #2",
    domain=(REALS, (0.0, 0.0)), aliases=["rint"], selects=True, reasons=[STEP, STEP],
    kinks=[lambda x, ndigits: _wave(x * power(10.0, ndigits) - 0.5)], steps=True,
    description="The nearest whole number, or multiple of `10 ** -ndigits`; the even one of two.")


# --- Reductions: one node for any number of operands --------------------------------------------


def _told(total: float) -> Any:
    """A sum that is not finite, with NumPy's warning: `np.sum` may not overflow where it does."""
    if total != total:
        return np.subtract(math.inf, math.inf)
    return np.multiply(math.copysign(1e308, total), 10.0)


def _products_of_the_others(out: Any, *operands: Any) -> Sequence[Any]:
    before = [1.0, *accumulate(operands[:-1], operator.mul)]
    after = [1.0, *accumulate(operands[:0:-1], operator.mul)]
    return [x * y for x, y in zip(before, reversed(after), strict=True)]


def _softmax(out: Any, *operands: Any) -> Sequence[Any]:
    return _normalised([exp(difference(x, out)) for x in operands])


def _normalised(weights: Sequence[Any]) -> Sequence[Any]:
    total = _added(weights)
    return [weight / total for weight in weights]


def _added(terms: Sequence[Any]) -> Any:
    """The operation `sum`, of numbers too."""
    return call(sum, terms)


def _softmax_partials(out: Any, *operands: Any) -> Sequence[Any]:
    own, *others = _softmax(call(logsumexp, operands), *operands)
    return [own * _added(others), *[-own * other for other in others]]


def _softmax_form(out: Any, *operands: Any) -> Sequence[Any]:
    return [out, out * (1.0 - out)]


def _log_softmax_partials(out: Any, *operands: Any) -> Sequence[Any]:
    _, *others = _softmax(call(logsumexp, operands), *operands)
    return [_added(others), *[-other for other in others]]


def _log_of_sum(out: Any, *operands: Any) -> Sequence[Any]:
    """The formulas of `logsumexp`; each share is 1 less the others."""
    shares = _softmax(out, *operands)
    return [log(_added([exp(x) for x in operands])), *[1.0 - (1.0 - share) for share in shares]]


def _first_share(operands: Sequence[Any]) -> Any:
    return _softmax(call(logsumexp, operands), *operands)[0]


def _each_and_the_others(operands: Sequence[Any]) -> Sequence[tuple[Any, Sequence[Any]]]:
    return [(x, [*operands[:i], *operands[i + 1 :]]) for i, x in enumerate(operands)]


def _unit_vector(out: Any, *operands: Any) -> Sequence[Any]:
    """The operands over their norm. Where there are many, their slopes may lose digits, or there
    would be too many of them."""
    if len(operands) <= 32:
        return [call(direction_among, [x, *others]) for x, others in _each_and_the_others(operands)]
    if isinstance(out, float):
        return kernels.unit_vector(*operands)
    return [x / nonzero(out) for x in operands]


def _direction_partials(out: Any, x: Any, *others: Any) -> Sequence[Any]:
    rest = call(length, others)
    size = distance(x, rest)
    each = [call(direction_among, [y, x, *more]) for y, more in _each_and_the_others(others)]
    return [square(direction(rest, x)) / size, *[-out * y / size for y in each]]


def _leads(operands: Sequence[Any]) -> Sequence[Any]:
    """How far each is ahead of the largest of the others."""
    if len(operands) < 2:
        return [1.0] * len(operands)
    numbers = [x if isinstance(x, float) else x._number for x in operands]
    *_, second, first = sorted(range(len(numbers)), key=numbers.__getitem__)
    rivals = [first] * len(numbers)
    rivals[first] = second
    return [x - operands[rival] for x, rival in zip(operands, rivals, strict=True)]


def _largest_share(out: Any, *operands: Any) -> Sequence[Any]:
    return _normalised([1.0 - greater(out, x) for x in operands])


def _smallest_share(out: Any, *operands: Any) -> Sequence[Any]:
    return _normalised([1.0 - greater(x, out) for x in operands])


def _single(out: float, operands: Sequence[float]) -> Any:
    """A largest or smallest operand with its partials, None if it is nan or one of several."""
    shares = [1.0 if x == out else 0.0 for x in operands]
    return (out, tuple(shares)) if shares.count(1.0) == 1 else None


def _dot_partials(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    """With respect to the first vector it is the second, and the other way round."""
    return second + first


def _dot_and_partials(*operands: float) -> tuple[float, tuple[float, ...]]:
    vectors = halves(operands)
    return kernels.dot(*vectors), _dot_partials(*vectors)


dot = Entry(
    "dot", kernels.dot_of_halves, lambda out, *x: _dot_partials(*halves(x)),
    text="dot([#<], [#>])", latex=r"\left(#<\right) \cdot \left(#>\right)",
    python="dot([#<], [#>])", sympy="Add(*map(Mul, [#<], [#>]))",
    domain=((-1e150, 1e150),), gather=two_vectors,
    numpy=lambda *x: _told(kernels.dot_of_halves(*x)), raises=False,
    expanded=lambda *x: reduce(operator.add, map(operator.mul, *halves(x))),
    fused=_dot_and_partials,
    description="The dot product of two vectors of the same length, rounded once.")
sum = Everyday(
    "sum", kernels.sum, lambda out, *x: (1.0,) * len(x),
    text="sum([#*])", sympy="Add(#*)", sums=True, gather=addends, reduces=np.add,
    numpy=lambda *x: _told(kernels.sum(*x)), raises=False,
    expanded=lambda *x: reduce(operator.add, x),
    description="The sum of all elements, rounded once.")
mean = Entry(
    "mean", kernels.mean, lambda out, *x: (1.0 / len(x),) * len(x),
    text="mean([#*])", sympy="Add(#*) / len([#*])", aliases=["average"],
    gather=all_of("mean", empty=False), numpy=lambda *x: _told(kernels.mean(*x)), raises=False,
    description="The arithmetic mean of all elements, rounded once.")
prod = Entry(
    "prod", kernels.prod, _products_of_the_others,
    text="prod([#*])", python="math.prod([#*], start=1.0)", sympy="Mul(#*)",
    domain=((-1e30, 1e30),), gather=all_of("prod"), reduces=np.multiply,
    numpy=lambda *x: np.prod(x), raises=False,
    description="The product of all elements.")
norm = Entry(
    "norm", math.hypot, _unit_vector,
    text="norm([#*])", latex=r"\left\lVert\left(#*\right)\right\rVert",
    sympy="sqrt(Add(*[x ** 2 for x in [#*]]))", unsigned=True,
    textbook=lambda out, *x: [a / out for a in x],
    domain=((-1e300, 1e300),), gather=all_of("norm"), numpy=lambda *x: _told(math.hypot(*x)),
    raises=False, reduces=np.hypot,
    absorbs=True,
    description="The length of a vector, without overflow on the way; its derivative at 0 is 0.")
max = Everyday(
    "max", kernels.largest, _largest_share,
    text="max([#*])", latex=r"\max\left(#*\right)", sympy="Max(#*)", selects=True,
    kinks=lambda *x: _leads(x), gather=candidates("max"), reduces=np.maximum,
    fused=lambda *x: _single(kernels.largest(*x), x),
    description="The largest of all elements; nan if one is. In a tie they share the derivative.")
min = Everyday(
    "min", kernels.smallest, _smallest_share,
    text="min([#*])", latex=r"\min\left(#*\right)", sympy="Min(#*)", selects=True,
    kinks=lambda *x: _leads([-a for a in x]), gather=candidates("min"),
    reduces=np.minimum, fused=lambda *x: _single(kernels.smallest(*x), x),
    description="The smallest of all elements; nan if one is. In a tie they share the derivative.")
logsumexp = Entry(
    "logsumexp", kernels.logsumexp, _softmax,
    textbook=lambda out, *operands: [exp(x - out) for x in operands],
    text="logsumexp([#*])", sympy="log(Add(*map(exp, [#*])))",
    gather=all_of("logsumexp", empty=False), reduces=np.logaddexp, forms=[_log_of_sum],
    description="`log(sum(exp(x)))` over all elements, without overflow.")

# --- Operations that only derivatives need -----------------------------------------------------

Part = partial(Entry, public=False)

greater = Part(
    "greater", kernels.greater, [lambda out, x, y: _level(out), lambda out, x, y: _level(out)],
    text="(#1 > #2)", latex=r"\mathbb{1}\left[#1 > #2\right]",
    sympy="Piecewise((1, #1 > #2), (0, True))",
    operator=">", kinks=[lambda x, y: x - y], selects=True, reasons=[JUMP, JUMP],
    jumps=True,
    description="1 where x > y, otherwise 0.")
exceeds = Part(
    "exceeds", kernels.exceeds, [lambda out, x, y: _level(out), lambda out, x, y: _level(out)],
    text="(#1 > #2)", latex=r"\mathbb{1}\left[#1 > #2\right]",
    sympy="Piecewise((1, #1 > #2), (0, True))",
    kinks=[lambda x, y: x - y], selects=True, reasons=[JUMP, JUMP],
    absorbs=True,
    jumps=True,
    description="1 where x > y or only y is nan, otherwise 0.")
nonnegative = Part(
    "nonnegative", kernels.nonnegative, [lambda out, x: 1.0],
    text="#1", latex="#1", domain=(POSITIVE,),
    description="The operand, or nan where it is negative.")
defined = Part(
    "defined", kernels.defined,
    [lambda out, x, value: 1.0, lambda out, x, value: 0.0], text="#1", latex="#1", sympy="#1",
    description="The first operand, or nan where the second, the value it is derived from, is nan.")
nonzero = Part(
    "nonzero", kernels.nonzero, [lambda out, x: 1.0],
    text="#1", latex="#1", sympy="#1",
    description="The operand, but infinite at 0, where what is divided by it is 0.")
softmax = Part(
    "softmax", kernels.softmax, _softmax_partials,
    text="softmax([#*])[0]", latex=r"\operatorname{softmax}_1\left(#*\right)",
    sympy="exp(#1) / Add(*map(exp, [#*]))", gather=all_of("softmax", empty=False),
    forms=[_softmax_form],
    description="The share of the first exponential in the sum of all of them.")
log_softmax = Part(
    "log_softmax", kernels.log_softmax, _log_softmax_partials,
    text="log_softmax([#*])[0]", latex=r"\ln \operatorname{softmax}_1\left(#*\right)",
    sympy="#1 - log(Add(*map(exp, [#*])))", gather=all_of("log_softmax", empty=False),
    forms=[lambda out, *x: [log(_first_share(x))], lambda out, *x: [out, 1.0 - _first_share(x)],
           lambda out, *x: [x[0] - log(_added([exp(y) for y in x]))]],
    description="The logarithm of the share of the first exponential in the sum of all of them.")
identity = Part(
    "identity", kernels.identity, [lambda out, x: 1.0],
    text="#1", latex="#1", python="#1", fused=lambda x: (x, (1.0,)),
    description="The operand itself: an argument of a function that is differentiated.")
difference = Part(
    "difference", kernels.difference, [lambda out, x, y: 1.0, lambda out, x, y: -1.0],
    text="#1 - #2", latex="#1 - #2",
    description="`x - y`, and 0 for two equal infinities.")
erfinv_slope = Part(
    "erfinv_slope", special.erfinv_slope, [lambda out, x: 2.0 * erfinv(x) * square(out)],
    text="0.886226925452758 * exp(erfinv(#1) ** 2)", domain=(UNIT,),
    sympy="sqrt(pi) / 2 * exp(erfinv(#1) ** 2)",
    latex=r"\frac{\sqrt{\pi}}{2} \cdot e^{\operatorname{erf}^{-1}\left(#1\right)^2}",
    description="The derivative of erfinv(x).")
polygamma_difference = Part(
    "polygamma_difference", special.polygamma_difference,
    [lambda out, n, x, y: math.nan * out,
     lambda out, n, x, y: polygamma_difference(n + 1.0, x, y),
     lambda out, n, x, y: -polygamma(n + 1.0, x + y)],
    text="polygamma(#1, #2) - polygamma(#1, #2 + #3)",
    latex=r"\psi^{(#1)}\left(#2\right) - \psi^{(#1)}\left(#2 + #3\right)",
    domain=(WHOLE, POSITIVE, POSITIVE),
    forms=[lambda out, n, x, y: [
        polygamma(n, x) - polygamma(n, x + y), 0.0,
        polygamma(n + 1.0, x) - polygamma(n + 1.0, x + y)]],
    description="`polygamma(n, x) - polygamma(n, x + y)`, of which digits would cancel.")
sech2 = Part(
    "sech2", kernels.sech2, [lambda out, x: -2.0 * out * tanh(x)],
    text="1 / cosh(#1) ** 2", latex=r"\frac{1}{\cosh^2\left(#1\right)}", sympy="sech(#1) ** 2",
    forms=[lambda out, x: [1.0 - square(tanh(x))]],
    description="The square of the hyperbolic secant.")
gaussian = Part(
    "gaussian", kernels.gaussian, [lambda out, x: -2.0 * bounded(x) * out],
    text="exp(-#1 ** 2)", latex="e^{-#1^2}",
    description="`exp(-x ** 2)`.")
bounded = Part(
    "bounded", kernels.bounded, [lambda out, x: 1.0],
    text="#1", latex="#1", domain=((-30.0, 30.0),),
    description="The operand moved into [-30, 30]: it multiplies what is 0 beyond that, as "
    "`exp(-x ** 2)` is.")


def _sinc_form(n: Any, x: Any, before: Any) -> Any:
    """The derivative of sinc(x) of order `n` from the one before: `x * sinc(x)` is a sine."""
    order = floor(n)
    sine = power(math.pi, order - 1.0) * cos(math.pi * (x + 0.5 * (order - 1.0)))
    return (sine - order * before) / x


sinc_derivative = Part(
    "sinc_derivative", kernels.sinc_derivative,
    [lambda out, n, x: _level(out), lambda out, n, x: sinc_derivative(n + 1.0, x)],
    latex=r"\operatorname{sinc}^{\left(#1\right)}\left(#2\right)", domain=((0.0, 4.0), REALS),
    sympy="pi ** floor(#1) * Integral(Symbol('s') ** floor(#1)"
    " * cos(pi * (#2 * Symbol('s') + floor(#1) / 2)), (Symbol('s'), 0, 1))",
    forms=[lambda out, n, x: [_sinc_form(n, x, sinc_derivative(n - 1.0, x))],
           lambda out, n, x: [out, 0.0, _sinc_form(n + 1.0, x, out)]],
    description="The derivative of sinc(x) whose order is the whole part of n.")
ratio = Part(
    "ratio", kernels.ratio,
    [lambda out, x, y: 1.0 / nonnegative(y), lambda out, x, y: -ratio(out, y)],
    text="#1 / #2", latex=r"\frac{#1}{#2}", domain=(REALS, POSITIVE), selects=True,
    reasons=["#0 is 0 where #1 is", "#0 is 0 where #1 is"],
    description="`x / y` for y from 0 up; where x is 0 it is 0, whatever y is.")
log_or_limit = Part(
    "log_or_limit", kernels.log_or_limit, [lambda out, x: 1.0 / nonnegative(x)],
    text="log(#1)", latex=r"\ln\left(#1\right)", domain=(POSITIVE,),
    description="`log(x)`, a slope: it may be infinite.")
log1p_or_limit = Part(
    "log1p_or_limit", kernels.log1p_or_limit, [lambda out, x: 1.0 / nonnegative(1.0 + x)],
    text="log1p(#1)", latex=r"\ln\left(1 + #1\right)", domain=((-1.0, math.inf),),
    description="`log(1 + x)`, a slope: it may be infinite.")
entr_slope = Part(
    "entr_slope", kernels.entr_slope, [lambda out, x: -1.0 / nonnegative(x)],
    text="-log(#1) - 1", latex=r"-\ln\left(#1\right) - 1", domain=(POSITIVE,),
    description="`-log(x) - 1`, the derivative of entr(x).")
logit_slope = Part(
    "logit_slope", kernels.logit_slope, [lambda out, x: (2.0 * x - 1.0) * out * out],
    text="1 / (#1 * (1 - #1))", latex=r"\frac{1}{#1 \cdot \left(1 - #1\right)}",
    domain=((0.0, 1.0),),
    description="`1 / (x * (1 - x))`, the derivative of logit(x).")
log1mexp_slope = Part(
    "log1mexp_slope", kernels.log1mexp_slope, [lambda out, x: -out * (1.0 + out)],
    text="1 / (exp(#1) - 1)", latex=r"\frac{1}{e^{#1} - 1}", domain=(POSITIVE,),
    forms=[lambda out, x: [1.0 / (exp(x) - 1.0)]],
    description="`1 / (exp(x) - 1)`, the derivative of log1mexp(x).")
normal_density = Part(
    "normal_density", special.normal_density, [lambda out, x: -normal_moment(x)],
    text="0.3989422804014327 * exp(-#1 ** 2 / 2)", latex=r"\varphi\left(#1\right)",
    sympy="exp(-#1 ** 2 / 2) / sqrt(2 * pi)", unsigned=True,
    description="`exp(-x ** 2 / 2) / sqrt(2 * pi)`, the derivative of ndtr(x).")
normal_moment = Part(
    "normal_moment", special.normal_moment, [lambda out, x: -normal_density_bend(x)],
    text="#1 * normal_density(#1)", latex=r"#1 \cdot \varphi\left(#1\right)",
    description="`x * normal_density(x)`; with a minus, the derivative of normal_density(x).")
normal_density_bend = Part(
    "normal_density_bend", special.normal_density_bend,
    [lambda out, x: 2.0 * bounded(0.5 * x) * (3.0 - square(2.0 * bounded(0.5 * x)))
     * normal_density(x)],
    text="(#1 ** 2 - 1) * normal_density(#1)",
    latex=r"\left(#1^2 - 1\right) \varphi\left(#1\right)",
    description="`(x ** 2 - 1) * normal_density(x)`, the second derivative of normal_density(x).")
inverse_mills = Part(
    "inverse_mills", special.inverse_mills, [lambda out, x: inverse_mills_slope(x)],
    text="normal_density(#1) / ndtr(#1)",
    latex=r"\frac{\varphi\left(#1\right)}{\Phi\left(#1\right)}", unsigned=True,
    forms=[lambda out, x: [normal_density(x) / (1.0 - ndtr(-x)), -out * (x + out)]],
    description="`normal_density(x) / ndtr(x)`, the derivative of log_ndtr(x).")
inverse_mills_slope = Part(
    "inverse_mills_slope", special.inverse_mills_slope, [lambda out, x: inverse_mills_bend(x)],
    text="-inverse_mills(#1) * (#1 + inverse_mills(#1))",
    latex=r"\left(\frac{\varphi}{\Phi}\right)'\left(#1\right)",
    forms=[lambda out, x: [-inverse_mills(x) * (x + inverse_mills(x))]],
    description="`-m * (x + m)` with `m = inverse_mills(x)`, of which it is the derivative.")
inverse_mills_bend = Part(
    "inverse_mills_bend", special.inverse_mills_bend,
    [lambda out, x: -(x + 2.0 * inverse_mills(x)) * out
     - 2.0 * inverse_mills_slope(x) * (1.0 + inverse_mills_slope(x))],
    text="inverse_mills(#1) * ((#1 + inverse_mills(#1)) * (#1 + 2 * inverse_mills(#1)) - 1)",
    latex=r"\left(\frac{\varphi}{\Phi}\right)''\left(#1\right)",
    description="The second derivative of inverse_mills(x).")
gelu_gate = Part(
    "gelu_gate", special.gelu_gate, [lambda out, x: gelu_gate_slope(x)],
    text="0.5 * (1 + tanh(0.7978845608028654 * (#1 + 0.044715 * #1 ** 3)))",
    latex=r"\sigma\left(\sqrt{8 / \pi} \left(#1 + 0.044715 \cdot #1^3\right)\right)",
    sympy="(1 + tanh(sqrt(2 / pi) * (#1 + Rational(8943, 200000) * #1 ** 3))) / 2",
    forms=[lambda out, x: [_gelu_by_tanh(x)[0]], lambda out, x: [out, _gelu_by_tanh(x)[1]]],
    description="What approximates `ndtr(x)` in `gelu(x, True)`.")


def _gelu_bend(out: Any, x: Any) -> Any:
    half = 0.7978845608028654 * (x + 0.044715 * x * square(x))
    slope = 1.5957691216057308 + 0.21406444881780074 * square(x)
    return out * (0.42812889763560150 * x / slope - slope * tanh(half))


gelu_gate_slope = Part(
    "gelu_gate_slope", special.gelu_gate_slope, [lambda out, x: _gelu_bend(out, bounded(x))],
    text="(1.5957691216057308 + 0.21406444881780074 * #1 ** 2) * gelu_gate(#1) "
    "* (1 - gelu_gate(#1))",
    latex=r"\frac{d}{d #1} \sigma\left(\sqrt{8 / \pi} "
    r"\left(#1 + 0.044715 \cdot #1^3\right)\right)",
    forms=[lambda out, x: [_gelu_by_tanh(x)[1]]],
    description="The derivative of gelu_gate(x).")
elu_slope = Part(
    "elu_slope", kernels.elu_slope,
    [lambda out, x, alpha: out * greater(0.0, x),
     lambda out, x, alpha: exp(-relu(-x)) * greater(0.0, x)],
    text="where(greater(#1, 0), 1, #2 * exp(#1))",
    latex=r"\begin{cases} 1 & #1 > 0 \\ #2 \cdot e^{#1} & \text{otherwise} \end{cases}",
    sympy="Piecewise((1, #1 > 0), (#2 * exp(#1), True))", kinks=[lambda x, alpha: x],
    forms=[lambda out, x, alpha: [
        where(greater(x, 0.0), 1.0, alpha * (exp(x) - 1.0) + alpha)]],
    absorbs=lambda x, alpha: not isinstance(alpha, float),
    jumps=True,
    description="The derivative of elu(x, alpha) with respect to x.")
softsign_slope = Part(
    "softsign_slope", kernels.softsign_slope, [lambda out, x: softsign_bend(x)],
    text="1 / (1 + abs(#1)) ** 2", latex=r"\frac{1}{\left(1 + \left|#1\right|\right)^2}",
    description="`1 / (1 + abs(x)) ** 2`, the derivative of softsign(x).")
softsign_bend = Part(
    "softsign_bend", kernels.softsign_bend, [lambda out, x: 6.0 * square(softsign_slope(x))],
    text="-2 * sign(#1) / (1 + abs(#1)) ** 3",
    latex=r"-\frac{2 \operatorname{sign}\left(#1\right)}{\left(1 + \left|#1\right|\right)^3}",
    description="`-2 * sign(x) / (1 + abs(x)) ** 3`, the derivative of softsign_slope(x).")
huber_slope = Part(
    "huber_slope", kernels.huber_slope,
    [lambda out, delta, r: sign(r) * greater(abs(r), delta),
     lambda out, delta, r: greater(delta, abs(r))],
    text="clip(#2, -#1, #1)", latex=r"\operatorname{clip}\left(#2, -#1, #1\right)",
    domain=(POSITIVE, REALS),
    description="`r` moved into [-delta, delta], the derivative of huber(delta, r).")
asin_slope = Part(
    "asin_slope", kernels.asin_slope, [lambda out, x: x * out**3.0],
    text="1 / sqrt(1 - #1 ** 2)", latex=r"\frac{1}{\sqrt{1 - #1^2}}", domain=(UNIT,),
    description="`1 / sqrt(1 - x ** 2)`, the derivative of asin(x).")
acosh_slope = Part(
    "acosh_slope", kernels.acosh_slope, [lambda out, x: -square(out) * hypot(1.0, out)],
    text="1 / sqrt(#1 ** 2 - 1)", latex=r"\frac{1}{\sqrt{#1^2 - 1}}", domain=(ABOVE_ONE,),
    description="`1 / sqrt(x ** 2 - 1)`, the derivative of acosh(x).")
atanh_slope = Part(
    "atanh_slope", kernels.atanh_slope, [lambda out, x: 2.0 * x * square(out)],
    text="1 / (1 - #1 ** 2)", latex=r"\frac{1}{1 - #1^2}", domain=(UNIT,),
    description="`1 / (1 - x ** 2)`, the derivative of atanh(x).")
cbrt_slope = Part(
    "cbrt_slope", kernels.cbrt_slope, [lambda out, x: -2.0 * out * (out / cbrt(x))],
    text="1 / (3 * cbrt(#1) ** 2)", sympy="Abs(#1) ** Rational(-2, 3) / 3",
    latex=r"\frac{1}{3 \cdot {\sqrt[3]{#1}}^2}",
    description="`1 / (3 * cbrt(x) ** 2)`, the derivative of cbrt(x).")
quotient_slope = Part(
    "quotient_slope", kernels.quotient_slope,
    [lambda out, x, y: quotient_slope(1.0, y), lambda out, x, y: -2.0 * out / y],
    text="-#1 / #2 ** 2", latex=r"-\frac{#1}{#2^2}",
    description="`-x / y ** 2`, the derivative of x / y.")
power_slope = Part(
    "power_slope", kernels.power_slope,
    [lambda out, x, y: y * power_slope(x, y - 1.0), lambda out, x, y: power_mixed(x, y)],
    text="#2 * #1 ** (#2 - 1)", latex="#2 \\cdot #1^{#2 - 1}", domain=(POSITIVE, REALS),
    absorbs=lambda x, y: not isinstance(y, float) or abs(y) in (0.0, 1.0, math.inf),
    description="`y * x ** (y - 1)`, the derivative of x ** y with respect to x.")
power_log = Part(
    "power_log", kernels.power_log,
    [lambda out, x, y: power_mixed(x, y), lambda out, x, y: square(power_log(x, 0.5 * y))],
    text="#1 ** #2 * log(#1)", latex=r"#1^{#2} \ln\left(#1\right)", domain=(POSITIVE, REALS),
    absorbs=True,
    description="`x ** y * log(x)`, the derivative of x ** y with respect to y.")


def _power_mixed_dy(out: Any, x: Any, y: Any) -> Any:
    root = power_log(x, 0.5 * (y - 1.0))
    return 2.0 * power_log(x, y - 1.0) + y * root * root


power_mixed = Part(
    "power_mixed", kernels.power_mixed,
    [lambda out, x, y: y * power_mixed(x, y - 1.0) + power_slope(x, y - 1.0),
     _power_mixed_dy],
    text="#1 ** (#2 - 1) * (1 + #2 * log(#1))",
    latex=r"#1^{#2 - 1} \left(1 + #2 \ln\left(#1\right)\right)", domain=(POSITIVE, REALS),
    description="`x ** (y - 1) * (1 + y * log(x))`, the derivative of x ** y with respect to both.")
length = Part(
    "length", math.hypot, _unit_vector, text="norm([#*])",
    latex=r"\left\lVert\left(#*\right)\right\rVert", sympy="sqrt(Add(*[x ** 2 for x in [#*]]))",
    domain=((-1e300, 1e300),), gather=all_of("length"), unsigned=True,
    absorbs=True,
    description="The same as norm, in derivatives, where an overflow is no reason to warn.")
direction_among = Part(
    "direction_among", kernels.direction_among, _direction_partials,
    text="#1 / norm([#*])", latex=r"\frac{#1}{\left\lVert\left(#*\right)\right\rVert}",
    sympy="#1 / sqrt(Add(*[x ** 2 for x in [#*]]))", gather=all_of("direction_among"),
    description="The first operand, divided by the norm of all of them; 0 at the origin.")
direction = Part(
    "direction", kernels.direction,
    [lambda out, x, y: square(direction(y, x)) / distance(x, y),
     lambda out, x, y: -out * direction(y, x) / distance(x, y)],
    text="#1 / hypot(#1, #2)", latex=r"\frac{#1}{\sqrt{#1^2 + #2^2}}",
    description="`x / hypot(x, y)`, and 0 at the origin.")
distance = Part(
    "distance", kernels.distance,
    [lambda out, x, y: direction(x, y), lambda out, x, y: direction(y, x)],
    text="hypot(#1, #2)", latex=r"\sqrt{#1^2 + #2^2}", symmetric=True,
    absorbs=True,
    description="`hypot(x, y)`, but infinite at the origin, where what is divided by it is 0.")
inversion = Part(
    "inversion", kernels.inversion,
    [lambda out, x, y: (inversion(y, x) - out) * (inversion(y, x) + out),
     lambda out, x, y: -2.0 * out * inversion(y, x)],
    text="#1 / (#1 ** 2 + #2 ** 2)", latex=r"\frac{#1}{#1^2 + #2^2}",
    description="`x / (x ** 2 + y ** 2)`.")

# fmt: on

TABLE: dict[str, Op] = {name: op for name, op in globals().items() if isinstance(op, Op)}
"""Every operation by its name."""

UFUNCS: dict[Any, Op] = {
    ufunc: op
    for op in TABLE.values()
    for ufunc in (op.numpy, *[getattr(np, alias, None) for alias in op.aliases])
    if isinstance(ufunc, np.ufunc)
}
"""The operations that NumPy's ufuncs stand for; `np.radians` is another one than `np.deg2rad`."""

REDUCTIONS: dict[Any, Op] = {op.reduces: op for op in TABLE.values() if op.reduces}
"""The operations on any number of operands that ufuncs of two amount to, one after the other."""

SCIPY: dict[str, Op] = {op.scipy: op for op in TABLE.values() if op.scipy}
"""The operations that ufuncs of SciPy's of these names stand for."""
