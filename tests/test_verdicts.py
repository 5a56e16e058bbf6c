"""Verdicts at the edge of their bound: random graphs, right numbers and wrong ones.

A longer run: `python tests/test_verdicts.py [GRAPHS] [SEED]` prints what it counts.
"""

import collections
import math
import random
import sys
import warnings

import numpy as np
import pytest
from graphs import chain, made, run

import autograd
from autograd import (
    Op,
    Value,
    asin,
    check_gradient,
    clip,
    compare,
    cos,
    exp,
    expm1,
    hypot,
    leaky_relu,
    log,
    log1p,
    maximum,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    values,
)
from autograd.compare.judge import Judge

INPUTS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, math.inf, -math.inf, math.nan]
INPUTS += [sign * 10.0**power for power in (-300, -160, -8, 8, 160, 300) for sign in (1, -1)]
FACTORS = (1.001, -1.0, 2.0)


def graph(draw):
    """A root and its inputs, ordinary, tiny, huge and special ones."""
    steps, _ = made(draw)
    kinds = (
        lambda: draw.uniform(-3, 3),
        lambda: draw.choice(INPUTS),
        lambda: 10.0 ** draw.uniform(-30, 30),
    )
    inputs = values([draw.choice(kinds)() for _ in "xy"], name="x")
    with np.errstate(all="ignore"):
        root = run(steps, inputs)[-1]
        root.backward()
    return steps, inputs, root


def unfair(draw, counts):
    """The verdicts on one graph that are wrong, with what they are about."""
    steps, inputs, root = graph(draw)
    shown = [(op.name, operands) for op, operands in steps], [x.data for x in inputs]
    found = []
    for x in inputs:
        verdict = compare(root, {x: x.grad}).verdict
        if math.isfinite(x.grad):
            counts["right numbers"] += 1
            if verdict != "agree":
                found.append((*shown, x.grad, f"right, but {verdict}"))
        if not math.isfinite(x.grad):
            continue
        for number in [factor * x.grad for factor in FACTORS] if x.grad else (-1.0, 1.0):
            row = compare(root, {x: number}).rows[0]
            counts["wrong numbers"] += 1
            if row.verdict == "agree":
                counts["wrong numbers within a finite bound"] += 1
                if not row.difference <= row.tolerance < math.inf:
                    found.append((*shown, x.grad, f"{number} is wrong, but {row.verdict}"))
            elif row.verdict == "convention":
                counts["numbers to a side of a kink"] += 1
                low, high = Judge(root).intervals[x]
                room = 1e-6 * max([abs(x) for x in (low, high) if math.isfinite(x)], default=0.0)
                if not low - room <= number <= high + room:
                    found.append((*shown, x.grad, f"{number} is beyond [{low}, {high}]"))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_random_graphs(seed):
    draw, counts = random.Random(seed), collections.Counter()
    found = [case for _ in range(1000) for case in unfair(draw, counts)]
    assert not found, "\n".join(map(str, found[:5]))
    assert counts["wrong numbers"] > 1500
    assert counts["wrong numbers within a finite bound"] < 0.1 * counts["wrong numbers"]


@pytest.mark.parametrize("seed", range(3))
def test_the_exact_gradient_of_a_random_function_passes(seed):
    draw, checked = random.Random(seed), 0
    while checked < 25:
        steps, point = made(draw)

        def function(x, y, steps=steps):
            return run(steps, (x, y))[-1]

        def manual(x, y, function=function):
            leaves = values([x, y])
            function(*leaves).backward()
            return leaves[0].grad, leaves[1].grad

        with np.errstate(all="ignore"):
            if not np.isfinite([function(*map(Value, point)).data, *manual(*point)]).all():
                continue
            report = check_gradient(function, manual, *point, every_branch=False)
        checked += 1
        assert not [row for row in report.rows if row.verdict == "disagree"], (steps, point)


