"""Linear algebra of matrices of Values: against NumPy, closed formulas, and mpmath."""

import inspect
import math
import time

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    Array,
    Value,
    array,
    check_gradient,
    data,
    grad,
    hessian,
    jacobian,
    jvp,
    topological_order,
    value_and_grad,
    values,
)
from autograd.questions import listening

RNG = np.random.default_rng(7)
A = RNG.normal(size=(4, 4))
S = A @ A.T + np.eye(4)
TALL, WIDE = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 5))
STACK = RNG.normal(size=(2, 3, 3, 3))
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
EPSILON = np.finfo(float).eps

CALLS = {
    "solve": (lambda x: np.linalg.solve(x, np.arange(4.0)), A),
    "solve for columns": (lambda x: np.linalg.solve(x, A[:, :2]), S),
    "solve, a plain matrix": (lambda x: np.linalg.solve(A, x), A[0]),
    "solve, a batch": (lambda x: np.linalg.solve(x, np.ones((3, 3, 2))), STACK),
    "solve, one matrix for a batch": (lambda x: np.linalg.solve(x, STACK), STACK[0, 0]),
    "solve, both": (lambda x: np.linalg.solve(x, x[0]), A),
    "inv": (np.linalg.inv, A),
    "inv, a batch": (np.linalg.inv, STACK),
    "inv, 1 x 1": (np.linalg.inv, np.array([[-2.0]])),
    "det": (np.linalg.det, A),
    "det, a batch": (np.linalg.det, STACK),
    "det, 1 x 1": (np.linalg.det, np.array([[-2.0]])),
    "det, singular": (np.linalg.det, SINGULAR),
    "det, zero": (np.linalg.det, np.zeros((3, 3))),
    "det, a zero column first": (np.linalg.det, np.array([[0.0, 1, 2], [0, 3, 4], [0, 5, 7]])),
    "det, rank 1": (np.linalg.det, np.outer([1.0, 2, 3], [1.0, -1, 2])),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], A),
    "slogdet, a batch": (lambda x: np.linalg.slogdet(x).logabsdet, STACK),
    "cholesky": (np.linalg.cholesky, S),
    "cholesky, upper": (lambda x: np.linalg.cholesky(x, upper=True), S),
    "cholesky, a batch": (
        lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2) + np.eye(3)), STACK,
    ),
    "qr": (lambda x: np.linalg.qr(x).Q, A),
    "qr, the triangle": (lambda x: np.linalg.qr(x)[1], A),
    "qr, tall": (lambda x: np.linalg.qr(x).Q @ np.linalg.qr(x).R, TALL),
    "qr, tall, orthogonal": (lambda x: np.linalg.qr(x).Q, TALL),
    "qr, tall, r": (lambda x: np.linalg.qr(x, mode="r"), TALL),
    "qr, wide": (lambda x: np.linalg.qr(x, "complete").Q, WIDE),
    "qr, wide, r": (lambda x: np.linalg.qr(x).R, WIDE),
    "qr, a batch": (lambda x: np.linalg.qr(x).R, STACK),
    "lstsq": (lambda x: np.linalg.lstsq(x, np.arange(5.0), rcond=None)[0], TALL),
    "lstsq, residuals": (lambda x: np.linalg.lstsq(x, TALL[:, :2] ** 2, rcond=None)[1], TALL),
    "lstsq, right": (lambda x: np.linalg.lstsq(TALL, x, rcond=None)[0], TALL[:, :2] ** 2),
    "lstsq, square": (lambda x: np.linalg.lstsq(x, np.ones(4), rcond=None)[0], A),
    "lstsq, wide": (lambda x: np.linalg.lstsq(x, np.arange(3.0), rcond=None)[0], WIDE),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, 5), A),
    "matrix_power, negative": (lambda x: np.linalg.matrix_power(x, -2), A),
    "matrix_power, 0": (lambda x: np.linalg.matrix_power(x, 0) + x, A),
    "matrix_power, a batch": (lambda x: np.linalg.matrix_power(x, 3), STACK),
    "tensorsolve": (lambda x: np.linalg.tensorsolve(x.reshape(2, 2, 2, 2), A[:2, :2]), A),
    "tensorsolve, axes": (
        lambda x: np.linalg.tensorsolve(x.reshape(2, 2, 4).swapaxes(0, 2), A[:2, :2], axes=(0,)),
        A,
    ),
    "tensorinv": (lambda x: np.linalg.tensorinv(x.reshape(4, 2, 2), ind=1), A),
    "polyfit": (lambda y: np.polyfit(np.arange(5.0), y, 2), TALL[:, 0]),
    "polyfit, places": (lambda x: np.polyfit(x, np.arange(5.0) ** 2, 1), TALL[:, 0]),
    "polyfit, weights": (lambda w: np.polyfit(A[0], A[1], 1, w=w), np.arange(1.0, 5.0)),
    "trace": (np.linalg.trace, STACK),
    "norm": (lambda x: np.linalg.norm(x, ord=1), A),
}  # fmt: skip


def differences(function, x, step=1e-3):
    """The Jacobian by central differences, three of them extrapolated."""
    columns = []
    for place in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1.0
        slopes = [
            (np.asarray(function(x + h * unit)) - np.asarray(function(x - h * unit))) / (2.0 * h)
            for h in (step, step / 2.0, step / 4.0)
        ]
        finer = [(4.0 * fine - coarse) / 3.0 for coarse, fine in zip(slopes, slopes[1:])]  # noqa: B905, RUF007
        columns.append((16.0 * finer[1] - finer[0]) / 15.0)
    return np.stack(columns, -1).reshape(columns[0].shape + x.shape)


