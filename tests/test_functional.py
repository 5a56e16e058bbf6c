"""Derivatives as functions: against mpmath, SciPy and each other, nested, and where they refuse."""

import copy
import functools
import gc
import inspect
import math
import multiprocessing
import pickle
import threading
import warnings
from collections import OrderedDict, namedtuple
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction

import mpmath
import numpy as np
import pandas
import pytest
import scipy.optimize
from graphs import LEAVES, SMOOTH, exact, expressions, from_kinks, points, run, sizes
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from mpmath import mpf
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

import autograd
from autograd import (
    Value,
    asin,
    compare,
    data,
    dot,
    exp,
    explain,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    log,
    maximum,
    ops,
    relu,
    sin,
    sqrt,
    stop_gradient,
    topological_order,
    trace,
    value_and_grad,
    values,
    vjp,
    where,
)

directions = st.lists(st.floats(-2, 2), min_size=LEAVES, max_size=LEAVES)


def of_steps(steps, last=1):
    """A function of a vector that computes the last results of random steps."""

    def function(x):
        results = run(steps, x, Value._record if isinstance(x[0], Value) else value)
        return np.array(results[-last:]) if last > 1 else results[-1]

    return function


def value(op, operands):
    return op.value(*operands)


# --- Random functions -----------------------------------------------------------------------------


@given(expressions(), points)
def test_grad_is_what_backward_gives(steps, point):
    leaves = [Value(x) for x in point]
    with np.errstate(all="ignore"):
        root = run(steps, leaves)[-1]
        root.backward()
        result, gradient = value_and_grad(of_steps(steps))(np.array(point))
    assert repr(result) == repr(root.data)
    assert np.array_equal(gradient, autograd.grads(leaves), equal_nan=True)


@given(expressions(), points, directions, directions)
@example(
    [(ops.subtract, [0, 0]), (ops.negative, [0]), (ops.add, [0, 0])],
    [0.0] * 4,
    [1.0, 0.0, 0.0, 0.0],
    [1.0, 0.0, 2.9438407481031355e-156, 0.0],
)
def test_forward_and_reverse_mode_are_adjoint(steps, point, tangent, cotangent):
    """<u, J v> = <J' u, v>, where u and v are any vectors."""
    x, v = np.array(point), np.array(tangent)
    count = min(3, len(steps))
    u = np.array(cotangent)[:count] if count > 1 else np.float64(cotangent[0])
    function = of_steps(steps, count)
    with np.errstate(all="ignore"):
        out, pushed = jvp(function, (x,), (v,))
        other, pullback = vjp(function, x)
        (pulled,) = pullback(u)
        sizes = np.abs(jacobian(function)(x))
    assert np.array_equal(out, other, equal_nan=True)
    # What cancels in the Jacobian, x - x say, still rounds.
    scale = float(np.sum(np.abs(u)) * np.sum(np.abs(v)) * (1.0 + np.max(sizes)))
    assume(math.isfinite(scale))
    assert np.dot(np.atleast_1d(u), np.atleast_1d(pushed)) == pytest.approx(
        np.dot(pulled, v), rel=1e-9, abs=1e-9 * scale + 1e-200
    )


@given(expressions(), points)
def test_jacobians_of_either_mode_are_the_same(steps, point):
    """Of more results than arguments by forward mode, of fewer by reverse mode."""
    few, many = min(2, len(steps)), len(steps) + LEAVES
    assume(many > LEAVES)
    with np.errstate(all="ignore"):
        forward = jacobian(of_steps(steps, many))(np.array(point))
        reverse = jacobian(of_steps(steps, few))(np.array(point))
    assert forward.shape == (many, LEAVES)
    np.testing.assert_allclose(
        forward[-few:], reverse.reshape(few, LEAVES), rtol=1e-9, atol=1e-9 * np.abs(forward).max()
    )
    assert np.array_equal(forward[:LEAVES], np.eye(LEAVES))


@given(expressions(SMOOTH), points, directions, directions)
def test_second_derivatives_against_mpmath(steps, point, tangent, other):
    """u' H v by the mixed second derivative of f(x + s u + t v), at 60 digits."""
    x, u, v = np.array(point), np.array(other), np.array(tangent)
    function = of_steps(steps)
    with np.errstate(all="ignore"):
        nodes = run(steps, [Value(t) for t in point])
    assume(all(abs(node.data) < 1e3 for node in nodes))
    for node in nodes[LEAVES:]:
        assume(node.op.name != "hypot" or node.data > 0.1)

    def along(s, t):
        moved = [a + s * b + t * c for a, b, c in zip(point, other, tangent, strict=True)]
        return run(steps, moved, exact)[-1]

    with mpmath.workdps(60):
        mixed = mpmath.diff(along, (mpf(0), mpf(0)), (1, 1), h=mpf(10) ** -20)
    product = hvp(function, (x,), (v,))
    matrix = hessian(function)(x)
    scale = float(np.abs(u) @ np.abs(matrix) @ np.abs(v)) + magnitude(nodes[-1]) ** 2
    assert float(u @ product) == pytest.approx(float(mixed), rel=1e-9, abs=1e-12 * scale)
    assert float(u @ matrix @ v) == pytest.approx(float(mixed), rel=1e-9, abs=1e-12 * scale)


def magnitude(root):
    """The gradient of a root with absolute values and plus signs, times the largest value in it."""
    adjoints = sizes(root, lambda number, partial: 1.0)
    return max(adjoints.values()) * max(1.0, *[abs(node.data) for node in topological_order(root)])