def test_equal_is_agree():
    v, n = Value(-3.0, name="v"), Value(2.0, name="n")
    assert compare(v**n, {v: -6.0}).verdict == "agree"
    assert compare(v**n, {v: -5.0}).verdict == "disagree"
    x = Value(2.0)
    assert compare(0.0**x, {x: 0.0}).verdict == "agree"

    def by_hand(x, y):
        r = np.hypot(x, y)
        return (x / r, y / r) if r else (0.0, 0.0)

    assert check_gradient(hypot, by_hand, 0.0, 0.0)


def test_a_bound_beside_an_infinite_slope_is_finite():
    x = Value(0.0, name="x")
    report = compare(x**1.5 + 3.0 * x, {x: 123.0})
    assert report.verdict == "disagree"
    assert report.rows[0].tolerance < 1e-10
    assert compare(x**1.5 + 3.0 * x, {x: 3.0}).passed


def test_a_selection_cuts_the_path_of_errors_and_of_sides():
    x = Value(0.0, name="x")
    with np.errstate(all="ignore"):
        cut = relu(log(x))
        kink = relu(sqrt(x))
    assert compare(cut, {x: 0.0}).verdict == "agree"
    report = compare(cut, {x: 1.0})
    assert (report.verdict, report.rows[0].automatic, report.rows[0].tolerance) == (
        "disagree",
        0.0,
        pytest.approx(0.0, abs=1e-300),
    )
    assert compare(kink, {x: 0.0}).verdict == "agree"
    assert compare(kink, {x: 1.0}).verdict == "convention"  # a side has an infinite slope


def test_a_selection_cuts_the_path_where_sides_are_tried():
    """An infinite adjoint does not flow into what relu did not pick: a clash elsewhere is seen."""
    a, b, x, z = values([1.0, 1.0, -1.0, 0.0], name="v")
    y = maximum(a, b) + sqrt(relu(x) + z)
    assert compare(y, [(a, 0.75), (b, 0.25), (x, 0.0)]).verdict == "convention"
    assert compare(y, [(a, 1.0), (b, 1.0), (x, 0.0)]).verdict == "disagree"
    y = maximum(a, b) + relu(sqrt(z) - 1.0)
    assert compare(y, [(a, 1.0), (b, 1.0), (z, 0.0)]).verdict == "disagree"


def test_a_number_that_prints_like_ours_says_how_far_off_it_is():
    x = Value(1.0, name="x")
    report = compare((x * 1.0).named("y"), {x: 1.0 + 1e-11})
    assert "dy/dx: yours 1, should be 1 (relative error 1e-11) at x = 1" in report.diagnosis[0]
    assert "off by" not in compare((x * 2.0).named("y"), {x: 1.0}).diagnosis[0]


def test_the_derivative_of_the_root_by_itself_is_1_without_any_room():
    x = Value(3.0, name="x")
    y = x + 2.0
    assert compare(y, {y: 1.0}).passed
    assert compare(y, {y: 1.0 + 2.0**-52}).verdict == "disagree"
    assert compare(y, {x: 1.0 + 2.0**-52}).passed


def test_an_error_beside_an_infinite_slope_may_come_from_below_only():
    """asin(1) is as far off as the arcsine of the double below 1, if 1 is a rounded number."""
    x, w = Value(1.0, name="x"), Value(1.0, name="w")
    report = compare(asin(x) * w, {w: math.asin(1.0 - 2.0**-53)})
    assert report.verdict == "agree"
    assert 1e-8 < report.rows[0].tolerance < 1e-5


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