@pytest.mark.parametrize("name", CALLS)
def test_values_and_jacobians(name):
    function, x = CALLS[name]
    result = function(values(x))
    np.testing.assert_allclose(data(result), function(x), rtol=1e-12, atol=1e-13)
    assert isinstance(result, (Array, Value))
    expected = differences(function, x)
    np.testing.assert_allclose(jacobian(function)(x), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", [name for name in CALLS if "batch" not in name])
def test_second_derivatives(name):
    function, x = CALLS[name]
    weights = np.cos(np.arange(1.0 + np.size(function(x))))[1:].reshape(np.shape(function(x)))

    def loss(x):
        return np.sum(function(x) * weights)

    expected = differences(grad(loss), x)
    np.testing.assert_allclose(hessian(loss)(x), expected, rtol=1e-6, atol=1e-6)


# --- Shapes and kinds ---------------------------------------------------------------------------

SHAPES = {
    "solve": (np.linalg.solve, [
        ((3, 3), (3,)), ((3, 3), (3, 0)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)),
        ((3, 3), (2, 3, 1)), ((2, 1, 3, 3), (2, 4, 3, 4)), ((1, 2, 2), (3, 2, 1)), ((0, 0), (0,)),
        ((0, 0), (0, 2)), ((0, 3, 3), (3,)), ((0, 3, 3), (3, 2)), ((1, 1), (1,)),
    ]),
    "inv": (np.linalg.inv, [((0, 0),), ((1, 1),), ((3, 3),), ((2, 0, 0),), ((0, 3, 3),)]),
    "det": (np.linalg.det, [((0, 0),), ((1, 1),), ((2, 0, 0),), ((0, 3, 3),), ((2, 0, 3, 3),)]),
    "slogdet": (np.linalg.slogdet, [((0, 0),), ((1, 1),), ((2, 0, 0),), ((0, 3, 3),)]),
    "cholesky": (
        lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2)),
        [((0, 0),), ((1, 1),), ((2, 3, 3),), ((0, 3, 3),)],
    ),
    "qr": (np.linalg.qr, [
        ((0, 0),), ((3, 0),), ((0, 3),), ((1, 1),), ((0, 3, 2),), ((0, 2, 3),), ((2, 3, 2),),
    ]),
    "qr, r": (lambda x: np.linalg.qr(x, "r"), [((0, 3),), ((0, 3, 2),), ((2, 3),)]),
    "lstsq": (np.linalg.lstsq, [
        ((0, 0), (0,)), ((3, 0), (3,)), ((0, 3), (0,)), ((3, 3), (3, 0)), ((3, 2), (3, 0)),
        ((3, 2), (3,)), ((3, 2), (3, 4)), ((2, 3), (2,)), ((3, 3), (3, 2)),
    ]),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, 3), [((0, 0),), ((1, 1),), ((2, 3, 3),)]),
    "tensorinv": (np.linalg.tensorinv, [((2, 3, 6),), ((2, 2, 1, 4),)]),
    "tensorsolve": (np.linalg.tensorsolve, [((2, 3, 6), (2, 3)), ((4, 2, 2), (4,))]),
    "matrix_rank": (np.linalg.matrix_rank, [((3, 3),), ((3, 2),), ((2, 3, 3),), ((3,),)]),
    "polyfit": (lambda x, y: np.polyfit(x, y, 2), [((5,), (5,)), ((5,), (5, 2))]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_and_fields_are_numpys(name):
    function, groups = SHAPES[name]

    def compare(found, expected):
        if isinstance(expected, tuple):
            assert getattr(found, "_fields", None) == getattr(expected, "_fields", None)
            assert len(found) == len(expected)
            for pair in zip(found, expected, strict=True):
                compare(*pair)
            return
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(np.asarray(data(found)), expected, rtol=1e-11, atol=1e-12)

    for shapes in groups:
        arrays = [RNG.normal(size=shape) for shape in shapes]
        expected = function(*arrays)
        compare(function(*map(values, arrays)), expected)
        for i in range(len(arrays)):  # one of Values alone, the others plain numbers
            compare(function(*[values(x) if i == j else x for j, x in enumerate(arrays)]), expected)


def test_values_and_numbers_in_one_matrix():
    v = Value(2.0)
    matrix = array([[v, 1.0], [0.0, 4.0]])
    np.testing.assert_array_equal(data(np.linalg.inv(matrix)), [[0.5, -0.125], [0.0, 0.25]])
    np.linalg.det(matrix).backward()
    assert v.grad == 4.0
    whole = np.array([[2, 1], [0, 4]])
    for plain in (whole, whole.tolist(), whole.astype(np.float32), whole > 9 - 8 * np.eye(2)):
        found = np.linalg.solve(plain, values([1.0, 2.0]))
        np.testing.assert_allclose(data(found), np.linalg.solve(plain, [1.0, 2.0]), rtol=1e-6)
    by_list = np.linalg.solve(values(whole), [1, 2])
    assert data(by_list).tolist() == [0.25, 0.5]


# --- Closed formulas ----------------------------------------------------------------------------

SIZES = st.integers(1, 5)


@st.composite
def regular(draw):
    """A matrix that is far from singular, with its rows in any order."""
    n = draw(SIZES)
    elements = st.sampled_from([0.0, 1.0, -1.0, 0.5, -2.0, 3.0])
    matrix = np.array(draw(st.lists(elements, min_size=n * n, max_size=n * n))).reshape(n, n)
    return (np.diag(2.0 + 3.0 * np.abs(matrix).sum(axis=1)) + matrix)[
        draw(st.permutations(range(n)))
    ]


@given(regular())
@settings(max_examples=60)
def test_the_formulas_of_the_textbook(x):
    n = len(x)
    inverse = np.linalg.inv(x)
    by_inverse = -np.einsum("ik,lj->ijkl", inverse, inverse)
    np.testing.assert_allclose(jacobian(np.linalg.inv)(x), by_inverse, rtol=1e-11, atol=1e-13)
    det = np.linalg.det(x)
    np.testing.assert_allclose(
        grad(np.linalg.det)(x), det * inverse.T, rtol=1e-10, atol=1e-9 * abs(det)
    )
    log_det = value_and_grad(lambda x: np.linalg.slogdet(x)[1])
    np.testing.assert_allclose(log_det(x)[0], np.linalg.slogdet(x)[1], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(log_det(x)[1], inverse.T, rtol=1e-11, atol=1e-13)
    second = hessian(lambda x: np.linalg.slogdet(x)[1])(x)
    np.testing.assert_allclose(second, by_inverse.transpose(1, 0, 2, 3), rtol=1e-10, atol=1e-13)
    b = np.arange(1.0, n + 1.0)
    solution = np.linalg.solve(x, b)
    found = jacobian(np.linalg.solve, (0, 1))(x, b)
    np.testing.assert_allclose(
        found[0], -np.einsum("ik,j->ikj", inverse, solution), rtol=1e-11, atol=1e-13
    )
    np.testing.assert_allclose(found[1], inverse, rtol=1e-11, atol=1e-13)


@given(st.integers(2, 5), st.integers(0, 5), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_a_determinant_has_its_derivative_at_singular_matrices(n, rank, random):
    """The cofactors, as a polynomial has them; the second derivatives are smaller cofactors."""
    whole = [[float(random.randint(-3, 3)) for _ in range(n)] for _ in range(n)]
    x = np.array(whole)
    x[min(rank, n - 1) :] = x[0] * np.arange(n - min(rank, n - 1))[:, None]

    def minors(x):
        small = [[np.delete(np.delete(x, i, 0), j, 1) for j in range(n)] for i in range(n)]
        return np.linalg.det(np.array(small)) * (-1.0) ** np.add.outer(range(n), range(n))

    np.testing.assert_allclose(grad(np.linalg.det)(x), minors(x), rtol=1e-9, atol=1e-9)
    second = hessian(np.linalg.det)(x)
    expected = differences(minors, x)
    np.testing.assert_allclose(second, expected, rtol=1e-6, atol=1e-6)


def test_the_factor_of_cholesky_has_murrays_formula():
    """I. Murray, "Differentiation of the Cholesky decomposition" (2016), forward mode."""
    direction = RNG.normal(size=(4, 4))
    direction += direction.T
    factor, found = jvp(np.linalg.cholesky, (S,), (direction,))
    inner = np.linalg.solve(factor, np.linalg.solve(factor, direction).T)
    half = np.tril(inner) - 0.5 * np.diag(np.diag(inner))
    np.testing.assert_allclose(found, factor @ half, rtol=1e-12)


@pytest.mark.parametrize("x", [A, TALL, np.triu(S), np.eye(3), np.diag([1.0, -2.0, 3.0])])
def test_orthogonal_columns_have_the_closed_formula(x):
    """S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2010).

    NumPy's own function jumps at an upper triangle, where the signs of the diagonal change.
    """
    direction = RNG.normal(size=x.shape)
    (q, r), (dq, dr) = jvp(lambda x: tuple(np.linalg.qr(x)), (x,), (direction,))
    np.testing.assert_allclose(q, np.linalg.qr(x).Q, atol=1e-14)
    np.testing.assert_allclose(r, np.linalg.qr(x).R, atol=1e-14)
    inner = q.T @ direction @ np.linalg.inv(r)
    skew = np.tril(inner, -1) - np.tril(inner, -1).T
    np.testing.assert_allclose(dr, (inner - skew) @ r, atol=1e-12)
    expected = q @ skew + (np.eye(len(x)) - q @ q.T) @ direction @ np.linalg.inv(r)
    np.testing.assert_allclose(dq, expected, atol=1e-12)


def test_third_derivatives():
    def f(t):
        matrix = np.stack([np.stack([1.0 + t, t**2, 0.5]), np.stack([t, 2.0, t]), [0.0, t**3, 1.0]])
        return np.linalg.slogdet(matrix)[1] + np.linalg.solve(matrix, np.ones(3))[0]

    def exact(t):
        matrix = mpmath.matrix([[1 + t, t**2, 0.5], [t, 2, t], [0, t**3, 1]])
        return mpmath.log(abs(mpmath.det(matrix))) + mpmath.lu_solve(matrix, mpmath.ones(3, 1))[0]

    third = grad(grad(grad(f)))(0.3)
    with mpmath.workdps(50):
        assert third == pytest.approx(float(mpmath.diff(exact, mpmath.mpf(0.3), 3)), rel=1e-12)


@given(regular(), st.integers(-3, 4))
@settings(max_examples=30)
def test_powers_of_matrices_have_the_closed_formula(x, power):
    """`sum(x ** i @ dx @ x ** (power - 1 - i))`, and its negative for a negative power."""
    direction = np.cos(np.arange(1.0, x.size + 1.0)).reshape(x.shape)
    found = jvp(lambda x: np.linalg.matrix_power(x, power) + 0.0 * x, (x,), (direction,))[1]
    base, change, count = x, direction, power
    if power < 0:
        base, count = np.linalg.inv(x), -power
        change = -base @ direction @ base
    powers = [np.linalg.matrix_power(base, i) for i in range(count)]
    expected = np.zeros(x.shape)
    for i in range(count):
        expected = expected + powers[i] @ change @ powers[count - 1 - i]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


@given(st.integers(1, 6), st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_least_squares_have_the_formula_of_golub_and_pereyra(m, n, random):
    """SIAM J. Numer. Anal. 10 (1973) 413, (4.12), of tall and of wide matrices."""
    x = np.array([[random.uniform(-1.0, 1.0) for _ in range(n)] for _ in range(m)])
    x[range(min(m, n)), range(min(m, n))] += 4.0
    b = np.array([random.uniform(-1.0, 1.0) for _ in range(m)])
    p = np.linalg.pinv(x)
    solution, by_matrix = p @ b, jacobian(lambda x: np.linalg.lstsq(x, b)[0])(x)
    square = np.einsum("ij,k->ikj", p @ p.T, b - x @ solution)
    outside = np.einsum("ij,k->ikj", np.eye(n) - p @ x, p.T @ solution)
    expected = -np.einsum("ik,j->ikj", p, solution) + square + outside
    np.testing.assert_allclose(by_matrix, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(jacobian(lambda b: np.linalg.lstsq(x, b)[0])(b), p, atol=1e-12)


def test_least_squares_of_any_rank_follow_the_right_hand_side():
    x = np.ones((3, 2))
    found = jacobian(lambda b: np.linalg.lstsq(x, b)[0])(np.array([1.0, 2.0, 4.0]))
    np.testing.assert_allclose(found, np.linalg.pinv(x), rtol=1e-14)


def test_third_derivatives_of_a_log_determinant():
    inverse = np.linalg.inv(S)
    expected = np.einsum("jk,lm,ni->ijklmn", inverse, inverse, inverse)
    expected = expected + np.einsum("jm,nk,li->ijklmn", inverse, inverse, inverse)
    found = jacobian(hessian(lambda x: np.linalg.slogdet(x)[1]))(S)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)


# --- Badly conditioned matrices -----------------------------------------------------------------

HILBERT = scipy.linalg.hilbert(8)
VANDERMONDE = np.vander(np.linspace(0.5, 2.0, 7))
GRADED = np.diag(10.0 ** np.arange(6)) @ (np.eye(6) + 0.5 * RNG.normal(size=(6, 6)))
BAD = {"Hilbert": HILBERT, "Vandermonde": VANDERMONDE, "graded": GRADED}
PASCAL = scipy.linalg.pascal(8).astype(float)
SCALED = GRADED[::-1] @ np.diag(10.0 ** -np.arange(6))
BAD |= {"Pascal": PASCAL, "scaled": SCALED}
BOUND = 0.125
"""Errors of values and of derivatives are at most this many times the condition number times
2 ** -52, relative to the largest element of the result: the matrix of Hilbert has one of 1.5e10.
(Seen: 0.01 of the Vandermonde matrix' lstsq, less elsewhere.)"""


def exact(x):
    return mpmath.matrix(np.asarray(x).tolist())


def listed(x):
    return np.array(x.tolist(), dtype=object)


def error(found, expected):
    """The largest error, relative to the largest element."""
    expected = np.array(expected, dtype=object)
    return float(np.max(np.abs(np.asarray(found) - expected)) / np.max(np.abs(expected)))


@pytest.mark.parametrize("name", BAD)
def test_errors_are_within_the_condition_number(name):
    x = BAD[name]
    allowed = BOUND * np.linalg.cond(x) * EPSILON
    with mpmath.workdps(60):
        inverse = listed(exact(x) ** -1)
        determinant = mpmath.det(exact(x))
        ones = inverse.sum(axis=1)
        by_inverse = -np.einsum("ik,lj->ijkl", inverse, inverse)
        second = by_inverse.transpose(1, 0, 2, 3)
        assert error(data(np.linalg.inv(values(x))), inverse) <= allowed
        assert error(data(np.linalg.solve(values(x), np.ones(len(x)))), ones) <= allowed
        assert error(grad(lambda x: np.linalg.slogdet(x)[1])(x), inverse.T) <= allowed
        assert error(np.array([np.linalg.det(values(x)).data]), [determinant]) <= allowed
        assert error(grad(np.linalg.det)(x), determinant * inverse.T) <= allowed
        assert error(jacobian(np.linalg.inv)(x), by_inverse) <= allowed
        assert error(hessian(lambda x: np.linalg.slogdet(x)[1])(x), second) <= allowed
        slope = grad(lambda x: np.linalg.solve(x, np.ones(len(x))).sum())(x)
        assert error(slope, -np.outer(inverse.sum(axis=0), ones)) <= allowed


@pytest.mark.parametrize("name", ["Hilbert", "Pascal"])
def test_errors_of_the_factor_of_cholesky(name):
    x = BAD[name]
    allowed = BOUND * np.linalg.cond(x) * EPSILON
    direction = RNG.normal(size=x.shape)
    direction += direction.T
    with mpmath.workdps(60):
        factor = mpmath.cholesky(exact(x))
        inner = listed(factor**-1 * exact(direction) * (factor**-1).T)
        half = np.tril(inner, -1) + np.diag(np.diag(inner)) / 2
        found, slope = jvp(np.linalg.cholesky, (x,), (direction,))
        assert error(found, listed(factor)) <= allowed
        assert error(slope, listed(factor * mpmath.matrix(half.tolist()))) <= allowed
        inverse = listed(exact(x) ** -1)
        found = grad(lambda x: np.log(np.diag(np.linalg.cholesky(x))).sum())(x)
        assert error(found, np.tril(inverse, -1) + np.diag(np.diag(inverse)) / 2) <= allowed


@pytest.mark.parametrize("name", BAD)
def test_errors_of_orthogonal_columns_and_of_least_squares(name):
    x = BAD[name]
    allowed = BOUND * np.linalg.cond(x) * EPSILON
    direction, ones = RNG.normal(size=x.shape), np.ones(len(x))
    with mpmath.workdps(60):
        (q, r), (dq, dr) = jvp(lambda x: tuple(np.linalg.qr(x)), (x,), (direction,))
        columns, upper = mpmath.qr(exact(x))
        signs = mpmath.diag(
            [
                mpmath.sign(a) * int(np.sign(b))
                for a, b in zip(np.diag(listed(upper)), np.diag(r), strict=True)
            ]
        )
        columns, upper = columns * signs, signs * upper
        inner = listed(columns.T * exact(direction) * upper**-1)
        skew = np.tril(inner, -1) - np.tril(inner, -1).T
        assert error(q, listed(columns)) <= allowed
        assert error(r, listed(upper)) <= allowed
        assert error(dq, listed(columns * mpmath.matrix(skew.tolist()))) <= allowed
        assert error(dr, listed(mpmath.matrix((inner - skew).tolist()) * upper)) <= allowed
        inverse = listed(exact(x) ** -1)
        solution = inverse.sum(axis=1)
        found = jacobian(lambda x: np.linalg.lstsq(x, ones, rcond=-1)[0])(x)
        assert error(data(np.linalg.lstsq(values(x), ones, rcond=-1)[0]), solution) <= allowed
        assert error(found, -np.einsum("ik,j->ikj", inverse, solution)) <= allowed


def test_errors_of_a_polynomial_of_degree_6():
    """Of 12 places, by the formula of Golub and Pereyra."""
    x, b = np.vander(np.linspace(0.5, 2.0, 12), 7), np.sin(np.arange(12.0))
    with mpmath.workdps(60):
        square = (exact(x).T * exact(x)) ** -1
        left = listed(square * exact(x).T)
        solution = (left * b).sum(axis=1)
        rest = b - (exact(x) * mpmath.matrix(solution.tolist())).T.tolist()[0]
        expected = np.einsum("ij,k->ikj", listed(square), rest)
        expected = expected - np.einsum("ik,j->ikj", left, solution)
        allowed = BOUND * np.linalg.cond(x) * EPSILON
        assert error(data(np.linalg.lstsq(values(x), b)[0]), solution) <= allowed
        assert error(jacobian(lambda x: np.linalg.lstsq(x, b)[0])(x), expected) <= allowed


@pytest.mark.parametrize("n", [3, 4])
def test_determinants_of_rank_1_but_for_rounding(n):
    """All derivatives are minors, to 2 ** -52 of the largest products of elements."""
    x = np.outer(RNG.normal(size=n), RNG.normal(size=n))

    def minor(places):
        """The derivative with respect to the elements at places."""
        rows, columns = places[0::2], places[1::2]
        orders = [[*group, *sorted({*range(n)} - {*group})] for group in (rows, columns)]
        if any(len({*group}) < len(group) for group in (rows, columns)):
            return mpmath.mpf(0)
        sign = math.prod([np.linalg.det(np.eye(n)[order]) for order in orders])
        rest = [order[len(rows) :] for order in orders]
        return round(sign) * (mpmath.det(exact(x[np.ix_(*rest)])) if rest[0] else mpmath.mpf(1))

    third = jacobian(hessian(np.linalg.det))
    with mpmath.workdps(60):
        for found in (grad(np.linalg.det)(x), hessian(np.linalg.det)(x), third(x)):
            size = np.abs(x).max() ** (n - found.ndim // 2)
            for place in np.ndindex(found.shape):
                assert abs(found[place] - minor(place)) <= 64.0 * EPSILON * size


def test_orthogonal_columns_stay_orthogonal():
    for x in BAD.values():
        q, r = (data(part) for part in np.linalg.qr(values(x)))
        assert np.abs(q.T @ q - np.eye(len(x))).max() <= 8.0 * EPSILON
        assert np.abs(q @ r - x).max() <= 8.0 * EPSILON * np.abs(x).max()


# --- How it is recorded -------------------------------------------------------------------------


def test_each_element_is_one_dot_node():
    x = values(S)
    names = [node.op.name for node in topological_order(np.linalg.det(x)) if node.op]
    assert {name: names.count(name) for name in sorted(set(names))} == {
        "divide": 6, "dot": 9, "negative": 3, "prod": 1,
    }  # fmt: skip
    factor = np.linalg.cholesky(x)
    names = [node.op.name for node in topological_order(autograd.sum(factor)) if node.op]
    assert (names.count("dot"), names.count("sqrt")) == (6, 4)


def test_pivots_are_asked():
    heard = []
    x = values([[0.0, 1.0], [2.0, 3.0]])
    with listening(heard.append):
        line = inspect.currentframe().f_lineno + 1
        np.linalg.solve(x, [1.0, 1.0])
    assert heard
    assert {(question.file, question.line) for question in heard} == {(__file__, line)}
    assert heard[0].answer == 1  # the second row
    assert [x.data for x in heard[0].operands[0]] == [0.0, 2.0]


def test_solutions_have_few_nodes():
    x = values(RNG.normal(size=(5, 5)))
    nodes = {
        id(node): node for x in np.linalg.solve(x, np.ones(5)) for node in topological_order(x)
    }
    names = [node.op.name for node in nodes.values() if node.op]
    assert names.count("dot") == 16 + 4 + 4  # the factors, the forward and the back substitution
    assert names.count("divide") == 10 + 5


@pytest.mark.parametrize("name", [name for name in CALLS if "norm" not in name])
def test_questions_have_the_callers_line(name):
    function, x = CALLS[name]
    heard = []
    with listening(heard.append):
        function(values(x))
    assert {question.file for question in heard} <= {__file__}


@pytest.mark.parametrize(
    "name", [name for name in CALLS if "singular" not in name and "0" not in name]
)
def test_forward_after_a_change_of_the_data(name):
    function, x = CALLS[name]
    changed = x + 1e-3 * np.cos(np.arange(x.size)).reshape(x.shape)
    leaves = values(x)
    result = function(leaves)
    leaves.data = changed
    for value in np.ravel(result):
        if isinstance(value, Value):
            value.forward()
    if name not in ("det, zero", "det, a zero column first", "det, rank 1"):
        np.testing.assert_allclose(data(result), function(changed), rtol=1e-10, atol=1e-12)


def test_forward_keeps_the_order_of_the_rows():
    x = values(A)
    result = np.linalg.det(x)
    x.data = A + 0.25
    result.forward()
    assert result.data == pytest.approx(np.linalg.det(A + 0.25), rel=1e-13)


def test_results_have_numpys_types():
    sign, _ = np.linalg.slogdet(values(A))
    assert type(sign) is float
    assert sign == np.linalg.slogdet(A)[0]
    signs = np.linalg.slogdet(values(STACK)).sign
    assert type(signs) is np.ndarray
    assert signs.tolist() == np.linalg.slogdet(STACK).sign.tolist()
    assert np.linalg.slogdet(values(SINGULAR))[0] == 0.0
    assert np.linalg.slogdet(values(SINGULAR))[1].data == -math.inf
    solution, residuals, rank, singular = np.linalg.lstsq(values(TALL), np.ones(5))
    assert (solution.shape, residuals.shape, rank) == ((3,), (1,), 3)
    assert singular.tolist() == np.linalg.lstsq(TALL, np.ones(5))[3].tolist()
    assert np.linalg.lstsq(values(WIDE), np.ones(3))[1].shape == (0,)
    assert np.linalg.matrix_rank(values(SINGULAR)) == 2
    assert np.linalg.inv(values(np.empty((0, 3, 3)))).shape == (0, 3, 3)
    assert np.linalg.det(values(np.empty((0, 0)))) == 1.0
    assert np.linalg.solve(array(np.eye(2)), [3.0, 4.0]).tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.linalg.solve(SINGULAR * x, np.ones(3)), np.linalg.LinAlgError, "Singular"),
        (lambda x: np.linalg.inv(np.zeros((2, 2)) * x), np.linalg.LinAlgError, "Singular matrix"),
        (lambda x: np.linalg.cholesky(-x * np.eye(2)), np.linalg.LinAlgError, "not positive def"),
        (
            lambda x: np.linalg.qr(x * A, "foo"),
            ValueError,
            "mode must be 'reduced', 'complete' or 'r', not",
        ),
        (
            lambda x: np.linalg.lstsq(x * STACK, np.ones(3)),
            np.linalg.LinAlgError,
            "Array must be two-dimensional",
        ),
        (lambda x: np.linalg.inv(x * np.ones((2, 3))), np.linalg.LinAlgError, "must be equal"),
        (lambda x: np.linalg.det(x * np.ones(3)), np.linalg.LinAlgError, "two dimensions, not 1"),
        (lambda x: np.linalg.solve(x * np.eye(2), np.ones(3)), ValueError, "does not fit b of"),
        (lambda x: np.linalg.qr(x * np.zeros((2, 2))), np.linalg.LinAlgError, "linearly dependent"),
        (lambda x: np.linalg.qr(x * TALL, "complete"), TypeError, "mode='complete' does not take"),
        (
            lambda x: np.linalg.qr(x * A, "raw"),
            TypeError,
            "mode='raw' does not take Values: use mode='red",
        ),
        (lambda x: np.linalg.lstsq(x * np.ones((3, 2)), np.ones(3)), np.linalg.LinAlgError, "rank"),
        (lambda x: np.linalg.eigh(x * S), TypeError, "np.linalg.eigh does not take .* autograd.Op"),
        (lambda x: scipy.linalg.solve(x * S, np.ones(4)), TypeError, "use np.linalg.solve"),
        (lambda x: scipy.linalg.cho_factor(x * S), TypeError, "use np.linalg.cholesky"),
        (lambda x: np.linalg.inv(np.array([[x, 1.0], [0.0, x]])), TypeError, r"autograd\.array\("),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        grad(call)(1.0)


def test_a_determinant_stays_in_range():
    for diagonal in ([1e200, 1e200, 1e-200, 1e-200], [1e-200, 1e-200, 1e200, 1e200]):
        x = np.diag(diagonal)
        assert np.linalg.det(values(x)).data == pytest.approx(1.0)
        np.testing.assert_allclose(np.diag(grad(np.linalg.det)(x)), 1.0 / np.array(diagonal))


def test_the_power_of_what_is_no_square_matrix():
    for x in (values([1.0, 2.0, 3.0]), values(np.ones((2, 3)))):
        for power in (2, 1, 0, -1):
            with pytest.raises(np.linalg.LinAlgError, match=r"two dimensions|must be equal"):
                np.linalg.matrix_power(x, power)


def test_matrices_without_elements():
    empty = values(np.empty((0, 0)))
    assert np.linalg.solve(empty, np.empty(0)).shape == (0,)
    assert np.linalg.inv(empty).shape == (0, 0)
    q, r = np.linalg.qr(values(np.empty((0, 3, 2))))
    assert (q.shape, r.shape) == ((0, 3, 2), (0, 2, 2))


def test_nan_and_infinity_give_no_derivative():
    x = A.copy()
    x[1, 1] = np.nan
    with np.errstate(invalid="ignore"):
        assert np.isnan(grad(np.linalg.det)(x)).any()
        assert np.isnan(data(np.linalg.inv(values(x)))).all()
        assert np.isnan(data(np.linalg.cholesky(values(x)))).any()


@pytest.mark.parametrize(
    "x",
    [
        np.ones((3, 2)),
        np.arange(1.0, 10.0).reshape(3, 3),
        np.array([[1.0, 2.0], [3.0, 6.0], [0.1, 0.2]]),
        np.array([[1.0, 2.0, 3.0], [0.3, 0.6, 1.0]]),
        np.outer(A[0], A[1]),
        np.eye(3)[:, [0, 0, 1]],
    ],
)
def test_columns_that_depend_on_each_other_are_refused(x):
    """Exactly or up to rounding errors: there is no derivative, and what is left has no digits."""
    for scale in (1.0, 1e200, 1e-200):
        with pytest.raises(np.linalg.LinAlgError, match="linearly dependent: no derivative"):
            np.linalg.qr(scale * values(x))


@pytest.mark.parametrize("scale", [1e150, 1e-150, 1e-300])
def test_orthogonal_columns_of_any_size(scale):
    q, r = np.linalg.qr(values(TALL * scale))
    np.testing.assert_allclose(data(q), np.linalg.qr(TALL).Q, atol=1e-14)
    np.testing.assert_allclose(data(r) / scale, np.linalg.qr(TALL).R, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: np.linalg.lstsq(np.ones((2, 3, 2)), x[0]), np.linalg.LinAlgError),
        (lambda x: np.linalg.lstsq(x[0], x[0]), np.linalg.LinAlgError),
        (lambda x: np.linalg.lstsq(x, np.ones(2)), np.linalg.LinAlgError),
        (lambda x: np.linalg.solve(x[:3], np.ones(3)), np.linalg.LinAlgError),
        (lambda x: np.linalg.solve(x, np.array(1.0)), ValueError),
        (lambda x: np.linalg.solve(np.stack([x, x]), np.ones((2, 4))), ValueError),
        (lambda x: np.linalg.solve(np.stack([x, x]), np.ones((3, 4, 1))), ValueError),
        (lambda x: np.linalg.cholesky(x[0]), np.linalg.LinAlgError),
        (lambda x: np.linalg.cholesky(np.stack([np.eye(4), -x @ x.T])), np.linalg.LinAlgError),
        (lambda x: np.linalg.slogdet(x[:3]), np.linalg.LinAlgError),
        (lambda x: np.linalg.qr(x[0]), np.linalg.LinAlgError),
        (lambda x: np.linalg.qr(x, "other"), ValueError),
        (lambda x: np.linalg.inv(np.stack([x, 0.0 * x])), np.linalg.LinAlgError),
        (lambda x: np.linalg.matrix_power(0.0 * x, -1), np.linalg.LinAlgError),
        (lambda x: np.linalg.matrix_power(x, 2.0), TypeError),
        (lambda x: np.linalg.tensorinv(x, ind=0), ValueError),
        (lambda x: np.linalg.tensorinv(x[:3], ind=1), np.linalg.LinAlgError),
        (lambda x: np.linalg.tensorsolve(x[:3], np.ones(3)), np.linalg.LinAlgError),
    ],
)
def test_errors_are_of_numpys_kinds(call, error):
    for x in (A, values(A)):
        with pytest.raises(error):
            call(x)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 0), (0, 1)])