@given(expressions(), points, directions)
def test_every_way_to_a_second_derivative_agrees(steps, point, tangent):
    """Floats along the recorded partials, and graphs by either mode."""
    x, v = np.array(point), np.array(tangent)
    function = of_steps(steps)
    with np.errstate(all="ignore"):
        nodes = run(steps, values(x))
        for node in nodes[LEAVES:]:
            assume(all(distance > 1e-9 for distance in from_kinks(node)))
        matrix = hessian(function)(x)
        expected = jvp(grad(function), (x,), (v,))[1]
        products = [
            hvp(function, (x,), (v,)),
            grad(lambda x: jvp(function, (x,), (v,))[1])(x),
            vjp(grad(function), x)[1](v)[0],
        ]
        twice = jacobian(grad(function))(x)
    assume(np.all(np.isfinite(matrix)) and np.all(np.isfinite(expected)))
    assert np.array_equal(matrix, matrix.T)
    scale = magnitude(nodes[-1]) * (1.0 + np.abs(matrix).max())
    np.testing.assert_allclose(twice, matrix, rtol=1e-9, atol=1e-12 * scale)
    for product in [*products, matrix @ v]:
        np.testing.assert_allclose(product, expected, rtol=1e-9, atol=1e-12 * scale)


# --- Nested ---------------------------------------------------------------------------------------


def derivative(f):
    """The derivative of a function of one number, by forward mode."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


def pulled(f):
    """The derivative of a function of one number, by reverse mode."""
    return lambda x: vjp(f, x)[1](1.0)[0]


MODES = [grad, derivative, pulled]
modes = pytest.mark.parametrize("inner", MODES, ids=["grad", "jvp", "vjp"])
outer_modes = pytest.mark.parametrize("outer", MODES, ids=["grad", "jvp", "vjp"])


@modes
@outer_modes
def test_no_perturbation_confusion(inner, outer):
    """Siskind and Pearlmutter, "Perturbation confusion and referential transparency", 2005."""
    result = outer(lambda x: x * inner(lambda y: x + y)(1.0))(2.0)
    assert result == 1.0
    assert type(result) is float
    assert outer(lambda x: x * inner(lambda y: x * y * y)(3.0))(2.0) == 24.0
    # The same number, and the very argument, in both places.
    assert outer(lambda x: x * inner(lambda y: x * y)(x))(3.0) == 6.0
    assert outer(lambda x: inner(lambda y: x * inner(lambda z: x * y * z)(y))(x))(2.0) == 4.0
    assert outer(lambda x: inner(lambda y: y * y * y)(x))(2.0) == 12.0
    # A constant function within, and one of what is outside alone.
    assert outer(lambda x: x + inner(lambda y: 3.0)(x))(2.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * x)(x))(2.0) == 0.0


@modes
@outer_modes
def test_the_trap_of_functions_that_return_functions(inner, outer):
    """Manzyuk et al., "Perturbation confusion in forward automatic differentiation of higher-order
    functions", 2019: shifting applied twice, at the same point 0, differentiates twice.
    """

    def shifted(mode, f):
        return lambda x: mode(lambda u: f(x + u))(0.0)

    assert shifted(outer, shifted(inner, exp))(1.0) == pytest.approx(math.e, rel=1e-15)
    assert shifted(outer, shifted(inner, lambda x: x**3))(2.0) == 12.0


@modes
@outer_modes
def test_derivatives_of_derivatives(inner, outer):
    assert outer(inner(lambda x: x**5))(2.0) == 160.0
    assert outer(inner(outer(lambda x: x**5)))(2.0) == 240.0
    assert outer(inner(outer(inner(sin))))(0.5) == pytest.approx(math.sin(0.5), rel=1e-14)


def test_a_loop_of_derivatives_is_differentiated():
    """Newton's method for the square root, each step with a gradient of its own."""

    def root(a):
        x = 1.0
        for _ in range(8):
            value, slope = value_and_grad(lambda x: x * x - a)(x)
            x = x - value / slope
        return x

    assert root(2.0) == pytest.approx(math.sqrt(2.0), rel=1e-15)
    assert grad(root)(2.0) == pytest.approx(0.5 / math.sqrt(2.0), rel=1e-14)
    assert grad(grad(root))(2.0) == pytest.approx(-0.25 * 2.0**-1.5, rel=1e-12)


def test_matrices_within_derivatives():
    x = np.array([1.0, 2.0])
    third = np.zeros((2, 2, 2))
    third[0, 0, 0] = third[1, 1, 1] = 6.0
    for way in (
        jacobian(hessian(lambda x: np.sum(x**3))),
        hessian(grad(lambda x: np.sum(x**3))),
        jacobian(jacobian(lambda x: 3.0 * x**2)),
    ):
        assert np.array_equal(way(x), third)
    along = jvp(hessian(lambda x: np.sum(x**3)), (x,), (np.array([1.0, 10.0]),))[1]
    assert np.array_equal(along, np.diag([6.0, 60.0]))
    curvature = grad(lambda a: np.trace(hessian(lambda x: a * np.sum(x**3))(x)))
    assert curvature(5.0) == 18.0
    assert grad(lambda a: hvp(lambda y: a * y**3, (2.0,), (1.0,)))(5.0) == 12.0
    assert grad(lambda v: hvp(lambda y: y**3, (2.0,), (v,)))(5.0) == 12.0
    assert np.array_equal(
        jacobian(lambda v: hvp(lambda y: np.sum(y**3), (x,), (v,)))(x), np.diag([6.0, 12.0])
    )


def test_a_cotangent_may_be_what_is_differentiated():
    _, pullback = vjp(lambda x, y: x * y, 3.0, 5.0)
    assert grad(lambda u: pullback(u * u)[0])(2.0) == 20.0
    assert grad(lambda u: jvp(lambda x: x * x, (3.0,), (u * u,))[1])(2.0) == 24.0


# --- Plain numbers or graphs ----------------------------------------------------------------------


def test_of_plain_numbers_they_are_plain_numbers():
    for result in (
        grad(sin)(1),
        grad(grad(sin))(np.float32(1)),
        *value_and_grad(sin)(Fraction(1, 2)),
        jacobian(sin)(True),
        hessian(sin)(1.0),
        hvp(sin, (1.0,), (1,)),
        *jvp(sin, (1.0,), (1,)),
        vjp(sin, 1.0)[0],
        *vjp(sin, 1.0)[1](1),
    ):
        assert type(result) is float
    for array in (
        np.arange(3),
        np.ones(3, bool),
        np.ones(3, np.float32),
        np.ones(3, np.longdouble),
    ):
        result = grad(lambda x: dot(x, x))(array)
        assert result.dtype == np.float64
        assert np.array_equal(result, 2.0 * array)


