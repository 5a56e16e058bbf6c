"""Gradients of random expressions against mpmath, and the laws that differentiation obeys."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from graphs import exact, expressions, from_kinks, points, run, sizes
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mpf

from autograd import Value, topological_order


@given(expressions(), points)
def test_gradients_of_random_expressions(steps, point):
    """The backward sweep, and the derivative as a graph, against mpmath's numerical derivative.

    The bound: every node is computed to a few units in the last place, and an error made at a node
    reaches the gradient through the same sums of products of partials and of their derivatives. S
    is that sum with absolute values and plus signs, the partials' own derivatives being of the
    order of 1 for these operations; each of the at most 12 steps adds 8 units of it.
    """
    leaves = [Value(x) for x in point]
    with np.errstate(all="ignore"):
        nodes = run(steps, leaves)
    root = nodes[-1]
    assume(all(abs(node.data) < 1e3 for node in nodes))
    for node in topological_order(root):
        assume(all(distance > 1e-9 for distance in from_kinks(node)))
        if node.op and node.op.name == "hypot":
            assume(node.data > 1e-2)
    with mpmath.workdps(60):
        assume(abs(run(steps, map(mpf, point), exact)[-1] - root.data) < 1e-6)

    root.backward()
    adjoints = sizes(root, lambda number, partial: 1e-3)
    largest = max(1.0, *(abs(node.data) for node in nodes))
    for index, leaf in enumerate(leaves):

        def function(x, index=index):
            moved = [*map(mpf, point)]
            moved[index] = x
            return run(steps, moved, exact)[-1]

        with mpmath.workdps(60):
            derivative = mpmath.diff(function, mpf(point[index]), h=mpf(10) ** -25)
        bound = 8 * len(steps) * 2.0**-52 * (1 + adjoints[leaf]) ** 2 * largest**2 + 1e-14
        assert abs(leaf.grad - derivative) <= bound
        slope = root.derivative(leaf).data
        assert abs(slope - derivative) <= bound


@given(expressions(), points)
def test_forward_at_another_point_equals_recording_there(steps, point):
    leaves = [Value(x) for x in point]
    moved = [Value(x) for x in reversed(point)]
    with np.errstate(all="ignore"):
        root = run(steps, leaves)[-1]
        slopes = [root.derivative(leaf) for leaf in leaves]
        fresh = run(steps, moved)[-1]
        fresh_slopes = [fresh.derivative(leaf) for leaf in moved]
        for leaf, other in zip(leaves, moved, strict=True):
            leaf.data = other.data
        root.forward()
        root.zero_grad()
        root.backward()
        fresh.backward()
        for old, new in zip(topological_order(root), topological_order(fresh), strict=True):
            assert repr(old) == repr(new)
            assert repr(old.partials) == repr(new.partials)
        for old, new in zip(slopes, fresh_slopes, strict=True):
            assert repr(old.forward()) == repr(new.data)


@given(expressions(), points)
def test_the_derivative_graph_equals_the_sweep(steps, point):
    """Not to the last bit: the graph writes `2 x` where the sweep has the saved partial of x²."""
    leaves = [Value(x) for x in point]
    with np.errstate(all="ignore"):
        root = run(steps, leaves)[-1]
        root.backward()
        for leaf in leaves:
            slope = root.derivative(leaf).data
            assert slope == pytest.approx(leaf.grad, rel=1e-12, abs=1e-300, nan_ok=True)


exactly = st.integers(-1000, 1000).map(float)


@given(st.lists(exactly, min_size=3, max_size=3), exactly, exactly)
def test_linearity(point, a, b):
    """The gradient of a f + b g is a times that of f plus b times that of g: exact on integers."""

    def f(x, y, z):
        return x * y + z * z

    def g(x, y, z):
        return x - y * z

    def gradient(function):
        leaves = [Value(x) for x in point]
        function(*leaves).backward()
        return np.array([leaf.grad for leaf in leaves])

    combined = gradient(lambda *leaves: a * f(*leaves) + b * g(*leaves))
    assert combined.tolist() == (a * gradient(f) + b * gradient(g)).tolist()


polynomials = st.lists(st.integers(-9, 9), min_size=1, max_size=5)


def evaluate(coefficients, x):
    """Horner's rule, on numbers or Values."""
    result = 0 * x
    for coefficient in coefficients:
        result = result * x + coefficient
    return result


def differentiated(coefficients):
    degree = len(coefficients) - 1
    return [c * (degree - i) for i, c in enumerate(coefficients[:-1])] or [0]


@given(polynomials, polynomials, st.integers(-8, 8))
def test_product_rule(f, g, at):
    """(f g)' = f' g + f g', in integers without any rounding."""
    x = Value(at)
    (evaluate(f, x) * evaluate(g, x)).backward()
    by_rule = evaluate(differentiated(f), at) * evaluate(g, at)
    by_rule += evaluate(f, at) * evaluate(differentiated(g), at)
    assert x.grad == by_rule


@given(polynomials.filter(lambda f: len(f) < 4), polynomials.filter(lambda f: len(f) < 4),
       st.integers(-4, 4))  # fmt: skip
def test_chain_rule(f, g, at):
    """f(g(x))' = f'(g(x)) g'(x)."""
    x = Value(at)
    evaluate(f, evaluate(g, x)).backward()
    assert x.grad == evaluate(differentiated(f), evaluate(g, at)) * evaluate(differentiated(g), at)


@given(polynomials, polynomials, st.integers(-8, 8))
def test_quotient_rule(f, g, at):
    x = Value(at)
    below = evaluate(g, at)
    assume(below != 0)
    (evaluate(f, x) / evaluate(g, x)).backward()
    above = evaluate(differentiated(f), at) * below
    above -= evaluate(f, at) * evaluate(differentiated(g), at)
    expected = Fraction(above, below**2)
    sizes = [evaluate(differentiated(f), at) / below]
    sizes += [evaluate(f, at) * evaluate(differentiated(g), at) / below**2]
    assert abs(x.grad - float(expected)) <= 8 * 2.0**-52 * math.fsum(map(abs, sizes))


@given(expressions(), points, st.floats(-1e3, 1e3))
def test_a_seed_scales_the_gradient(steps, point, seed):
    gradients = []
    for grad in (1.0, seed):
        leaves = [Value(x) for x in point]
        with np.errstate(all="ignore"):
            root = run(steps, leaves)[-1]
            root.backward(grad)
        gradients.append([leaf.grad for leaf in leaves])
    for one, scaled in zip(*gradients, strict=True):
        if math.isfinite(one):
            assert scaled == pytest.approx(seed * one, rel=1e-9, abs=1e-9)


@given(expressions(), points)
def test_backward_twice_is_exactly_twice_on_every_node(steps, point):
    leaves = [Value(x) for x in point]
    with np.errstate(all="ignore"):
        root = run(steps, leaves)[-1]
        root.backward()
        order = topological_order(root)
        once = [node.grad for node in order]
        root.backward()
    for node, grad in zip(order, once, strict=True):
        assert node.grad == 2 * grad or math.isnan(grad)