@pytest.mark.parametrize("name", "solve inv det slogdet cholesky qr lstsq matrix_power".split())
def test_what_is_not_finite_is_never_silently_finite(name, place, bad):
    """The value is NumPy's, or not finite, or an error."""
    x = np.array([[4.0, 1.0], [1.0, 3.0]])
    x[place] = bad
    more = {"solve": [np.ones(2)], "lstsq": [np.ones(2)], "matrix_power": [2]}.get(name, [])

    def function(x):
        found = getattr(np.linalg, name)(x, *more)
        return found[name == "slogdet"] if isinstance(found, tuple) else found

    with np.errstate(all="ignore"):
        try:
            found = data(function(values(x)))
        except np.linalg.LinAlgError:
            return
        expected = function(x)
        finite = np.isfinite(found)
        assert np.isfinite(expected).all() or not finite.all()
        finite &= ~np.isnan(expected)
        np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-14)
        jacobian(function)(x)


def test_twenty_unknowns_are_fast():
    x, b = RNG.normal(size=(20, 20)) + 5.0 * np.eye(20), np.ones(20)
    limit = 0.05 if autograd.core == "native" else 0.5
    for function, point in (
        (value_and_grad(lambda x: np.linalg.slogdet(x)[1]), x),
        (value_and_grad(lambda x: np.linalg.solve(x, b).sum()), x),
        (hessian(lambda x: np.linalg.slogdet(x)[1]), x[:5, :5]),
        (hessian(lambda x: np.linalg.solve(x, b[:5]).sum()), x[:5, :5]),
    ):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            function(point)
            times.append(time.perf_counter() - start)
        assert min(times) < limit


