"""The table against 50-digit arithmetic, floats against Values, text against the value.

`python tests/test_ops.py NAME [POINTS]` looks for errors of one operation at as many points as
wanted, and prints them: for a row that is new.
"""

import itertools
import math
import pickle
import random
import sys
from fractions import Fraction

import limits
import mpmath
import numpy as np
import oracle
import pytest
from bits import OPERATORS
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mpf

import autograd
from autograd import Value, expression, ops, topological_order
from autograd.op import REALS, Op, undefined
from autograd.ops import TABLE

EPSILON = 2.0**-52
FIVE = "sum mean prod norm length direction_among max min softmax log_softmax logsumexp".split()
SIZES = {"dot": 6, **dict.fromkeys(FIVE, 5)}
CUBES = (
    "direction",
    "asin_slope",
    "acosh_slope",
    "atanh_slope",
    "cbrt_slope",
    "erfinv_slope",
    "softsign_bend",
)
"""Operations whose partials are products of three accurate factors."""
MILLS = ("inverse_mills", "inverse_mills_slope", "inverse_mills_bend")
"""Each the derivative of the one before."""
PARTS = [name for name, op in TABLE.items() if not op.public and op.operator is None]


def those_with(asked):
    """A test of the operations that have something."""
    ops = [op for op in TABLE.values() if asked(op)]
    return pytest.mark.parametrize("op", ops, ids=lambda op: op.name)


known = those_with(lambda op: op.name in oracle.KNOWN)


def intervals(op):
    return op.domain * SIZES.get(op.name, 1)


def rounded(op, operands):
    """The operands, those of them whole numbers that have to be, or far from them."""
    order, *rest = operands
    if op.name == "round":
        return order, 0.0
    if op.name.startswith("polygamma"):
        return float(round(order)), *rest
    return (math.floor(order) + 0.5, *rest) if op.name == "sinc_derivative" else operands


def numbers(low, high):
    """Doubles of an interval: anywhere, of everyday size, and near its ends."""
    ordinary = (max(low, -30.0), min(high, 30.0))
    near_one = (max(low, 1.0 - 1e-6), min(high, 1.0 + 1e-6))
    choices = [st.floats(low, high, allow_nan=False, allow_infinity=False)]
    choices += [st.floats(*pair) for pair in (ordinary, near_one) if pair[0] < pair[1]]
    return st.one_of(choices)


def samples(op, count):
    """Seeded points of the domain, spread over all magnitudes that a double has."""
    rng = random.Random(op.name)

    def draw(low, high):
        if rng.random() < 0.4:
            return rng.uniform(max(low, -40.0), min(high, 40.0))
        size = 10.0 ** (rng.uniform(-3, 3) if rng.random() < 0.5 else rng.uniform(-323.3, 308.25))
        anchor = rng.choice([0.0, 0.0, low, high])
        x = size if math.isinf(anchor) else anchor + size
        return min(max(rng.choice([x, -x, anchor - size if anchor else x]), low), high)

    for _ in range(count):
        operands = tuple(draw(*interval) for interval in intervals(op))
        if all(map(math.isfinite, operands)):
            yield rounded(op, operands)


