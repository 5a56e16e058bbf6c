"""The derivative of a solution: through its equation, whatever found it."""

import copy
import math
import operator
import pickle

import mpmath
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from autograd import (
    Value,
    check_gradient,
    custom_root,
    expression,
    grad,
    hessian,
    jacobian,
    jvp,
    topological_order,
    values,
    vjp,
)
from autograd.questions import listening


def newton(f, x):
    for _ in range(30):
        x = x - f(x) / grad(f)(x)
    return x


def newtons(f, x):
    for _ in range(30):
        x = x - np.linalg.solve(jacobian(f)(x), f(x))
    return x


def cube_root(a):
    return custom_root(lambda x: x**3 - a, 1.0, newton)


def kepler(mean_anomaly, eccentricity, solve=lambda f, x: scipy.optimize.brentq(f, -10.0, 10.0)):
    """The eccentric anomaly of an orbit."""
    return custom_root(lambda x: x - eccentricity * np.sin(x) - mean_anomaly, 0.0, solve)


def kepler_by_iteration(mean_anomaly, eccentricity):
    x = mean_anomaly
    for _ in range(60):
        x = x - (x - eccentricity * np.sin(x) - mean_anomaly) / (1.0 - eccentricity * np.cos(x))
    return x


def three_unknowns(p, solve=newtons):
    """A system in three unknowns and two parameters."""
    a, b = p

    def f(x):
        return np.stack([x[0] ** 2 + x[1] - a, x[0] - x[1] * b, x[2] ** 3 - x[0] * np.exp(a)])

    return custom_root(f, np.array([1.0, 1.0, 1.0]), solve)


def three_unknowns_by_iteration(p):
    a, b = p
    x = [1.0, 1.0, 1.0]
    for _ in range(40):
        f = [x[0] ** 2 + x[1] - a, x[0] - x[1] * b, x[2] ** 3 - x[0] * np.exp(a)]
        det = -2.0 * x[0] * b - 1.0
        step = [(-b * f[0] - f[1]) / det, (-f[0] + 2.0 * x[0] * f[1]) / det]
        step.append((f[2] + np.exp(a) * step[0]) / (3.0 * x[2] ** 2))
        x = [u - v for u, v in zip(x, step, strict=True)]
    return np.stack(x)


@given(st.floats(0.1, 100.0))
def test_a_cube_root(a):
    exact = mpmath.mpf(a)
    assert cube_root(a) == pytest.approx(float(mpmath.cbrt(exact)), rel=1e-14)
    function = cube_root
    for order in range(1, 5):
        function = grad(function)
        expected = mpmath.diff(mpmath.cbrt, exact, order)
        assert function(a) == pytest.approx(float(expected), rel=1e-11)


@given(st.floats(-3.0, 3.0), st.floats(0.0, 0.9))
def test_keplers_equation(mean_anomaly, eccentricity):
    point = (mean_anomaly, eccentricity)
    x = kepler(*point)
    slope = 1.0 / (1.0 - eccentricity * math.cos(x))
    first = slope, math.sin(x) * slope
    assert grad(kepler, (0, 1))(*point) == pytest.approx(first, rel=1e-9, abs=1e-12)
    found = np.array(hessian(kepler, (0, 1))(*point))
    by_iteration = np.array(hessian(kepler_by_iteration, (0, 1))(*point))
    np.testing.assert_allclose(found, by_iteration, rtol=1e-7, atol=1e-9)


def test_keplers_equation_to_many_digits():
    with mpmath.workdps(60):

        def exact(m, e):
            return mpmath.findroot(lambda x: x - e * mpmath.sin(x) - m, m)

        for orders in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2)):
            function = kepler
            for argument, count in enumerate(orders):
                for _ in range(count):
                    function = grad(function, argument)
            expected = float(mpmath.diff(exact, (mpmath.mpf(1), mpmath.mpf("0.25")), orders))
            assert function(1.0, 0.25) == pytest.approx(expected, rel=1e-12)