# --- Programs of textbooks, as they are ---------------------------------------------------------


def test_the_marginal_likelihood_of_a_gaussian_process():
    """C. Rasmussen and C. Williams, "Gaussian Processes for Machine Learning" (2006), (5.9)."""
    places = np.linspace(0.0, 4.0, 8)
    heights = np.sin(places)
    squares = (places[:, None] - places) ** 2

    def kernel(p):
        return p[0] ** 2 * np.exp(-0.5 * squares / p[1] ** 2) + p[2] ** 2 * np.eye(8)

    def by_cholesky(p):
        factor = np.linalg.cholesky(kernel(p))
        alpha = np.linalg.solve(factor.T, np.linalg.solve(factor, heights))
        return -0.5 * heights @ alpha - np.log(np.diag(factor)).sum() - 4.0 * np.log(2.0 * np.pi)

    def by_determinant(p):
        k = kernel(p)
        fit = heights @ np.linalg.solve(k, heights)
        return -0.5 * (fit + np.linalg.slogdet(k)[1] + 8.0 * np.log(2.0 * np.pi))

    def by_hand(p):
        inverse = np.linalg.inv(kernel(p))
        alpha = inverse @ heights
        smooth = np.exp(-0.5 * squares / p[1] ** 2)
        slopes = [
            2.0 * p[0] * smooth,
            p[0] ** 2 * smooth * squares / p[1] ** 3,
            2.0 * p[2] * np.eye(8),
        ]
        return np.array([0.5 * np.trace((np.outer(alpha, alpha) - inverse) @ x) for x in slopes])

    p = np.array([1.0, 0.7, 0.3])
    for likelihood in (by_cholesky, by_determinant):
        assert likelihood(p) == pytest.approx(value_and_grad(likelihood)(p)[0], rel=1e-13)
        np.testing.assert_allclose(grad(likelihood)(p), by_hand(p), rtol=1e-10)
        report = check_gradient(likelihood, by_hand, p, samples=2, tolerance=1e6)
        assert report.passed, report