def allowance(op, operands, exact, index=None):
    """The absolute error beyond 4 units in the last place that rounding the operands' sums brings.

    Of the value (`index` None) or of a partial derivative.

    - logaddexp and logsumexp add a logarithm to the largest operand, and exponentiate differences.
    - A derivative of sinc is a difference of waves of the size of 1 / x, and has zeros.
    - The zeros of gammaln and of digamma and its derivatives of even order at negative numbers are
      those of a difference, by reflection. So is the zero of betaln, on a line through (1, 1).
    - Below the normal range a factorial amplifies what polygamma loses, if its order is above 3;
      if it is above 8, twice as many units are allowed.
    - A product of n factors is rounded n - 1 times, below the normal range by an absolute error
      that the other factors amplify.
    - The slopes of silu and gelu are sums of two terms, which cancel at -1.28 and -0.75. One has
      the factor x, which amplifies what is lost below the normal range.
    - The partials of the last section are second derivatives of the functions that people use:
      sums and products of accurate factors, so the error is relative to the terms.
    """
    if op.name in ("softmax", "log_softmax"):  # the difference from the largest is exponentiated
        size = float(max(operands) - min(operands))
        if index is None and op.name == "log_softmax" and operands[0] < max(operands):
            return 0.0
        return abs(exact) * EPSILON * (4 + 2 * min(size, 1500.0)) + 2.0**-1070
    if op.name in ("logaddexp", "logsumexp"):
        size = max(map(abs, operands))
        if index is None:
            return 2 * EPSILON * (size + math.log(len(operands)))
        return exact * EPSILON * (4 + 2 * min(size, 800.0)) + 2.0**-1073
    if op.name == "betaln" and index is None:
        low, high = sorted(map(mpf, operands))
        rest = oracle.value("betaln", (low, high)) - mpmath.loggamma(low)
        return float(2 * EPSILON * (abs(mpmath.loggamma(low)) + abs(rest)))
    if op.name in ("gammaln", "digamma", "polygamma", "polygamma_difference"):
        return _polygamma_allowance(op.name, operands, exact, index)
    if op.name == "prod":
        amplification = math.prod(max(1.0, abs(x)) for x in operands)
        return 2 * EPSILON * abs(float(exact)) + len(operands) * 2.0**-1074 * amplification
    if index is not None and op.name in ("power_slope", "power_log", "power_mixed"):
        x, y = map(mpf, operands)
        terms = [oracle.value("power", (x, y - 1)), y * oracle.value("power_log", (x, y - 1))]
        # y - 1 and y - 2 are rounded, which a power amplifies by the logarithm of its base
        size = mpmath.fsum(map(abs, terms)) * (1 + abs(mpmath.log(x))) + abs(exact)
        rounding = 8 * EPSILON + 2 * math.ulp(abs(operands[1]) + 2)
        return float(size * (8 * EPSILON + rounding * abs(mpmath.log(x))))
    if op.name in ("silu", "gelu") and index == 0:
        x, *flag = map(mpf, operands)
        gate = "sigmoid" if not flag else "gelu_gate" if flag[0] else "ndtr"
        terms = oracle.value(gate, (x,)), x * oracle.partials(gate, (x,))[0]
        return float(EPSILON * mpmath.fsum(map(abs, terms))) + 2.0 ** (-1069 if flag else -1064)
    if op.name in MILLS:
        order = MILLS.index(op.name) + (index is not None)
        x, left = abs(mpf(operands[0])), operands[0] <= -2.5
        m = oracle.value("inverse_mills", (mpf(operands[0]),))
        slope = 0 if left else m * (x + m)
        bend = oracle.value(MILLS[2], (-x,)) if left else m * ((x + m) * (x + 2 * m) + 1)
        third = 4 * (slope or 1) + (x + 2 * m) * bend
        return float(8 * EPSILON * [0, slope, bend, third][order])
    if index is not None and op.name == "gelu_gate_slope":
        return float(4 * EPSILON * oracle.value("gelu_gate_slope", (mpf(operands[0]),)))
    if op.name == "power_mixed" and index is None:
        x, y = map(mpf, operands)
        return float(4 * EPSILON * (1 + abs(y * mpmath.log(x))) * mpmath.power(x, y - 1))
    if op.name in ("sinc", "sinc_derivative"):
        order = int(operands[0] if op.name == "sinc_derivative" else 0.0) + (index is not None)
        return order * EPSILON * math.pi**order / max(1.0, math.pi * abs(operands[-1]))
    if index is not None and op.name in CUBES:
        return 2 * EPSILON * abs(exact)
    if index is not None and op.name == "inversion":
        x, y = map(mpf, operands)
        return float(8 * EPSILON / (x * x + y * y))
    return 0.0


def _polygamma_allowance(name, operands, exact, index):
    """See `allowance`; the order -1 is that of gammaln itself."""
    order = {"gammaln": -1.0, "digamma": 0.0}.get(name, operands[0]) + (index is not None)
    allowed = 2.0**-1074 * math.factorial(min(int(order), 8)) if order > 3.0 else 0.0
    allowed += 2 * EPSILON * float(abs(exact)) if order > 8.0 else 0.0
    if name == "polygamma_difference":
        rounding = EPSILON / 2 * (order + 1.0) if index == 2 else 0.0
        return rounding * float(abs(exact)) + allowed
    x = mpf(operands[-1])
    if x > -0.4 or (order > 0.0 and order % 2.0 == 1.0):
        return allowed
    term = mpmath.loggamma(-x) if order < 0.0 else oracle.psi(mpf(order), 1 - x)
    return 3 * EPSILON * float((order <= 0.0) + abs(term)) + allowed


