"""The diagnosis: the numbers that mistakes give, the search among them, and what is said."""

# ruff: noqa: N803, N806 - matrices are capital letters here

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    Op,
    Value,
    check_gradient,
    check_hessian,
    check_jacobian,
    compare,
    dot,
    relu,
    sigmoid,
    tanh,
    values,
    where,
)
from autograd.catalogue.formulas import COMPOSITIONS, composition, confused_partials
from autograd.compare.case import Case, Grouping
from autograd.compare.gradients import gradients
from autograd.compare.inquiry import COMBINED, CONFUSED, SINGLE
from autograd.compare.judge import Judge
from autograd.quiet import quietly

X = np.array([[0.7, -1.2], [0.4, 0.9], [-1.1, 0.3]])
UP = np.array([[0.6, -0.4], [1.3, 0.8], [-0.9, 0.5]])


def layer_case(yours=None):
    """A case of a layer of two tanh neurons, on three rows."""
    W, b = values([[0.4, -0.7], [1.1, 0.3]], "W"), values([0.2, -0.5], "b")
    root = (np.tanh(X @ W + b) * UP).sum() ** 2.0
    wrt = [*W.ravel(), *b]
    judge = Judge(root)
    right = [judge.number(x) for x in wrt]
    parts = [Grouping("gradient", ["W"] * 4 + ["b"] * 2)]
    return Case(judge, [(root, x) for x in wrt], parts, right if yours is None else yours)


# --- The numbers that mistakes give -------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_wrong_partials_give_what_a_sweep_gives(seed, count):
    """At one node, at nodes of one level, and at nodes of which one is computed from another."""
    random, case = np.random.default_rng(seed), layer_case()
    inner = [node for node in case.judge.order if node.op]
    chosen = random.choice(len(inner), count, replace=False)
    wrong = {inner[i]: random.normal(size=len(inner[i].operands)).tolist() for i in chosen}
    swept = gradients(case.judge.order, case.judge.uses, wrong)
    np.testing.assert_allclose(
        case.gradient(wrong), [swept[x] for _, x in case.pairs], rtol=1e-12, atol=1e-12
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-3.0, 3.0))
def test_the_factor_that_was_changed_is_among_those_that_explain_the_numbers(seed, factor):
    right = layer_case()
    uses = list(right.edges.values())
    edge = uses[seed % len(uses)]
    partials = list(edge.node.partials)
    partials[edge.place] = factor
    case = Case(right.judge, right.pairs, right.groupings, right.gradient({edge.node: partials}))
    found = case.factors()[right.judge.places[edge.node], edge.place]
    assert math.isnan(found) or found == pytest.approx(factor, rel=1e-6, abs=1e-9)


def test_every_factor_explains_right_numbers():
    case = layer_case()
    factors = case.factors()
    assert factors.keys() == case.edges.keys()
    for use, edge in case.edges.items():
        assert factors[use] == edge.partial or math.isnan(factors[use])


def test_families_of_nodes():
    case = layer_case()
    tanhs = next(nodes for nodes in case.structure.layers if nodes[0].op is autograd.ops.tanh)
    assert len(tanhs) == 6
    # Those of one neuron, on all rows.
    assert [nodes[0].op.name for nodes in case.structure.roles].count("tanh") >= 2
    assert any(
        len(nodes) == 3 and nodes[0].op is autograd.ops.tanh for nodes in case.structure.roles
    )


@pytest.mark.parametrize(("op", "formula"), COMPOSITIONS)
def test_functions_written_in_several_operations(op, formula):
    x = Value(0.7, "x")
    found = composition(formula(x * 2.0))
    assert found == (op, 1.4)
    assert composition(x * 2.0) is None
    kinds = dict(confused_partials(formula(x)))
    kind = f"{op.name} itself is used where its derivative belongs"
    node = formula(x)
    right, wrong = Judge(node).number(x), node.data
    (place,) = [i for i, partial in enumerate(node.partials) if partial][:1]
    scale = kinds[kind][place] / node.partials[place]
    assert scale * right == pytest.approx(wrong)