def test_an_argument_that_is_a_value():
    x = Value(2.0, "x")
    value, slope = value_and_grad(lambda x: x**3)(x)
    assert (value.data, slope.data) == (8.0, 12.0)
    slope.backward()
    assert x.grad == 12.0
    x.data = 3.0
    assert (value.forward(), slope.forward()) == (27.0, 27.0)
    assert slope.derivative(x).data == 18.0

    w = values([1.0, 2.0], name="w")
    for result in (
        grad(lambda w: dot(w, w))(w),
        jvp(lambda w: w * w, (w,), (np.ones(2),))[1],
        vjp(lambda w: w * w, w)[1](np.ones(2))[0],
        hvp(lambda w: np.sum(w**3), (w,), (np.ones(2),)) / 3.0,
        jacobian(lambda w: dot(w, w))(w),
    ):
        assert result.dtype == object
        assert data(result).tolist() == [2.0, 4.0]
    assert [v.grad for v in w] == [0.0, 0.0]
    # What does not depend on it is a Value all the same: whether it does, says its graph.
    constant = grad(lambda x: 3.0)(x)
    assert (constant.data, constant.derivative(x).data) == (0.0, 0.0)
    assert data(np.exp(grad(lambda w: w[0] * 3.0)(w))).tolist() == [math.exp(3.0), 1.0]


def test_a_function_that_uses_values_from_elsewhere():
    """The gradient of a network by its input is a graph in its weights, to be trained."""
    w, b = Value(0.5, "w"), Value(0.25, "b")

    def network(x):
        return autograd.tanh(w * x + b)

    slope = grad(network)(2.0)
    loss = (slope - 1.0) ** 2
    loss.backward()
    expected = grad(lambda w: (grad(lambda x: autograd.tanh(w * x + 0.25))(2.0) - 1.0) ** 2)(0.5)
    assert w.grad == pytest.approx(expected, rel=1e-14)
    assert b.grad != 0.0
    for result in (
        jvp(network, (2.0,), (1.0,))[1],
        vjp(network, 2.0)[1](1.0)[0],
        jacobian(network)(2.0),
    ):
        assert result.data == pytest.approx(slope.data, rel=1e-15)
        assert result.derivative(w).data == pytest.approx(slope.derivative(w).data, rel=1e-14)
    curvature = slope.derivative(w).derivative(w).data
    for result in (hessian(network)(2.0), hvp(network, (2.0,), (1.0,))):
        assert result.data == pytest.approx(grad(grad(network))(2.0).data, rel=1e-15)
    assert math.isfinite(curvature)


def test_gradients_of_values_are_left_alone():
    w = Value(3.0)
    w.grad = 7.0
    x = Value(2.0)
    for call in (
        lambda: grad(lambda y: w * y)(2.0),
        lambda: hvp(lambda y: w * y * y, (x,), (1.0,)),
        lambda: jvp(lambda y: w * y, (x,), (1.0,)),
        lambda: hessian(lambda y: w * y * y)(2.0),
    ):
        call()
    assert (w.grad, x.grad) == (7.0, 0.0)


# --- Structures -----------------------------------------------------------------------------------

Layer = namedtuple("Layer", ["weights", "bias"])


def test_results_come_back_in_the_structure_of_the_arguments():
    layer = Layer(np.array([[1.0, 2.0], [3.0, 4.0]]), 0.5)
    model = OrderedDict(z=[layer, (1, 2.0)], a={"b": np.array(3.0)})

    def loss(model):
        (weights, bias), (one, two) = model["z"]
        return np.sum(weights**2) + 3 * bias + one * two + 5 * model["a"]["b"]

    gradient = grad(loss)(model)
    assert type(gradient) is OrderedDict
    assert list(gradient) == ["z", "a"]
    assert type(gradient["z"][0]) is Layer
    assert np.array_equal(gradient["z"][0].weights, [[2.0, 4.0], [6.0, 8.0]])
    assert gradient["z"][0].bias == 3.0
    assert gradient["z"][1] == (2.0, 1.0)
    assert gradient["a"]["b"].shape == ()
    assert gradient["a"]["b"] == 5.0
    product = hvp(loss, (model,), (model,))
    assert np.array_equal(product["z"][0].weights, 2.0 * layer.weights)
    assert product["z"][1] == (2.0, 1.0)
    second = hessian(loss)(model)
    assert second["z"][0].weights["z"][0].weights.shape == (2, 2, 2, 2)
    assert second["z"][1][0]["z"][1] == (0.0, 1.0)
    assert second["a"]["b"]["z"][0].weights.shape == (2, 2)
    assert model["z"][0] is layer


def test_shapes_of_a_jacobian():
    def function(x, s):
        return {"outer": np.outer(x, x), "list": [s * x[0], s * s], "constant": 1}

    x = np.array([1.0, 2.0, 3.0])
    result = jacobian(function, argnums=(0, 1))(x, 4.0)
    assert result["outer"][0].shape == (3, 3, 3)
    assert result["outer"][1].shape == (3, 3)
    expected = np.einsum("ik,j->ijk", np.eye(3), x) + np.einsum("jk,i->ijk", np.eye(3), x)
    assert np.array_equal(result["outer"][0], expected)
    assert np.array_equal(result["list"][0][0], [4.0, 0.0, 0.0])
    assert result["list"][1][1] == 8.0
    assert type(result["list"][1][1]) is float
    assert np.array_equal(result["constant"][0], np.zeros(3))
    assert jacobian(lambda x: x[:2] ** 2)(x).shape == (2, 3)
    assert jacobian(lambda x: np.concatenate([x, x]))(x).shape == (6, 3)
    assert jacobian(lambda s: np.array([s, s * s]))(3.0).tolist() == [1.0, 6.0]
    assert jacobian(lambda x: np.array(7.0))(x).tolist() == [0.0, 0.0, 0.0]
    several = hessian(lambda x: x**3)(x)
    assert several.shape == (3, 3, 3)
    assert several[1, 1].tolist() == [0.0, 12.0, 0.0]


