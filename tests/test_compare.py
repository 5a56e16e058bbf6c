"""Hand-derived derivatives beside the graph's: what is right passes, what is wrong is found."""

import json
import math
import re
import sys
import time

import numpy as np
import pytest
import scipy.optimize
from corpus import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st
from picture import read

import autograd
from autograd import (
    Op,
    Report,
    Value,
    abs,
    check_gradient,
    clip,
    compare,
    dot,
    exp,
    log,
    logsumexp,
    maximum,
    minimum,
    relu,
    sigmoid,
    softplus,
    stop_gradient,
    topological_order,
    values,
    where,
)
from autograd.compare.judge import Judge
from autograd.compare.kinks import in_hull
from autograd.compare.numeric import estimate
from autograd.diagram import palette
from autograd.neuron import Neuron, by_hand
from autograd.rounding import Bounds, derivatives


def verdicts(report):
    return [row.verdict for row in report.rows]


# --- On a graph ---------------------------------------------------------------------------------


def test_the_neuron_by_every_kind_of_key():
    loss, w, b, z = Neuron().record()
    output = loss.operands[0].operands[0]
    report = compare(
        loss,
        {
            w[0]: 12.0,
            w[1]: -24,
            "w2": 36.0,
            b: np.float64(12.0),
            "output": 12.0,
            (output, z): 1.0,
            ("output", w[0]): 1.0,
        },
    )
    assert isinstance(report, Report)
    assert report
    assert report.passed
    assert verdicts(report) == ["agree"] * 7
    assert [row.derivative for row in report.rows] == [
        "dloss/dw0", "dloss/dw1", "dloss/dw2", "dloss/db", "dloss/doutput",
        "doutput/d(u + b)", "doutput/dw0",
    ]  # fmt: skip
    assert all(row.numeric == pytest.approx(row.automatic, rel=1e-9) for row in report.rows)
    assert report.diagnosis == []
    assert report.symbols == {"u": "dot([x0, x1, x2], [w0, w1, w2])"}
    assert str(report).endswith("\nHere u = dot([x0, x1, x2], [w0, w1, w2]).")
    report.raise_if_failed()


def test_arrays_of_values():
    loss, w, b, _ = Neuron().record()
    assert compare(loss, [(w, np.array([12.0, -24.0, 36.0])), (b, 12.0)])
    assert compare(loss, {"w": [12.0, -24.0, 36.0], "b": 12.0})
    matrix = values([[1.0, 2.0], [3.0, 4.0]], "m")
    total = (matrix @ matrix).sum()
    right = np.array([[7.0, 11.0], [9.0, 13.0]])
    assert compare(total, [(matrix, right)])
    report = compare(total, [(matrix, right.T)])
    assert verdicts(report) == ["agree", "disagree", "disagree", "agree"]
    assert "transposed" in str(report)


def test_the_first_wrong_factor_and_what_inherits():
    loss, _, b, _ = Neuron().record()
    report = compare(loss, {"w": [6.0, -12.0, 18.0], b: 6.0, "output": 6.0})
    assert verdicts(report) == ["disagree"] * 5
    assert report.diagnosis[0] == "First wrong: dloss/doutput: yours 6, should be 12 at output = 6"
    assert [row.note for row in report.rows] == [
        "this only follows from what is wrong above it"
    ] * 4 + [""]
    local = compare(loss, {("output", "w0"): 0.0, "output": 12.0})
    assert local.diagnosis[0].startswith("First wrong: doutput/dw0: yours 0, should be 1")


def test_a_wrong_local_factor():
    x = Value(-3.2, "output")
    y = relu(x).named("relu")
    loss = ((y - 1.0) ** 2).named("loss")
    report = compare(loss, {("relu", "output"): 1.0, "output": -2.0, "relu": -2.0})
    assert verdicts(report) == ["disagree", "disagree", "agree"]
    assert report.diagnosis[0] == (
        "First wrong: drelu/doutput: yours 1, should be 0 at output = -3.2"
    )
    assert report.rows[1].note == "this only follows from what is wrong above it"


def test_a_wrong_local_factor_of_an_operand_that_is_used_twice():
    x = Value(3.0, "x")
    y = (x * x).named("y")
    report = compare((y * 2.0).named("loss"), {("y", "x"): 7.0, "x": 14.0})
    assert verdicts(report) == ["disagree", "disagree"]
    assert report.rows[1].note == "this only follows from what is wrong above it"


def test_the_factor_that_explains_the_final_gradients():
    x, w, b = values([1.0, -2.0], "x"), values([0.5, 1.5], "w"), Value(0.25, "b")
    loss = ((sigmoid(dot(x, w) + b).named("s") - 1.0) ** 2).named("loss")
    loss.backward()
    s = next(node for node in topological_order(loss) if node.name == "s")
    z = s.operands[0].data
    factor = z * (1 - z) / s.partials[0]  # the input where the output belongs
    report = compare(loss, {w[0]: w[0].grad * factor, w[1]: w[1].grad * factor, b: b.grad * factor})
    text = str(report)
    assert f"ds/d(u + b): {z * (1 - z):.7g} instead of" in text
    assert "the input of sigmoid is used where its output belongs (at s)" in text


@pytest.mark.parametrize(
    ("value", "yours", "verdict"),
    [
        (lambda x: relu(x), 1.0, "convention"),
        (lambda x: relu(x), 0.5, "convention"),
        (lambda x: relu(x), 0.0, "agree"),
        (lambda x: relu(x), 1.1, "disagree"),
        (lambda x: relu(x), -0.1, "disagree"),
        (lambda x: abs(x), -1.0, "convention"),
        (lambda x: abs(x), 1.5, "disagree"),
        (lambda x: maximum(x, 0.0), 1.0, "convention"),
        (lambda x: maximum(x, -x), -1.0, "convention"),
        (lambda x: clip(x, 0.0, 1.0), 1.0, "convention"),
        (lambda x: 3.0 * relu(x) + x, 4.0, "convention"),
        (lambda x: 3.0 * relu(x) + x, 5.0, "disagree"),
        (lambda x: relu(x) * 0.0, 0.1, "disagree"),
    ],
)
def test_conventions_at_kinks(value, yours, verdict):
    x = Value(0.0, "x")
    report = compare(value(x), {x: yours})
    assert verdicts(report) == [verdict]
    assert report.passed == (verdict != "disagree")
    if verdict == "convention":
        assert "any value in [" in report.rows[0].note