@pytest.mark.parametrize(
    ("function", "by_hand", "points"),
    [
        (lambda x: 1.0 / autograd.expm1(x), lambda x: -np.exp(x) / (np.exp(x) - 1.0) ** 2, 1e-7),
        (lambda x: log(autograd.log1p(x)), lambda x: 1.0 / ((1.0 + x) * np.log(1.0 + x)), 1e-7),
        (autograd.tanh, lambda x: 1.0 - np.tanh(x) ** 2, 15.0),
        (autograd.sigmoid, lambda x: logistic(x) * (1.0 - logistic(x)), 30.0),
    ],
)
def test_terms_may_cancel_in_formulas_of_the_textbook(function, by_hand, points):
    """As they do not in the library's; the digits that are left are compared."""
    lost = []
    for number in np.linspace(0.5 * points, points, 30).tolist():
        x = Value(number, name="x")
        y, right = function(x), float(by_hand(number))
        y.backward()
        lost.append(abs(right - x.grad) / abs(x.grad))
        assert compare(y, {x: right}).passed
        assert not compare(y, {x: 1.01 * x.grad + 1e-13}).passed
    assert max(lost) > 1e-9


def test_close_to_a_kink_is_not_at_it():
    x = Value(1e-12, name="x")
    assert compare(relu(x), {x: 0.0}).verdict == "disagree"
    z = Value(0.1) + 0.2 - 0.3  # 0 but for rounding
    assert compare(relu(z), {z: 0.0}).verdict == "convention"


def test_many_kinks_at_once():
    """More than can be gone through one by one: intervals add up."""
    x = Value(0.0, name="x")
    y = autograd.sum([leaky_relu(x, 0.5) for _ in range(12)])
    verdicts = {number: compare(y, {x: number}).verdict for number in (3.0, 6.0, 9.0, 12.0, 13.0)}
    assert verdicts == {
        3.0: "disagree", 6.0: "agree", 9.0: "convention", 12.0: "convention", 13.0: "disagree"
    }  # fmt: skip


@pytest.mark.parametrize(
    "piece",
    [
        lambda x: -leaky_relu(x, 0.5),
        lambda x: relu(x),
        lambda x: relu(sqrt(x)),
        lambda x: leaky_relu(x, 0.5) + relu(sqrt(x) - 1.0),
        lambda x: leaky_relu(x + Value(0.0), 0.5),
    ],
)
def test_many_kinks_are_judged_as_few_are(piece):
    """What intervals say is what all the sides say, gone through one by one."""

    def verdicts(count):
        x = Value(0.0, name="x")
        y = autograd.sum([piece(x) for _ in range(count)])
        shares = (-2.0, -1.0, -0.75, -0.25, 0.0, 0.25, 0.75, 1.0, 2.0)
        return [compare(y, {x: count * share}).verdict for share in shares]

    assert verdicts(12) == verdicts(3)


def test_kinks_that_are_close_together_are_told_apart():
    """Between 0.5e-9 and 1e-9 the slope is 1, and at 1e-9 anything from 0 to 1 is valid."""
    for slope, verdict in ((1.0, "convention"), (0.5, "convention"), (1.5, "disagree")):
        x = Value(1e-9)
        (row,) = compare(clip(x, 0.5e-9, 1e-9), {x: slope}).rows
        assert row.verdict == verdict


def test_beside_an_infinite_slope_there_is_no_endless_room():
    x = Value(0.0, name="x")
    for count in (1, 3, 12):
        y = autograd.sum([relu(sqrt(x) * i) for i in range(1, count + 1)])
        assert compare(y, {x: -5.0}).verdict == "disagree"
        assert compare(y, {x: 5.0}).verdict == "convention"


def test_a_kink_beyond_the_nearest_one_does_not_count():
    def slope(x):
        return 1.0 if x < 0.5e-9 else 2.0 if x < 1e-9 else 3.0

    bent = Op(
        "bent",
        lambda x: slope(x) * x,
        [lambda out, x: slope(x)],
        kinks=[lambda x: x - 0.5e-9, lambda x: x - 1e-9],
    )
    x = Value(1e-9, name="x")
    for number, verdict in ((2.5, "convention"), (1.5, "disagree"), (3.5, "disagree")):
        assert compare(bent(x), {x: number}).verdict == verdict