def test_nothing_in_an_array():
    empty = np.zeros(0)
    assert grad(lambda x: 1.0)(empty).shape == (0,)
    assert jacobian(lambda x: x)(empty).shape == (0, 0)
    assert jacobian(lambda x: [])(np.ones(2)) == []
    assert hessian(lambda x: 1.0)(empty).shape == (0, 0)
    assert jvp(lambda x: x, (empty,), (empty,))[1].shape == (0,)
    assert vjp(lambda: 1.0)[1](1.0) == ()
    assert jvp(lambda: 1.0, (), ()) == (1.0, 0.0)
    assert hvp(lambda: 1.0, (), ()) == ()


def test_argnums():
    def f(x, y, z):
        return x * y * z

    assert grad(f)(2.0, 3.0, 5.0) == 15.0
    assert grad(f, -1)(2.0, 3.0, 5.0) == 6.0
    assert grad(f, np.int64(1))(2.0, 3.0, 5.0) == 10.0
    assert grad(f, [2, 0])(2.0, 3.0, 5.0) == (6.0, 15.0)
    assert grad(f, (1,))(2.0, 3.0, 5.0) == (10.0,)
    assert grad(f, ())(2.0, 3.0, 5.0) == ()
    assert value_and_grad(f)(2.0, 3.0, 5.0) == (30.0, 15.0)
    assert jacobian(f)(2.0, 3.0, 5.0) == 15.0
    assert hessian(lambda x, y: x * x * y)(2.0, 3.0) == 6.0
    assert grad(f)(2.0, z=3.0, y=5.0) == 15.0
    assert grad(lambda x, label: x if label == "it" else -x)(2.0, "it") == 1.0
    assert hessian(f, (0, 1))(2.0, 3.0, 5.0) == ((0.0, 5.0), (5.0, 0.0))
    assert hvp(f, (2.0, 3.0, 5.0), (1.0, 0.0, 0.0)) == (0.0, 5.0, 3.0)


def test_aux_is_handed_on_as_plain_numbers():
    w = Value(3.0)

    def f(x):
        return x * x, {"x": x, "all": np.array([x, 1.0]), "name": "f", "none": [None]}

    for gradient, aux in (
        grad(f, has_aux=True)(3.0),
        jacobian(f, has_aux=True)(3.0),
        value_and_grad(f, has_aux=True)(3.0)[::-1],
        jvp(f, (3.0,), (1.0,), has_aux=True)[1:],
    ):
        aux = aux[1] if isinstance(aux, tuple) else aux
        assert gradient == 6.0
        assert type(aux["x"]) is float
        assert aux["all"].dtype == np.float64
        assert aux["name"], aux["none"] == ("f", [None])
    assert hessian(f, has_aux=True)(3.0)[0] == 2.0
    value, pullback, aux = vjp(f, 3.0, has_aux=True)
    assert (value, pullback(1.0), aux["x"]) == (9.0, (6.0,), 3.0)
    # A Value from elsewhere remains one, and a level further out can be differentiated by.
    assert grad(lambda x: (x * x, w), has_aux=True)(3.0) == (6.0, w)
    assert grad(lambda x: grad(lambda y: (y, x * y), has_aux=True)(4.0)[1])(3.0) == 4.0
    assert grad(lambda x: grad(lambda y: (y, x * y), has_aux=True)(x)[1])(3.0) == 6.0


def test_they_pass_for_the_function():
    def loss(w, *, rate=1.0):
        """How wrong it is."""
        return w * rate

    for made in (grad(loss), jacobian(loss), hessian(loss), value_and_grad(loss)):
        assert made.__name__ == "loss"
        assert inspect.signature(made) == inspect.signature(loss)
        assert made.__doc__.endswith(" of loss, with the same arguments.\n\nHow wrong it is.")
    assert grad(loss)(2.0, rate=3.0) == 3.0
    assert grad(functools.partial(loss, rate=4.0))(2.0) == 4.0
    assert grad(Value.tanh)(0.0) == 1.0
    assert grad(exp).__doc__.endswith(exp.__doc__)


# --- Awkward points -------------------------------------------------------------------------------


def everywhere(function, x):
    """The derivative by every mode, and the second derivatives."""
    with np.errstate(all="ignore"):
        first = [
            grad(function)(x),
            jvp(function, (x,), (1.0,))[1],
            vjp(function, x)[1](1.0)[0],
            jacobian(function)(x),
            data(grad(function)(Value(x))),
            data(jvp(function, (Value(x),), (1.0,))[1]),
        ]
        second = [
            hessian(function)(x),
            hvp(function, (x,), (1.0,)),
            grad(grad(function))(x),
            jvp(grad(function), (x,), (1.0,))[1],
            grad(derivative(function))(x),
            derivative(derivative(function))(x),
        ]
    return first, second


@pytest.mark.parametrize(
    ("function", "x", "slope", "curvature"),
    [
        (relu, 0.0, 0.0, 0.0),
        (relu, -1.0, 0.0, 0.0),
        (abs, 0.0, 0.0, 0.0),
        (lambda x: maximum(x, 0.0), 0.0, 0.5, 0.0),
        (lambda x: where(x > 0, log(x), 0.0), 0.0, 0.0, 0.0),
        (lambda x: relu(log(x)), 0.0, 0.0, 0.0),
        (lambda x: relu(log(x)) * sqrt(x), 0.0, math.nan, None),  # not cut off: 0 * inf
        (lambda x: maximum(sqrt(x) - 1.0, 0.0), 0.0, 0.0, 0.0),
        (lambda x: dot([relu(log(x)), x], [x, 3.0]), 0.0, 3.0, 0.0),
        (lambda x: where(x > 0, x / x, x), 0.0, 1.0, 0.0),
        (sqrt, 0.0, math.inf, None),
        (lambda x: 0.0 * sqrt(x), 0.0, math.nan, math.nan),
        (relu, math.nan, math.nan, math.nan),
        (abs, math.nan, math.nan, math.nan),
        (lambda x: x / x, 0.0, math.nan, math.nan),
        (lambda x: (x - x) * 3.0, math.inf, math.nan, math.nan),
        (lambda x: sum([x, 1.0, -x]), math.inf, math.nan, math.nan),
        (lambda x: dot([x, 1.0], [1.0 / x, x]), 0.0, math.nan, math.nan),
        (lambda x: x**3, 0.0, 0.0, 0.0),
        (lambda x: x**1, 0.0, 1.0, 0.0),
        (lambda x: x, 2.0, 1.0, 0.0),
        (lambda x: 7.0, 2.0, 0.0, 0.0),
    ],
)
def test_awkward_points(function, x, slope, curvature):
    first, second = everywhere(function, x)
    for result in first:
        assert result == pytest.approx(slope, nan_ok=True)
    for result in second if curvature is not None else []:
        assert result == pytest.approx(curvature, nan_ok=True)