def test_newtons_method_on_a_system():
    def f(x):
        return np.stack([x[0] ** 2 + x[1] ** 2 - 4.0, np.exp(x[0]) + x[1] - 1.0])

    x = np.array([1.0, -1.7])
    for _ in range(8):
        x = x - np.linalg.solve(jacobian(f)(x), f(x))
    assert np.abs(f(x)).max() < 1e-14


def test_a_kalman_filter_over_ten_steps():
    seen = np.cumsum(RNG.normal(size=10))

    def log_likelihood(q, r):
        step = np.array([[1.0, 1.0], [0.0, 1.0]])
        looks = np.array([[1.0, 0.0]])
        x, p, total = np.zeros(2), np.eye(2), 0.0
        for z in seen:
            x, p = step @ x, step @ p @ step.T + q * np.eye(2)
            innovation = z - looks @ x
            s = looks @ p @ looks.T + r * np.eye(1)
            gain = p @ looks.T @ np.linalg.inv(s)
            total = total - 0.5 * (
                innovation @ np.linalg.solve(s, innovation)
                + np.linalg.slogdet(s)[1] + np.log(2.0 * np.pi)
            )  # fmt: skip
            x = x + gain @ innovation
            p = (np.eye(2) - gain @ looks) @ p
        return total

    found = np.array(grad(log_likelihood, (0, 1))(0.5, 1.0))
    expected = differences(lambda p: log_likelihood(*p), np.array([0.5, 1.0]))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_camera_by_least_squares():
    """The pose from which points are seen, by the method of Gauss and Newton."""
    points = RNG.uniform(-1.0, 1.0, size=(8, 3)) + np.array([0.0, 0.0, 5.0])

    def seen(pose):
        x, y, z = np.eye(3)
        cross = np.stack([np.cross(pose[:3], axis) for axis in (x, y, z)], axis=1)
        angle = np.linalg.norm(pose[:3])
        turn = np.eye(3) + np.sin(angle) / angle * cross
        turn = turn + (1.0 - np.cos(angle)) / angle**2 * cross @ cross
        moved = points @ turn.T + pose[3:]
        return 500.0 * moved[:, :2] / moved[:, 2:]

    true = np.array([0.1, -0.2, 0.05, 0.3, 0.1, -0.2])
    pose = np.full(6, 0.01)
    for _ in range(12):
        residuals = (seen(pose) - seen(true)).ravel()
        matrix = jacobian(lambda p: seen(p).ravel())(pose)
        pose = pose - np.linalg.lstsq(matrix, residuals, rcond=None)[0]
    np.testing.assert_allclose(pose, true, atol=1e-10)

    def spread(scale):
        """How the uncertainty of the first parameter follows from that of the pixels."""
        matrix = array(jacobian(lambda p: seen(p).ravel())(true)) * scale
        return np.linalg.inv(matrix.T @ matrix)[0, 0]

    value, slope = value_and_grad(spread)(1.0)
    assert slope == pytest.approx(-2.0 * value, rel=1e-9)