def test_three_unknowns():
    p = np.array([3.0, 2.0])
    np.testing.assert_allclose(three_unknowns(p), three_unknowns_by_iteration(p), rtol=1e-14)
    found, expected = (jacobian(f)(p) for f in (three_unknowns, three_unknowns_by_iteration))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found, expected = (hessian(f)(p) for f in (three_unknowns, three_unknowns_by_iteration))
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    third = [jacobian(hessian(f))(p) for f in (three_unknowns, three_unknowns_by_iteration)]
    np.testing.assert_allclose(*third, rtol=1e-9)


def test_forward_and_reverse_mode_agree():
    p = np.array([3.0, 2.0])
    matrix = jacobian(three_unknowns)(p)
    _, pullback = vjp(three_unknowns, p)
    for place in range(2):
        _, column = jvp(three_unknowns, (p,), (np.eye(2)[place],))
        np.testing.assert_allclose(column, matrix[:, place], rtol=1e-14)
    for place in range(3):
        np.testing.assert_allclose(pullback(np.eye(3)[place])[0], matrix[place], rtol=1e-14)


@pytest.mark.parametrize(
    "solve",
    [
        newton,
        lambda f, x: scipy.optimize.brentq(f, 0.0, 10.0, xtol=1e-15),
        lambda f, x: scipy.optimize.root(f, x, tol=1e-14).x[0],
        lambda f, x: scipy.optimize.newton(f, x, fprime=grad(f), fprime2=grad(grad(f))),
        lambda f, x: 2.0,
        lambda f, x: Value(2.0),
    ],
)
def test_any_solver(solve):
    a = Value(8.0, "a")
    x = custom_root(lambda x: x**3 - a, 1.0, solve)
    assert x.data == pytest.approx(2.0, rel=1e-12)
    x.backward()
    assert a.grad == pytest.approx(1.0 / 12.0, rel=1e-11)
    assert [node.op and node.op.name for node in topological_order(x)] == [None, "root"]
    assert expression(x) == "root(a)"


def test_a_solver_with_a_jacobian_for_arrays():
    p = np.array([3.0, 2.0])
    by_scipy = jacobian(
        lambda p: three_unknowns(
            p, lambda f, x: scipy.optimize.root(f, x, jac=jacobian(f), tol=1e-14).x
        )
    )
    np.testing.assert_allclose(by_scipy(p), jacobian(three_unknowns)(p), rtol=1e-10)


def test_what_a_solution_depends_on_is_reached_through_the_values_in_between():
    a = Value(2.0, "a")
    square, shift = a * a, np.exp(a)
    x = custom_root(lambda x: x**3 - square * 2.0 + shift * 0.0, 1.0, newton)
    assert x.derivative(square).data == pytest.approx(2.0 / 12.0)
    assert x.derivative(a).data == pytest.approx(2.0 / 12.0 * 4.0)
    assert x.derivative(shift).data == 0.0


def test_forward_solves_anew():
    a = Value(8.0, "a")
    x = custom_root(lambda x: x**3 - a, 1.0, newton)
    y = x * x
    a.data = 27.0
    y.forward()
    y.backward()
    assert (x.data, y.data) == (3.0, 9.0)
    assert a.grad == pytest.approx(2.0 * 3.0 / 27.0)
    assert copy.deepcopy(y).data == 9.0


def test_structures():
    a = values([4.0, 9.0], "a")

    def f(x):
        return [x["one"] ** 2 - a[0], x["two"][0] ** 2 - a[1]]

    def solve(f, guess):
        assert guess == {"one": 1.0, "two": (1.0,)}
        assert f(guess) == [-3.0, -8.0]
        return {"one": 2.0, "two": (3.0,)}

    found = custom_root(f, {"one": 1, "two": (Value(1.0),)}, solve)
    assert (found["one"].data, found["two"][0].data) == (2.0, 3.0)
    assert found["two"][0].derivative(a[1]).data == pytest.approx(1.0 / 6.0)
    assert found["two"][0].derivative(a[0]).data == 0.0


def test_without_values_the_solution_is_plain():
    assert custom_root(lambda x: x**3 - 8.0, 1.0, newton) == 2.0
    assert type(custom_root(lambda x: x * x - np.array([4.0]), np.ones(1), newtons)) is np.ndarray