def test_what_a_selection_cuts_off_stays_cut_off_when_computed_anew():
    x = Value(2.0)
    tangent = jvp(lambda x: relu(log(x)), (x,), (1.0,))[1]
    assert tangent.data == 0.5
    x.data = 0.0
    with np.errstate(all="ignore"):
        assert tangent.forward() == 0.0
        assert tangent.derivative(x).data == 0.0


def test_an_infinite_slope_does_not_warn_in_any_mode():
    with np.errstate(all="raise"):
        for x in (0.0, Value(0.0)):
            assert data(grad(sqrt)(x)) == math.inf
            assert data(jvp(sqrt, (x,), (1.0,))[1]) == math.inf
            assert data(hvp(sqrt, (x,), (1.0,))) == -math.inf
            assert data(hessian(sqrt)(x)) == -math.inf


def test_a_column_does_not_disturb_another():
    """An infinite slope by one number is no nan by the others."""
    result = jacobian(lambda x: np.array([sqrt(x[0]) + x[1], x[1], x[1]]))(np.array([0.0, 1.0]))
    assert result.tolist() == [[math.inf, 1.0], [0.0, 1.0], [0.0, 1.0]]
    result = hessian(lambda x: x[0] ** 1.5 + x[1] ** 2)(np.array([0.0, 1.0]))
    assert result[1].tolist() == [0.0, 2.0]


# --- Size -----------------------------------------------------------------------------------------


def test_depth_is_no_limit():
    n = 100_000

    def power(x, a):
        for _ in range(n):
            x = x * a
        return x

    def go():
        a = 1.0 + 1e-6
        one, first, second = a**n, n * a ** (n - 1), n * (n - 1) * a ** (n - 2)
        by_x, by_a = grad(power, (0, 1))(1.0, a)
        assert (by_x, by_a) == (pytest.approx(one), pytest.approx(first))
        assert jvp(power, (1.0, a), (0.0, 1.0))[1] == pytest.approx(first)
        assert hvp(power, (1.0, a), (0.0, 1.0)) == pytest.approx((first, second))
        assert jvp(grad(power), (1.0, a), (0.0, 1.0))[1] == pytest.approx(first)
        done.append(True)

    done = []
    threading.stack_size(2048 * 1024)
    thread = threading.Thread(target=go)
    thread.start()
    thread.join()
    threading.stack_size(0)
    assert done


def test_the_hessian_is_recorded_once():
    calls = []

    def f(x):
        calls.append(None)
        return np.prod(x)

    hessian(f)(np.arange(1.0, 9.0))
    jacobian(f)(np.arange(1.0, 9.0))
    hvp(f, (np.arange(1.0, 9.0),), (np.ones(8),))
    assert len(calls) == 3


def test_a_jacobian_has_a_seed_for_each_number_of_the_smaller_side(monkeypatch):
    counts = []

    def counted(rows):
        return lambda order, seeds, nodes: counts.append(len(seeds)) or rows(order, seeds, nodes)

    for name in ("adjoint_rows", "tangent_rows"):
        monkeypatch.setattr(trace, name, counted(getattr(trace, name)))
    jacobian(lambda x: x[:2] ** 2)(np.ones(5))
    jacobian(lambda x: np.concatenate([x, x**2]))(np.ones(3))
    assert counts == [2, 3]


def test_threads_do_not_disturb_each_other():
    def work(a):
        f = grad(lambda x: x * grad(lambda y: a * x * y * y)(3.0))
        return [f(2.0), hvp(lambda x: a * x**3, (2.0,), (1.0,))]

    with ThreadPoolExecutor(8) as pool:
        for a, result in zip(range(200), pool.map(work, range(200)), strict=True):
            assert result == [24.0 * a, 12.0 * a]
        # A thread within a function that is being differentiated knows what is outside, too.
        assert grad(lambda x: pool.submit(grad(lambda y: x * x * y), 1.0).result())(3.0) == 6.0


def test_no_garbage_is_left_to_the_collector():
    def build():
        x = np.array([1.0, 2.0])
        jacobian(grad(lambda x: np.sum(x**3)))(x)
        hessian(lambda x: np.sum(x**3), has_aux=False)(x)
        vjp(lambda x: {"a": [x * x]}, x)[1]({"a": [x]})
        hvp(lambda x: np.sum(x**3), (x,), (x,))

    build()
    gc.collect()
    gc.disable()
    try:
        build()
        assert gc.collect() == 0
    finally:
        gc.enable()


# --- SciPy ----------------------------------------------------------------------------------------


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def one_node_rosenbrock(x):
    return autograd.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@pytest.mark.parametrize("function", [rosenbrock, one_node_rosenbrock, rosen])