def test_the_log_density_of_a_normal_distribution():
    x = np.array([0.5, -1.0, 2.0])

    def log_density(mean, covariance):
        r = x - mean
        fit = r @ np.linalg.inv(covariance) @ r
        return -0.5 * (fit + np.log(np.linalg.det(2.0 * np.pi * covariance)))

    covariance = STACK[0, 0] @ STACK[0, 0].T + np.eye(3)
    expected = scipy.stats.multivariate_normal(np.zeros(3), covariance).logpdf(x)
    value, (by_mean, by_covariance) = value_and_grad(log_density, (0, 1))(np.zeros(3), covariance)
    assert value == pytest.approx(expected, rel=1e-13)
    weighted = np.linalg.solve(covariance, x)
    np.testing.assert_allclose(by_mean, weighted, rtol=1e-12)
    np.testing.assert_allclose(
        by_covariance, 0.5 * (np.outer(weighted, weighted) - np.linalg.inv(covariance)), rtol=1e-10
    )


def test_ridge_regression_in_closed_form():
    heights = np.arange(5.0)

    def error(strength):
        weights = np.linalg.solve(TALL.T @ TALL + strength * np.eye(3), TALL.T @ heights)
        return np.mean((TALL @ weights - heights) ** 2)

    assert grad(error)(0.7) == pytest.approx(differences(error, np.array(0.7)).item(), rel=1e-9)
    assert grad(grad(error))(0.7) == pytest.approx(
        differences(grad(error), np.array(0.7)).item(), rel=1e-8
    )