def in_reach(op, operands, out):
    """Whether the partials of an operation of the last section stay clear of the range's limits.

    They are products of factors, the value `out` among them, that may leave the range although the
    product does not.
    """
    if op.name not in PARTS or op.name == "difference":
        return True
    return all(1e-100 < abs(x) < 1e100 for x in (*operands, out or 1.0))


def check(op, operands):
    """The value and every partial within 4 units in the last place of the 50-digit computation."""
    exact_operands = tuple(map(mpf, operands))
    try:
        exact = oracle.value(op.name, exact_operands)
        exact_partials = oracle.partials(op.name, exact_operands)
    except (ZeroDivisionError, ValueError):
        return  # a pole: see test_conventions.py
    if mpmath.isnan(exact):
        return
    below = {"atan2": operands[0], "copysign": operands[-1]}.get(op.name)
    if below == 0.0 and math.copysign(1.0, below) < 0.0:
        exact = -exact  # mpmath has no negative zero
        if op.name == "copysign":
            exact_partials = [-partial for partial in exact_partials]
    reachable = in_reach(op, operands, exact)
    with np.errstate(all="ignore"):
        out, partials = op.evaluate(operands)
    error = oracle.units(out, exact, allowance(op, operands, exact))
    assert error <= 4, f"{op.name}{operands} = {out}, {error} units from {exact}"
    for index, (partial, exact) in enumerate(zip(partials, exact_partials, strict=True)):
        if mpmath.isfinite(exact) and reachable:
            error = oracle.units(partial, exact, allowance(op, operands, exact, index))
            message = f"partial {index} of {op.name}{operands} = {partial}, {error} from {exact}"
            assert error <= 4, message


def test_every_operation_has_an_oracle():
    without = [name for name in TABLE if name not in oracle.KNOWN or name not in limits.KNOWN]
    assert not without, "write them for mpmath in tests/oracle.py, for SymPy in tests/limits.py"


@known
def test_accuracy_at_seeded_points(op):
    for operands in samples(op, 400):
        check(op, operands)


@known
@given(data=st.data())
def test_accuracy_anywhere_in_the_domain(op, data):
    check(op, rounded(op, tuple(data.draw(numbers(*interval)) for interval in intervals(op))))


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("atanh_slope", (0.3186480345730941,)),
        ("power_mixed", (39.9067251090869, -6.252871093149766e307)),  # y log(x) overflows
        ("power_mixed", (0.04298935389550968, -31.185834434139483)),
    ],
)
def test_accuracy_at_points_found_before(name, operands):
    check(TABLE[name], operands)


@pytest.mark.parametrize(
    "op",
    [op for op in TABLE.values() if op.arity == 1 and op.domain != (REALS,)],
    ids=lambda op: op.name,
)
def test_a_domain_reaches_as_far_as_the_operation_is_defined(op):
    """So that none is sampled in a part of it only."""
    (interval,) = op.domain
    for end, outward in zip(interval, (-math.inf, math.inf), strict=True):
        outside = {"bounded": end, "entr": -math.inf}
        if math.isfinite(end):
            with np.errstate(all="ignore"):
                at, beyond = op.value(end), op.value(math.nextafter(end, outward))
            assert not math.isnan(at)
            assert beyond == outside[op.name] if op.name in outside else math.isnan(beyond)


@pytest.mark.parametrize("name", ["gammaln", "digamma", "polygamma"])
def test_gamma_functions_near_their_zeros_and_poles(name):
    zeros = [1.0, 2.0, 1.4616321449683622, -0.504083008264455, -2.457024738220800, -0.4945930432]
    for x, size in itertools.product([*zeros, *map(float, range(-9, 1))], range(1, 17)):
        for order in range(4 if name == "polygamma" else 1):
            for step in (10.0**-size, -(10.0**-size)):
                check(TABLE[name], (float(order), x + step)[-TABLE[name].arity :])


def test_polygamma_of_high_order():
    for order in (21.0, 100.0, 170.0, 400.0, 1e3):
        for x in (0.2 * order, 0.36 * order, order, 1.5 * order, -2.25):
            check(TABLE["polygamma"], (order, x))


def test_atan2_of_negative_zeros():
    for operands in [(-0.0, -1.0), (-0.0, 1.0), (0.0, -1.0), (-0.0, 5e-324)]:
        check(TABLE["atan2"], operands)