def test_rosenbrock(function):
    rng = np.random.default_rng(0)
    for n in (2, 5, 10):
        x, p = rng.normal(size=(2, n))
        np.testing.assert_allclose(grad(function)(x), rosen_der(x), rtol=1e-12, atol=1e-11)
        np.testing.assert_allclose(hessian(function)(x), rosen_hess(x), rtol=1e-12, atol=1e-11)
        product = hvp(function, (x,), (p,))
        np.testing.assert_allclose(product, rosen_hess_prod(x, p), rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("BFGS", {}),
        ("L-BFGS-B", {}),
        ("Newton-CG", {"hess": hessian(rosenbrock)}),
        ("Newton-CG", {"hessp": lambda x, p: hvp(rosenbrock, (x,), (p,))}),
        ("trust-ncg", {"hessp": lambda x, p: hvp(rosenbrock, (x,), (p,))}),
        ("trust-exact", {"hess": hessian(rosenbrock)}),
    ],
)
def test_minimize(method, options):
    start = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    found = scipy.optimize.minimize(
        rosenbrock, start, jac=grad(rosenbrock), method=method, tol=1e-8, **options
    )
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-5)


def test_minimize_takes_value_and_gradient_at_once():
    start = np.array([1.3, 0.7])
    found = scipy.optimize.minimize(value_and_grad(rosenbrock), start, jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, np.ones(2), atol=1e-5)


def test_least_squares_and_roots():
    def residuals(x):
        return np.array([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])

    start = np.array([-1.2, 1.0])
    fit = scipy.optimize.least_squares(residuals, start, jac=jacobian(residuals))
    np.testing.assert_allclose(fit.x, np.ones(2), rtol=1e-9)
    solution = scipy.optimize.root(residuals, start, jac=jacobian(residuals))
    np.testing.assert_allclose(solution.x, np.ones(2), rtol=1e-9)


# --- Refusals -------------------------------------------------------------------------------------