def test_the_cost_of_a_regulator_by_riccatis_iteration():
    step, push = np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[0.0], [0.1]])

    def cost(weight):
        p = np.eye(2)
        for _ in range(30):
            gain = np.linalg.solve(weight * np.eye(1) + push.T @ p @ push, push.T @ p @ step)
            p = np.eye(2) + step.T @ p @ (step - push @ gain)
        return np.trace(p)

    assert grad(cost)(0.5) == pytest.approx(differences(cost, np.array(0.5)).item(), rel=1e-9)


def test_the_mahalanobis_distance_of_learnt_metrics():
    points = RNG.normal(size=(6, 3))

    def mean_distance(spread):
        r = points - points.mean(axis=0)
        return np.mean(np.sqrt(np.einsum("ij,jk,ik->i", r, np.linalg.inv(spread), r)))

    spread = np.cov(points.T)
    expected = differences(mean_distance, spread)
    np.testing.assert_allclose(grad(mean_distance)(spread), expected, rtol=1e-8, atol=1e-9)


def test_the_approximation_of_laplace():
    """The evidence of a logistic regression, with the mode by Newton's method."""
    labels = np.array([1.0, 0.0, 1.0, 1.0, 0.0])

    def evidence(strength):
        def cost(w):
            margins = TALL @ w
            return np.sum(np.logaddexp(0.0, margins) - labels * margins) + 0.5 * strength * w @ w

        w = np.zeros(3)
        for _ in range(8):
            w = w - np.linalg.solve(hessian(cost)(w), grad(cost)(w))
        sign, log_det = np.linalg.slogdet(hessian(cost)(w))
        return -cost(w) + 1.5 * np.log(strength) - 0.5 * sign * log_det

    expected = differences(evidence, np.array(0.8)).item()
    assert grad(evidence)(0.8) == pytest.approx(expected, rel=1e-9)


def test_a_determinantal_point_process():
    """The log-likelihood of a subset; A. Kulesza and B. Taskar (2012), (4.26)."""
    subset = np.array([0, 2])

    def log_likelihood(kernel):
        part = kernel[np.ix_(subset, subset)]
        return np.linalg.slogdet(part)[1] - np.linalg.slogdet(kernel + np.eye(4))[1]

    expected = -np.linalg.inv(S + np.eye(4))
    expected[np.ix_(subset, subset)] += np.linalg.inv(S[np.ix_(subset, subset)])
    np.testing.assert_allclose(grad(log_likelihood)(S), expected, rtol=1e-12, atol=1e-14)


def test_the_log_determinant_of_a_flow():
    """Of its Jacobian, which is differentiated once more."""

    def flow(x, w):
        return x + np.tanh(w @ x)

    def log_density(w, x):
        z = flow(x, w)
        _, log_det = np.linalg.slogdet(jacobian(lambda x: flow(x, w))(x))
        return -0.5 * z @ z + log_det

    def by_hand(w):
        slope = 1.0 - np.tanh(w @ A[1]) ** 2
        z = flow(A[1], w)
        return -0.5 * z @ z + np.linalg.slogdet(np.eye(4) + slope[:, None] * w)[1]

    expected = differences(by_hand, 0.3 * A)
    np.testing.assert_allclose(grad(log_density)(0.3 * A, A[1]), expected, rtol=1e-8, atol=1e-9)


def test_a_scalar_kalman_filter_has_the_closed_likelihood():
    """That of the joint normal distribution of all that was seen."""
    seen = np.sin(np.arange(10.0))

    def filtered(q, r):
        x, p, total = np.zeros(1), np.eye(1), 0.0
        for z in seen:
            p = p + q * np.eye(1)
            s = p + r * np.eye(1)
            residual = z - x
            total = total - 0.5 * (
                np.log(np.linalg.det(2.0 * np.pi * s)) + residual @ np.linalg.solve(s, residual)
            )
            gain = p @ np.linalg.inv(s)
            x, p = x + gain @ residual, (np.eye(1) - gain) @ p
        return total

    def joint(q, r):
        steps = np.minimum.outer(np.arange(1.0, 11.0), np.arange(1.0, 11.0))
        c = 1.0 + q * steps + r * np.eye(10)
        fit = seen @ np.linalg.solve(c, seen)
        return -0.5 * (fit + np.linalg.slogdet(c)[1] + 10.0 * np.log(2.0 * np.pi))

    found, expected = (value_and_grad(f, (0, 1))(0.4, 0.9) for f in (filtered, joint))
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert found[1] == pytest.approx(expected[1], rel=1e-11)


def test_a_camera_from_known_points():
    """Its matrix by linear least squares, and how it depends on what is seen."""
    points = RNG.uniform(-1.0, 1.0, size=(7, 3))
    true = np.array([[1.0, 0.1, 0.0, 0.5], [-0.1, 1.0, 0.2, 0.3], [0.05, -0.1, 0.2, 1.0]])
    moved = np.c_[points, np.ones(7)] @ true.T
    seen = moved[:, :2] / moved[:, 2:]

    def camera(seen):
        rows = []
        for (x, y, z), (u, v) in zip(points, seen, strict=True):
            rows.append(np.stack([x, y, z, 1.0, 0.0, 0.0, 0.0, 0.0, -u * x, -u * y, -u * z]))
            rows.append(np.stack([0.0, 0.0, 0.0, 0.0, x, y, z, 1.0, -v * x, -v * y, -v * z]))
        return np.linalg.lstsq(np.stack(rows), seen.ravel(), rcond=None)[0]

    np.testing.assert_allclose(camera(seen), true.ravel()[:11], atol=1e-12)
    slope = jacobian(camera)(seen)
    np.testing.assert_allclose(slope, differences(camera, seen, 1e-4), rtol=1e-5, atol=1e-5)