def ordinary_points(op, count=10):
    """Seeded points of everyday size inside the domain, away from the kinks."""
    rng = random.Random(op.name)
    while count:
        operands = tuple(
            rng.uniform(max(low + 0.1, -2.5), min(high - 0.1, 2.5)) for low, high in intervals(op)
        )
        if all(abs(kink(*operands)) > 0.1 for kink in op.kinks_of(len(operands))):
            count -= 1
            yield rounded(op, operands)


def replaced(operands, index, x):
    return (*operands[:index], x, *operands[index + 1 :])


@known
def test_the_oracle_agrees_with_numerical_differentiation(op):
    if op.blocks:
        return  # its derivative is a decree
    for operands in ordinary_points(op, 4):
        point = tuple(map(mpf, operands))
        for index, partial in enumerate(oracle.partials(op.name, point)):

            def function(x, index=index, point=point):
                return oracle.value(op.name, replaced(point, index, x))

            numeric = mpmath.diff(function, point[index])
            both_nan = mpmath.isnan(numeric) and mpmath.isnan(partial)
            assert both_nan or abs(numeric - partial) <= 1e-15 * (1 + abs(partial))


@known
def test_fifty_digits_are_enough(op):
    """The truth at more of them is the same: nothing cancels in it that it does not have."""
    for operands in samples(op, 100):
        point = tuple(map(mpf, operands))
        try:
            few = lost_digits(op, point)
        except (ZeroDivisionError, ValueError):
            continue  # a pole, as in `check`
        assert not few, f"{few}{operands} cancels in tests/oracle.py: write it otherwise there"


def lost_digits(op, point):
    """What of an operation is another double when it is computed with 500 digits."""

    def computed(digits):
        with mpmath.workdps(digits):
            return [oracle.value(op.name, point), *oracle.partials(op.name, point)]

    names = [op.name, *[f"partial {index} of {op.name}" for index in range(len(point))]]
    for name, few, many in zip(names, computed(50), computed(500), strict=True):
        error = abs(few - many) if abs(many) < mpf(2) ** 1024 else 0  # not where it is nan
        if error > abs(many) * mpf(2) ** -60 + mpf(2) ** -1140:
            return name
    return ""


TOO_FEW = {  # truths of 1 + erf(x) that lose digits, and one that mpmath cannot compute everywhere
    "1 + erf": (lambda x: 1 + mpmath.erf(x), [lambda x: mpmath.exp(-x * x)]),
    "the slope": (lambda x: x * x, [lambda x: 1 + mpmath.erf(x)]),
    "squares": (lambda x: x * float(int(x * x)), [lambda x: mpf(1)]),
}


def test_a_truth_that_cannot_be_right_is_named(monkeypatch):
    for name, truth in TOO_FEW.items():
        monkeypatch.setitem(oracle.FUNCTIONS, name, truth)
        monkeypatch.setitem(oracle.KNOWN, name, truth)
    ops = [Op(name, abs, [abs]) for name in TOO_FEW]
    with pytest.raises(AssertionError, match=r"^1 \+ erf\(-.* cancels in tests/oracle.py"):
        test_fifty_digits_are_enough(ops[0])
    with pytest.raises(AssertionError, match=r"^partial 0 of the slope\(-.* cancels"):
        test_fifty_digits_are_enough(ops[1])
    with pytest.raises(OverflowError, match=r"the truth of squares\(-1\.0.*e\+300\).* as `erfc`"):
        check(ops[2], (-1e300,))


def test_the_error_function_of_huge_numbers():
    for x in map(mpf, (-1e300, -2.5, 0.0, 2.5, 30.0, 9e99)):
        assert oracle.erfc(x) == (2 if x == -1e300 else mpmath.erfc(x))
    with mpmath.workdps(500):
        for x in map(mpf, (2e100, 1e153)):  # where mpmath still has it
            error = abs(oracle.erfc(x) - mpmath.erfc(x))
            assert error <= mpf(10) ** -100 * mpmath.erfc(x)
        assert 0 < oracle.erfc(mpf(1e300)) < mpf(10) ** -1000