@pytest.mark.parametrize("name", [op.name for op in autograd.ops.TABLE.values() if op.public])
def test_confused_formulas_of_the_whole_table(name):
    """Each is a list of as many numbers as there are operands, and none raises."""
    op = autograd.ops.TABLE[name]
    for place in (0.3, 2.5):
        operands = [Value(place + 0.1 * i, f"a{i}") for i in range(op.arity or 3)]
        node = quietly(autograd.Value._record, op, operands)
        for kind, partials in quietly(lambda node=node: list(confused_partials(node))):
            assert kind
            assert len(partials) == len(operands)
            assert not any(isinstance(x, complex) for x in partials)


# --- Mistakes by name ---------------------------------------------------------------------------


def recurrence(a, u):
    h = 0.0
    for x in (0.7, -1.2, 0.4, 0.9):
        h = np.tanh(a * h + u * x)
    return (h - 0.9) ** 2


def normalised(z):
    e = np.exp(z)
    return np.array([0.7, -1.1, 0.4]) @ (e / e.sum())


def hidden(V, w):
    return (np.array(w) @ np.tanh(V @ np.array([0.8, -0.5, 1.2])) - 0.3) ** 2


V0, w0 = (
    np.array([[0.4, -0.7, 0.2], [1.1, 0.3, -0.5], [-0.2, 0.9, 0.6]]),
    np.array([0.6, -1.3, 0.9]),
)


def hidden_backward(slope=lambda z, t: 1 - t * t, stale=False):
    def manual(V, w):
        x = np.array([0.8, -0.5, 1.2])
        z = V @ x
        t = np.tanh(z)
        d = 2.0 * (w @ t - 0.3)
        dw = d * t
        if stale:
            w = w - 0.1 * dw
        return np.outer(d * w * slope(z, t), x), dw

    return manual


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        (lambda z, t: 1 / (1 + z * z), "the derivative of atan is used for that of tanh"),
        (lambda z, t: t, "tanh itself is used where its derivative belongs"),
        (lambda z, t: np.tanh(t), "tanh of its output is used where its derivative belongs"),
        (lambda z, t: (1 - t * t) ** 2, "the derivative of tanh is multiplied twice"),
        (lambda z, t: -t * t, "in the derivative of tanh, 1 - out ** 2, 1 is left out"),
        (lambda z, t: 1 - t, "in the derivative of tanh, 1 - out ** 2, … ** 2 is left out"),
        (lambda z, t: np.ones(3), "the derivative of tanh is forgotten"),
        (lambda z, t: 1 - np.tanh(t) ** 2, "the output of tanh is used where its input belongs"),
        (lambda z, t: 1 - z**2, "the input of tanh is used where its output belongs"),
    ],
)
def test_the_wrong_slope_of_a_layer(slope, words):
    (finding,) = check_gradient(hidden, hidden_backward(slope), V0, w0).findings
    assert finding.kind == words
    assert str(finding) == f"{words}, everywhere"
    assert finding.certain


def test_an_argument_that_is_updated_too_early():
    report = check_gradient(hidden, hidden_backward(stale=True), V0, w0)
    (finding,) = report.findings
    assert finding.kind == "an argument is updated before the gradients of the others are computed"
    assert finding.number == pytest.approx(0.1)
    assert "(w" in str(finding)


def test_the_diagonal_of_a_jacobian():
    def manual(z):
        s = np.exp(z) / np.exp(z).sum()
        return np.array([0.7, -1.1, 0.4]) * s * (1.0 - s)

    (finding,) = check_gradient(normalised, manual, [0.2, -0.4, 1.1]).findings
    assert finding.kind == "the terms off the diagonal of a Jacobian are missing"


def test_the_inputs_of_a_softmax():
    def loss(z):
        return np.array([0.7, -1.1, 0.4]) @ z - autograd.logsumexp(z)

    (finding,) = check_gradient(loss, lambda z: [0.7, -1.1, 0.4] - z, [0.2, -0.4, 1.1]).findings
    assert finding.kind == "the operands of logsumexp stand where its partial derivatives belong"


def backward_through_time(next_slope=False, after=False):
    def manual(a, u):
        xs, hs = (0.7, -1.2, 0.4, 0.9), [0.0]
        for x in xs:
            hs.append(math.tanh(a * hs[-1] + u * x))
        da = du = 0.0
        delta = 2.0 * (hs[-1] - 0.9)
        for t in reversed(range(4)):
            state = hs[min(t + 2, 4)] if next_slope else hs[t + 1]
            dz = delta * (1.0 - state * state)
            da += dz * (hs[t + 1] if after else hs[t])
            du += dz * xs[t]
            delta = dz * a
        return da, du

    return manual