def test_the_weights_of_a_portfolio_and_the_equilibrium_of_a_chain():
    def risk(covariance):
        w = np.linalg.solve(covariance, np.ones(4))
        w = w / w.sum()
        return w @ covariance @ w

    w = np.linalg.solve(S, np.ones(4))
    w = w / w.sum()
    np.testing.assert_allclose(grad(risk)(S), np.outer(w, w), rtol=1e-11)

    def equilibrium(logits):
        p = np.exp(logits)
        p = p / p.sum(axis=1, keepdims=True)
        system = np.vstack([(p.T - np.eye(4))[:-1], np.ones(4)])
        return np.linalg.solve(system, np.array([0.0, 0.0, 0.0, 1.0]))

    def by_power(logits):
        p = np.exp(logits)
        return np.linalg.matrix_power(p / p.sum(axis=1, keepdims=True), 64)[0]

    np.testing.assert_allclose(jacobian(equilibrium)(A), jacobian(by_power)(A), atol=1e-12)


# --- The calls of other libraries' tests --------------------------------------------------------

PAIRS = RNG.normal(size=(2, 1, 3, 3)), RNG.normal(size=(2, 4, 3, 4))
WORKS = {  # HIPS autograd: tests/test_linalg.py
    "inv": (np.linalg.inv, A),
    "inv, of 3 dimensions": (np.linalg.inv, STACK[0]),
    "inv, of 4 dimensions": (np.linalg.inv, STACK),
    "solve, the matrix": (lambda x: np.linalg.solve(x, A[:, :3]), S),
    "solve, the matrix, for a vector": (lambda x: np.linalg.solve(x, A[0]), S),
    "solve, the right-hand side": (lambda x: np.linalg.solve(S, x), A[:, :3]),
    "solve, of 3 dimensions": (lambda x: np.linalg.solve(x, STACK[1]), STACK[0]),
    "det": (np.linalg.det, A),
    "det, of 3 dimensions": (np.linalg.det, STACK[0]),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], A),
    "slogdet, negative": (lambda x: np.linalg.slogdet(-x)[1], STACK[0, 0]),
    "slogdet, of 3 dimensions": (lambda x: np.sum(np.linalg.slogdet(x)[1]), STACK[0]),
    "norm of a vector": (np.linalg.norm, A[0]),
    "norm of a matrix": (np.linalg.norm, A),
    "norm, two axes": (lambda x: np.linalg.norm(x, axis=(0, 1)), STACK[0]),
    "norm, order 2": (lambda x: np.linalg.norm(x, ord=2), A[0]),
    "norm, order 3": (lambda x: np.linalg.norm(x, ord=3), A[0]),
    "norm, order 4": (lambda x: np.linalg.norm(x, ord=4), A[0]),
    "norm, axis 0": (lambda x: np.linalg.norm(x, axis=0), STACK[0]),
    "norm, axis 1": (lambda x: np.linalg.norm(x, axis=1), STACK[0]),
    "norm, axis 2": (lambda x: np.linalg.norm(x, axis=2), STACK[0]),
    "cholesky": (lambda x: np.linalg.cholesky(np.tril(x) + np.tril(x).T), S),
    "cholesky, of 3 dimensions": (
        lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2) + np.eye(3)),
        STACK[0],
    ),
    "cholesky, of a sample": (lambda x: np.linalg.norm(np.linalg.cholesky(x) @ A[0]), S),
    # JAX: tests/linalg_test.py, NumpyLinalgTest
    "jax: cholesky, 1 x 1": (np.linalg.cholesky, np.array([[2.0]])),
    "jax: det, 2 x 2, singular": (np.linalg.det, np.array([[-1.0, 1.5], [2.0 / 3.0, -1.0]])),
    "jax: slogdet, of tiny ones": (lambda x: np.linalg.slogdet(x)[1], -0.01 * np.eye(5)),
    "jax: norm, order 0": (lambda x: np.linalg.norm(x, 0), A[0]),
    "jax: norm, order 1": (lambda x: np.linalg.norm(x, 1), A[0]),
    "jax: norm, order -1": (lambda x: np.linalg.norm(x, -1), A[0]),
    "jax: norm, order -2": (lambda x: np.linalg.norm(x, -2), A[0]),
    "jax: norm, order inf": (lambda x: np.linalg.norm(x, np.inf), A),
    "jax: norm, order -inf": (lambda x: np.linalg.norm(x, -np.inf, keepdims=True), A),
    "jax: norm, fro": (lambda x: np.linalg.norm(x, "fro", axis=(2, 0)), STACK[0]),
    "jax: qr": (lambda x: np.linalg.qr(x).Q, STACK[0]),
    "jax: qr, r": (lambda x: np.linalg.qr(x, mode="r"), TALL),
    "jax: qr, square, complete": (lambda x: np.linalg.qr(x, "complete").R, A),
    "jax: qr, wide": (lambda x: np.linalg.qr(x, "complete").Q, WIDE),
    "jax: solve, 1 x 1": (lambda x: np.linalg.solve(x, [[2.0]]), np.array([[3.0]])),
    "jax: solve, broadcast": (lambda x: np.linalg.solve(x, PAIRS[1]), PAIRS[0]),
    "jax: solve, broadcast right": (lambda x: np.linalg.solve(PAIRS[0], x), PAIRS[1]),
}
REFUSED = {  # those of HIPS autograd, and those of JAX
    "eigh": (lambda x: np.linalg.eigh(x + x.T), A),
    "eigh, upper": (lambda x: np.linalg.eigh(x + x.T, "U"), A),
    "eigh, batch": (np.linalg.eigh, STACK),
    "svd": (lambda x: np.linalg.svd(x, full_matrices=False), WIDE),
    "svd, values": (lambda x: np.linalg.svd(x, compute_uv=False), STACK),
    "norm, nuc": (lambda x: np.linalg.norm(x, ord="nuc"), A),
    "norm, nuc, axes": (lambda x: np.linalg.norm(x, ord="nuc", axis=(0, 1)), STACK[0]),
    "jax: eig": (np.linalg.eig, A),
    "jax: eigvals": (np.linalg.eigvals, A),
    "jax: eigvalsh": (np.linalg.eigvalsh, S),
    "jax: pinv": (np.linalg.pinv, TALL),
    "jax: norm, order 2": (lambda x: np.linalg.norm(x, 2), A),
    "jax: qr, tall, complete": (lambda x: np.linalg.qr(x, "complete"), TALL),
    "jax: scipy lu": (scipy.linalg.lu, A),
    "jax: scipy lu_factor": (scipy.linalg.lu_factor, A),
    "jax: scipy solve": (lambda x: scipy.linalg.solve(x, A[0]), S),
    "jax: scipy solve_triangular": (lambda x: scipy.linalg.solve_triangular(x, A[0]), S),
    "jax: scipy det": (scipy.linalg.det, A),
}


@pytest.mark.parametrize("name", WORKS)
def test_calls_of_other_libraries(name):
    function, x = WORKS[name]
    np.testing.assert_allclose(data(function(values(x))), function(x), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(
        jacobian(function)(x), differences(function, x), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("name", REFUSED)
def test_calls_that_are_refused_name_a_remedy(name):
    function, x = REFUSED[name]
    with pytest.raises(
        TypeError, match=r"does not take Values: (write an autograd.Op|use np|use mo)"
    ):
        grad(function)(x)