def equal(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
@given(data=st.data())
def test_partials_of_floats_equal_partials_of_values(op, data):
    operands = tuple(data.draw(st.floats()) for _ in intervals(op))
    nodes = [Value(x) for x in operands]
    with np.errstate(all="ignore"):
        out = Value._record(op, nodes)
        if undefined(out.data, operands):
            return  # see test_conventions.py
        assert equal(out.data, op.evaluate(operands)[0])
        graphs = op.differentiate(out, nodes)
    for partial, graph in zip(out.partials, graphs, strict=True):
        assert equal(partial, graph.data if isinstance(graph, Value) else graph)


@pytest.mark.parametrize(
    "operands",
    [
        (1.000000000000052, -1.433726646631857e16),
        (2.0111292205048956, -1023.4768985860588),
        (1e-300, 1.05),
        (5e-324, 2.0**-52),
    ],
)
def test_powers_near_the_limits_of_the_range(operands):
    check(TABLE["power"], operands)


@given(st.floats(), st.floats(-5, 5))
@example(5e-324, 0.5)
@example(1e-250, 0.1)  # y - 1 is rounded down
@example(1e-250, 0.3)  # and up
def test_power_of_a_constant_exponent_has_the_slope_of_the_table(x, y):
    node = Value(x)
    with np.errstate(all="ignore"):
        out = node**y
        slope = out.derivative(node).data
    if 1e-290 < abs(out.data) < 1e290 and 1e-290 < abs(slope) < 1e290:
        assert slope == pytest.approx(out.partials[0], rel=4 * EPSILON)


@known
def test_second_derivatives_agree_with_numerical_differentiation(op):
    for operands in ordinary_points(op):
        nodes, point = [Value(x) for x in operands], tuple(map(mpf, operands))
        out = Value._record(op, nodes)
        for i, first in enumerate(nodes):
            for j, second in enumerate(nodes):

                def slope(x, i=i, j=j, point=point):
                    return oracle.partials(op.name, replaced(point, j, x))[i]

                got = out.derivative(first).derivative(second).data
                exact = float(mpmath.diff(slope, point[j]))
                assert got == pytest.approx(exact, rel=1e-12, abs=1e-12, nan_ok=True)


@those_with(lambda op: op.fused)
@given(data=st.data())
def test_fused_values_equal_the_table(op, data):
    operands = tuple(data.draw(st.floats() | st.just(2.0)) for _ in intervals(op))
    with np.errstate(all="ignore"):
        value = op.value(*operands)
        partials = op.differentiate(value, operands)
        fast = op.fused(*operands)
    if fast is None:
        return
    fast_value, fast_partials = fast
    if math.isfinite(fast_value) or op.numpy is None:
        assert equal(fast_value, value)
        assert all(map(equal, fast_partials, partials))


@pytest.mark.parametrize("name", [name for name in OPERATORS if TABLE[name].arity == 2])
@given(x=st.floats(), y=st.floats() | st.sampled_from([2.0, 2, 3, -1]))
@example(5e-324, 1e-10)
@example(1e200, 1e200)
@example(-0.0, 0)
def test_arithmetic_equals_the_table_bit_for_bit(name, x, y):
    """Of Values and of numbers on either side, when it happens and when it is computed anew."""
    op, function, a, b = TABLE[name], OPERATORS[name], Value(x), Value(y)
    with np.errstate(all="ignore"):
        for left, right, constants in ((a, b, []), (a, y, [1]), (x, b, [0])):
            expected = op.evaluate((x, float(y)), constants)
            node = function(left, right)
            for _ in range(2):
                assert node.op is op
                assert equal(node.data, expected[0])
                assert all(map(equal, node.partials, expected[1]))
                assert all(
                    z is z_left or equal(z, float(z_left))
                    for z, z_left in zip(node.operands, (left, right), strict=True)
                )
                node.forward()


@given(st.floats())
def test_a_sign_equals_the_table_bit_for_bit(x):
    node, (data, partials) = -Value(x), ops.negative.evaluate((x,))
    assert node.op is ops.negative
    assert equal(node.data, data)
    assert node.partials == partials


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_text_evaluates_to_the_value(op):
    for operands in ordinary_points(op, 3):
        names = [f"x{index}" for index in range(len(operands))]
        text = op.write(op.text, names)
        functions = {name: getattr(autograd, name) for name in autograd.__all__}
        scope = {**TABLE, **functions, **dict(zip(names, map(Value, operands), strict=True))}
        result = eval(text, {"__builtins__": {}}, scope)  # True or False of a comparison
        assert getattr(result, "data", result) == pytest.approx(
            op(*operands) if op.gather is None else op.value(*operands)
        )


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_latex_has_all_the_operands_and_balanced_braces(op):
    names = [f"x_{index}" for index in range(len(intervals(op)))]
    latex = op.write(op.latex, names)
    written = op.write(op.text, names)
    assert all(name in latex for name in names if name in written)
    assert "#" not in latex
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")


def test_operands_that_look_like_templates_stay_as_they_are():
    assert ops.add.write(ops.add.text, ["#2", "#*"]) == "#2 + #*"


@pytest.mark.parametrize("name", TABLE)
def test_an_operation_is_called_what_it_is_named(name):
    op = TABLE[name]
    assert op.name == name
    assert getattr(ops, name) is op
    assert pickle.loads(pickle.dumps(op)) is op
    assert repr(op) == f"<Op {name}>"


PUBLIC_UNARY = sorted(op.name for op in TABLE.values() if op.arity == 1 and op.public)


@pytest.mark.parametrize("name", PUBLIC_UNARY)
def test_every_public_unary_operation_is_a_method(name):
    x = 1.0 if name == "acosh" else 0.5
    node = getattr(Value(x), name)()
    assert node.op is TABLE[name]
    assert getattr(Value, name).__doc__


KINKS = {  # a point on every kink, in the order of the table's functions
    "abs": [(0.0,)],
    "relu": [(0.0,)],
    "leaky_relu": [(0.0, 0.1)],
    "maximum": [(2.0, 2.0)],
    "minimum": [(2.0, 2.0)],
    "elu": [(0.0, 0.5)],
    "selu": [(0.0,)],
    "elu_slope": [(0.0, 0.5)],
    "hard_tanh": [(-1.0,), (1.0,)],
    "clip": [(1.0, 1.0, 2.0), (2.0, 1.0, 2.0), (0.5, 1.0, 1.0)],
    "round": [(2.5, 0.0)],
    "max": [(2.0, 2.0), (2.0, 2.0)],
    "min": [(2.0, 2.0), (2.0, 2.0)],
    "fmax": [(2.0, 2.0)],
    "fmin": [(2.0, 2.0)],
    "sign": [(0.0,)],
    "copysign": [(0.0, 2.0), (2.0, 0.0)],
    "heaviside": [(0.0, 0.5)],
    "floor": [(2.0,)],
    "ceil": [(-3.0,)],
    "trunc": [(2.0,)],
    "floor_divide": [(4.0, 2.0)],
    "mod": [(4.0, -2.0)],
    "fmod": [(4.0, 2.0)],
    "greater": [(2.0, 2.0)],
    "exceeds": [(2.0, 2.0)],
}


def test_the_operations_with_kinks_are_the_known_ones():
    assert {name for name, op in TABLE.items() if op.kinks} == set(KINKS)


@pytest.mark.parametrize("name", KINKS)
def test_slope_or_value_jumps_at_every_kink(name):
    op = TABLE[name]
    for kink, point in zip(op.kinks_of(len(KINKS[name][0])), KINKS[name], strict=True):
        assert kink(*point) == 0.0
        sides = []
        for index in range(len(point)):
            for step in (-1e-9, 1e-9):
                moved = replaced(point, index, point[index] + step)
                value, partials = op.evaluate(moved)
                sides.append((round(value, 6), *(round(partial, 6) for partial in partials)))
        assert len(set(sides)) > 1


@pytest.mark.parametrize("name", KINKS)
def test_where_the_value_itself_jumps(name):
    op = TABLE[name]
    jumps = set()
    for point in KINKS[name]:
        for index in range(len(point)):
            moved = [replaced(point, index, point[index] + step) for step in (-1e-9, 0.0, 1e-9)]
            numbers = [op.value(*operands) for operands in moved]
            jumps.add(max(numbers) - min(numbers) > 1e-6)
    assert (True in jumps) == op.jumps


# --- The fields of the rows that readers ask -----------------------------------------------------

AWKWARD = [sign * x for x in (0.0, 0.5, 1.0, 2.0, 30.0, 1e308, math.inf) for sign in (1, -1)]
AWKWARD += [5e-324, math.nan]


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_partials_do_not_warn_where_the_value_is_finite(op):
    points = [*AWKWARD, 1e-308, 1e-200, 1e200, -1e-308]
    size = len(intervals(op))
    for operands in itertools.product(points[:: 2 if size > 2 else 1], repeat=size):
        with np.errstate(all="ignore"):
            out = op.value(*operands)
        if math.isfinite(out):
            op.evaluate(operands)  # a warning is an error here


EXACT = "copysign heaviside floor ceil trunc floor_divide mod fmod".split()


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data())
def test_steps_and_remainders_equal_numpys_bit_for_bit(name, data):
    """The signs of zeros included. (That of a nan, which NumPy's copysign gives, is random.)"""
    op, numbers = TABLE[name], st.sampled_from(AWKWARD) | st.floats() | st.integers(-99, 99)
    operands = [float(data.draw(numbers)) for _ in intervals(op)]
    with np.errstate(all="ignore"):
        got, expected = op.value(*operands), float(op.numpy(*operands))
    lost = name == "copysign" and math.isnan(operands[1])
    assert repr(got) == ("nan" if lost else repr(expected))