def test_where_the_equation_is_singular():
    a, b = Value(0.0), values([0.0, 0.0])
    assert custom_root(lambda x: x**2 - a, 1.0, lambda f, x: 0.0).partials == (math.inf,)
    both = custom_root(lambda x: x**2 - b, np.ones(2), lambda f, x: np.zeros(2))
    assert all(math.isnan(partial) for x in both for partial in x.partials)


def test_checking_a_gradient_by_hand():
    def solution(a, b):
        return custom_root(lambda x: x + np.exp(a + x) - b, 0.0, newton) * b

    def by_hand(a, b):
        x = scipy.optimize.brentq(lambda x: x + np.exp(a + x) - b, -200.0, 200.0, xtol=1e-15)
        slope = 1.0 / (1.0 + np.exp(a + x))
        return (slope - 1.0) * b, x + slope * b

    assert check_gradient(solution, by_hand, 0.5, 1.0, samples=3).passed
    wrong = check_gradient(solution, lambda a, b: (by_hand(a, b)[0], -by_hand(a, b)[1]), 0.5, 1.0)
    assert not wrong.passed


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3.0, 1.0, newton), TypeError, "f must be a function, not a float"),
        ((lambda x: x, 1.0, None), TypeError, "solve must be a function, not None"),
        ((lambda x: x, "a", newton), TypeError, "the guess must be a real number, not the str 'a'"),
        ((lambda x: x, 1.0, lambda f, x: "a"), TypeError, "the solution must be a real number"),
        ((lambda x: x, 1.0, lambda f, x: [1.0, 2.0]), ValueError, "must have 1 numbers, as the gu"),
        ((lambda x: x, 1.0, scipy.optimize.root), TypeError, r"of a result of SciPy's, return \.x"),
        ((lambda x: None, 1.0, lambda f, x: x), TypeError, "the result of <lambda> must be a real"),
        (
            (lambda x: [x, x], 1.0, lambda f, x: x),
            ValueError,
            "as many numbers as it takes, 1, not",
        ),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        custom_root(*arguments)


def test_a_solution_may_be_in_another_kind_of_sequence():
    a = Value(8.0)
    for solve in (scipy.optimize.fsolve, lambda f, x: [2.0], lambda f, x: np.array(2.0)):
        x = custom_root(lambda x: x**3 - a, 1.0, solve)
        assert x.data == pytest.approx(2.0, rel=1e-12)
    x = custom_root(lambda x: (x[0] ** 3 - a, x[1] - a), [1.0, 1.0], scipy.optimize.fsolve)
    assert type(x) is list
    assert x[1].derivative(a).data == 1.0


def test_listeners_are_told_of_the_solution_alone():
    heard = []
    a = Value(8.0)
    with listening(heard.append):
        custom_root(lambda x: x**3 - a if x > 0.5 else x - a, 1.0, newton)
    assert [question.asked for question in heard] == [operator.gt]


def test_higher_derivatives_are_nan_where_the_equation_is_singular():
    def solution(a):
        f = lambda x: np.stack([x[0] * x[0] - a, x[1] - a])  # noqa: E731
        return custom_root(f, np.ones(2), lambda f, x: np.zeros(2))[0]

    assert math.isnan(grad(solution)(0.0))
    assert math.isnan(grad(grad(solution))(0.0))


def test_a_solution_does_not_pickle():
    with pytest.raises(TypeError, match=r"a solution of custom_root does not pickle.*its \.data"):
        pickle.dumps(custom_root(lambda x: x - Value(1.0), 0.0, newton))


def test_nested():
    def outer(a):
        inner = lambda y: custom_root(lambda x: x**3 - y, 1.0, newton)  # noqa: E731
        return custom_root(lambda y: inner(y) + y - a, 1.0, newton)

    # y = x ** 3 with x + x ** 3 = a
    x = scipy.optimize.brentq(lambda x: x + x**3 - 10.0, 0.0, 10.0, xtol=1e-15)
    assert outer(10.0) == pytest.approx(x**3, rel=1e-12)
    assert grad(outer)(10.0) == pytest.approx(3.0 * x**2 / (1.0 + 3.0 * x**2), rel=1e-11)