def test_the_note_on_a_convention():
    x = Value(0.0, "x")
    (row,) = compare(relu(x), {x: 1.0}).rows
    assert row.note == "yours 1, ours 0; at this kink any value in [0, 1] is right"


def test_undefined_and_where_it_comes_from():
    x = Value(-1.0, "x")
    with np.errstate(all="ignore"):
        y = (log(x).named("p") * 2.0).named("y")
    report = compare(y, {x: 1.0})
    assert verdicts(report) == ["undefined"]
    assert report.rows[0].note == "the first nan is p = log(-1)"
    assert not report
    z = Value(2.0, "z")
    assert verdicts(compare(z * z, {z: math.nan})) == ["undefined"]
    root = Value(0.0, "r")
    for number in (math.inf, 1.0):
        report = compare(root.sqrt().named("s"), {root: number})
        assert "the first infinity is ds/dr of s = sqrt(0)" in str(report)


def test_a_value_that_is_not_in_the_graph():
    loss, *_ = Neuron().record()
    stranger = Value(2.0, "stranger")
    report = compare(loss, {stranger: 0.0})
    assert verdicts(report) == ["agree"]
    assert report.rows[0].note == "not in the graph, so 0"
    assert verdicts(compare(loss, {stranger: 1.0})) == ["disagree"]


def test_tolerance():
    x = Value(3.0, "x")
    y = x * 2.0
    assert not compare(y, {x: 2.0 + 1e-9})
    assert compare(y, {x: 2.0 + 1e-9}, tolerance=1e-9)
    assert compare(y, {x: 2.0}, tolerance=0.0)
    assert compare(y, {x: 2.5}).rows == compare(y, {x: 2.5}, tolerance=8 * 2.0**-52).rows
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="tolerance must be a finite number, at least 0"):
            compare(y, {x: 2.0}, tolerance=wrong)


@pytest.mark.parametrize(
    ("manual", "error", "message"),
    [
        ({"v": 1.0}, ValueError, "no Value is called 'v'; there are "),
        ({"outptu": 1.0}, ValueError, "no Value is called 'outptu'; there are 'output'"),
        ({3: 1.0}, TypeError, "a key must be a Value, a name, or a pair or an array of them"),
        ({"b": None}, TypeError, "with respect to 'b' must be a real number, not None"),
        ({"b": "12"}, TypeError, "with respect to 'b' must be a real number, not the str '12'"),
        ({"b": 12j}, TypeError, "treat its real and imaginary parts"),
        ({"b": [12.0]}, ValueError, r"must have the shape \(\), not \(1,\)"),
        ({"w": 12.0}, ValueError, r"with respect to 'w' must have the shape \(3,\), not \(\)"),
        ({"w": [1.0, 2.0]}, ValueError, r"must have the shape \(3,\), not \(2,\)"),
        ({"w": [[1.0, 2.0, 3.0]]}, ValueError, r"must have the shape \(3,\), not \(1, 3\)"),
        ({("b", 3): 1.0}, TypeError, "a key must be a Value, a name"),
        ({(3, "b"): 1.0}, TypeError, "a key must be a Value or the name of one, not 3"),
        ({}, ValueError, "there is nothing to compare"),
        (3.0, TypeError, r"a dict \{Value: number\} or a list of pairs"),
        ([1.0], TypeError, r"a pair \(Values, numbers\) is needed, not 1.0"),
        ([([1.0], [2.0])], TypeError, "a key must be made of Values, not of float"),
    ],
)
def test_bad_input(manual, error, message):
    loss, *_ = Neuron().record()
    with pytest.raises(error, match=message):
        compare(loss, manual)


def test_a_name_that_several_values_have():
    x, y = Value(1.0, "x"), Value(2.0, "x")
    with pytest.raises(ValueError, match="2 Values are called 'x': use the Value itself"):
        compare(x * y, {"x": 1.0})
    with pytest.raises(TypeError, match="compare takes a Value, not a float"):
        compare(1.0, {})


# --- The report ---------------------------------------------------------------------------------


def test_the_report_fits_and_is_data():
    x = values(np.linspace(-1e-300, 1e300, 60), "a_rather_long_name_of_an_input.")
    total = (x[0] * 1e5 + dot(x, [1 / 3] * 60)).named("total")
    report = compare(total, [(x, [-1.23456789e-305] * 60)])
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 100
    assert "… and 30 more, none of them worse" in lines
    data = json.loads(json.dumps(report.to_dict()))
    assert data["verdict"] == "disagree"
    assert len(data["rows"]) == 60
    assert data["rows"][3]["yours"] == -1.23456789e-305
    with pytest.raises(AssertionError, match="derivative  ") as failure:
        report.raise_if_failed()
    assert str(report) in str(failure.value)
    assert repr(report) == "<Report: disagree, 60 derivatives compared>"


def test_the_html_of_a_report_is_safe():
    x = Value(1.0, "<script>alert(1)</script>")
    html = compare(x * 2.0, {x: 3.0})._repr_html_()
    assert html.startswith("<table>")
    assert "<script" not in html