@pytest.mark.parametrize(
    ("manual", "words"),
    [
        (backward_through_time(next_slope=True), "the derivative of the next step is used"),
        (backward_through_time(after=True), "the state after the step is used, not that before it"),
    ],
)
def test_steps_of_a_recurrence(manual, words):
    assert check_gradient(recurrence, backward_through_time(), 0.8, 1.3).passed
    (finding,) = check_gradient(recurrence, manual, 0.8, 1.3).findings
    assert finding.kind == words


def test_a_matrix_for_its_transpose():
    def loss(U, W):
        h = np.tanh(U @ np.array([0.8, -0.5, 1.2]))
        return (np.tanh(W @ h) * [0.6, -1.3, 0.9]).sum()

    def manual(U, W, transposed=True):
        x = np.array([0.8, -0.5, 1.2])
        h = np.tanh(U @ x)
        k = np.tanh(W @ h)
        d = np.array([0.6, -1.3, 0.9]) * (1 - k * k)
        back = W @ d if transposed else W.T @ d
        return np.outer(back * (1 - h * h), x), np.outer(d, h)

    W = np.array([[0.3, 0.9, -0.4], [-0.5, 0.6, 0.2], [0.7, -1.1, 0.8]])
    assert check_gradient(loss, lambda U, W: manual(U, W, transposed=False), V0, W).passed
    (finding,) = check_gradient(loss, manual, V0, W).findings
    assert "(W @ d for W.T @ d)" in finding.kind


def test_a_mean_treated_as_a_constant():
    def spread(x):
        return (np.array([0.6, -1.3, 0.9]) * (x - x.mean()) ** 3).sum()

    def manual(x):
        return 3.0 * np.array([0.6, -1.3, 0.9]) * (x - x.mean()) ** 2

    (finding,) = check_gradient(spread, manual, [0.4, 1.1, -0.7]).findings
    assert str(finding) == "a value is treated as a constant (at mean([x0, x1, x2]))"


def test_a_constant_that_is_off():
    def wave(x, y):
        return np.sin(2.0 * math.pi * x) * y + x * y

    def manual(x, y):
        pi = 3.1415
        return 2 * pi * np.cos(2 * pi * x) * y + y, np.sin(2 * pi * x) + x

    (finding,) = check_gradient(wave, manual, 0.3, 0.8).findings
    assert str(finding) == (
        "the gradient is that of the function with another constant (6.283 for 6.283185307179586)"
    )
    assert finding.number == 6.283


def test_the_power_rule_for_an_exponential():
    (finding,) = check_gradient(
        lambda x, y: y * np.exp(x), lambda x, y: (y * x * np.exp(x - 1.0), np.exp(x)), 0.7, 1.3
    ).findings
    assert finding.kind == "the power rule is used for an exponential"


def test_a_mask_taken_from_the_gradient():
    def loss(V, w):
        return (np.array(w) @ relu(V @ np.array([0.8, -0.5, 1.2])) - 0.3) ** 2

    def manual(V, w):
        x = np.array([0.8, -0.5, 1.2])
        h = np.maximum(V @ x, 0.0)
        d = 2.0 * (w @ h - 0.3)
        return np.outer(np.maximum(d * w, 0.0), x), d * h

    (finding,) = check_gradient(loss, manual, V0, w0).findings
    assert finding.kind == "the mask of relu is taken from the gradient"


def test_a_mistake_in_one_branch_of_the_code():
    """The operation is not in the graph at the other points."""

    def piecewise(x, y):
        return np.exp(x) * y if x > 0.5 else x * y

    def manual(x, y):
        return y, (np.exp(x) if x > 0.5 else x)

    (finding,) = check_gradient(piecewise, manual, 1.3, 0.7).findings
    assert finding.kind == "the derivative of exp is forgotten"


def test_what_fits_is_not_named_if_it_fails_at_another_point():
    """Here the derivative is forgotten only where x is small."""

    def manual(x, y):
        return np.where(abs(x) < 2.0, y, np.cos(x) * y * 1.7), np.sin(x)

    report = check_gradient(lambda x, y: np.sin(x) * y, manual, 0.7, 1.3, samples=30)
    assert not any("forgotten" in str(x) for x in report.findings)