@given(st.floats(-1e6, 1e6), st.floats(-3.0, 3.0) | st.integers(-99, 99))
@example(1.0, 0.1)
@example(-0.3, 0.1)
def test_the_slope_of_a_remainder_is_the_exact_whole_number(x, y):
    if abs(x) < 2.0**50 * abs(y):
        exact = Fraction(x) / Fraction(y)
        assert ops.mod.evaluate((x, float(y)))[1] == (1.0, -math.floor(exact))
        assert ops.fmod.evaluate((x, float(y)))[1] == (1.0, -math.trunc(exact))


@those_with(lambda op: not op.raises)
@given(data=st.data())
def test_what_does_not_raise(op, data):
    op.forward(*[data.draw(st.sampled_from(AWKWARD) | st.floats()) for _ in intervals(op)])


@those_with(lambda op: op.raises)
def test_what_raises_has_a_result_in_numpy(op):
    def raises(*operands):
        try:
            op.forward(*operands)
        except (ArithmeticError, ValueError):
            return True
        return False

    points = itertools.product(AWKWARD, repeat=len(intervals(op)))
    assert op.numpy is not None
    assert any(raises(*point) for point in points)


@those_with(lambda op: op.textbook)
def test_the_textbook_is_right_and_other_than_the_table(op):
    for operands in ordinary_points(op):
        nodes = [Value(x) for x in operands]
        out = Value._record(op, nodes)
        for formulas in (op.taught(out.data, operands), op.taught(out, nodes)):
            slopes = [float(getattr(x, "data", x)) for x in formulas]
            assert slopes == pytest.approx(out.partials, rel=1e-12, abs=1e-12)
    taught, own = op.taught(out, nodes), op.differentiate(out, nodes)
    texts = [[x if isinstance(x, float) else expression(x) for x in xs] for xs in (taught, own)]
    assert texts[0] != texts[1]