def test_the_drawn_report():
    loss, w, b, _ = Neuron().record()
    manual = {"w": [6.0, -24.0, 36.0], b: 12.0, ("output", "u + b"): 0.0, "loss": 1.0}
    report = compare(loss, manual)
    grads = [x.grad for x in w]
    picture = read(report.draw(edges=None).svg())
    assert picture.boxes["w0"].lines[-1] == "yours 6 ≠ 12"
    assert picture.boxes["w0"].outline["stroke"] == palette.WRONG
    assert picture.boxes["w1"].lines[-1] == "yours -24 = -24"
    assert picture.boxes["w1"].outline["stroke"] == palette.RIGHT
    assert picture.boxes["dot"].outline["stroke"] == palette.OPERATION
    assert [x.label for x in picture.arrows if x.head == "output"] == [["yours 0 ≠ 1"]]
    # The gradients are the automatic ones, though `backward()` was not called, and stays uncalled.
    assert picture.boxes["w0"].lines == ["w0", "data -3", "grad 12", "yours 6 ≠ 12"]
    assert picture.boxes["dot"].lines == ["dot", "data 5", "grad 12"]
    assert [x.grad for x in w] == grads
    failed = check_gradient(loss_of_a_neuron, planted("mask missing"), [-3.0, -1.0, 2.0], 1.0)
    assert "yours" in failed.draw(depth=9).source


# --- Rounding and differences -------------------------------------------------------------------


def test_cancellation_is_no_disagreement_and_a_tiny_gradient_is_compared():
    x = Value(1.0 + 1e-9, "x")
    loss = ((x - 1.0) * 1e3) ** 2
    right = 2e6 * (x.data - 1.0)
    assert compare(loss, {x: right * (1 + 1e-8)})  # a rounding of x would explain it
    assert not compare(loss, {x: right * (1 + 1e-5)})
    tiny = Value(1e-150, "tiny")
    assert not compare(tiny * 1e-150, {tiny: 1.001e-150})
    assert compare(tiny * 1e-150, {tiny: 1e-150})


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6), st.integers(0, 5))
def test_the_order_of_a_sum_is_no_disagreement(numbers, shift):
    """Hand-derived in another order, the derivative differs by no more than the bound says."""
    x = values(numbers, "x")
    total = x[0] * x[1]
    for item in x:
        total = total + item * x[0] - 0.1
    loss = total**2
    order = np.roll(np.arange(len(numbers)), shift)
    data = np.array(numbers)
    z = data[0] * data[1] + float(sum(data[i] * data[0] - 0.1 for i in order))
    assert compare(loss, {x[-1]: 2.0 * z * (data[0] + (data[0] if len(numbers) == 2 else 0.0))})


@pytest.mark.parametrize("name", EXAMPLES)
def test_bounds_and_estimates_hold(name):
    example = EXAMPLES[name]
    leaves = [
        values(x, f"a{i}") if np.ndim(x) else Value(x, f"a{i}")
        for i, x in enumerate(example.arguments)
    ]
    root = example.function(*leaves)
    judge = Judge(root)
    bounded = derivatives(judge.order, judge.uses, Bounds(judge.order))
    root.backward()
    for node in judge.order:
        assert bounded[node].number == pytest.approx(node.grad, rel=1e-14)
        bound = judge.bounds[root] * 2.0**-52
        number, error = estimate(judge.order, judge.uses, node, bound, ours=0.0)  # not told
        assert math.fabs(number - node.grad) <= 10 * error + judge.room(node)
        assert error <= 1e-5 * max(1.0, math.fabs(node.grad))


def test_a_result_that_only_a_stopped_gradient_leads_to():
    x = Value(2.0, "x")
    (row,) = compare(stop_gradient(x * 3.0) + 1.0, {x: 0.0}).rows
    assert (row.verdict, row.automatic, row.numeric) == ("agree", 0.0, 0.0)


def test_an_operation_with_a_wrong_derivative_is_noticed():
    wrong = Op("cube", lambda x: x * x * x, [lambda out, x: 2.0 * x * x])
    x = Value(2.0, "x")
    (row,) = compare(wrong(x), {x: 8.0}).rows
    assert row.verdict == "agree"
    assert row.note.startswith("a difference quotient gives 12 ±")


@pytest.mark.parametrize(
    ("manual", "verdict"),
    [
        ((0.5, 0.5), "agree"),
        ((1.0, 0.0), "convention"),
        ((0.3, 0.7), "convention"),
        ((1.0, 1.0), "disagree"),
        ((0.0, 0.0), "disagree"),
        ((0.3, 0.8), "disagree"),
        ((1.5, -0.5), "disagree"),
    ],
)
def test_the_derivatives_of_a_tie_are_judged_together(manual, verdict):
    a, b = Value(2.0, name="a"), Value(2.0, name="b")
    report = compare(maximum(a, b), {a: manual[0], b: manual[1]})
    assert report.verdict == verdict
    if manual == (0.3, 0.8):
        assert "any value in [0, 1] is right, but not all at once" in report.rows[0].note


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_between_corners(seed, inside):
    """The convex hull, by linear programming."""
    random = np.random.default_rng(seed)
    count, dimension = random.integers(1, 12), random.integers(1, 5)
    corners = random.normal(size=(count, dimension)).round(1)
    point = random.dirichlet(np.ones(count)) @ corners
    if not inside:
        point = 0.7 * random.normal(size=dimension)
    program = scipy.optimize.linprog(
        np.zeros(count), A_eq=np.vstack([corners.T, np.ones(count)]), b_eq=[*point, 1.0]
    )
    assert in_hull(point, corners, np.full(dimension, 1e-12)) == (program.status == 0)