def test_mistakes_that_cannot_be_told_apart_are_not_certain():
    report = check_gradient(lambda a, b: (a - b) ** 2, lambda a, b: (2 * (a - b),) * 2, 1.7, 0.4)
    assert len(report.findings) > 1
    assert not any(x.certain for x in report.findings)
    assert "Each of these mistakes gives the same numbers:" in report.diagnosis


# --- Products, values in the place of others, terms ----------------------------------------------

LOPSIDED = np.array([[1.3, -0.4], [0.8, 0.5]])


@pytest.mark.parametrize(("first", "side"), [(True, "first"), (False, "second")])
def test_a_quadratic_form_as_if_its_matrix_were_symmetric(first, side):
    A = LOPSIDED if first else LOPSIDED.T
    (finding,) = check_gradient(
        lambda v: dot(v, LOPSIDED @ v), lambda v: 2.0 * A @ v, [0.7, -1.2]
    ).findings
    assert finding.kind.startswith(
        f"the derivative of a product is twice that of its {side} factor"
    )


def test_the_other_factor_of_a_product():
    (finding,) = check_gradient(
        lambda x, y: (np.sin(x) * y.exp()).named("z"),
        lambda x, y: (np.cos(x), np.sin(x) * np.exp(y)),
        *(0.7, 0.3),
    ).findings
    assert str(finding) == "the other factor of a product is missing (in dz/d(sin(x)))"


def test_the_division():
    (finding,) = check_gradient(
        lambda x, y: (x.sin() / y).named("z"), lambda x, y: (np.cos(x), -np.sin(x) / y**2), 0.7, 1.3
    ).findings
    assert str(finding) == "the division is missing (in dz/d(sin(x)))"


def test_a_value_that_stands_where_another_belongs():
    """The angle after the turn for that before it, in both functions of it."""

    def along(angle, turn, way):
        after = angle + turn
        return way * angle.cos() + 0.5 * way * angle.sin() + after**2

    def manual(angle, turn, way):
        after = angle + turn
        slope = way * (0.5 * np.cos(after) - np.sin(after))
        return slope + 2 * after, 2 * after, np.cos(after) + 0.5 * np.sin(after)

    report = check_gradient(along, manual, 0.7, 0.4, 1.5)
    (finding,) = report.findings
    assert str(finding) == "a value stands where another belongs (angle + turn for angle)"
    assert finding.certain


def test_an_array_that_stands_where_another_belongs():
    turned = np.array([[0.6, -0.8], [0.8, 0.6]])

    def f(p, c):
        q = turned @ p
        return c * (q[0] ** 3 + np.sin(q[0]) + np.exp(q[1]) + q[1] ** 2)

    def manual(p, c):
        q = turned @ p
        total = q[0] ** 3 + np.sin(q[0]) + np.exp(q[1]) + q[1] ** 2
        slopes = np.array([3 * p[0] ** 2 + np.cos(p[0]), np.exp(p[1]) + 2 * p[1]])
        return c * turned.T @ slopes, total

    (finding,) = check_gradient(f, manual, [0.7, -0.3], 1.2).findings
    kind = "an array stands where another belongs, in the derivatives of what is computed from it"
    assert finding.kind == kind
    assert "p0 for dot(" in str(finding)


def test_a_matrix_that_is_left_out():
    def f(q):
        unit = q / np.sqrt(dot(q, q))
        return unit[0] * unit[1] + 0.5 * unit[2] ** 2

    def manual(q):
        unit = q / np.linalg.norm(q)
        return np.array([unit[1], unit[0], unit[2]])

    (finding,) = check_gradient(f, manual, [0.7, -1.2, 0.5]).findings
    assert finding.kind == "a matrix of derivatives is left out, as if it were the identity"


@pytest.mark.parametrize(
    ("function", "manual", "words"),
    [
        (
            lambda x: np.sinc(x),
            lambda x: np.cos(x) / x - np.sin(x) / x**2,
            "the derivative of sin(x) / x is used for that of sin(pi * x) / (pi * x)",
        ),
        (
            lambda z: autograd.logsumexp(z) - z[1],
            lambda z: 1.0 / (1.0 + np.exp(-z)) - np.array([0.0, 1.0, 0.0]),
            "sigmoid stands where softmax belongs",
        ),
    ],
)
def test_other_formulas(function, manual, words):
    x = 0.7 if words.startswith("the") else np.array([0.2, -0.4, 1.1])
    (finding,) = check_gradient(function, manual, x).findings
    assert finding.kind == words