def test_a_kink_that_is_measured_on_another_scale():
    bent = Op(
        "bent",
        lambda x: math.fabs(x - 1.0),
        [lambda out, x: 1.0 if x > 1.0 else -1.0],
        kinks=[lambda x: 0.01 * (x - 1.0)],
    )
    x = Value(1.0 + 20.0 * 2.0**-52, name="x")
    assert compare(bent(x), {x: -1.0}).verdict == "convention"
    assert compare(bent(x), {x: -1.1}).verdict == "disagree"


def test_an_operation_of_ones_own_with_a_kink_where_its_domain_ends():
    half = Op(
        "half", math.sqrt, [lambda out, x: math.copysign(math.sqrt(x), x)], kinks=[lambda x: x]
    )
    x = Value(0.0)
    assert compare(half(x), {x: 0.0}).rows[0].verdict == "agree"


def test_the_sides_of_a_kink_are_close_to_it():
    for data in (1.0, 1e9):
        x = Value(data, name="x")
        for lower, upper in ((0.999, 1.0), (1.0, 1.001)):
            report = compare(clip(x, lower * data, upper * data), {x: 1.0})
            assert report.verdict == "convention"


def test_the_derivative_of_an_elu_from_its_output():
    def elu(x):
        return autograd.sum([autograd.where(z >= 0, z, expm1(z)) for z in x])

    def by_hand(x):
        y = np.where(x >= 0.0, x, np.expm1(x))
        return np.where(y >= 0.0, 1.0, y + 1.0)

    assert check_gradient(elu, by_hand, np.array([0.5, -1.3, -9.0])).passed


def test_a_formula_is_only_forgiven_to_cancel_where_it_is_right_elsewhere():
    def wide(w):
        p = w * 3.0
        return p * p + 0.0 * (p + w**60.0)

    def endless(w):
        p = w * 3.0
        return 1e60 * (p * p) + (p + exp(35.0 * w * w)) * 1e-300

    def offset(w):
        u = w * w
        return cos(u) + 3.0 * u + (u + 1e10)

    def mostly(scale):
        return lambda w: 18.0 * scale * w * (1.0 if abs(w) < 2.0 else -5.0)

    assert not check_gradient(wide, mostly(1.0), 3.0).passed
    assert not check_gradient(endless, mostly(1e60), 1.0).passed
    right = lambda w: -2.0 * w * math.sin(w * w) + 8.0 * w  # noqa: E731
    assert not check_gradient(offset, lambda w: right(w) * (1.0 + 1e-6), 0.7).passed
    assert check_gradient(offset, right, 0.7).passed


def test_what_is_forgiven_is_said():
    def by_hand(z):
        s = 1.0 / (1.0 + math.exp(-z))
        return s * (1.0 - s)

    report = check_gradient(lambda z: 1.0 / (1.0 + exp(-z)), by_hand, 8.0)
    (row,) = report.rows
    assert report.passed
    assert row.difference <= row.tolerance
    assert "a formula that cancels here may be off by" in row.note


def test_the_valid_numbers_at_a_kink_are_rounded_too():
    x, b = Value(0.0, name="x"), Value(0.0)
    for y in (relu(x * 0.7 * 0.1), autograd.abs(x * 0.7 * 0.1), relu(x * 0.7 + b) * 0.1):
        assert compare(y, {x: 0.07}).verdict == "convention"
        assert compare(y, {x: 0.07 * (1.0 + 1e-9)}).verdict == "disagree"


def test_an_operand_that_may_be_off_by_more_than_its_domain():
    x, w = Value(1.5, name="x"), Value(1.0, name="w")
    u = ((x + 1e16) - 1e16) / 2.0
    assert compare(asin(u) * w, {w: math.asin(0.75)}).verdict == "agree"
    x = Value(5.1e307, name="x")
    assert compare(sin(x * 3.0), {x: 1.0}).verdict == "undefined"