# --- On functions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        (name, scale)
        for name, example in EXAMPLES.items()
        for scale in (1e-6, 1e-3, 1.0, 1e3, 1e6)
        if example.scales or scale <= 1.0  # the others saturate or overflow there
    ],
)
def test_right_gradients_pass_and_wrong_ones_do_not(name, scale):
    example = EXAMPLES[name]
    arguments = [x * scale for x in example.arguments]
    report = check_gradient(example.function, example.manual, *arguments)
    assert report, str(report)

    def several(result):
        return list(result) if isinstance(result, tuple) else [result]

    for index in range(len(arguments)):
        for factor in (1.001, 1.0 + 1e-6, -1.0, 2.0, 0.0):

            def wrong(*point, index=index, factor=factor):
                result = several(example.manual(*point))
                result[index] = result[index] * factor
                return tuple(result)

            report = check_gradient(example.function, wrong, *arguments)
            assert report.verdict == "disagree", (index, factor)
            if factor in (-1.0, 2.0, 0.0):
                assert "None of the classic mistakes" not in str(report)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_false_alarm_at_many_points(name):
    example = EXAMPLES[name]
    assert check_gradient(example.function, example.manual, *example.arguments, samples=200, seed=7)


X, TARGET = np.array([1.0, -2.0, 3.0]), 0.5


def loss_of_a_neuron(w, b):
    return (relu(dot(X, w) + b).named("output") - TARGET) ** 2


def planted(mistake):
    """The hand-written gradient of the neuron with a mistake in it."""

    def manual(w, b):
        z = np.dot(X, w) + b
        y = max(0.0, z)
        upstream = 2.0 * (y - TARGET)
        mask = float(z > 0.0)
        if mistake == "factor 2":
            upstream = y - TARGET
        if mistake == "sign":
            upstream = -upstream
        if mistake == "mask missing":
            mask = 1.0
        if mistake == "mask inverted":
            mask = 1.0 - mask
        if mistake == "upstream":
            upstream = 1.0
        dw, db = upstream * mask * X, upstream * mask
        if mistake == "bias forgotten":
            db = 0.0
        if mistake == "reversed":
            dw = dw[::-1]
        if mistake == "exchanged":
            dw = upstream * mask * w
        if mistake == "no relu":
            upstream = 2.0 * (z - TARGET)
            dw, db = upstream * X, upstream
        if mistake == "no bias":
            return planted("none")(w, 0.0)
        if mistake == "no mask, no 2":
            dw, db = (y - TARGET) * X, y - TARGET
        if mistake == "reversed, sign":
            dw, db = dw[::-1], -db
        return dw, db

    return manual


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        ("factor 2", "The mistake: the factor 2 is missing"),
        ("sign", "The mistake: a sign is flipped"),
        ("mask missing", "The mistake: the mask of relu is missing (at output)"),
        ("mask inverted", "The mistake: the mask of relu is inverted (at output)"),
        ("upstream", "The mistake: the derivative of a power is forgotten"),
        ("bias forgotten", "The mistake: a gradient is forgotten (in the gradient of b)"),
        ("reversed", "The mistake: a gradient is reversed (that of w)"),
        ("exchanged", "The mistake: weights and inputs are exchanged in a dot product (at dot("),
        ("no relu", "The mistake: relu is left out (at output)"),
        ("no bias", "The mistake: a term of a sum is left out (b at dot("),
        ("no mask, no 2", "The mistake: the mask of relu is missing (at output); and the factor 2"),
        (
            "reversed, sign",
            "The gradient of w is reversed. "
            "The gradient of b is the right one with the opposite sign: a sign is flipped.",
        ),
    ],
)
def test_mistakes_by_name(mistake, named):
    report = check_gradient(loss_of_a_neuron, planted(mistake), [-3.0, -1.0, 2.0], 1.0)
    assert report.verdict == "disagree"
    assert named in " ".join(report.diagnosis)


@pytest.mark.parametrize(
    ("function", "manual", "arguments", "named"),
    [
        (lambda x: x * x, lambda x: x, (1.5,), "of the 2 uses of a value only one counts"),
        (lambda a, b: a * b, lambda a, b: (a, b), (2.0, 3.0), "operands of a product are swapped"),
        (lambda x: sigmoid(x), lambda x: x * (1 - x), (0.3,), "the input of sigmoid is used where"),
        (
            lambda x: (x[0] + x[1] + x[2]) / 3.0,
            lambda x: np.ones(3),
            ([1.0, 2.0, 4.0],),
            "a division is forgotten (sum for mean)",
        ),
        (
            lambda w: autograd.sum([relu(v) for v in w]),
            lambda w: np.ones(3),
            ([1.0, 2.0, 0.4],),
            "The mistake: the mask of relu is missing, everywhere.",
        ),
        (
            lambda w: dot(w, [1.0, -2.0]) + 0.1 * dot(w, w),
            lambda w: np.array([1.0, -2.0]),
            ([1.0, 2.0],),
            "the derivative of a term is forgotten (0.1 * dot([w0, w1], [w0, w1])",
        ),
        (
            lambda x, y: x**2 * y,
            lambda x, y: (x * x, 2 * x * y),
            (2.0, 3.0),
            "The mistake: the gradients of two arguments are exchanged (x and y).",
        ),
        (
            lambda x: dot(x, [1.0, 2.0, 3.0, 4.0]),
            lambda x: np.array([1.0, 4.0, 3.0, 2.0]),
            ([1.0, 1.0, 1.0, 1.0],),
            "a gradient is wrong in two elements, which are exchanged: 1 and 3 (that of x)",
        ),
        (
            lambda x: autograd.sum([v**2 * v for v in x]),
            lambda x: 2.0 * x * x,
            ([1.0, 2.0, 0.4],),
            "only one counts (= for +=), everywhere, as that of",
        ),
    ],
)
def test_other_mistakes_by_name(function, manual, arguments, named):
    words = " ".join(check_gradient(function, manual, *arguments).diagnosis)
    assert named in words