# --- In one derivative alone ----------------------------------------------------------------------


def spring(x):
    """A force with two terms in each component."""
    total = 1.5 * x[0] + np.sin(x[1]) * x[0]
    return np.array([total * np.exp(x[1]), total**2 + x[0]])


def of_spring(x, sign=1.0, factor=1.0):
    total = 1.5 * x[0] + np.sin(x[1]) * x[0]
    slope = np.array([1.5 + np.sin(x[1]), np.cos(x[1]) * x[0]])
    turned = 1.5 * x[0] + sign * np.sin(x[1]) * x[0]
    return np.array(
        [
            [slope[0] * np.exp(x[1]), (factor * slope[1] + turned) * np.exp(x[1])],
            2.0 * total * slope + [1.0, 0.0],
        ]
    )


def test_one_derivative_has_a_term_with_the_opposite_sign():
    assert check_jacobian(spring, of_spring, [0.7, 0.4])
    report = check_jacobian(spring, lambda x: of_spring(x, sign=-1.0), [0.7, 0.4])
    (finding,) = report.findings
    assert finding.kind == "the sign of a term is flipped in a value, not in its derivative"
    assert finding.argument == "dspring0/dx1"
    assert any(line.startswith("The mistake in dspring0/dx1: ") for line in report.diagnosis)


def test_one_derivative_has_a_term_with_a_wrong_factor():
    report = check_jacobian(spring, lambda x: of_spring(x, factor=3.0), [0.7, 0.4])
    assert any(
        x.kind == "a term has the wrong factor" and "(3 times the right one in" in str(x)
        for x in report.findings
    )


# --- Hessians -------------------------------------------------------------------------------------

TIMES, SEEN = np.array([0.3, 1.0, 1.7]), np.array([1.9, 1.1, 0.4])


def misfit(p):
    return ((p[0] * np.exp(-p[1] * TIMES) - SEEN) ** 2).sum() * 0.7


def of_misfit(p, first=1.0, second=1.0):
    decay = np.exp(-p[1] * TIMES)
    off = p[0] * decay - SEEN
    J = np.array([decay, -p[0] * TIMES * decay])
    bent = np.array([[0.0 * TIMES, -TIMES * decay], [-TIMES * decay, p[0] * TIMES**2 * decay]])
    return 1.4 * (first * J @ J.T + second * bent @ off)


@pytest.mark.parametrize(
    ("manual", "kind"),
    [
        (
            lambda p: of_misfit(p, second=0.0),
            "the second derivatives of a value are left out, as Gauss and Newton do",
        ),
        (
            lambda p: of_misfit(p, first=1 / 1.4, second=0.0),
            "the sum of outer products of gradients stands for the Hessian",
        ),
    ],
)
def test_a_part_of_a_hessian(manual, kind):
    assert check_hessian(misfit, of_misfit, [1.2, 0.6])
    report = check_hessian(misfit, manual, [1.2, 0.6])
    (finding,) = report.findings
    assert finding.kind == kind
    assert "p0 * exp(-p1 * 0.3)" in str(finding)


def test_the_outer_product_of_the_gradient():
    def f(x):
        return np.sin(x[0]) * x[1] ** 2

    def manual(x):
        g = np.array([np.cos(x[0]) * x[1] ** 2, 2 * np.sin(x[0]) * x[1]])
        return np.outer(g, g)

    (finding,) = check_hessian(f, manual, [0.7, 1.2]).findings
    assert finding.kind == "the outer product of the gradient with itself stands for the Hessian"


def test_a_hessian_that_is_not_symmetric():
    def manual(x, y):
        return [[2 * y, 2 * x], [x, 0.0]]

    report = check_hessian(lambda x, y: x * x * y, manual, 1.3, 0.7)
    words = "Your Hessian is not symmetric, as it must be: d²f/dxdy = "
    assert report.diagnosis[0].startswith(words)
    mended = check_hessian(lambda x, y: x * x * y, lambda x, y: [[2 * y, x], [x, 0.0]], 1.3, 0.7)
    assert not any("symmetric" in line for line in mended.diagnosis)


# --- Steps ----------------------------------------------------------------------------------------


def steps(W, v):
    z = [dot(W[i], [0.5, -1.0]).named(f"z{i}") for i in range(2)]
    a = [sigmoid(z[i]).named(f"a{i}") for i in range(2)]
    y = dot(a, v).named("y")
    return (y - 0.3) ** 2