def same(x):
    return x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(3.0), r"must be a function, not a float: grad\(f\)\(x\), not grad\(f\(x\)\)"),
        (lambda: jvp(3.0, (1.0,), (1.0,)), "must be a function, not a float"),
        (lambda: vjp(3.0, 1.0), "must be a function, not a float"),
        (lambda: hvp(None, (1.0,), (1.0,)), "must be a function, not None"),
        (lambda: grad(same, 0.5), "argnums must be an integer or a sequence of integers, not 0.5"),
        (lambda: grad(same, True), "argnums must be .* not True"),
        (lambda: grad(same, "0"), "argnums must be .* not '0'"),
        (lambda: grad(same, (0, None)), r"argnums must be .* not \(0, None\)"),
        (lambda: grad(same, 1)(1.0), "same cannot be .* with respect to argument 1: .* 1 pos"),
        (lambda: grad(same, -2)(1.0), "same cannot be differentiated with respect to argument -2"),
        (lambda: grad(same)(x=1.0), "passed by name do not count"),
        (lambda: grad(same)("3"), "argument 0 of same must be a real number, not the str '3'"),
        (lambda: grad(same)(None), "argument 0 of same must be a real number, not None"),
        (lambda: hessian(same)({"w": [1.0, 1j]}), r"argument 0\['w'\]\[1\] of same .* complex 1j"),
        (lambda: grad(same)(np.array([[0, 1j]])), r"argument 0\[0\]\[0\] of same .* complex"),
        (lambda: grad(same)(np.array(["a"])), r"argument 0\[0\] of same .* the str 'a'"),
        (lambda: grad(same)([{1.0}]), r"argument 0\[0\] of same must not be a set"),
        (lambda: jvp(lambda x, y: x, (1.0, "y"), (1.0, 1.0)), "argument 1 of <lambda> .* str 'y'"),
        (lambda: vjp(lambda x, y: x, 1.0, None), "argument 1 of <lambda> .* not None"),
        (
            lambda: grad(same)([1.0, 2.0]),
            r"must be one real number, not the list \[number, number\]",
        ),
        (lambda: grad(same)(np.ones(3)), r"not an array of shape \(3,\): take its jacobian"),
        (
            lambda: grad(lambda x: (x, x))(1.0),
            "if the second part is to be handed on, pass has_aux=True",
        ),
        (lambda: hvp(same, (np.ones(3),), (np.ones(3),)), "must be one real number, not an array"),
        (lambda: grad(lambda x: None)(1.0), "the result of <lambda> .* return statement forgotten"),
        (lambda: grad(lambda x: 1j)(1.0), "the result of <lambda> .* not the complex 1j"),
        (
            lambda: jacobian(lambda x: {"loss": [same]})(1.0),
            r"the result\['loss'\]\[0\] of <lambda> must be a real number, not a function",
        ),
        (lambda: grad(lambda x: math.exp(x))(1.0), r"would lose its gradient: .*autograd\.exp"),
        (lambda: grad(lambda x: np.array([x], float)[0])(1.0), "would lose its gradient"),
        (
            lambda: grad(same, has_aux=True)(1.0),
            r"same must return a pair \(result, aux\), not a V",
        ),
        (lambda: jvp(same, 1.0, 1.0), r"the primals of same must be a tuple .* for one .* \(x,\)"),
        (lambda: hvp(same, (1.0,), np.ones(1)), "the tangents of same must be a tuple"),
        (lambda: jvp(same, (1.0,), ("v",)), "the tangent of argument 0 of same .* str 'v'"),
        (lambda: vjp(same, 1.0)[1](None), "the cotangent of same must be a real number, not None"),
        (lambda: vjp(lambda x: [x], 1.0)[1](["u"]), r"the cotangent\[0\] of <lambda> .* str 'u'"),
    ],
)
def test_type_errors_say_where_and_what_to_do(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(same, (0, -1))(1.0), r"argnums \(0, -1\) name an argument of same twice"),
        (
            lambda: jvp(same, (np.ones(3),), (np.ones(2),)),
            r"the tangents of same .* \(array of shape \(3,\),\), not \(array of shape \(2,\),\)",
        ),
        (lambda: jvp(same, (1.0,), (1.0, 2.0)), r"\(number,\), not \(number, number\)"),
        (lambda: jvp(same, ([1.0, 2.0],), (np.ones(2),)), r"\(\[number, number\],\), not"),
        (lambda: hvp(same, ({"a": 1.0},), ({"b": 1.0},)), r"\{'a': number\},\), not"),
        (lambda: vjp(same, np.ones(3))[1](1.0), r"array of shape \(3,\), not number"),
        (lambda: vjp(same, (1.0, 2.0))[1]([1.0, 2.0]), r"\(number, number\), not \[number"),
    ],
)
def test_structures_that_do_not_match(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_structures_match_whatever_the_order_of_keys_and_the_kind_of_number():
    primal = {"a": 1.0, "b": np.ones(2)}
    tangent = {"b": np.array([2, 3]), "a": np.array(5)}
    assert jvp(lambda t: t["a"] * t["b"][1], (primal,), (tangent,)) == (1.0, 8.0)


def test_a_function_that_fails_leaves_nothing_behind():
    def fails(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        grad(lambda x: x * grad(fails)(x))(1.0)
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(2.0) == 4.0


def test_a_lost_gradient_names_the_function():
    def lossy(x):
        return {"kept": x, "lost": math.sin(x)}

    with pytest.raises(TypeError, match="would lose its gradient") as raised:
        jacobian(lossy)(1.0)
    (note,) = raised.value.__notes__
    assert note == "lossy was called with Values, so that its result can be differentiated"


# --- Special inputs ------------------------------------------------------------------------------

PUBLIC = [op for op in ops.TABLE.values() if op.public]
ARITHMETIC = [ops.add, ops.subtract, ops.multiply, ops.divide, ops.power, ops.negative]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, 1e-6, 1e6]


def fixed(steps):
    """With constant slopes of leaky_relu: one that varies has no mixed derivative at the kink."""
    return [(op, [x[0], 0.25] if op is ops.leaky_relu else x) for op, x in steps]


@settings(max_examples=400)
@given(
    expressions(PUBLIC + ARITHMETIC, inputs=2, most=4).map(fixed),
    st.lists(st.sampled_from(SPECIAL), min_size=2, max_size=2),
)
def test_every_way_to_a_second_derivative_agrees_at_special_inputs(steps, point):
    """At kinks, ends of domains, poles of slopes and infinity, wherever the function is finite.

    Beside an infinite slope one way may meet infinity less infinity where another does not.
    """
    x, function = np.array(point), of_steps(steps)
    with np.errstate(all="ignore"):
        leaves = values(x)
        nodes = run(steps, leaves)
        assume(all(isinstance(node, Value) and math.isfinite(node.data) for node in nodes[2:]))
        matrix = hessian(function)(x)
        units, slopes = np.eye(2), [nodes[-1].derivative(a) for a in leaves]
        ways = {
            "derivative": [[slope.derivative(b).data for b in leaves] for slope in slopes],
            "grad of grad": jacobian(grad(function))(x),
            "jvp of grad": [jvp(grad(function), (x,), (unit,))[1] for unit in units],
            "hvp": [hvp(function, (x,), (unit,)) for unit in units],
            "grad of jvp": [grad(lambda x, v=v: jvp(function, (x,), (v,))[1])(x) for v in units],
        }
    steep = not all(math.isfinite(p) for node in nodes for p in node.partials)
    for name, found in ways.items():
        compared = np.where(steep & (np.isnan(found) | np.isnan(matrix)), matrix, found)
        np.testing.assert_allclose(compared, matrix, rtol=1e-6, atol=1e-9, err_msg=name)


def test_what_a_selection_cuts_off_is_cut_off_in_a_graph_of_tangents():
    """The other operand of maximum has a tangent of 0, which meets the infinite slope of asin."""

    def function(x):
        return asin(maximum(x[1], x[0]) ** -1.5)

    point, second = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    with np.errstate(all="ignore"):
        assert jvp(function, (point,), (second,))[1] == 0.0
        slope = grad(lambda x: jvp(function, (x,), (second,))[1])(point)
    assert slope.tolist() == [0.0, 0.0]


def test_no_value_no_derivative_of_any_order_along_every_operand():
    """A part of the derivative that is constant depends on the value as well: inf - inf."""
    function = lambda x, y: (x - y) * 2.0  # noqa: E731
    with np.errstate(all="ignore"):
        x, y = Value(math.inf), Value(math.inf)
        second = function(x, y).derivative(x).derivative(y)
        assert math.isnan(second.data)
        assert math.isnan(second.derivative(x).data)
        assert np.isnan(hessian(function, (0, 1))(math.inf, math.inf)).all()


# --- What is held fixed --------------------------------------------------------------------------


def test_a_detached_value_is_a_constant():
    for function in (
        lambda x: x * x.detach(),
        lambda x: x * stop_gradient(x),
        lambda x: x * Value(3.0),
    ):
        result = grad(function)(3.0)
        assert (type(result), result) == (float, 3.0)
        assert type(value_and_grad(function)(3.0)[0]) is float
    assert grad(grad(lambda x: x * x * x.detach()))(2.0) == 4.0
    assert grad(lambda y: grad(lambda x: x * x * y.detach() * y)(3.0))(2.0) == 12.0
    assert hvp(lambda x: x**2 * stop_gradient(x), (2.0,), (1.0,)) == 4.0


def test_a_value_from_before_is_no_constant():
    c = Value(5.0)
    result = grad(lambda x: x * c)(3.0)
    assert isinstance(result, Value)
    assert result.derivative(c).data == 1.0
    copied = copy.copy(c)
    assert isinstance(grad(lambda x: x * copied)(3.0), Value)
    assert grad(lambda x: x * copy.copy(c))(3.0) == 5.0


def test_scipy_takes_a_function_with_a_detached_value():
    def loss(x):
        return sum((x - 1.0) ** 2) + 0.0 * sum(
            [v.detach() if isinstance(v, Value) else v for v in x]
        )

    found = scipy.optimize.minimize(loss, [3.0, -2.0], jac=grad(loss))
    assert found.x == pytest.approx([1.0, 1.0])


def test_stop_gradient():
    x = Value(3.0, name="x")
    y = stop_gradient(x) * x
    y.backward()
    assert (y.data, x.grad, y.derivative(x).data) == (9.0, 3.0, 3.0)
    x.data = 4.0
    assert y.forward() == 16.0
    y.zero_grad()
    y.backward()
    assert x.grad == 4.0
    (row,) = compare(y, {x: 4.0}).rows
    assert (row.verdict, row.note) == ("agree", "")  # a difference quotient stops there, too
    assert "stop_gradient lets nothing through" in str(explain(y))
    assert stop_gradient(2.0) == 2.0
    assert grad(lambda v: sum(stop_gradient(v) * v))(np.array([2.0, 3.0])).tolist() == [2.0, 3.0]
    with np.errstate(divide="ignore"):
        assert grad(lambda t: t + stop_gradient(log(t)))(0.0) == 1.0


def test_none_is_no_gradient():
    x = Value(3.0)
    (x * x).backward()
    x.grad = None
    assert x.grad == 0.0
    (x * x).backward()
    assert x.grad == 6.0
    x.grad = np.float64(2.0)
    assert type(x.grad) is float
    with pytest.raises(TypeError, match="the grad of a Value must be a real number, not the str"):
        x.grad = "1"


@pytest.mark.parametrize("at", [0.0, math.inf])
def test_a_zero_tangent_brings_nothing(at):
    """Not even where the slope is infinite: the same as if the argument were a constant."""

    def function(x, y):
        return (sqrt(x) if at == 0.0 else x * x) + y * y

    assert jvp(function, (at, 3.0), (0.0, 1.0))[1] == 6.0
    assert (
        hvp(lambda v: function(v[0], v[1]), (np.array([at, 3.0]),), (np.array([0.0, 1.0]),))[1]
        == 2.0
    )
    _, pull = vjp(lambda x: [sqrt(x), 3.0 * x], 0.0)
    assert pull([0.0, 1.0]) == (3.0,)


def test_a_graph_that_was_computed_anew_within_the_function():
    def f(t):
        y = t * t
        y.forward()
        return y

    x = Value(3.0)
    value, slope = value_and_grad(f)(x)
    value.backward()
    assert (slope.data, x.grad) == (6.0, 6.0)
    assert copy.deepcopy(value).data == 9.0
    value.zero_grad()
    assert x.grad == 0.0


def test_a_copy_of_a_leaf_that_is_made_within_the_function_is_a_constant():
    def f(x):
        factor = Value(2.0)
        return x * copy.copy(factor) * copy.deepcopy(factor) * pickle.loads(pickle.dumps(factor))

    result = value_and_grad(f)(3.0)
    assert result == (24.0, 8.0)
    assert list(map(type, result)) == [float, float]


# --- Derivatives are values of their own --------------------------------------------------------


def cube(x, factor=1.0):
    return factor * x**3


def norm_of(x):
    return (x * x).sum(), {"size": len(x)}


TRAVELLERS = [
    grad(cube),
    grad(cube, 1),
    grad(cube, argnums=(0, -1)),
    value_and_grad(norm_of, has_aux=True),
    jacobian(cube),
    hessian(cube),
    grad(grad(cube)),
    jacobian(grad(cube, (0, 1)), 1),
    grad(autograd.exp),
]


@pytest.mark.parametrize("derivative", TRAVELLERS, ids=repr)
def test_derivatives_pickle_and_are_equal_to_what_they_were(derivative):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(derivative, protocol))
        assert twin is not derivative
        assert twin == derivative
        assert hash(twin) == hash(derivative)
        assert (repr(twin), twin.__name__, twin.__doc__) == (
            (repr(derivative), derivative.__name__, derivative.__doc__)
        )
    argument = np.array([1.0, 2.0]) if "norm_of" in repr(derivative) else 2.0
    arguments = [argument, 3.0] if "cube" in repr(derivative) else [argument]
    np.testing.assert_equal(twin(*arguments), derivative(*arguments))
    assert copy.deepcopy(derivative) == derivative