def test_a_wrong_factor_between_right_numbers():
    w = values([-3.0, -1.0, 2.0], name="w")
    out = dot([1.0, -2.0, 3.0], w).named("output")
    y = relu(out).named("y")
    report = compare(
        (y**2).named("loss"), {"w": [20.0, -40.0, 60.0], y: 10.0, (y, out): 2.0, out: 20.0}
    )
    assert report.diagnosis == [
        "First wrong: dy/doutput: yours 2, should be 1 at output = 5",
        "The mistake in the first wrong step: there is an extra factor 2.",
    ]


def test_names_that_end_in_numbers_are_no_array():
    w1, w2 = Value(2.0, name="w1"), Value(3.0, name="w2")
    report = compare((w1 * w2 * w2).named("y"), {w1: 12.0, w2: 9.0})
    assert report.diagnosis[-1] == (
        "The mistake: the gradients of two arguments are exchanged (w1 and w2)."
    )
    with pytest.raises(ValueError, match="is too large for a float"):
        compare(w1 * w2, {w1: 10**400})


def test_no_name_is_guessed():
    def manual(w, b):
        dw, db = planted("none")(w, b)
        return dw * (1.0 + 0.1 * math.sin(w[0] + b)), db

    report = check_gradient(loss_of_a_neuron, manual, [-3.0, -1.0, 2.0], 1.0)
    assert "None of the classic mistakes gives these numbers." in report.diagnosis
    assert report.findings == []


@pytest.mark.parametrize(
    ("function", "manual", "arguments"),
    [
        (lambda b: exp(b) ** 2, lambda b: 2.0 * np.exp(2.0 * b) * (1.0 + 1e-11), (0.5,)),
        (lambda w, b: w * w, lambda w, b: (2.0 * w, 1.0), (2.0, 3.0)),
        (lambda w: Value(3.0), lambda w: 1.0, (1.0,)),
        (
            lambda a, b: ((a * b).named("p") + 1.0) ** 2,
            lambda a, b: {
                "a": 2 * (a * b + 1) * b,
                "b": 2 * (a * b + 1) * a,
                ("p", "a"): 3.0 * b,
            },
            (2.0, 3.0),
        ),
    ],
)
def test_a_mistake_that_changes_nothing_is_not_named(function, manual, arguments):
    report = check_gradient(function, manual, *arguments)
    assert report.verdict == "disagree"
    assert not any(
        "mistake: " in line or "mistakes gives" in line for line in report.diagnosis[:-1]
    )
    assert not report.diagnosis[-1].startswith("The mistake")
    assert not any("only follows" in row.note for row in report.rows)


@pytest.mark.parametrize("seed", range(10))
def test_right_formulas_that_cancel_or_overflow_far_away(seed):
    for function, manual, start in [
        (lambda a: 1.0 / (1.0 + exp(-a)), lambda a: (s := 1 / (1 + np.exp(-a))) * (1 - s), 1.0),
        (lambda a: softplus(a), lambda a: 1.0 - 1.0 / (1.0 + np.exp(a)), 1.0),
        (
            lambda z: logsumexp(z) - z[1],
            lambda z: np.exp(z) / np.exp(z).sum() - np.array([0.0, 1.0, 0.0]),
            [1.0, 2.0, 3.0],
        ),
    ]:
        report = check_gradient(function, manual, start, seed=seed)
        assert report, str(report)
    # At the given point, too.
    assert check_gradient(
        lambda a: 1.0 / (1.0 + exp(-a)), lambda a: (s := 1 / (1 + np.exp(-a))) * (1 - s), 12.0
    )


def test_many_kinks_at_once():
    w = values([0.0] * 12, "w")
    total = autograd.sum([relu(x) for x in w])
    assert not Judge(total).corners  # which would be 2**12
    assert verdicts(compare(total, [(w, np.ones(12))])) == ["convention"] * 12
    assert verdicts(compare(total, [(w, np.full(12, 1.5))])) == ["disagree"] * 12


def test_what_is_differentiated_by_what_can_be_told_from_the_row():
    def binary_cross_entropy(w):
        return dot(w, [1.0, 2.0, 3.0])

    lines = str(check_gradient(binary_cross_entropy, lambda w: w, [1.0, 2.0, 4.0])).splitlines()
    assert [line.split("  ")[0][-4:] for line in lines[1:4]] == ["/dw0", "/dw1", "/dw2"]


def test_one_argument_of_one_element():
    assert check_gradient(lambda w: w[0] * 2.0, lambda w: [2.0], [1.0])
    assert check_gradient(lambda w: w[0] * 2.0, lambda w: ([2.0],), [1.0])


def test_a_function_that_is_not_defined_everywhere():
    def function(w):
        return log(w) if w.data > 0.0 else 1 / 0

    assert check_gradient(function, lambda w: 1.0 / w, 1.0)
    with pytest.raises(ValueError, match=r"function raised ZeroDivisionError: .*; at w = -1"):
        check_gradient(function, lambda w: 1.0 / w, -1.0)


@pytest.mark.parametrize("installed", [True, False])
def test_the_counterexample_is_simple(installed, monkeypatch):
    if not installed:
        monkeypatch.setitem(sys.modules, "hypothesis", None)
    report = check_gradient(loss_of_a_neuron, planted("mask missing"), [-3.1, -1.7, 2.9], 1.3)
    (where_,) = (line for line in report.diagnosis if line.startswith("At w = "))
    assert len(where_) <= len("At w = [-1, -2, -2], b = -0.5:")


def test_the_smallest_counterexample_with_its_arithmetic():
    report = check_gradient(lambda a, b: (a * b + a).named("y"), lambda a, b: (b, a), 2.7, 3.1)
    assert report.diagnosis == [
        "The mistake: of the 2 uses of a value only one counts (= for +=) (a in a * b).",
        "At a = 1, b = 2:",
        "  a * b = 1 * 2 = 2",
        "  y = a * b + a = 2 + 1 = 3",
        "  dy/d(a * b) = 1",
        "  dy/da = dy/d(a * b) * d(a * b)/da + 1 = 1 * 2 + 1 = 3",
        "  yours is 2",
    ]
    assert report.point == {"a": 1.0, "b": 2.0}
    assert report.steps[0] == ["a * b", "1 * 2", "2"]