def of_steps(W, v, slope=True, twice=1.0):
    x = np.array([0.5, -1.0])
    a = 1 / (1 + np.exp(-W @ x))
    dy = 2 * (a @ v - 0.3)
    da = dy * v
    dz = da * (a * (1 - a) if slope else a)
    return {"W": twice * np.outer(dz, x), "v": dy * a, "y": dy, "a": da, "z": dz}


W1, v1 = np.array([[0.3, -0.7], [1.1, 0.4]]), np.array([0.7, -0.5])


def test_the_first_wrong_step_has_a_cause():
    """Two mistakes: in the step from a to z, and from z to W."""
    assert check_gradient(steps, of_steps, W1, v1)
    report = check_gradient(steps, lambda W, v: of_steps(W, v, False, 2.0), W1, v1)
    assert "in the first wrong step" in report.diagnosis[0]
    assert "sigmoid itself is used where its derivative belongs" in str(report.findings[0])
    assert any(line.startswith("First wrong: da") for line in report.diagnosis)


def test_a_single_mistake_explains_all_the_steps():
    report = check_gradient(steps, lambda W, v: of_steps(W, v, False), W1, v1)
    assert not any("first wrong step" in line for line in report.diagnosis)


def test_the_first_wrong_factor_has_a_cause():
    """A local derivative alone is given."""

    def manual(x):
        return {"x": 3.0 * (1 - np.tanh(3 * x) ** 2), ("t", "z"): 1 - np.tanh(3 * x)}

    def function(x):
        return tanh((3.0 * x).named("z")).named("t")

    report = check_gradient(function, manual, 0.4)
    assert report.findings[0].kind == "in the derivative of tanh, 1 - out ** 2, … ** 2 is left out"


def test_the_first_wrong_step_of_one_graph():
    W, v = values(W1, "W"), values(v1, "v")
    root = steps(W, v).named("loss")
    numbers = of_steps(W1, v1, False, 2.0)
    report = compare(
        root, [("y", numbers["y"]), ("a", numbers["a"]), ("z", numbers["z"]), (W, numbers["W"])]
    )
    assert "sigmoid itself is used where its derivative belongs" in str(report.findings[0])
    assert any("in the first wrong step" in line for line in report.diagnosis)


# --- What would tell explanations apart -----------------------------------------------------------


def test_other_points_or_lengths_would_tell_explanations_apart():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    one = compare(((x - y) ** 2).named("z"), {x: -2.0, y: -2.0})
    assert "Other points may tell them apart: check_gradient() tries many." in one.diagnosis
    report = check_gradient(lambda a, b: (a - b) ** 2, lambda a, b: (2 * (a - b),) * 2, 1.7, 0.4)
    (words,) = (line for line in report.diagnosis if line.startswith("They differ at none of the "))
    assert words.endswith(" points: to mend any of them is enough.")


def test_another_length_would_tell_a_mean_from_a_factor():
    report = check_gradient(
        lambda x: (np.exp(x)).mean() ** 2, lambda x: np.exp(x).sum() * np.exp(x), [0.4, -0.3]
    )
    if len(report.findings) > 1:
        assert "An array of another length would tell them apart." in report.diagnosis
    else:
        assert "sum for mean" in report.findings[0].kind


# --- What is said -------------------------------------------------------------------------------


def noisy(V, w):
    dV, dw = hidden_backward()(V, w)
    return dV * (1.0 + 0.1 * np.sin(V.sum() + w[0])), dw + 0.01 * np.cos(3.0 * w)


def test_what_was_not_tried_is_not_excluded():
    report = check_gradient(hidden, noisy, V0, w0, seconds=0.0)
    (sentence,) = [line for line in report.diagnosis if line.startswith("None of")]
    assert sentence.startswith("None of the classic mistakes that were tried gives these numbers")
    assert all(tier.what in sentence for tier in (*SINGLE, CONFUSED[1], COMBINED[-1]))
    assert "seconds=" in sentence
    enough = check_gradient(hidden, noisy, V0, w0, seconds=1000.0)
    assert "None of the classic mistakes gives these numbers." in enough.diagnosis
    assert enough.findings == []