@those_with(lambda op: op.forms)
def test_the_other_forms_are_right(op):
    for operands in ordinary_points(op):
        nodes = [Value(x) for x in operands]
        out = Value._record(op, nodes)
        for form in op.forms:
            value, *partials = [float(getattr(x, "data", x)) for x in form(out, *nodes)]
            if math.isnan(value):  # order 0 of the derivatives of sinc, which has no such form
                assert op is ops.sinc_derivative
                continue
            assert value == pytest.approx(out.data, rel=1e-9, abs=1e-9)
            right = out.partials[: len(partials)]
            pairs = [(x, y) for x, y in zip(partials, right, strict=True) if not math.isnan(y)]
            assert all(x == pytest.approx(y, rel=1e-8, abs=1e-8) for x, y in pairs)


def test_without_a_textbook_the_table_is_it():
    assert list(ops.sin.taught(None, [0.0])) == [1.0]
    assert ops.multiply.taught(None, [2.0, 3.0], [1]) == [3.0, 0.0]


def test_the_operands_of_the_symmetric_ones_may_be_exchanged():
    with np.errstate(all="ignore"):
        found = {
            op.name
            for op in TABLE.values()
            if op.arity == 2
            and all(op.value(*xy) == op.value(*xy[::-1]) for xy in ordinary_points(op))
        }
    assert found == {op.name for op in TABLE.values() if op.symmetric}


def test_what_adds_its_operands_up():
    sums = set()
    for op in TABLE.values():
        points = list(ordinary_points(op))
        slopes = {x for point in points for x in op.evaluate(point)[1]}
        if slopes <= {1.0, -1.0} and len(intervals(op)) > 1 and op.name not in PARTS:
            sums.add(op.name)
    assert sums == {op.name for op in TABLE.values() if op.sums}