@pytest.mark.parametrize(("limit", "at"), [(1.5, 2), (4.5, 5), (7.5, 8), (40.5, 45)])
def test_the_counterexample_is_the_smallest(limit, at):
    """Of a gradient that is wrong only far from 0: the nearest whole number up to 12."""
    report = check_gradient(
        lambda x, y: x * x + y, lambda x, y: (2.0 * x + (x > limit), 1.0), 45.0, 7.0
    )
    assert f"At x = {at}, y = {1 if at < 45 else 7}:" in report.diagnosis


@given(st.floats(1.0, 3.0))
def test_within_a_test_of_hypothesis(x):
    assert not check_gradient(lambda x: x * x, lambda x: x, x)


def test_the_counterexample_is_where_the_functions_are_defined():
    report = check_gradient(lambda x: log(x) + x, lambda x: 1.0 / math.sqrt(x) + 1.0, 4.2)
    assert "At x = 2:" in report.diagnosis


def test_a_kink_and_both_sides_of_it():
    report = check_gradient(lambda x: relu(x), lambda x: float(x >= 0.0), 0.0)
    assert verdicts(report) == ["convention"]
    assert not check_gradient(lambda x: relu(x), lambda x: 1.0, 3.0)
    # Far from the given point: the other side is looked for.
    assert not check_gradient(lambda x: relu(x - 1000.0), lambda x: 0.0, 1.0)
    assert not check_gradient(
        lambda x: where(x > -50.0, x, 2.0 * x), lambda x: 1.0, -1.0, samples=40
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_inside_of_a_narrow_clip(seed):
    wrong = check_gradient(lambda x: clip(x, 5.0, 5.01), lambda x: 0.0, 1.0, seed=seed)
    assert not wrong
    right = check_gradient(
        lambda x: clip(x, 5.0, 6.0), lambda x: float(5.0 < x < 6.0), 1.0, seed=seed
    )
    assert right, str(right)


def test_what_is_not_exercised():
    report = check_gradient(lambda x: relu(x * x), lambda x: 2.0 * x, 3.0)
    assert report.verdict == "not exercised"
    assert not report.passed
    assert report.rows[0].note == (
        "x * x was never negative, so that side of the relu was not compared"
    )
    allowed = check_gradient(lambda x: relu(x * x), lambda x: 2.0 * x, 3.0, every_branch=False)
    assert allowed
    assert allowed.rows[0].note == report.rows[0].note
    # However far it is, a side that there is is found.
    report = check_gradient(lambda x: where(x > -1e9, x, 2.0 * x), lambda x: 1.0, -1.0)
    assert report.verdict == "disagree"


def test_regions_behind_several_kinks():
    def manual(a, b, dead=0.0):
        left, right = max(a, 0.0), max(b, 0.0)
        both = dead * (a < 0.0) * (b < 0.0)
        return float(left > right) + both, float(right > left)

    function = lambda a, b: maximum(relu(a), relu(b))  # noqa: E731
    for seed in range(10):
        assert check_gradient(function, manual, 1.0, 2.0, seed=seed)
        wrong = check_gradient(function, lambda a, b: manual(a, b, 1.0), 1.0, 2.0, seed=seed)
        assert wrong.verdict == "disagree"
    assert check_gradient(lambda x: relu(relu(x)), lambda x: float(x > 0.0), 1.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("function", "manual", "arguments"),
    [
        (lambda x: exp(x * x) + x, lambda x: 2 * x * math.exp(x * x), (3.0,)),
        (lambda x: where(x > 0, exp(x), x), lambda x: math.exp(x) if x > 0 else 0.0, (10.0,)),
        (lambda x: x**8 + x, lambda x: 8 * x**7, (30.0,)),
        (lambda x: exp(x) + 1e20, lambda x: 2.0 * math.exp(x), (1.0,)),
        (lambda x: sigmoid(x), lambda x: 0.0, (-400.0,)),
        (lambda x: minimum(maximum(x, 5.0), 5.1) * x, lambda x: min(max(x, 5), 5.1), (1.0,)),
        (lambda x: relu(x - 5.0) - relu(x - 5.1), lambda x: 0.0, (1.0,)),
        (lambda x: relu(x), lambda x: float(x > 1.0), (3.0,)),
        (lambda w: relu(dot(w, [1e-5, 2e-5])), lambda w: np.array([1e-5, 2e-5]), ([1.0, 2.0],)),
    ],
)
def test_mistakes_that_are_small_or_in_a_small_region(function, manual, arguments, seed):
    assert check_gradient(function, manual, *arguments, seed=seed).verdict == "disagree"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("function", "manual", "arguments"),
    [
        (lambda x: relu(x * 1e-4), lambda x: 1e-4 * (x > 0.0), (1.0,)),
        (lambda x: relu(log(x)), lambda x: (x > 1.0) / x, (1e5,)),
        (
            lambda x: clip(x, -1e-3, 1e-3) ** 3,
            lambda x: 3.0 * x * x * (abs(x) < 1e-3),
            (5e-4,),
        ),
        (
            lambda w: -log(1.0 / (1.0 + exp(-dot(w, [1.0, 2.0])))),
            lambda w: (1.0 / (1.0 + np.exp(-(w @ [1.0, 2.0]))) - 1.0) * np.array([1.0, 2.0]),
            ([200.0, 200.0],),
        ),
        (lambda w: exp(w) * 1e-3, lambda w: math.exp(w) * 1e-3, (300.0,)),
        (lambda x: x * x if x > 0.0 else 0.0, lambda x: 2.0 * x * (x > 0.0), (1.0,)),
    ],
)
def test_right_gradients_near_awkward_places(function, manual, arguments, seed):
    report = check_gradient(function, manual, *arguments, seed=seed)
    assert report, str(report)