def test_derivatives_that_differ_are_not_equal():
    assert len(set(TRAVELLERS)) == len(TRAVELLERS)
    assert grad(cube) == grad(cube, 0) != grad(cube, (0,)) != value_and_grad(cube)
    assert grad(cube) != cube
    assert grad(cube) != grad(lambda x: cube(x))


def test_derivatives_print_as_the_call_that_made_them():
    assert repr(grad(cube)) == "grad(cube)"
    assert repr(hessian(grad(cube, 1))) == "hessian(grad(cube, argnums=1))"
    assert repr(jacobian(cube, [0, 1])) == "jacobian(cube, argnums=(0, 1))"
    assert repr(value_and_grad(norm_of, has_aux=True)) == "value_and_grad(norm_of, has_aux=True)"
    assert repr(grad(lambda x: x)) == "grad(<lambda>)"
    assert repr(grad(autograd.exp)) == "grad(exp)"


def test_what_does_not_pickle_says_so():
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(grad(lambda x: x))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_derivatives_in_other_processes(method):
    context = multiprocessing.get_context(method)
    points = [0.5, 1.0, 2.0, 3.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork where there are threads
        with context.Pool(2) as pool:
            assert pool.map(grad(cube), points) == [3.0 * x * x for x in points]
        with ProcessPoolExecutor(2, context) as executor:
            found = [*executor.map(value_and_grad(cube), points)]
    assert found == [(x**3, 3.0 * x * x) for x in points]


def test_a_derivative_in_a_class_is_a_method():
    class Spring:
        stiffness = 2.0

        def energy(self, x):
            return 0.5 * self.stiffness * x * x

        force = grad(energy, argnums=1)

    assert Spring().force(3.0) == grad(Spring().energy)(3.0) == 6.0
    assert repr(Spring.force) == "grad(energy, argnums=1)"


class Well:
    depth = 2.0

    def energy(self, x):
        return self.depth * x * x

    force = grad(energy, argnums=1)


@grad
def decorated(x):
    return x**3


def test_methods_and_decorated_functions_pickle():
    force = pickle.loads(pickle.dumps(Well().force))
    assert force(3.0) == 12.0
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert decorated(2.0) == 12.0


def test_a_series_is_no_argument():
    with pytest.raises(
        TypeError, match=r"argument 0 of cube .* not a Series: .*\.to_numpy\(float\)"
    ):
        grad(cube)(pandas.Series([1.0, 2.0]))