@those_with(lambda op: op.unsigned)
@given(data=st.data())
def test_what_is_never_minus_zero(op, data):
    with np.errstate(all="ignore"):
        out = op.value(*[data.draw(st.sampled_from(AWKWARD) | st.floats()) for _ in intervals(op)])
    assert out != out or math.copysign(1.0, out) == 1.0


def test_of_a_condition_only_the_truth_counts():
    for op in TABLE.values():
        _, *rest = next(ordinary_points(op))
        with np.errstate(all="ignore"):
            moved = {op.value(number, *rest) for number in (0.1, 1.0, -2.0, math.nan, math.inf)}
        assert (len(moved) == 1) == op.condition, op


def test_where_a_derivative_is_a_decree():
    for op in TABLE.values():
        (x, *rest), step = next(ordinary_points(op)), 1e-6
        quotient = (op.value(x + step, *rest) - op.value(x - step, *rest)) / (2.0 * step)
        slope = op.evaluate((x, *rest), [None] * (1 + len(rest)))[1][0]
        assert (abs(quotient - slope) > 1e-6) == op.blocks, op


def test_between_two_kinks_there_is_a_piece():
    """Each of the two is crossed while the value stays on one straight line or the other."""
    for op in [op for op in TABLE.values() if op.between]:
        low, high = [op.kinks[place] for place in op.between]
        bounds = (0.0, 1.0)[: op.arity - 1]
        sides = [(low(x, *bounds) > 0.0, high(x, *bounds) > 0.0) for x in (-2.0, 0.5, 2.0)]
        assert sides == [(False, False), (True, False), (True, True)]


@those_with(lambda op: op.expanded)
def test_steps_give_the_value(op):
    for operands in ordinary_points(op):
        nodes = [Value(x) for x in operands]
        whole = op.expanded(*nodes)
        assert whole.data == pytest.approx(op.value(*operands), abs=1e-12)
        assert {node.op for node in topological_order(whole)} <= {None, ops.add, ops.multiply}


def test_the_operators_are_pythons():
    for op in TABLE.values():
        if op.operator:
            x, y = next(ordinary_points(ops.power))
            left = "x" if op.arity == 2 else ""
            expected = eval(f"{left} {op.operator} y", {"x": x, "y": y})
            assert op(*[x, y][-op.arity :]) == expected


def test_only_selections_are_cut_and_all_of_them_say_why():
    for op in TABLE.values():
        assert len(op.reasons) == ((op.arity or 0) if op.selects else 0), op


# --- One entry ----------------------------------------------------------------------------------


def test_an_entry_is_enough():
    """An operation that the table has not heard of is recorded, differentiated and written."""
    cube = Op("cube", lambda x: x**3, [lambda out, x: 3 * x * x], text="#1 ** 3")
    x = Value(2.0)
    out = cube(x)
    out.backward()
    assert (out.data, x.grad, out.derivative(x).derivative(x).data) == (8.0, 12.0, 12.0)


def main(name, points="100000"):
    found = 0
    for operands in samples(TABLE[name], int(points)):
        try:
            check(TABLE[name], operands)
        except AssertionError as error:
            found += 1
            print(error)
    print(f"{found} of {points} points are beyond 4 units in the last place")


if __name__ == "__main__":
    main(*sys.argv[1:])


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_where_an_operand_is_nan(op):
    """Whether it hands nan on, also where the other operands are constants."""
    special = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, math.inf, -math.inf, math.nan, 1e300, 100.0]
    counts = [op.arity] if op.arity else [2, 4] if op is ops.dot else [1, 2, 3]
    absorbing = False
    for count in counts:
        for numbers in itertools.product(special, repeat=count):
            nan = [x != x for x in numbers]
            if not any(nan):
                continue
            with np.errstate(all="ignore"):
                absorbed = not math.isnan(op.value(*numbers))
            absorbing = absorbing or absorbed
            node = Value(math.nan)
            assert not (absorbed and op.hands_on([node] * count))
            given = [node if x else number for x, number in zip(nan, numbers, strict=True)]
            assert not (absorbed and op.hands_on(given)), numbers
    assert absorbing != op.hands_on([Value(math.nan)] * counts[-1])