def test_a_function_that_changes_its_arguments():
    def function(w):
        w[0] = w[0] * 3.0
        result = w[0] + w[1]
        w[:] = 0.0
        return result

    assert check_gradient(function, lambda w: np.array([3.0, 1.0]), [1.0, 2.0])
    assert not check_gradient(function, lambda w: np.array([1.0, 1.0]), [1.0, 2.0])


def test_a_function_that_raises_anywhere_but_here():
    def function(x):
        assert x.data > 0.0
        return log(x)

    assert check_gradient(function, lambda x: 1.0 / x, 1.0)
    with pytest.raises(ValueError, match=r"(?s)function raised AssertionError: .*; at x = -1"):
        check_gradient(function, lambda x: 1.0 / x, -1.0)


@pytest.mark.parametrize("x", [0.1, 1.0, 1.1, 7.0, 33.0, 100.0, 500.0])
def test_the_third_opinion_does_not_jump_over_periods_and_poles(x):
    at = Value(x, name="x")
    for value, derivative in [
        ((50.0 * at).sin(), 50.0 * math.cos(50.0 * x)),
        (at.tan(), 1.0 + math.tan(x) ** 2),
        (1.0 / (at - 1.003), -1.0 / (x - 1.003) ** 2),
        (abs(at - 1.0001), math.copysign(1.0, x - 1.0001)),
    ]:
        (row,) = compare(value.named("y"), {at: derivative}).rows
        assert row.note == ""
        assert row.numeric == pytest.approx(derivative, abs=10.0 * row.numeric_error)


def test_many_derivatives_in_little_time():
    w = np.random.default_rng(0).normal(size=(40, 40))
    start = time.process_time()
    report = check_gradient(lambda w: autograd.sum(w * w), lambda w: 2.0 * w, w)
    assert time.process_time() - start < 20.0
    assert 3 <= len([row for row in report.rows if row.numeric is not None]) <= 30


def test_a_mistake_for_one_sign_of_one_of_many_numbers():
    def manual(x, at):
        result = 2.0 * x
        result[at] *= 1.0 if x[at] > 0.0 else 1.001
        return result

    for at in range(20):
        report = check_gradient(
            lambda x: dot(x, x), lambda x, at=at: manual(x, at), np.linspace(1.0, 3.0, 20), seed=at
        )
        assert report.verdict == "disagree"


def test_a_dictionary_in_another_order_each_time():
    keys = ["a", "product", "b"]

    def manual(a, b):
        keys.append(keys.pop(0))
        right = {"a": b, "b": a, "product": 1.0}
        return {key: right[key] for key in keys}

    assert check_gradient(lambda a, b: (a * b).named("product"), manual, 2.0, 3.0)
    names = iter("aabbbbbbbbbbbb")
    with pytest.raises(ValueError, match="must return the same derivatives at every point, not df"):
        check_gradient(
            lambda a, b: (a.exp().named("a1") * b.exp().named("b1")).named("f"),
            lambda a, b: {"a": math.exp(a + b), "b": math.exp(a + b), next(names) + "1": 1.0},
            2.0,
            3.0,
        )


def in_float32(mistake):
    def manual(w, b):
        dw, db = planted(mistake)(np.float32(w), np.float32(b))
        return np.float32(dw), np.float32(db)

    return manual


def test_float32():
    report = check_gradient(loss_of_a_neuron, in_float32("none"), [-3.1, -1.0, 2.3], 1.0)
    assert report.passed
    (advice,) = report.diagnosis
    assert advice.startswith("Your numbers are float32")
    tolerance = float(advice.split("tolerance=")[1].split(")")[0])
    arguments = loss_of_a_neuron, in_float32("none"), [-3.1, -1.0, 2.3], 1.0
    assert check_gradient(*arguments, tolerance=tolerance)
    assert not check_gradient(*arguments, tolerance=1e-3 * tolerance)
    assert "float32" not in str(check_gradient(*arguments, tolerance=1e-3 * tolerance))


@pytest.mark.parametrize("mistake", ["mask missing", "factor 2"])
def test_mistakes_in_float32(mistake):
    arguments = [-3.1, -1.0, 2.3], 1.0
    single = check_gradient(loss_of_a_neuron, in_float32(mistake), *arguments)
    double = check_gradient(loss_of_a_neuron, planted(mistake), *arguments)
    assert [str(x) for x in single.findings] == [str(x) for x in double.findings] != []


def test_short_numbers_are_no_float32():
    """They are exact in any precision."""
    x, y = Value(3.0, "x"), Value(4.0, "y")
    assert not compare(x * y * (1.0 + 1e-8), {x: 4.0, y: 3.0})


def test_numbers_beyond_float32_are_no_float32():
    x = Value(1.0, "x")
    report = compare(x * 1e300, {x: 2e300})
    assert report.verdict == "disagree"
    assert "float32" not in str(report)


def test_the_numpy_neuron_as_it_is_and_in_place():
    assert check_gradient(
        lambda x, w, b, t: (relu(dot(x, w) + b) - t) ** 2,
        lambda x, w, b, t: dict(zip(("w", "b"), by_hand(np.dot(x, w) + b, x, t), strict=True)),
        [1.0, -2.0, 3.0], [-3.0, -1.0, 2.0], 1.0, 0.0,
        wrt=["w", "b"],
    )  # fmt: skip
    given = np.array([1.0, 2.0])

    def in_place(x):
        x *= 2.0
        return x

    assert check_gradient(lambda x: dot(x, x), in_place, given)
    assert given.tolist() == [1.0, 2.0]