def test_an_operand_that_may_be_0_or_not():
    x, w = Value(0.1, name="x"), Value(2.0, name="w")
    u, h = x + 0.3 - 0.4, 0.1 + (0.3 - 0.4)
    assert u.data == 0.0 != h
    assert compare(u**3.0, {x: 3.0 * h * h}).verdict == "agree"
    assert compare((w * u) ** 2.0, {w: 4.0 * h * h}).verdict == "agree"
    assert compare(hypot(u, u * 2.0), {x: -math.sqrt(5.0)}).verdict == "agree"
    assert compare(u**3.0, {x: 1e-20}).verdict == "disagree"


def _positive(x):
    assert x >= 0.0
    return math.sqrt(x)


HOSTILE = [
    (Op("o", lambda x: x * x, [lambda out, x: 2 * x + 0 * x.is_integer()]), 1.5),
    (Op("o", lambda x: x * x, [lambda out, x: {1.5: 3.0}[x]]), 1.5),
    (Op("o", lambda x: [0.0, 1.0, 4.0, 9.0][round(x)], [lambda out, x: 2 * x]), 3.4),
    (Op("o", _positive, [lambda out, x: 0.5 / out if out else 0.0]), 0.0),
    (Op("o", math.fabs, [lambda out, x: 1.0], kinks=[lambda x: 1 / x]), 0.0),
    (Op("o", math.fabs, [lambda out, x: 1.0], kinks=[lambda x: math.log(x)]), 0.0),
    (Op("o", math.fabs, [lambda out, x: 1.0], kinks=[lambda x: None]), 1.0),
    (Op("o", math.fabs, [lambda out, x: 1.0], textbook=[lambda out, x: x.nothing]), 1.0),
]


@pytest.mark.parametrize(("op", "data"), HOSTILE)
def test_operations_of_ones_own_that_raise_whatever_they_like(op, data):
    x = Value(data, name="x")
    y = op(x)
    assert compare(y, {x: y.partials[0]}).verdict == "agree"
    assert compare(y, {x: 3.1}).verdict == "disagree"
    assert compare(y * x * 2.0, {x: math.nan}).verdict == "undefined"


def test_nothing_warns():
    bent = Op("bent", lambda x: x, [lambda out, x: 1.0], kinks=[lambda x: float(np.exp(x)) - 1.0])
    x, z, small, large = Value(1e300), Value(1.0), Value(1e-200), Value(1000.0)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert not compare(tanh(x) * z, {x: 0.5, z: 2.0}).passed
        assert not check_gradient(lambda x: autograd.sinh(x) * 1.0, lambda x: 0.5, 700.0).passed
        assert compare(small**-1.0, {small: 1.0}).verdict == "undefined"
        assert compare(bent(large), {large: 1.0}).verdict == "agree"
    assert warned == []


@pytest.mark.parametrize(
    ("function", "data"),
    [
        (lambda x: relu(x - 0.99999998), 1.0),
        (lambda x: relu(x - 1.0), 1.0 + 1e-9),
        (lambda x: sin(exp(x)), 16.0),
        (lambda x: sqrt((x - 1.0) ** 2.0 + 1e-18), 1.0 + 1e-9),
        (autograd.cbrt, 1e-300),
        (autograd.abs, -1e-300),
        (lambda x: autograd.minimum(x, Value(0.0)), 1e-8),
    ],
)
def test_a_right_derivative_is_not_doubted_where_all_is_small(function, data):
    x = Value(data, name="x")
    y = function(x)
    (row,) = compare(y, {x: y.derivative(x).data}).rows
    assert (row.verdict, row.note) == ("agree", "")


def test_a_kink_within_an_infinite_bound_is_none():
    x = Value(709.5, name="x")
    y = Value(math.exp(709.5) * (1.0 - 1e-7), name="y")
    assert compare(maximum(exp(x), y), {y: 1.0}).verdict == "disagree"
    y.data = math.exp(709.5)
    assert compare(maximum(exp(x), y), {y: 1.0}).verdict == "convention"


