"""What rounding explains: right gradients pass in all the forms in which people write them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    Value,
    check_gradient,
    compare,
    dot,
    elu,
    expm1,
    log_sigmoid,
    selu,
    sigmoid,
    softplus,
    tanh,
)
from autograd.compare.judge import Judge
from autograd.ops import TABLE, WHOLE
from autograd.quiet import quietly

erf, erfc = np.vectorize(math.erf), np.vectorize(math.erfc)
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
ROOT = math.sqrt(2.0 / math.pi)
EULER = math.sqrt(math.pi)


def sigma(x):
    return 1.0 / (1.0 + np.exp(-x))


def phi(x):
    return np.exp(-(x**2) / 2.0) / np.sqrt(2.0 * np.pi)


def cdf(x):
    return 0.5 * (1.0 + erf(x / np.sqrt(2.0)))


def piecewise(x, above, below):
    return np.where(x > 0.0, above, below)


def gelu_by_tanh(x):
    t = np.tanh(ROOT * (x + 0.044715 * x**3))
    slope = ROOT * (1.0 + 3.0 * 0.044715 * x**2)
    return 0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t**2) * slope


def shares(*x):
    return np.exp(x) / np.exp(x).sum()


# For each operation the value and the derivatives, in the words of NumPy.
WRITTEN = {
    "divide": [lambda x, y: ((q := x / y), 1 / y, -q / y), lambda x, y: (x / y, 1 / y, -x / y**2)],
    "power": [
        lambda x, y: (np.exp(y * np.log(x)), y * x ** (y - 1), x**y * np.log(x)),
        lambda x, y: ((p := np.exp(y * np.log(x))), y * p / x, p * np.log(x)),
    ],
    "reciprocal": [lambda x: ((r := 1 / x), -(r**2)), lambda x: (x**-1.0, -(x**-2.0))],
    "square": [lambda x: (x**2, 2 * x)],
    "sqrt": [lambda x: ((r := x**0.5), 1 / (2 * r)), lambda x: (x**0.5, 0.5 * x**-0.5)],
    "cbrt": [
        lambda x: (np.sign(x) * np.abs(x) ** (1 / 3), np.abs(x) ** (-2 / 3) / 3),
        lambda x: ((c := np.sign(x) * np.exp(np.log(np.abs(x)) / 3)), 1 / (3 * c**2)),
    ],
    "hypot": [lambda x, y: ((r := np.sqrt(x**2 + y**2)), x / r, y / r)],
    "exp": [lambda x: (np.exp(x), np.exp(x)), lambda x: (1 / np.exp(-x), 1 / np.exp(-x))],
    "exp2": [lambda x: ((p := np.exp(x * np.log(2))), np.log(2) * p)],
    "expm1": [
        lambda x: ((y := np.exp(x) - 1), y + 1),
        lambda x: (np.expm1(x), np.expm1(x) + 1),
    ],
    "log": [lambda x: (np.log(x), 1 / x), lambda x: (-np.log(1 / x), 1 / x)],
    "log1p": [lambda x: ((y := np.log(1 + x)), np.exp(-y)), lambda x: (np.log(1 + x), 1 / (1 + x))],
    "log2": [lambda x: (np.log(x) / np.log(2), 1 / (x * np.log(2)))],
    "log10": [lambda x: (np.log(x) / np.log(10), 1 / (x * np.log(10)))],
    "logaddexp": [
        lambda x, y: (np.log(np.exp(x) + np.exp(y)), *shares(x, y)),
        lambda x, y: ((z := np.log(np.exp(x) + np.exp(y))), np.exp(x - z), np.exp(y - z)),
        lambda x, y: (np.log(np.exp(x) + np.exp(y)), 1 - (s := shares(x, y))[1], 1 - s[0]),
        lambda x, y: (x + np.log(1 + np.exp(y - x)), 1 - sigma(y - x), sigma(y - x)),
        lambda x, y: (max(x, y) + np.log(1 + np.exp(-abs(y - x))), sigma(x - y), 1 - sigma(x - y)),
    ],
    "xlogy": [lambda x, y: (x * np.log(y), np.log(y), x / y)],
    "xlog1py": [lambda x, y: (x * np.log(1 + y), np.log(1 + y), x / (1 + y))],
    "entr": [
        lambda x: (-x * np.log(x), -np.log(x) - 1),
        lambda x: (x * np.log(1 / x), np.log(1 / x) - 1),
    ],
    "logit": [
        lambda x: (np.log(x / (1 - x)), 1 / (x * (1 - x))),
        lambda x: (np.log(x) - np.log(1 - x), 1 / x + 1 / (1 - x)),
        lambda x: (-np.log(1 / x - 1), 1 / (x - x**2)),
    ],
    "log1mexp": [
        lambda x: (np.log(1 - np.exp(-x)), 1 / (np.exp(x) - 1)),
        lambda x: ((y := np.log(1 - np.exp(-x))), np.exp(-x - y)),
        lambda x: ((y := np.log(1 - np.exp(-x))), np.exp(-y) - 1),
        lambda x: (np.log(1 - np.exp(-x)), np.exp(-x) / (1 - np.exp(-x))),
    ],
    "sin": [lambda x: (np.sin(x), np.cos(x))],
    "cos": [lambda x: (np.cos(x), -np.sin(x))],
    "tan": [
        lambda x: ((t := np.sin(x) / np.cos(x)), 1 + t**2),
        lambda x: (np.tan(x), 1 / np.cos(x) ** 2),
    ],
    "asin": [
        lambda x: ((y := np.arcsin(x)), 1 / np.cos(y)),
        lambda x: (np.arctan(x / np.sqrt(1 - x**2)), 1 / np.sqrt(1 - x**2)),
        lambda x: (np.pi / 2 - np.arccos(x), 1 / np.sqrt((1 - x) * (1 + x))),
    ],
    "acos": [
        lambda x: ((y := np.arccos(x)), -1 / np.sin(y)),
        lambda x: (np.pi / 2 - np.arcsin(x), -1 / np.sqrt(1 - x**2)),
    ],
    "atan": [
        lambda x: ((y := np.arctan(x)), np.cos(y) ** 2),
        lambda x: (np.arcsin(x / np.sqrt(1 + x**2)), 1 / (1 + x**2)),
    ],
    "atan2": [lambda y, x: (np.arctan2(y, x), x / (x**2 + y**2), -y / (x**2 + y**2))],
    "sinc": [
        lambda x: ((y := np.sin(np.pi * x) / (np.pi * x)), (np.cos(np.pi * x) - y) / x),
        lambda x: (
            np.sin(np.pi * x) / (np.pi * x),
            np.cos(np.pi * x) / x - np.sin(np.pi * x) / (np.pi * x**2),
        ),
    ],
    "deg2rad": [lambda x: (x * np.pi / 180, np.pi / 180)],
    "rad2deg": [lambda x: (x * 180 / np.pi, 180 / np.pi)],
    "sinh": [lambda x: ((np.exp(x) - np.exp(-x)) / 2, (np.exp(x) + np.exp(-x)) / 2)],
    "cosh": [
        lambda x: ((np.exp(x) + np.exp(-x)) / 2, (np.exp(x) - np.exp(-x)) / 2),
        lambda x: (np.cosh(x), np.sinh(x)),
    ],
    "tanh": [
        lambda x: ((t := 2 / (1 + np.exp(-2 * x)) - 1), 1 - t**2),
        lambda x: ((t := 2 * sigma(2 * x) - 1), (1 - t) * (1 + t)),
        lambda x: ((t := (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))), 1 - t**2),
        lambda x: ((t := (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)), 1 - t * t),
        lambda x: ((t := (1 - np.exp(-2 * x)) / (1 + np.exp(-2 * x))), 1 - t * t),
        lambda x: (1 - 2 / (np.exp(2 * x) + 1), 4 * (s := sigma(2 * x)) * (1 - s)),
        lambda x: (np.sinh(x) / np.cosh(x), 1 / np.cosh(x) ** 2),
        lambda x: (np.tanh(x), 4 / (np.exp(x) + np.exp(-x)) ** 2),
    ],
    "asinh": [
        lambda x: (np.log(x + np.sqrt(x**2 + 1)), 1 / np.sqrt(x**2 + 1)),
        lambda x: ((y := np.log(x + np.sqrt(x**2 + 1))), 1 / np.cosh(y)),
        lambda x: (np.sign(x) * np.log(np.abs(x) + np.sqrt(x**2 + 1)), 1 / np.cosh(np.arcsinh(x))),
    ],
    "acosh": [
        lambda x: (np.log(x + np.sqrt(x**2 - 1)), 1 / np.sqrt(x**2 - 1)),
        lambda x: ((y := np.log(x + np.sqrt(x**2 - 1))), 1 / np.sinh(y)),
        lambda x: (np.log(x + np.sqrt(x - 1) * np.sqrt(x + 1)), 1 / np.sinh(np.arccosh(x))),
    ],
    "atanh": [
        lambda x: (0.5 * np.log((1 + x) / (1 - x)), 1 / (1 - x**2)),
        lambda x: ((y := 0.5 * (np.log(1 + x) - np.log(1 - x))), np.cosh(y) ** 2),
        lambda x: (np.arctanh(x), 0.5 / (1 - x) + 0.5 / (1 + x)),
    ],
    "sigmoid": [
        lambda x: ((s := sigma(x)), s * (1 - s)),
        lambda x: ((s := sigma(x)), s - s**2),
        lambda x: ((s := np.exp(x) / (1 + np.exp(x))), s * (1 - s)),
        lambda x: ((s := 1 - 1 / (1 + np.exp(x))), s * (1 - s)),
        lambda x: ((s := 0.5 * (1 + np.tanh(x / 2))), s * (1 - s)),
        lambda x: (0.5 + 0.5 * np.tanh(0.5 * x), 0.25 * (1 - np.tanh(0.5 * x) ** 2)),
        lambda x: (sigma(x), np.exp(-x) / (1 + np.exp(-x)) ** 2),
        lambda x: (sigma(x), np.exp(x) / (1 + np.exp(x)) ** 2),
        lambda x: (sigma(x), 1 / (2 + np.exp(x) + np.exp(-x))),
    ],
    "log_sigmoid": [
        lambda x: (np.log(s := sigma(x)), 1 - s),
        lambda x: (np.log(sigma(x)), 1 - 0.5 * (1 + np.tanh(x / 2))),
        lambda x: ((y := -np.log(1 + np.exp(-x))), 1 - np.exp(y)),
        lambda x: (x - np.log(1 + np.exp(x)), 1 / (1 + np.exp(x))),
        lambda x: (-np.log(1 + np.exp(-x)), np.exp(-x) / (1 + np.exp(-x))),
        lambda x: (np.minimum(x, 0) - np.log(1 + np.exp(-abs(x))), 1 - np.exp(x) / (1 + np.exp(x))),
    ],
    "softplus": [
        lambda x: (np.log(1 + np.exp(x)), sigma(x)),
        lambda x: ((y := np.log(1 + np.exp(x))), 1 - np.exp(-y)),
        lambda x: (np.log(1 + np.exp(x)), 1 - 1 / (1 + np.exp(x))),
        lambda x: (-np.log(sigma(-x)), np.exp(x) / (1 + np.exp(x))),
        lambda x: (x + np.log(1 + np.exp(-x)), 1 - sigma(-x)),
        lambda x: (np.maximum(x, 0) + np.log(1 + np.exp(-abs(x))), 0.5 * (1 + np.tanh(x / 2))),
    ],
    "erf": [
        lambda x: (1 - erfc(x), 2 / EULER * np.exp(-x * x)),
        lambda x: (2 * cdf(x * np.sqrt(2)) - 1, 2 / EULER / np.exp(x**2)),
    ],
    "erfc": [
        lambda x: (1 - erf(x), -2 / EULER * np.exp(-x * x)),
        lambda x: (2 * (1 - cdf(x * np.sqrt(2))), -2 / EULER / np.exp(x**2)),
    ],
    "ndtr": [
        lambda x: (cdf(x), phi(x)),
        lambda x: (1 - cdf(-x), phi(x)),
        lambda x: (1 - 0.5 * erfc(x / np.sqrt(2)), phi(x)),
    ],
    "log_ndtr": [
        lambda x: (np.log(cdf(x)), phi(x) / cdf(x)),
        lambda x: (np.log(1 - cdf(-x)), phi(x) / (1 - cdf(-x))),
    ],
    "erfinv": [lambda x: ((y := autograd.erfinv(x)), 0.5 * EULER * np.exp(y**2))],
    "gammaln": [lambda x: (math.log(abs(math.gamma(x))), autograd.digamma(x))],
    "betaln": [
        lambda x, y: (
            math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y),
            autograd.digamma(x) - autograd.digamma(x + y),
            autograd.digamma(y) - autograd.digamma(x + y),
        )
    ],
    "silu": [
        lambda x: (x * (s := sigma(x)), s * (1 + x * (1 - s))),
        lambda x: (x * (s := sigma(x)), s + x * s * (1 - s)),
        lambda x: ((y := x * (s := sigma(x))), y + s * (1 - y)),
        lambda x: ((y := x / (1 + np.exp(-x))), y + sigma(x) * (1 - y)),
        lambda x: (x * (s := 0.5 * (1 + np.tanh(x / 2))), s + x * s * (1 - s)),
        lambda x: (x * (s := 1 - 1 / (1 + np.exp(x))), s + x * s * (1 - s)),
    ],
    "gelu": [
        lambda x, approximate: (
            gelu_by_tanh(x) if approximate else (x * cdf(x), cdf(x) + x * phi(x))
        ),
        lambda x, approximate: (
            gelu_by_tanh(x)
            if approximate
            else (0.5 * x * (1 + erf(x / np.sqrt(2))), 1 - cdf(-x) + x * phi(x))
        ),
    ],
    "elu": [
        lambda x, a: (
            (y := piecewise(x, x, a * (np.exp(x) - 1))),
            piecewise(x, 1.0, y + a),
            piecewise(x, 0.0, np.exp(x) - 1),
        ),
        lambda x, a: (
            piecewise(x, x, a * (np.exp(x) - 1)),
            piecewise(x, 1.0, a * np.exp(x)),
            piecewise(x, 0.0, y / a if (y := autograd.elu(x, a)) else 0.0),
        ),
    ],
    "selu": [
        lambda x: (
            (y := SCALE * piecewise(x, x, ALPHA * (np.exp(x) - 1))),
            piecewise(x, SCALE, y + SCALE * ALPHA),
        ),
        lambda x: (
            piecewise(x, SCALE * x, SCALE * ALPHA * np.exp(x) - SCALE * ALPHA),
            piecewise(x, SCALE, SCALE * ALPHA * np.exp(x)),
        ),
    ],
    "softsign": [
        lambda x: ((y := x / (1 + abs(x))), (1 - abs(y)) ** 2),
        lambda x: (x / (1 + abs(x)), 1 / (1 + abs(x)) ** 2),
    ],
    "huber": [
        lambda d, r: (
            np.where(abs(r) <= d, r**2 / 2, d * (abs(r) - d / 2)),
            np.where(abs(r) <= d, 0.0, abs(r) - d),
            np.where(abs(r) <= d, r, d * np.sign(r)),
        )
    ],
    "prod": [lambda *x: ((p := np.prod(x)), *[p / a for a in x])],
    "norm": [lambda *x: ((r := np.sqrt(np.dot(x, x))), *[a / r for a in x])],
    "mean": [lambda *x: (np.mean(x), *[1 / len(x)] * len(x))],
    "dot": [lambda *x: (np.dot(x[:3], x[3:]), *x[3:], *x[:3])],
    "sum": [lambda *x: (np.sum(x), *[1.0] * len(x))],
    "logsumexp": [
        lambda *x: (np.log(np.exp(x).sum()), *shares(*x)),
        lambda *x: ((z := np.log(np.exp(x).sum())), *[np.exp(a - z) for a in x]),
        lambda *x: (
            (m := max(x)) + np.log(np.exp(np.array(x) - m).sum()),
            *(1 - (shares(*x).sum() - shares(*x))),
        ),
    ],
    "softmax": [
        lambda *x: ((s := shares(*x))[0], s[0] * (1 - s[0]), *[-s[0] * b for b in s[1:]]),
        lambda *x: ((s := shares(*x))[0], s[0] - s[0] ** 2, *[-s[0] * b for b in s[1:]]),
    ],
    "log_softmax": [
        lambda *x: (np.log((s := shares(*x))[0]), 1 - s[0], *-s[1:]),
        lambda *x: (x[0] - np.log(np.exp(x).sum()), 1 - shares(*x)[0], *-shares(*x)[1:]),
    ],
}

EXACT = """
    add subtract negative abs floor_divide mod fmod relu leaky_relu maximum minimum fmax fmin clip
    multiply hard_tanh where stop_gradient sign copysign heaviside floor ceil trunc round max min
    digamma polygamma greater
