"""The derivative at awkward points: every row of the page "Conventions", in every way of asking."""

import itertools
import math
import operator

import numpy as np
import pytest
from scipy import special

from autograd import Value, grad, logaddexp, logsumexp, ops, prod, relu, where
from autograd.op import undefined
from autograd.ops import TABLE

INF, NAN = math.inf, math.nan

POINTS = [  # operation, operands, its partial derivatives (None: not asked)
    ("relu", (0.0,), (0.0,)),
    ("relu", (-0.0,), (0.0,)),
    ("relu", (NAN,), (NAN,)),
    ("relu", (5e-324,), (1.0,)),
    ("relu", (INF,), (1.0,)),
    ("relu", (-INF,), (0.0,)),
    ("leaky_relu", (0.0, 0.25), (0.25, 0.0)),
    ("leaky_relu", (0.0, 1.0), (1.0, 0.0)),
    ("leaky_relu", (0.0, 0.0), (0.0, 0.0)),
    ("leaky_relu", (-INF, 0.0), (0.0, -INF)),
    ("leaky_relu", (INF, 0.1), (1.0, 0.0)),
    ("leaky_relu", (NAN, 0.1), (NAN, NAN)),
    ("abs", (0.0,), (0.0,)),
    ("abs", (-0.0,), (0.0,)),
    ("abs", (NAN,), (NAN,)),
    ("abs", (-INF,), (-1.0,)),
    ("maximum", (2.0, 2.0), (0.5, 0.5)),
    ("minimum", (2.0, 2.0), (0.5, 0.5)),
    ("maximum", (INF, INF), (0.5, 0.5)),
    ("maximum", (0.0, -0.0), (0.5, 0.5)),
    ("maximum", (1.0, NAN), (NAN, NAN)),
    ("maximum", (NAN, 1.0), (NAN, NAN)),
    ("minimum", (1.0, NAN), (NAN, NAN)),
    ("clip", (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ("clip", (1.0, 0.0, 1.0), (0.0, 0.0, 1.0)),
    ("clip", (0.5, 0.0, 1.0), (1.0, 0.0, 0.0)),
    ("clip", (2.0, 3.0, 1.0), (0.0, 0.0, 1.0)),
    ("clip", (1.0, 1.0, 1.0), (0.0, 0.5, 0.5)),
    ("clip", (0.5, -INF, INF), (1.0, 0.0, 0.0)),
    ("clip", (NAN, 0.0, 1.0), (NAN, NAN, NAN)),
    ("sqrt", (0.0,), (INF,)),
    ("sqrt", (-0.0,), (INF,)),
    ("sqrt", (-1.0,), (NAN,)),
    ("sqrt", (INF,), (0.0,)),
    ("cbrt", (0.0,), (INF,)),
    ("cbrt", (-0.0,), (INF,)),
    ("log", (0.0,), (INF,)),
    ("log", (-0.0,), (INF,)),
    ("log", (-1.0,), (NAN,)),
    ("log2", (0.0,), (INF,)),
    ("log2", (-1.0,), (NAN,)),
    ("log10", (0.0,), (INF,)),
    ("log10", (-1.0,), (NAN,)),
    ("log1p", (-1.0,), (INF,)),
    ("log1p", (-2.0,), (NAN,)),
    ("power", (0.0, 0.0), (0.0, -INF)),
    ("power", (0.0, 1.0), (1.0, 0.0)),
    ("power", (0.0, 2.0), (0.0, 0.0)),
    ("power", (0.0, 0.5), (INF, 0.0)),
    ("power", (0.0, 1.0 / 3.0), (INF, 0.0)),
    ("power", (0.0, 0.1), (INF, 0.0)),
    ("power", (3.0, 0.0), (0.0, math.log(3.0))),
    ("power", (-2.0, 2.0), (-4.0, NAN)),
    ("power", (-2.0, 3.0), (12.0, NAN)),
    ("power", (-2.0, 0.5), (NAN, NAN)),
    ("power", (-8.0, 1.0 / 3.0), (NAN, NAN)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("hypot", (1e200, 2e200), (1.0 / math.sqrt(5.0), 2.0 / math.sqrt(5.0))),
    ("hypot", (5e-324, 5e-324), (math.sqrt(0.5), math.sqrt(0.5))),
    ("hypot", (INF, 1.0), (1.0, 0.0)),
    ("atan2", (0.0, 0.0), (NAN, NAN)),
    ("atan2", (1e-200, 1e-200), (5e199, -5e199)),
    ("atan2", (1e200, 1e200), (5e-201, -5e-201)),
    ("divide", (1e200, 1e200), (1e-200, -1e-200)),
    ("divide", (1.0, 0.0), (INF, -INF)),
    ("divide", (0.0, 0.0), (NAN, NAN)),
    ("divide", (INF, INF), (NAN, NAN)),
    ("subtract", (INF, INF), (NAN, NAN)),
    ("add", (INF, -INF), (NAN, NAN)),
    ("multiply", (0.0, INF), (NAN, NAN)),
    ("multiply", (-INF, 0.0), (NAN, NAN)),
    ("sum", (INF, 1.0, -INF), (NAN, NAN, NAN)),
    ("mean", (INF, 1.0, -INF), (NAN, NAN, NAN)),
    ("dot", (0.0, 1.0, INF, 1.0), (NAN, NAN, NAN, NAN)),
    ("fmax", (2.0, 2.0), (0.5, 0.5)),
    ("fmin", (2.0, 2.0), (0.5, 0.5)),
    ("fmax", (1.0, NAN), (1.0, 0.0)),
    ("fmax", (NAN, -INF), (0.0, 1.0)),
    ("fmin", (1.0, NAN), (1.0, 0.0)),
    ("fmin", (NAN, INF), (0.0, 1.0)),
    ("fmax", (NAN, NAN), (NAN, NAN)),
    ("fmin", (NAN, NAN), (NAN, NAN)),
    ("sign", (0.0,), (0.0,)),
    ("sign", (-INF,), (0.0,)),
    ("sign", (NAN,), (NAN,)),
    ("copysign", (-3.0, 2.0), (-1.0, 0.0)),
    ("copysign", (3.0, -0.0), (-1.0, 0.0)),
    ("copysign", (0.0, -1.0), (0.0, 0.0)),
    ("copysign", (-INF, -INF), (1.0, 0.0)),
    ("copysign", (2.0, NAN), (NAN, NAN)),
    ("copysign", (NAN, 1.0), (NAN, NAN)),
    ("heaviside", (0.0, 0.5), (0.0, 1.0)),
    ("heaviside", (-0.0, 0.5), (0.0, 1.0)),
    ("heaviside", (5e-324, NAN), (0.0, 0.0)),
    ("heaviside", (0.0, NAN), (NAN, 1.0)),
    ("heaviside", (NAN, 0.5), (NAN, NAN)),
    ("floor", (2.0,), (0.0,)),
    ("floor", (-0.0,), (0.0,)),
    ("floor", (INF,), (0.0,)),
    ("floor", (NAN,), (NAN,)),
    ("ceil", (2.0,), (0.0,)),
    ("ceil", (NAN,), (NAN,)),
    ("trunc", (-2.0,), (0.0,)),
    ("trunc", (NAN,), (NAN,)),
    ("mod", (7.0, 3.0), (1.0, -2.0)),
    ("mod", (-7.0, 3.0), (1.0, 3.0)),
    ("mod", (7.0, -3.0), (1.0, 3.0)),
    ("mod", (6.0, 3.0), (1.0, -2.0)),
    ("mod", (1.0, 0.1), (1.0, -9.0)),
    ("mod", (0.0, 3.0), (1.0, 0.0)),
    ("mod", (1.0, INF), (1.0, 0.0)),
    ("mod", (-1.0, INF), (1.0, 1.0)),
    ("mod", (1e308, 1e-308), (1.0, -INF)),
    ("mod", (1.0, 0.0), (NAN, NAN)),
    ("mod", (INF, 3.0), (NAN, NAN)),
    ("fmod", (-7.0, 3.0), (1.0, 2.0)),
    ("fmod", (7.0, -3.0), (1.0, 2.0)),
    ("fmod", (1.0, 0.1), (1.0, -9.0)),
    ("fmod", (-1.0, INF), (1.0, 0.0)),
    ("fmod", (1.0, 0.0), (NAN, NAN)),
    ("floor_divide", (6.0, 3.0), (0.0, 0.0)),
    ("floor_divide", (1.0, 0.0), (0.0, 0.0)),
    ("floor_divide", (INF, 3.0), (NAN, NAN)),
    ("greater", (NAN, 1.0), (NAN, NAN)),
    ("stop_gradient", (NAN,), (0.0,)),
    ("asin", (1.0,), (INF,)),
    ("asin", (-1.0,), (INF,)),
    ("asin", (1.5,), (NAN,)),
    ("acos", (1.0,), (-INF,)),
    ("acos", (-1.0,), (-INF,)),
    ("acosh", (1.0,), (INF,)),
    ("acosh", (-2.0,), (NAN,)),
    ("atanh", (1.0,), (INF,)),
    ("atanh", (-1.0,), (INF,)),
    ("atanh", (1.5,), (NAN,)),
    ("tanh", (20.0,), (4.0 * math.exp(-40.0),)),
    ("tanh", (400.0,), (0.0,)),
    ("sigmoid", (40.0,), (math.exp(-40.0),)),
    ("sigmoid", (-710.0,), (math.exp(-710.0),)),
    ("softplus", (1000.0,), (1.0,)),
    ("softplus", (-1000.0,), (0.0,)),
    ("xlogy", (0.0, 0.0), (-INF, 0.0)),
    ("xlogy", (-0.0, -0.0), (-INF, 0.0)),
    ("xlogy", (0.0, 2.0), (math.log(2.0), 0.0)),
    ("xlogy", (0.0, INF), (INF, 0.0)),
    ("xlogy", (0.0, -1.0), (NAN, 0.0)),
    ("xlogy", (2.0, -1.0), (NAN, NAN)),
    ("xlogy", (2.0, 0.0), (-INF, INF)),
    ("xlogy", (-2.0, -0.0), (-INF, -INF)),
    ("xlogy", (0.0, NAN), (NAN, NAN)),
    ("xlog1py", (0.0, -1.0), (-INF, 0.0)),
    ("xlog1py", (0.0, -2.0), (NAN, 0.0)),
    ("xlog1py", (2.0, -2.0), (NAN, NAN)),
    ("xlog1py", (2.0, -1.0), (-INF, INF)),
    ("xlog1py", (2.0, 0.0), (0.0, 2.0)),
    ("entr", (0.0,), (INF,)),
    ("entr", (-0.0,), (INF,)),
    ("entr", (-1.0,), (NAN,)),
    ("entr", (1.0,), (-1.0,)),
    ("entr", (INF,), (-INF,)),
    ("logit", (0.0,), (INF,)),
    ("logit", (1.0,), (INF,)),
    ("logit", (0.5,), (4.0,)),
    ("logit", (-0.5,), (NAN,)),
    ("logit", (1.5,), (NAN,)),
    ("log1mexp", (0.0,), (INF,)),
    ("log1mexp", (-1.0,), (NAN,)),
    ("log1mexp", (INF,), (0.0,)),
    ("log1mexp", (720.0,), (math.exp(-720.0),)),
    ("sinc", (0.0,), (0.0,)),
    ("sinc", (1.0,), (-1.0,)),
    ("sinc", (-2.0,), (-0.5,)),
    ("sinc", (1e300,), (1e-300,)),
    ("sinc", (INF,), (0.0,)),
    ("reciprocal", (0.0,), (-INF,)),
    ("reciprocal", (-0.0,), (-INF,)),
    ("reciprocal", (1e-200,), (-INF,)),
    ("exp2", (1024.0,), (2.0 * (math.log(2.0) * 2.0**1023),)),
    ("exp2", (-INF,), (0.0,)),
    ("logaddexp", (INF, 1.0), (1.0, 0.0)),
    ("logaddexp", (1.0, INF), (0.0, 1.0)),
    ("logaddexp", (-INF, -INF), (0.5, 0.5)),
    ("logaddexp", (-INF, 1.0), (0.0, 1.0)),
    ("logaddexp", (INF, INF), (0.5, 0.5)),
    ("logsumexp", (INF, 1.0, 2.0), (1.0, 0.0, 0.0)),
    ("logsumexp", (-INF, -INF), (0.5, 0.5)),
    ("logsumexp", (-INF, 1.0, 1.0), (0.0, 0.5, 0.5)),
    ("logsumexp", (1000.0, 1000.0), (0.5, 0.5)),
    ("prod", (0.0, 2.0, 3.0), (6.0, 0.0, 0.0)),
    ("prod", (0.0, 0.0, 3.0), (0.0, 0.0, 0.0)),
    ("prod", (0.0, INF), (NAN, NAN)),
    ("erf", (0.0,), (2.0 / math.sqrt(math.pi),)),
    ("erf", (30.0,), (0.0,)),
    ("erfinv", (1.0,), (INF,)),
    ("erfinv", (-1.0,), (INF,)),
    ("erfinv", (1.5,), (NAN,)),
    ("erfinv", (0.0,), (math.sqrt(math.pi) / 2.0,)),
    ("gammaln", (0.0,), (-INF,)),
    ("gammaln", (-0.0,), (INF,)),
    ("gammaln", (-1.0,), (NAN,)),
    ("gammaln", (-1e300,), (NAN,)),
    ("gammaln", (INF,), (INF,)),
    ("gammaln", (-INF,), (NAN,)),
    ("digamma", (0.0,), (INF,)),
    ("digamma", (-0.0,), (INF,)),
    ("digamma", (-1.0,), (NAN,)),
    ("digamma", (INF,), (0.0,)),
    ("digamma", (-INF,), (NAN,)),
    ("polygamma", (0.0, 0.0), (NAN, INF)),
    ("polygamma", (1.0, 0.0), (NAN, -INF)),
    ("polygamma", (1.0, -0.0), (NAN, INF)),
    ("polygamma", (1.0, -2.0), (NAN, NAN)),
    ("polygamma", (2.0, -2.0), (NAN, NAN)),
    ("polygamma", (2.0, INF), (NAN, 0.0)),
    ("polygamma", (0.5, 2.0), (NAN, NAN)),
    ("polygamma", (-1.0, 2.0), (NAN, NAN)),
    ("betaln", (0.0, 1.0), (-INF, 0.0)),
    ("betaln", (0.0, 0.0), (-INF, -INF)),
    ("betaln", (INF, 1.0), (0.0, -INF)),
    ("betaln", (INF, INF), (NAN, NAN)),
    ("betaln", (0.0, INF), (NAN, NAN)),
    ("betaln", (-0.5, 0.3), (NAN, NAN)),
    ("erfc", (INF,), (0.0,)),
    ("erfc", (-INF,), (0.0,)),
    ("ndtr", (0.0,), (1.0 / math.sqrt(2.0 * math.pi),)),
    ("ndtr", (-INF,), (0.0,)),
    ("log_ndtr", (INF,), (0.0,)),
    ("log_ndtr", (0.0,), (math.sqrt(2.0 / math.pi),)),
    ("log_ndtr", (-1e150,), (1e150,)),
    ("log_ndtr", (-INF,), (INF,)),
    ("log_sigmoid", (INF,), (0.0,)),
    ("log_sigmoid", (1000.0,), (0.0,)),
    ("log_sigmoid", (-1000.0,), (1.0,)),
    ("log_sigmoid", (-INF,), (1.0,)),
    ("silu", (INF,), (1.0,)),
    ("silu", (-INF,), (0.0,)),
    ("silu", (0.0,), (0.5,)),
    ("silu", (NAN,), (NAN,)),
    ("gelu", (INF, 0.0), (1.0, 0.0)),
    ("gelu", (-INF, 0.0), (0.0, 0.0)),
    ("gelu", (INF, 1.0), (1.0, 0.0)),
    ("gelu", (-INF, 1.0), (0.0, 0.0)),
    ("gelu", (0.0, 0.0), (0.5, 0.0)),
    ("gelu", (-0.0, NAN), (0.5, 0.0)),
    ("gelu", (NAN, 0.0), (NAN, 0.0)),
    ("elu", (0.0, 1.0), (1.0, 0.0)),
    ("elu", (-0.0, 0.25), (0.25, 0.0)),
    ("elu", (0.0, 2.0), (1.0, 0.0)),
    ("elu", (0.0, 0.0), (0.0, 0.0)),
    ("elu", (0.0, -2.0), (0.0, 0.0)),
    ("elu", (-INF, 2.0), (0.0, -1.0)),
    ("elu", (INF, 2.0), (1.0, 0.0)),
    ("elu", (-745.0, 1e300), (1e300 * math.exp(-700.0) * math.exp(-45.0), -1.0)),
    ("elu", (NAN, 1.0), (NAN, NAN)),
    ("selu", (0.0,), (1.0507009873554805,)),
    ("selu", (-0.0,), (1.0507009873554805,)),
    ("selu", (-INF,), (0.0,)),
    ("softsign", (0.0,), (1.0,)),
    ("softsign", (INF,), (0.0,)),
    ("softsign", (-INF,), (0.0,)),
    ("hard_tanh", (1.0,), (0.0,)),
    ("hard_tanh", (-1.0,), (0.0,)),
    ("hard_tanh", (math.nextafter(1.0, 0.0),), (1.0,)),
    ("hard_tanh", (INF,), (0.0,)),
    ("hard_tanh", (NAN,), (NAN,)),
    ("huber", (1.0, 1.0), (0.0, 1.0)),
    ("huber", (1.0, -3.0), (2.0, -1.0)),
    ("huber", (0.0, 3.0), (3.0, 0.0)),
    ("huber", (0.0, 0.0), (0.0, 0.0)),
    ("huber", (INF, 3.0), (0.0, 3.0)),
    ("huber", (1.0, INF), (INF, 1.0)),
    ("huber", (-1.0, 3.0), (NAN, NAN)),
    ("huber", (NAN, 1.0), (NAN, NAN)),
]


def same(got, expected):
    if math.isnan(expected):
        return math.isnan(got)
    return got == expected or got == pytest.approx(expected, rel=1e-15, abs=0)


@pytest.mark.parametrize(("name", "operands", "expected"), POINTS)
def test_partials(name, operands, expected):
    """Saved by the operation, swept backward, as a graph, and in a graph computed anew."""
    op = TABLE[name]
    with np.errstate(all="ignore"):
        nodes = [Value(x) for x in operands]
        out = Value._record(op, nodes)
        assert all(map(same, out.partials, expected)), out.partials
        out.backward()
        assert all(same(node.grad, x) for node, x in zip(nodes, expected, strict=True))
        for node, x in zip(nodes, expected, strict=True):
            assert same(out.derivative(node).data, x)


STEPS = "sign greater copysign heaviside floor ceil trunc floor_divide".split()
"""Their derivatives are 0 wherever they are recorded."""
STARTS = [(0.7, 0.4, 0.9), (0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1e-310, -INF, INF), (NAN, 1.0, 1.0)]


@pytest.mark.parametrize("starts", STARTS)
@pytest.mark.parametrize(("name", "operands", "expected"), POINTS)
def test_graphs_arrive_at_awkward_points(name, operands, expected, starts):
    """A graph that was recorded somewhere else gives the same when its leaves move here.

    All but the nan of a value that there is not: that is known only where a graph is made.
    """
    op = TABLE[name]
    with np.errstate(all="ignore"):
        if undefined(op.value(*operands), operands) or name in STEPS:
            return
    with np.errstate(all="ignore"):
        nodes = [Value(start) for start, _ in zip(starts, operands, strict=False)]
        out = Value._record(op, nodes)
        slopes = [out.derivative(node) for node in nodes]
        for node, x in zip(nodes, operands, strict=True):
            node.data = x
        out.forward()
        assert all(map(same, out.partials, expected)), out.partials
        for slope, x in zip(slopes, expected, strict=True):
            assert same(slope.forward(), x)


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [(0, 0.0), (1, 1.0), (2, 0.0), (0.5, INF), (1 / 3, INF), (0.1, INF), (1.5, 0.0)],
)
def test_constant_exponents_at_zero(exponent, expected):
    x = Value(0.0)
    out = x**exponent
    out.backward()
    assert x.grad == expected
    assert out.partials[1] == 0.0
    assert out.derivative(x).data == expected


def test_values_at_awkward_points():
    assert TABLE["sigmoid"](-710.0) == math.exp(-710.0) > 0.0
    assert [TABLE["gammaln"](x) for x in (0.0, -0.0, -3.0, -1e300, INF)] == [INF] * 5
    assert [TABLE["gammaln"](x) for x in (1.0, 2.0)] == [0.0, 0.0]
    assert [TABLE["digamma"](x) for x in (0.0, -0.0, INF)] == [-INF, INF, INF]
    assert [TABLE["polygamma"](1.0, x) for x in (0.0, -0.0, -3.0, INF)] == [INF, INF, INF, 0.0]
    assert [TABLE["polygamma"](2.0, x) for x in (0.0, -0.0, INF)] == [-INF, INF, 0.0]
    assert [TABLE["betaln"](x, 1.0) for x in (0.0, INF)] == [INF, -INF]
    assert [TABLE["erfinv"](x) for x in (-1.0, 1.0)] == [-INF, INF]
    for name, *operands in (
        ("gammaln", -INF),
        ("digamma", -3.0),
        ("polygamma", 2.0, -3.0),
        ("polygamma", 0.5, 3.0),
        ("betaln", 0.0, INF),
        ("betaln", -0.5, 0.3),
        ("erfinv", 1.5),
    ):
        assert math.isnan(TABLE[name](*operands))
    assert TABLE["softplus"](1000.0) == 1000.0
    assert TABLE["softplus"](-1000.0) == 0.0
    assert TABLE["hypot"](1e200, 2e200) == pytest.approx(math.sqrt(5.0) * 1e200)
    assert TABLE["leaky_relu"](-INF, 0.0) == 0.0
    for y in (-INF, -1.0, -0.0, 0.0, INF):
        assert TABLE["xlogy"](0.0, y) == TABLE["xlog1py"](-0.0, y) == 0.0
    assert [TABLE["entr"](x) for x in (-INF, -1.0, -0.0, 0.0, 1.0)] == [-INF, -INF, 0.0, 0.0, 0.0]
    assert TABLE["logit"](0.5) == 0.0
    assert [TABLE["sinc"](x) for x in (0.0, 1.0, -2.0, 1e300, -INF)] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert TABLE["deg2rad"](180.0) == math.pi
    assert TABLE["rad2deg"](math.pi) == 180.0
    assert TABLE["log1mexp"](745.0) == -math.exp(-745.0)
    assert logaddexp(INF, 1.0) == INF
    assert logaddexp(-INF, -INF) == -INF
    assert logsumexp([-INF, -INF]) == -INF
    assert TABLE["silu"](-INF) == TABLE["gelu"](-INF) == TABLE["gelu"](-INF, True) == 0.0
    assert TABLE["silu"](INF) == TABLE["gelu"](INF) == TABLE["gelu"](INF, True) == INF
    assert TABLE["softsign"](-INF) == -1.0
    assert TABLE["elu"](-INF, 2.0) == -2.0
    assert TABLE["huber"](-1.0, 0.0) == INF
    assert TABLE["log_ndtr"](-1e150) == pytest.approx(-5e299, rel=1e-15)
    assert TABLE["log_ndtr"](-1e300) == -INF
    assert TABLE["log_ndtr"](-40.0) == pytest.approx(-804.6084420137538, rel=1e-15)
    assert math.isnan(TABLE["maximum"](1.0, NAN))
    assert math.isnan(TABLE["maximum"](NAN, 1.0))


@pytest.mark.parametrize(("alpha", "slope"), [(2.0, 1.0), (1.0, 1.0), (0.5, 0.5), (-1.0, 0.0)])
def test_higher_derivatives_at_the_kink_of_an_elu(alpha, slope):
    x, y = Value(0.0), Value(alpha)
    out = ops.elu(x, y)
    first = out.derivative(x)
    higher = [first.derivative(x), first.derivative(y), out.derivative(y).derivative(x)]
    assert first.data == slope
    assert [node.data for node in higher] == [0.0, 0.0, 0.0]


def test_where_the_slope_of_a_softsign_has_its_peak():
    x = Value(0.0)
    second = ops.softsign(x).derivative(x).derivative(x)
    assert (second.data, second.derivative(x).data) == (0.0, 6.0)


@pytest.mark.parametrize("x", [1e-20, -1e-16, -3e-12])
def test_the_third_derivative_of_gelu_near_0(x):
    third = grad(grad(grad(ops.gelu)))(x)
    assert third == pytest.approx(-4.0 * x / math.sqrt(2.0 * math.pi), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("x", [-37.0, 31.0, 36.5])
def test_higher_derivatives_in_the_tails_of_the_normal_distribution(x):
    density = math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    node = Value(x)
    third = ops.ndtr(node).derivative(node).derivative(node).derivative(node)
    assert third.data == pytest.approx((x * x - 1.0) * density, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.scipy])
def test_values_are_those_of_scipy(name):
    op = TABLE[name]
    points = [-1e150, -710.0, -40.0, -5.5, -1.0, -0.0, 0.0, 0.3, 1.0, 6.0, 40.0, 710.0, INF, -INF]
    pairs = itertools.product(points, repeat=op.arity)
    for point in pairs:
        with np.errstate(all="ignore"):
            expected, got = float(getattr(special, op.scipy)(*point)), op.value(*point)
        if name == "betaln" and (min(point) < 0.0 or INF in point):
            continue  # there SciPy's is log(abs(B)), and nan
        if (name, point) == ("gammaln", (-INF,)):
            expected = NAN  # there is no limit
        assert same(got, expected) or got == pytest.approx(expected, rel=1e-11), point


# --- Selection cuts the path ------------------------------------------------------------------


def _selected(x):
    """Functions of x whose value at 0 is a piece that log(x) or sqrt(x) has no part in."""
    zero = 0.0 * Value(1.0)
    return {
        "where": where(zero, x.log(), 0.0),
        "where, the other piece": where(zero + 1.0, 0.0, x.log()),
        "relu": relu(x.log()),
        "maximum": ops.maximum(x.log(), -5.0),
        "minimum": ops.minimum(-x.log(), 3.0),
        "clip": ops.clip(x.log(), -1.0, 1.0),
        "hard_tanh": ops.hard_tanh(x.log()),
        "leaky_relu": ops.leaky_relu(x.log(), 0.0),
        "sign": ops.sign(x.log()),
        "greater": ops.greater(x.log(), 0.0),
        "copysign": ops.copysign(2.0, x.log()),
        "heaviside": ops.heaviside(x.log(), 0.5),
        "floor": ops.floor(x.log()),
        "ceil": ops.ceil(x.log()),
        "trunc": ops.trunc(x.log()),
        "floor_divide": ops.floor_divide(3.0, x.log() - 1.0),
        "fmax": ops.fmax(x.log(), -5.0),
        "fmin": ops.fmin(-x.log(), 3.0),
        "below other operations": 3.0 * relu(2.0 * x.log() + 1.0) + 1.0,
        "twice": relu(relu(x.log()) + x.log()),
    }


@pytest.mark.parametrize("name", _selected(Value(1.0)))
def test_selection_cuts_the_path(name):
    x = Value(0.0)
    with np.errstate(all="ignore"):
        out = _selected(x)[name]
        out.backward()
        slope = out.derivative(x)
    assert x.grad == 0.0
    assert slope.data == 0.0


@pytest.mark.parametrize("name", _selected(Value(1.0)))
@pytest.mark.parametrize("start", [2.0, 0.5])
def test_selection_cuts_the_path_in_a_graph_computed_anew(name, start):
    x = Value(start)
    out = _selected(x)[name]
    slope = out.derivative(x)
    curvature = slope.derivative(x)
    x.data = 0.0
    with np.errstate(all="ignore"):
        out.forward()
        assert slope.forward() == 0.0
        assert curvature.forward() == 0.0
    x.data = start
    out.forward()
    out.backward()
    assert slope.forward() == x.grad


def test_what_was_cut_flows_when_the_other_piece_is_picked():
    x = Value(-1.0)
    out = relu(3.0 * x)
    slope = out.derivative(x)
    assert slope.data == 0.0
    x.data = 1.0
    assert slope.forward() == 3.0


def test_a_node_that_is_cut_on_one_path_flows_on_the_other():
    x = Value(-2.0)
    square = x * x
    out = relu(-square) + square
    out.backward()
    assert x.grad == -4.0
    assert square.grad == 1.0
    assert out.derivative(x).data == -4.0


def test_a_cut_path_stays_cut_below_an_infinite_constant():
    x = Value(1.0)
    out = relu(-(x * INF))
    out.backward()
    assert (x.grad, out.derivative(x).data) == (0.0, 0.0)


def test_derivatives_of_a_quotient_by_a_constant_zero():
    x = Value(1.0)
    with np.errstate(all="ignore"):
        assert (x / 0.0).derivative(x).data == INF
        assert (x ** Value(-1.0) / 0.0).derivative(x).data == -INF


def test_derivative_of_a_quotient_recorded_at_zero():
    x, y = Value(0.0), Value(1.0)
    slope = (x / y).derivative(y)
    x.data = 1e130
    assert slope.forward() == -1e130


def test_derivatives_recorded_where_there_is_no_value_are_right_elsewhere():
    x, y, z = Value(INF), Value(INF), Value(NAN)
    with np.errstate(all="ignore"):
        slope, bend = (x - y).derivative(x), abs(z).derivative(z).derivative(z)
        second = slope.derivative(x)
    assert np.isnan([slope.data, second.data, bend.data]).all()
    x.data, y.data, z.data = 3.0, 1.0, 2.0
    assert (slope.forward(), second.forward(), bend.forward()) == (1.0, 0.0, 0.0)


def test_elsewhere_arithmetic_is_honest():
    x = Value(0.0)
    out = 0.0 * x.sqrt()
    out.backward()
    assert math.isnan(x.grad)
    assert math.isnan(out.derivative(x).data)


def test_a_path_that_is_not_cut_stays_nan():
    x = Value(0.0)
    with np.errstate(all="ignore"):
        out = where(Value(1.0), x.log() * 0.0, 0.0)
        out.backward()
    assert math.isnan(x.grad)


def test_gradient_of_a_product_with_zeros():
    factors = [Value(x) for x in (0.0, 2.0, 5.0)]
    prod(factors).backward()
    assert [factor.grad for factor in factors] == [10.0, 0.0, 0.0]


# --- Numbers behave as NumPy's do -------------------------------------------------------------

WARNINGS = [
    ("log", (0.0,), -INF, "divide by zero"),
    ("log", (-1.0,), NAN, "invalid value"),
    ("log1p", (-1.0,), -INF, "divide by zero"),
    ("sqrt", (-1.0,), NAN, "invalid value"),
    ("xlogy", (2.0, 0.0), -INF, "divide by zero"),
    ("xlogy", (2.0, -1.0), NAN, "invalid value"),
    ("xlog1py", (2.0, -1.0), -INF, "divide by zero"),
    ("entr", (1e307,), -INF, "overflow"),
    ("logit", (0.0,), -INF, "divide by zero"),
    ("logit", (1.0,), INF, "divide by zero"),
    ("logit", (2.0,), NAN, "invalid value"),
    ("log1mexp", (0.0,), -INF, "divide by zero"),
    ("log1mexp", (-1.0,), NAN, "invalid value"),
    ("exp", (1000.0,), INF, "overflow"),
    ("sinh", (-1000.0,), -INF, "overflow"),
    ("asin", (2.0,), NAN, "invalid value"),
    ("atanh", (1.0,), INF, "divide by zero"),
    ("sin", (INF,), NAN, "invalid value"),
    ("divide", (1.0, 0.0), INF, "divide by zero"),
    ("divide", (-1.0, 0.0), -INF, "divide by zero"),
    ("divide", (0.0, 0.0), NAN, "invalid value"),
    ("add", (1e308, 1e308), INF, "overflow"),
    ("add", (INF, -INF), NAN, "invalid value"),
    ("subtract", (INF, INF), NAN, "invalid value"),
    ("multiply", (1e200, 1e200), INF, "overflow"),
    ("multiply", (0.0, INF), NAN, "invalid value"),
    ("power", (-8.0, 1.0 / 3.0), NAN, "invalid value"),
    ("power", (0.0, -1.0), INF, "divide by zero"),
    ("power", (10.0, 400.0), INF, "overflow"),
    ("square", (1e200,), INF, "overflow"),
    ("hypot", (1.7e308, 1.7e308), INF, "overflow"),
    ("sum", (1.7e308, 1.7e308), INF, "overflow"),
    ("reciprocal", (0.0,), INF, "divide by zero"),
    ("exp2", (1024.0,), INF, "overflow"),
    ("rad2deg", (1e308,), INF, "overflow"),
    ("mod", (1.0, 0.0), NAN, "invalid value"),
    ("mod", (INF, 2.0), NAN, "invalid value"),
    ("fmod", (1.0, 0.0), NAN, "invalid value"),
    ("floor_divide", (1.0, 0.0), INF, "divide by zero"),
    ("floor_divide", (0.0, 0.0), NAN, "invalid value"),
]


@pytest.mark.parametrize(("name", "operands", "expected", "message"), WARNINGS)
def test_results_and_warnings_are_numpys(name, operands, expected, message):
    op = TABLE[name]
    plain = operands if op.gather is None else np.array(operands)
    for arguments in (plain, [Value(x) for x in operands]):
        with pytest.warns(RuntimeWarning, match=message) as record:
            out = op(*arguments) if op.gather is None else op(arguments)
        assert len(record) == 1
        assert same(getattr(out, "data", out), expected)
        with np.errstate(all="raise"), pytest.raises(FloatingPointError):
            op(*arguments) if op.gather is None else op(arguments)


@pytest.mark.parametrize("symbol", ["add", "sub", "mul", "truediv", "pow"])
@pytest.mark.parametrize("x", [0.0, -1.0, 1e308, INF, -INF, NAN])
@pytest.mark.parametrize("y", [0.0, -0.0, 0.5, -1e308, 1e308, INF, NAN])
def test_operators_equal_numpys(symbol, x, y):
    function = getattr(operator, symbol)
    with np.errstate(all="ignore"):
        expected = function(np.float64(x), np.float64(y))
        for a, b in [(Value(x), Value(y)), (Value(x), y), (x, Value(y))]:
            got = function(a, b).data
            assert same(got, expected)
            assert math.copysign(1.0, got) == math.copysign(1.0, expected) or math.isnan(got)


@pytest.mark.parametrize(
    ("name", "operands"),
    [("sqrt", (0.0,)), ("cbrt", (0.0,)), ("power", (1e-300, -0.5)), ("power", (0.0, 0.5)),
     ("atan2", (1e-200, 1e-200)), ("hypot", (0.0, 0.0)), ("softplus", (1e4,)), ("tanh", (1e4,)),
     ("asin", (1.0,)), ("acosh", (1.0,)), ("power", (0.0, 0.0)),
     ("huber", (-1.0, 1.0))],
)  # fmt: skip
def test_an_infinite_slope_does_not_warn(name, operands):
    with np.errstate(all="raise"):
        out = TABLE[name](*map(Value, operands))
        out.backward()
        for node in out.operands:
            out.derivative(node)