def test_what_is_not_a_number_explains_nothing():
    a, b = Value(3.0, name="a"), Value(2.0, name="b")
    z = (a * b).named("y") * 2.0
    y = z.operands[0]
    for number in (math.nan, math.inf):
        text = str(compare(z, {y: number, a: 5.0, b: 6.0}))
        assert "First wrong: df/da: yours 5, should be 4 at a = 3" in text
        assert "follows" not in text
    zero = Value(0.0, name="zero")
    (row,) = compare(a * 3.0 + sqrt(zero), {a: math.nan}).rows
    assert row.note == "the automatic one is 3, yours nan"


def test_numbers_that_print_alike_are_drawn_apart():
    x = Value(1.0, name="x")
    assert "yours 1.0000000001 ≠ 1" in compare(x * 1.0, {x: 1.0 + 1e-10}).draw().source


def test_a_bound_adds_up_along_a_chain():
    x = Value(1.0, name="x")
    y = chain(60, lambda node: node * 1.0, x)
    report = compare(y * y, {x: 2.0 + 1e-9})
    assert report.verdict == "disagree"
    assert report.rows[0].tolerance < 1e-12


def test_textbook_formulas_that_cancel_agree():
    x, w = Value(1e-7, name="x"), Value(1.0, name="w")
    assert compare(expm1(x) * w, {w: math.exp(x.data) - 1.0}).passed
    assert compare(log1p(x) * w, {w: math.log(1.0 + x.data)}).passed
    x = Value(12.0, name="x")
    s = 1.0 / (1.0 + math.exp(-x.data))
    assert compare(sigmoid(x), {x: s * (1.0 - s)}).passed
    assert compare(tanh(x), {x: 1.0 - math.tanh(x.data) ** 2}).passed
    for op in (sigmoid, tanh):
        assert compare(op(x), {x: 1.001 * op(x).partials[0]}).verdict == "disagree"


def test_a_term_lost_in_its_sum_is_judged_by_its_own_size():
    x = Value(30.0, name="x")
    y, right = 1.0 / (1.0 + exp(-x)), math.exp(-30.0) / (1.0 + math.exp(-30.0)) ** 2
    assert compare(y, {x: right}).verdict == "agree"
    assert compare(y, {x: 1.005 * right}).verdict == "disagree"


def test_an_operand_that_cannot_be_moved_is_exact():
    v, n, w = Value(-1e-3, name="v"), Value(2.0, name="n"), Value(1.0, name="w")
    right = 1e-3 * 1e-3
    assert compare(v**n * w, {w: right * (1.0 + 2.0**-52)}).verdict == "agree"
    assert compare(v**n * w, {w: right * 1.0001}).verdict == "disagree"


def test_nothing_times_an_infinite_bound_is_nothing():
    x, z = Value(2.0, name="x"), Value(709.0, name="z")
    assert compare(exp(z) * x, {x: 1.0}).verdict == "undefined"
    assert compare(exp(z) * (x * 0.0), {x: 1.0}).verdict == "disagree"


def test_a_bound_is_in_proportion_to_the_numbers():
    def room(scale, unit):
        x = Value(3.0 * unit, name="x")
        return compare(tanh(x / unit) * scale, {x: 1.0}).rows[0].tolerance

    for scale, unit in ((2.0**40, 1.0), (2.0**-40, 1.0), (1.0, 2.0**40), (1.0, 2.0**-40)):
        # But for the factor 1, which is exact.
        assert room(scale, unit) == pytest.approx(room(1.0, 1.0) * scale / unit, rel=0.02)


def test_a_long_sum_added_up_number_by_number_agrees():
    numbers, w = [0.1] * 1000, Value(1.0, name="w")
    total = 0.0
    for number in numbers:
        total += number
    y = autograd.sum(values(numbers)) * w
    assert total < 100.0 - 1e-12
    assert compare(y, {w: total}).verdict == "agree"
    assert compare(y, {w: 100.0 + 1e-10}).verdict == "disagree"