""".split()
"""Operations whose derivatives are 0 or 1, an operand, or not elementary."""

SMALL = 1e-12
NUMBERS = st.floats(-3.0, 3.0) | st.floats(-45.0, 45.0) | st.floats(-1e6, 1e6)
TINY = st.floats(-12.0, 0.0).map(lambda power: 10.0**power)
SIZES = {"dot": 6}
DOMAINS = {
    "gammaln": [(0.0, 100.0)],
    "elu": [(-math.inf, math.inf), (0.0, 10.0)],
    "sinc_derivative": [WHOLE, (-math.inf, math.inf)],
    "log_ndtr": [(-8.0, 40.0)],
    "sigmoid": [(-36.0, 45.0)],
    "round": [(-math.inf, math.inf), (-1.0, 1.0)],
    "polygamma": [WHOLE, (0.0, math.inf)],
}
"""Where the operations are elementary, if not in all of their domains."""


def within(low, high):
    """Numbers of an interval, some of them close to its ends or to 0."""
    if (low, high) == WHOLE:
        return st.integers(1, 3).map(float)
    if high < 50.0:
        ends = TINY.map(lambda x: low + x) | TINY.map(lambda x: high - x)
        return (st.floats(low, high) | ends).filter(lambda x: low < x < high)
    numbers = NUMBERS | TINY | TINY.map(lambda x: -x)
    if low in (-1.0, 0.0, 1.0):
        numbers = numbers.map(lambda x: low + abs(x))
    return numbers.filter(lambda x: min(abs(x), abs(x - max(low, -1.0))) > SMALL)


def operands(op):
    """Operands of an operation, as many as it takes."""
    if op.name == "gelu":
        return st.tuples(NUMBERS, st.sampled_from([0.0, 1.0]))
    intervals = list(DOMAINS.get(op.name, op.domain))
    if op.arity is None:
        intervals *= SIZES.get(op.name, 4)
    return st.tuples(*[within(*x) for x in intervals])


def overflowing(form, *numbers):
    """What a formula gives, with an error where one of its steps overflows."""
    np.seterr(over="raise")
    return form(*numbers)


def computed(form, *numbers):
    """The numbers that a formula gives; None where one of its steps overflows."""
    try:
        found = quietly(overflowing, form, *map(np.float64, numbers))
        return [float(x) for x in found]
    except (ArithmeticError, ValueError):
        return None


def judged(op, form, points, inner=1.0, shift=0.0, outer=1.7):
    """The verdicts on the value and the partials of `outer * op(inner * x + shift)` by a form.

    Those that are not finite are left out.
    """
    fixed = [op.name == "gelu" and place == 1 for place in range(len(points))]
    leaves = [x if const else Value(x) for x, const in zip(points, fixed, strict=True)]
    inputs = [x if const else inner * x + shift for x, const in zip(leaves, fixed, strict=True)]
    data = [x if const else inner * x + shift for x, const in zip(points, fixed, strict=True)]
    weight = Value(outer)
    judge = Judge(quietly(lambda: weight * Value._record(op, inputs)))
    numbers = computed(form, *data)
    if numbers is None:
        return []
    value, *partials = numbers
    pairs = [(weight, value), *zip(leaves, [outer * x * inner for x in partials], strict=False)]
    return [
        (judge.verdict(x, number)[0], number, judge.number(x), points)
        for x, number in pairs
        if isinstance(x, Value) and math.isfinite(number)
    ]


def accused(found):
    return [x for x in found if x[0] == "disagree"]


def test_every_elementary_operation_is_written_out():
    public = {name for name, op in TABLE.items() if op.public or op.operator}
    assert public - {*WRITTEN, *EXACT} == set()


@pytest.mark.parametrize("name", WRITTEN)
@given(st.data())
def test_right_gradients_agree_in_the_words_of_numpy(name, data):
    op = TABLE[name]
    points = data.draw(operands(op))
    for form in WRITTEN[name]:
        assert accused(judged(op, form, points)) == []


@pytest.mark.parametrize("name", [name for name in WRITTEN if TABLE[name].arity == 1])
@given(st.data(), st.sampled_from([3.0, -0.3]), st.sampled_from([-0.25, 2.0]))
def test_right_gradients_agree_in_a_chain(name, data, inner, shift):
    op = TABLE[name]
    (number,) = data.draw(operands(op))
    number = (number - shift) / inner
    ((low, high),) = DOMAINS.get(name, op.domain)
    if low < inner * number + shift < high:
        for form in WRITTEN[name]:
            assert accused(judged(op, form, [number], inner, shift, -2.3)) == []


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
@given(st.data())
def test_every_form_of_the_table_agrees(op, data):
    """In plain numbers, by the formulas as they stand, with the value that they have for it."""
    points = data.draw(operands(op))

    def value(x):
        return np.float64(op.value(*map(float, x)))

    def own(*x):
        return [(out := value(x)), *op.differentiate(out, x)]

    def taught(*x):
        return [(out := value(x)), *op.taught(out, x)]

    def other(form):
        return lambda *x: form(np.float64(form(value(x), *x)[0]), *x)

    for form in (own, taught, *map(other, op.forms)):
        assert accused(judged(op, form, points)) == []


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_a_millionth_is_still_found_at_ordinary_arguments(op):
    """The value and every derivative that is not 0, at all of these points."""
    random = np.random.default_rng(0)
    intervals = op.domain * (SIZES.get(op.name, 4) if op.arity is None else 1)
    for _ in range(20):
        points = [
            float(random.integers(1, 4))
            if (low, high) == WHOLE
            else float(random.uniform(max(low, -3.0), min(high, 3.0)))
            for low, high in intervals
        ]
        leaves, weight = [Value(x) for x in points], Value(1.7)
        judge = Judge(weight * quietly(Value._record, op, leaves))
        for x in (weight, *leaves):
            right = judge.number(x)
            if right and math.isfinite(right):
                assert judge.verdict(x, right)[0] == "agree"
                assert judge.verdict(x, right * 1.000001)[0] == "disagree", (points, right)


# --- As people write them -------------------------------------------------------------------------


def test_elu_with_y_plus_1():
    def by_hand(x):
        y = np.where(x > 0.0, x, np.exp(np.minimum(x, 0.0)) - 1.0)
        return np.where(x > 0.0, 1.0, y + 1.0)

    for x in (-0.5, -20.0, -40.0, 3.0):
        assert check_gradient(elu, by_hand, x)
        z = Value(x)
        assert compare(elu(z), {z: by_hand(x)}).passed
    assert not check_gradient(elu, lambda x: by_hand(x) * 1.000001, -0.5)
    assert not check_gradient(elu, lambda x: np.where(x > 0.0, 1.0, by_hand(x) - 1.0), -0.5)


def test_a_layer_of_elus_with_alpha():
    x, alpha = np.array([30.0, -2.0]), 1.5

    def loss(w):
        return autograd.sum([elu(dot(x, row), alpha) ** 2 for row in w])

    def by_hand(w, beside=alpha):
        z = w @ x
        y = np.where(z > 0.0, z, alpha * (np.exp(np.minimum(z, 0.0)) - 1.0))
        return np.outer(2.0 * y * np.where(z > 0.0, 1.0, y + beside), x)

    w = np.array([[-1.2, 0.3], [0.1, 0.7], [-0.02, 0.1]])
    assert check_gradient(loss, by_hand, w)
    assert not check_gradient(loss, lambda w: by_hand(w, 1.0), w)


def test_expm1_with_y_plus_1():
    for x in (-40.0, -20.0, -1e-9, 1e-9, 1.0, 30.0):
        assert check_gradient(expm1, lambda x: (np.exp(x) - 1.0) + 1.0, x)
        assert check_gradient(expm1, lambda x: np.expm1(x) + 1.0, x)
    assert not check_gradient(expm1, lambda x: np.expm1(x) + 1.000001, 1.0)
    assert not check_gradient(expm1, np.expm1, -1.0)


def test_selu_with_its_own_value():
    def by_hand(x):
        y = SCALE * np.where(x > 0.0, x, ALPHA * (np.exp(np.minimum(x, 0.0)) - 1.0))
        return np.where(x > 0.0, SCALE, y + SCALE * ALPHA)

    for x in (-40.0, -1.0, 2.0):
        assert check_gradient(selu, by_hand, x)


@pytest.mark.parametrize(
    "slope",
    [
        lambda z: 1.0 - np.exp(-np.log(1.0 + np.exp(z))),
        lambda z: 1.0 - 1.0 / (1.0 + np.exp(z)),
        lambda z: 1.0 / (1.0 + np.exp(-z)),
    ],
)
def test_a_layer_of_softplus(slope):
    x = np.array([20.0, -1.0])

    def loss(w, b):
        return autograd.sum([softplus(dot(x, row) + b) for row in w])

    def by_hand(w, b, slope=slope):
        upstream = slope(w @ x + b)
        return np.outer(upstream, x), upstream.sum()

    w = np.array([[-1.7, 0.3], [0.1, 0.7]])
    assert check_gradient(loss, by_hand, w, 0.5)
    assert not check_gradient(loss, lambda w, b: by_hand(w, b, lambda z: slope(-z)), w, 0.5)
    for z in (-36.0, -40.0, -300.0):
        u = Value(z)
        assert compare(softplus(u), {u: slope(z)}).passed


@pytest.mark.parametrize("z", [-40.0, -1.0, 1.0, 20.0, 30.0, 40.0, 300.0])
def test_the_loss_of_a_log_sigmoid_with_1_less_s(z):
    def by_hand(z):
        s = 1.0 / (1.0 + np.exp(-z))
        return -(1.0 - s)

    assert check_gradient(lambda z: -log_sigmoid(z), by_hand, z)
    x = Value(z)
    y = log_sigmoid(x)
    assert compare(y, {x: -float(by_hand(z))}).passed
    assert compare(y, {x: 1.0 - math.exp(y.data)}).passed
    assert not check_gradient(lambda z: -log_sigmoid(z), lambda z: -by_hand(z), z)


@pytest.mark.parametrize("target", [0.5, 0.0])
def test_a_neuron_with_tanh_by_2_sigmoids(target):
    x = np.array([1.0, -2.0, 3.0])

    def loss(w, b):
        return (tanh(dot(x, w) + b) - target) ** 2

    def by_hand(w, b, two=2.0):
        z = x @ w + b
        t = 2.0 / (1.0 + np.exp(-2.0 * z)) - 1.0
        upstream = two * (t - target) * (1.0 - t**2)
        return upstream * x, upstream

    for w, b in (([1e-5, 0.0, 0.0], 1e-7), ([0.3, -0.1, 0.2], 0.1), ([1.0, -2.0, 3.0], 1.0)):
        assert check_gradient(loss, by_hand, w, b)
    assert not check_gradient(loss, lambda w, b: by_hand(w, b, 2.000002), w, b)


def test_a_network_of_two_layers_in_which_all_of_them_meet():
    x = np.array([1.0, -2.0])

    def loss(v, w):
        a, b, c = v[0] @ x, v[1] @ x, v[2] @ x
        hidden = [tanh(a), elu(b), softplus(c)]
        return -log_sigmoid(dot(hidden, w))

    def by_hand(v, w, less=1.0):
        a, b, c = v @ x
        h = np.array(
            [
                2.0 / (1.0 + np.exp(-2.0 * a)) - 1.0,
                np.where(b > 0.0, b, np.exp(np.minimum(b, 0.0)) - 1.0),
                np.log(1.0 + np.exp(c)),
            ]
        )
        slopes = np.array(
            [1.0 - h[0] ** 2, np.where(b > 0.0, 1.0, h[1] + 1.0), less - np.exp(-h[2])]
        )
        upstream = -(1.0 - 1.0 / (1.0 + np.exp(-(h @ w))))
        return np.outer(upstream * w * slopes, x), upstream * h

    for scale in (1e-6, 1.0, 5.0):
        v = scale * np.array([[0.3, -0.2], [-0.7, 0.4], [-0.5, 0.9]])
        assert check_gradient(loss, by_hand, v, [0.5, -0.4, 0.8])
    wrong = check_gradient(loss, lambda v, w: by_hand(v, w, 1.00001), v, [0.5, -0.4, 0.8])
    assert not wrong


@pytest.mark.parametrize("x", [-8.0, -30.0, -40.0, -400.0])
@pytest.mark.parametrize(
    "s",
    [
        lambda x: 1.0 - 1.0 / (1.0 + np.exp(x)),
        lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)),
        lambda x: np.exp(x) / (1.0 + np.exp(x)),
    ],
)
def test_a_sigmoid_of_which_nothing_is_left(s, x):
    """It is 0 far out, as a wrong derivative may be that is 0 everywhere."""
    assert check_gradient(sigmoid, lambda x: s(x) * (1.0 - s(x)), x)
    assert not check_gradient(sigmoid, lambda x: 0.0, x)
    assert not check_gradient(sigmoid, lambda x: s(x), x)


def test_a_form_that_overflows_widens_nothing():
    x, w = Value(800.0), Value(1.0)
    y = softplus(x) * w
    assert compare(y, {w: 800.0 * (1.0 + 1e-12)}).verdict == "disagree"
    assert compare(y, {x: math.nan}).verdict == "undefined"


def test_a_form_that_fails_counts_for_nothing():
    def refuse(out, x):
        raise RuntimeError("not here")

    other = autograd.Op(
        "o", math.exp, [lambda out, x: out], forms=[refuse, lambda out, x: [x.nothing]]
    )
    x = Value(1.0)
    y = other(x)
    assert compare(y, {x: math.e}).verdict == "agree"
    assert compare(y, {x: math.e * (1.0 + 1e-14)}).verdict == "disagree"


def test_the_forms_of_an_operation_of_ones_own_count():
    def gate(forms):
        return autograd.Op("gate", sigmoid, [lambda out, x: sigmoid(x) * sigmoid(-x)], forms=forms)

    z = Value(30.0)
    for forms, verdict in (
        ((), "disagree"),
        ([lambda out, x: [out, out * (1.0 - out)]], "agree"),
        ([lambda out, x: [1.0 - sigmoid(-x)]], "disagree"),
    ):
        y = gate(forms)(z)
        assert compare(y, {z: y.data * (1.0 - y.data)}).verdict == verdict