def test_intermediate_derivatives_by_name():
    def manual(w, b):
        z = np.dot(X, w) + b
        upstream = 2.0 * (max(z, 0.0) - TARGET)
        return {"w": upstream * (z > 0) * X, "b": upstream * (z > 0), "output": upstream}

    report = check_gradient(loss_of_a_neuron, manual, [-3.0, -1.0, 2.0], 1.0)
    assert report
    assert report.rows[-1].derivative == "dloss_of_a_neuron/doutput"


def test_a_run_repeats():
    arguments = loss_of_a_neuron, planted("exchanged"), [-3.0, -1.0, 2.0], 1.0
    assert str(check_gradient(*arguments)) == str(check_gradient(*arguments))
    assert check_gradient(*arguments, seed=1).verdict == "disagree"


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (None, TypeError, "the gradients with respect to w, b as a tuple or a dict, not None"),
        (3.0, TypeError, "as a tuple or a dict, not a float"),
        (([1.0, 2.0],), ValueError, "manual returned 1 gradients where 2 are expected, of w, b"),
        (([1.0, 2.0], 1.0), ValueError, r"respect to w must have the shape \(3,\), not \(2,\)"),
        (
            ([1.0, 2.0, 3.0], [1.0]),
            ValueError,
            r"respect to b must have the shape \(\), not \(1,\)",
        ),
        ((np.ones((3, 1)), 1.0), ValueError, r"must have the shape \(3,\), not \(3, 1\)"),
        ((1.0, 1.0), ValueError, r"must have the shape \(3,\), not \(\)"),
        ((["a", "b", "c"], 1.0), TypeError, "with respect to w must be a real number, not the str"),
        (([1j, 2.0, 3.0], 1.0), TypeError, "with respect to w must be a real number"),
        (([1.0, 2.0, 3.0], None), TypeError, "with respect to b must be a real number, not None"),
        ({"w": [1.0, 2.0, 3.0]}, ValueError, "manual returned no gradient for b, only for w"),
        ({"w": np.ones(3), "b": 1.0, "v": 1.0}, ValueError, "no Value is called 'v'"),
    ],
)
def test_what_manual_must_not_return(result, error, message):
    with pytest.raises(error, match=message):
        check_gradient(loss_of_a_neuron, lambda w, b: result, [-3.0, -1.0, 2.0], 1.0)


def test_other_bad_input():
    def broken(w, b):
        raise KeyError("w")

    with pytest.raises(ValueError, match=r"manual raised KeyError: 'w'; at w = \[-3.*\], b = 1"):
        check_gradient(loss_of_a_neuron, broken, [-3.0, -1.0, 2.0], 1.0)
    with pytest.raises(TypeError, match="must return one number, not None"):
        check_gradient(lambda x: None, lambda x: 0.0, 1.0)
    with pytest.raises(TypeError, match="manual must be a function, not a float"):
        check_gradient(lambda x: x, 1.0, 1.0)
    with pytest.raises(TypeError, match="the argument x must be a real number, not the str"):
        check_gradient(lambda x: x, lambda x: 1.0, "1")
    with pytest.raises(TypeError, match=r"not a list: .*; check_jacobian\(\) takes functions"):
        check_gradient(lambda x: [x, x], lambda x: 1.0, 1.0)
    with pytest.raises(ValueError, match="f has no argument 'y'; it has x"):
        check_gradient(lambda x: x, lambda x: 1.0, 1.0, wrt=["y"])
    with pytest.raises(ValueError, match="the argument x must be finite, not nan"):
        check_gradient(lambda x: x, lambda x: 1.0, math.nan)
    for wrt in ("x", []):
        with pytest.raises(ValueError, match="wrt must be a list of names"):
            check_gradient(lambda x: x, lambda x: 1.0, 1.0, wrt=wrt)
    with pytest.raises(TypeError, match="needs the arguments at which to compare"):
        check_gradient(lambda: Value(1.0), lambda: ())
    with pytest.raises(ValueError, match="seed must be a whole number, at least 0"):
        check_gradient(lambda x: x, lambda x: 1.0, 1.0, seed=-1)
    with pytest.raises(ValueError, match="samples must be a whole number, at least 1"):
        check_gradient(lambda x: x, lambda x: 1.0, 1.0, samples=0)


def test_a_mistake_is_placed_in_the_graph_that_is_shown():
    """The constants differ from point to point, and with them the labels."""

    def function(x):
        return (x * math.floor(float(x.data)) + 1.0).sin() * x

    def manual(x):
        k = math.floor(x)
        return math.sin(x * k + 1.0) - x * k * math.cos(x * k + 1.0)

    report = check_gradient(function, manual, 2.5)
    text = "\n".join(report.diagnosis)
    (point,) = re.findall(r"At x = (.*):", text)
    (said,) = re.findall(r"The mistake: a sign is flipped \(in d.*?(-?\d+)\b", text)
    assert int(said) == math.floor(float(point))


def test_symbols_of_derivatives_are_explained():
    x, y = Value(0.3, "x"), Value(0.4, "y")
    root = ((x * y * 3 + 1).sin() * 2 + 5).exp().named("root")
    inner = [node for node in topological_order(root) if node.op]
    manual = {(inner[-2], inner[-4]): 9.0}
    report = compare(root, manual)
    texts = [*(row.derivative for row in report.rows), *report.diagnosis]
    mentioned = set(re.findall(r"\bd?(u\d*|v)\b", " ".join(texts)))
    assert mentioned
    assert mentioned <= set(report.symbols)


def test_what_is_left_out_is_named_by_its_form():
    report = check_gradient(lambda x: (-(x**3)).exp(), lambda x: 3 * x**2 * math.exp(x**3), 0.5)
    assert "The mistake: -… is left out (at -x ** 3)." in report.diagnosis