def test_a_bound_is_as_small_as_the_numbers():
    x, w = Value(1e-20, name="x"), Value(1.0, name="w")
    assert compare((x * 1.0) * w, {w: 1.0001e-20}).verdict == "disagree"


def test_rounding_is_absolute_below_the_normal_range():
    x, right = Value(1.0, name="x"), 1e-160 * 1e-160
    assert compare(x * 1e-160 * 1e-160, {x: right + 2.0**-1074}).verdict == "agree"
    assert compare(x * 1e-160 * 1e-160, {x: 1.1 * right}).verdict == "disagree"


@pytest.mark.parametrize(
    "forward",
    [math.sqrt, lambda x: x**0.5, lambda x: x**0.5 if x >= 0.0 else 1 / 0],
    ids=["a ValueError", "a complex number", "an ArithmeticError"],
)
def test_an_operation_of_ones_own_beside_where_it_is_defined(forward):
    """On the other side the error of an operand is not tried, nor a difference taken."""
    root = Op("root", forward, [lambda out, x: 0.5 / out if out else math.inf])
    x, w = Value(1.0, name="x"), Value(1.0, name="w")
    for scale in (1.0, 1e-30):
        zero = ((x - 1.0) * scale).named("zero")
        y = root(zero) * w
        off = math.sqrt(scale * 2.0**-53)  # if 1 is a rounded number
        assert compare(y, {w: off}).verdict == "agree"
        assert compare(y, {w: 1e3 * off}).verdict == "disagree"
        assert compare(y, {zero: 1.0}).verdict == "undefined"
    near = Value(1e-3, name="near")
    (row,) = compare(root(near - 0.9e-3), {near: 50.0}).rows
    assert row.numeric == pytest.approx(50.0, rel=1e-6)


@pytest.mark.parametrize(
    "partial",
    [
        lambda out, x: 1.5 * math.sqrt(x),
        lambda out, x: 1.5 * Op("root", math.sqrt, [lambda out, x: 0.5 / float(out)])(x),
        lambda out, x: 1.5 * Op("root", math.sqrt, [lambda out, x: math.log(x)])(x),
    ],
    ids=["for floats only", "an ArithmeticError", "a ValueError"],
)
def test_an_operation_of_ones_own_without_a_second_derivative(partial):
    own = Op("own", lambda x: abs(x) ** 1.5, [partial])
    x = Value(0.0, name="x")
    report = compare(own(x) + 3.0 * x, {x: 4.0})
    assert report.verdict == "disagree"
    assert report.rows[0].tolerance < 1e-13


def test_the_library_is_not_doubted_where_the_difference_quotient_is_exact():
    x = Value(1000.0, name="x")
    (row,) = compare(tanh(x), {x: 0.0}).rows
    assert (row.automatic, row.numeric, row.note) == (0.0, 0.0, "")


def test_what_is_said_of_a_wrong_partial_is_said_beside_all_else():
    wrong = Op("wrong", lambda x: x * x, [lambda out, x: 3.0 * x])
    x, z = Value(2.0, name="x"), Value(0.0, name="z")
    (row,) = compare(wrong(x), {x: math.nan}).rows
    assert row.note.startswith("the automatic one is 6, yours nan; a difference quotient gives 4")
    for count in (1, 12):  # where there are kinks, too
        (row,) = compare(wrong(x) + autograd.sum([relu(z) for _ in range(count)]), {x: 6.0}).rows
        assert row.note.startswith("a difference quotient gives 4")


def main(graphs=10_000, seed=0):
    draw, counts = random.Random(seed), collections.Counter()
    for _ in range(graphs):
        for case in unfair(draw, counts):
            counts["unfair verdicts"] += 1
            print(*case)
    for name, count in sorted(counts.items()):
        print(f"{count:8,}  {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