@pytest.mark.parametrize("seconds", [-1.0, math.nan, "1", None])
def test_seconds_must_be_a_number(seconds):
    with pytest.raises((TypeError, ValueError), match="seconds"):
        check_gradient(hidden, noisy, V0, w0, seconds=seconds)


def test_a_factor_alone_must_explain_the_numbers_at_every_point():
    """At single points there is always one."""

    def manual(x, y):
        return np.cos(x) * y * (1.0 + 0.3 * np.sin(y)), np.sin(x) * (1.0 + 0.3 * np.sin(x))

    report = check_gradient(lambda x, y: np.sin(x) * y, manual, 0.7, 1.3)
    assert not any("explain" in line for line in report.diagnosis)


def test_findings_are_data():
    report = check_gradient(hidden, hidden_backward(lambda z, t: t), V0, w0)
    (data,) = json.loads(json.dumps(report.to_dict()))["findings"]
    assert data == {
        "kind": "tanh itself is used where its derivative belongs",
        "argument": "",
        "place": "everywhere",
        "number": None,
        "certain": True,
        "sentence": "tanh itself is used where its derivative belongs, everywhere",
    }


def test_points_at_which_the_gradient_by_hand_is_nan():
    """They say nothing of the mistake."""

    def manual(x, y):
        return y * np.cos(x), 0.5 * np.sin(x) if x < 3.0 else math.nan

    report = check_gradient(lambda x, y: np.sin(x) * y, manual, 0.7, 1.3, samples=20)
    assert {row.verdict for row in report.rows} <= {"agree", "disagree", "undefined"}
    (finding,) = report.findings
    assert finding.kind == "the factor 2 is missing"


@pytest.mark.parametrize(
    ("count", "words"),
    [(5, "the division by 5 is forgotten"), (3, "a division is forgotten (sum for mean)")],
)
@pytest.mark.parametrize("add", [sum, autograd.sum, lambda x: dot(x, [1.0] * 3)])
def test_a_mean_is_divided_by_the_count(count, words, add):
    """Another division is no mean."""

    def function(x, w):
        return add(list(np.sin(x * w))) / float(count)

    def manual(x, w):
        return np.cos(x * w) * w, (np.cos(x * w) * x).sum()

    findings = check_gradient(function, manual, [0.4, 1.1, -0.7], 1.3).findings
    assert words in {x.kind for x in findings}
    assert not any("sum for mean" in x.kind for x in findings) or count == 3


def test_names_with_braces():
    x, y = Value(1.3, "{x}"), Value(0.7, "a{b}")
    report = compare(x * y + x * x, {x: 0.7 + 1.3, y: 1.3})
    assert "{x}" in str(report)


def test_the_witness_has_small_distinct_numbers_and_is_complete():
    def batch_norm(x):
        c = x - x.mean()
        return np.array([0.5, -1.0, 0.3, 0.8]) @ (c / np.sqrt((c * c).mean() + 1e-5))

    def manual(x):
        c = x - x.mean()
        return np.array([0.5, -1.0, 0.3, 0.8]) / np.sqrt((c * c).mean() + 1e-5)

    report = check_gradient(batch_norm, manual, [0.21, -1.37, 0.66, 2.4])
    x = report.point["x"]
    assert len({*np.abs(x)}) == 4
    assert 0.0 not in x
    assert max(abs(x)) <= 4.0
    (line,) = [line for line in report.diagnosis if "At x = " in line or "at x = " in line]
    assert np.array_equal(eval(line.split("x = ")[1].rstrip(":.")), x)
    for row, yours, ours in zip(
        report.rows, manual(x), [autograd.grad(batch_norm)(x)[i] for i in range(4)], strict=True
    ):
        assert (row.yours, row.automatic) == pytest.approx((yours, ours))


def test_the_arithmetic_is_a_table_in_notebooks():
    report = check_gradient(lambda a, b: a * b + a, lambda a, b: (b, a), 2.7, 3.1)
    html = report._repr_html_()
    assert html.count("<table>") == 2
    assert "<td>a * b</td><td>=</td><td>1 * 2</td><td>=</td><td>2</td>" in html
    assert "  a * b = 1 * 2 = 2" in report.diagnosis
    assert "<p>  a * b" not in html


def test_a_large_argument_is_not_written_out_but_at_hand():
    def manual(w):
        return 3.0 * w

    report = check_gradient(lambda w: (w * w).sum(), manual, np.linspace(0.1, 2.0, 100))
    assert "The table is at w = an array of the shape (100,)." in report.diagnosis
    assert report.point["w"].shape == (100,)


def test_an_operation_whose_partial_fails():
    """A custom operation that is not written for Values, and defined on one side only."""

    def forward(x):
        if x < 0.0:
            raise ValueError("negative")
        return math.sqrt(x)

    root = Op("root", forward, [lambda out, x: 0.5 / math.sqrt(x)])
    report = check_gradient(
        lambda x, y: root(x) * y, lambda x, y: (y / math.sqrt(x), math.sqrt(x)), 2.0, 3.0
    )
    assert report.verdict == "disagree"
    assert "factor 2" in str(report.findings[0])


@pytest.mark.parametrize("wrong", [False, True])
def test_the_time_of_a_check_of_a_network(wrong):
    """50 x 4 -> 8 -> 3: 2,641 nodes."""
    random = np.random.default_rng(0)
    inputs, classes = random.normal(size=(50, 4)), random.integers(0, 3, 50)

    def loss(W1, b1, W2, b2):
        z = relu(inputs @ W1 + b1) @ W2 + b2
        return sum(autograd.logsumexp(z[i]) - z[i, c] for i, c in enumerate(classes)) / 50.0

    def manual(W1, b1, W2, b2):
        h = np.maximum(inputs @ W1 + b1, 0.0)
        p = np.exp(h @ W2 + b2)
        p /= p.sum(1, keepdims=True)
        p[np.arange(50), classes] -= 1.0
        p /= 50.0
        dh = p @ W2.T * (h > 0.0)
        return inputs.T @ dh, dh.sum(0) / (50.0 if wrong else 1.0), h.T @ p, p.sum(0)

    arguments = [random.normal(size=shape) for shape in ((4, 8), 8, (8, 3), 3)]
    start = time.process_time()
    report = check_gradient(loss, manual, *arguments)
    assert time.process_time() - start < (30.0 if wrong else 10.0)  # here 5 and 2
    assert report.passed != wrong
    if wrong:
        (finding,) = report.findings
        assert (finding.kind, finding.argument, finding.number) == ("multiple", "b1", 0.02)


def test_a_report_repeats():
    once, again = (
        str(check_gradient(hidden, hidden_backward(lambda z, t: t), V0, w0)) for _ in "ab"
    )
    assert once == again


def test_large_graphs_with_many_arguments():
    def manual(w):
        result = 2.0 * w
        result[:7] = 0.0
        return result

    report = check_gradient(lambda w: (w * w).sum(), manual, np.linspace(0.1, 2.0, 500), samples=4)
    (finding,) = report.findings
    assert "[0], [1], [2], [3], [4], [5] and 1 more is 0 at every point" in str(finding)


def test_a_selection_that_is_left_out():
    """Of the value as well as of the derivative."""
    (finding,) = check_gradient(
        lambda x, y: (autograd.clip(x, -1.0, 1.0) * y - 0.3) ** 2,
        lambda x, y: (2.0 * (x * y - 0.3) * y, 2.0 * (x * y - 0.3) * x),
        0.7,
        1.3,
    ).findings
    assert str(finding) == "clip is left out (at clip(x, -1, 1))"


def test_selections_with_exchanged_branches():
    (finding,) = check_gradient(
        lambda x: (UP * where(x > 0.0, x, 0.1 * x)).sum(),
        lambda x: UP * np.where(x > 0.0, 0.1, 1.0),
        X,
    ).findings
    assert finding.kind == "the branches of where are exchanged"


def test_the_stages_use_all_kinds_of_values():
    """Numbers that are no Values among the operands, and operations with many operands."""

    def loss(w, b):
        z = dot([0.3, -0.8, 0.5, 1.1], w) + b
        return autograd.sum([sigmoid(z), tanh(z), 2.0, z * 3.0])

    def manual(w, b):
        z = np.array([0.3, -0.8, 0.5, 1.1]) @ w + b
        s, t = 1 / (1 + np.exp(-z)), np.tanh(z)
        d = s * (1 - s) + (1 - t) + 3.0
        return d * np.array([0.3, -0.8, 0.5, 1.1]), d

    (finding,) = check_gradient(loss, manual, [0.4, -0.2, 0.9, 0.1], 0.3).findings
    assert finding.kind == "in the derivative of tanh, 1 - out ** 2, … ** 2 is left out"
