"""Functions that return vectors, against SciPy, NumPy and mpmath; the norm of long vectors."""

import math
import operator
from itertools import accumulate

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mpmath import mpf

import autograd
from autograd import (
    Value,
    cumprod,
    cumsum,
    data,
    grad,
    hessian,
    jacobian,
    log_softmax,
    norm,
    softmax,
    topological_order,
    values,
)

NAMES = ["softmax", "log_softmax", "cumsum", "cumprod"]
FUNCTIONS = {name: getattr(autograd, name) for name in NAMES}
THEIRS = {
    "softmax": scipy.special.softmax,
    "log_softmax": scipy.special.log_softmax,
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
}
NUMBERS = st.floats(-50.0, 50.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        *(((3,), None), ((3,), 0), ((3,), -1), ((2, 3), None), ((2, 3), 0), ((2, 3), 1)),
        *(((2, 3, 2), 1), ((0,), None), ((2, 0), 0), ((1,), None)),
    ],
)
def test_shapes_and_numbers_are_numpys_and_scipys(name, shape, axis):
    ours, theirs = FUNCTIONS[name], THEIRS[name]
    numbers = np.random.default_rng(0).normal(size=shape)
    expected = theirs(numbers, axis=axis) if numbers.size else np.empty(ours(numbers, axis).shape)
    for given_ in (numbers, numbers.tolist(), values(numbers), values(numbers).tolist()):
        found = ours(given_, axis=axis)
        assert found.shape == expected.shape
        np.testing.assert_allclose(data(found), expected, rtol=1e-14)
    assert ours(numbers, axis).dtype == np.float64
    if numbers.size:
        assert ours(values(numbers), axis).dtype == object


@pytest.mark.parametrize("name", NAMES)
def test_what_is_refused(name):
    function = FUNCTIONS[name]
    for argument, kind, message in [
        (3.0, TypeError, f"{name} takes a sequence or an array, not a float"),
        (Value(3.0), TypeError, f"{name} takes a sequence or an array, not a Value"),
        (["a"], TypeError, f"an element of the argument of {name} must be a real number"),
        ([[1.0], 2.0], TypeError, f"an element of the argument of {name}"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), TypeError, "must not have a mask"),
    ]:
        with pytest.raises((kind, ValueError), match=message if kind is TypeError else None):
            function(argument)
    with pytest.raises(ValueError, match=r"of an array of shape \(2,\) has no axis 1"):
        function([1.0, 2.0], axis=1)
    with pytest.raises(TypeError):
        function([1.0, 2.0], axis="rows")


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_the_jacobian_of_softmax_is_the_textbooks(numbers):
    shares = softmax(numbers)
    textbook = np.diag(shares) - np.outer(shares, shares)
    np.testing.assert_allclose(jacobian(softmax)(np.array(numbers)), textbook, atol=1e-15)
    textbook = np.eye(len(numbers)) - shares
    np.testing.assert_allclose(jacobian(log_softmax)(np.array(numbers)), textbook, atol=1e-15)


@given(st.lists(NUMBERS, min_size=2, max_size=5), st.data())
def test_derivatives_keep_their_digits_where_a_share_is_nearly_1(numbers, draw):
    place = draw.draw(st.integers(0, len(numbers) - 1))
    numbers[place] += 100.0
    with mpmath.workdps(100):
        powers = [mpmath.exp(mpf(x)) for x in numbers]
        rest = mpmath.fsum(powers[:place] + powers[place + 1 :]) / mpmath.fsum(powers)
        log_share = mpmath.log1p(-rest)
    size = max(numbers) - min(numbers)
    close = {"rel": 2.0**-52 * (8 + 2 * size), "abs": 0.0}
    x = values(numbers)
    share = log_softmax(x)[place]
    assert share.data == pytest.approx(float(log_share), **close)
    assert share.derivative(x[place]).data == pytest.approx(float(rest), **close)
    slope = softmax(x)[place].derivative(x[place])
    assert slope.data == pytest.approx(float(rest * (1 - rest)), **close)


def test_one_node_for_each_share():
    x = values([0.0, 1.0, 2.0], "x")
    shares = softmax(x)
    assert [len(topological_order(share)) for share in shares] == [4, 4, 4]
    assert autograd.expression(shares[1]) == "softmax([x1, x0, x2])[0]"
    assert autograd.latex(shares[0]) == (
        r"\operatorname{softmax}_1\left(x_{0}, x_{1}, x_{2}\right)"
    )
    assert hessian(lambda z: -log_softmax(z)[0])(np.zeros(2)).tolist() == [
        [0.25, -0.25],
        [-0.25, 0.25],
    ]


def test_infinite_logits_are_weights_of_0():
    assert softmax([-math.inf, 0.0, 0.0]).tolist() == [0.0, 0.5, 0.5]
    assert softmax([-math.inf, -math.inf]).tolist() == [0.5, 0.5]
    assert softmax([math.inf, 0.0]).tolist() == [1.0, 0.0]
    assert log_softmax([-math.inf, 0.0]).tolist() == [-math.inf, 0.0]
    assert np.isnan(softmax([math.nan, 0.0])).all()
    assert grad(lambda z: softmax(z)[1])([-math.inf, 0.0]) == [0.0, 0.0]


def test_running_sums_and_products_are_chains():
    x = values([1.0, -2.0, 4.0], "x")
    sums = cumsum(x)
    assert sums[0] is x[0]
    assert sums[2].operands == (sums[1], x[2])
    products = cumprod([2.0, Value(0.0), 3.0])
    assert data(products).tolist() == [*accumulate([2.0, 0.0, 3.0], operator.mul)]
    assert grad(lambda y: cumprod(y)[2])([2.0, 0.0, 3.0]) == [0.0, 6.0, 0.0]
    lower = np.tril(np.ones((4, 4)))
    assert (jacobian(cumsum)(np.arange(4.0)) == lower).all()


# --- norm ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 32, 33, 200])
def test_the_norm_of_vectors_short_and_long(count):
    numbers = np.random.default_rng(count).normal(size=count)
    exact = mpmath.sqrt(mpmath.fsum(mpf(x) ** 2 for x in numbers))
    assert norm(numbers) == pytest.approx(float(exact), rel=4e-16)
    slopes = grad(norm)(numbers)
    np.testing.assert_allclose(slopes, numbers / float(exact), rtol=1e-15)
    unit = numbers / np.linalg.norm(numbers)
    second = (np.eye(count) - np.outer(unit, unit)) / np.linalg.norm(numbers)
    np.testing.assert_allclose(hessian(norm)(numbers), second, atol=1e-14)
    for scale in (1e300 / count, 1e-300):
        assert norm(numbers * scale) == pytest.approx(float(exact * mpf(scale)), rel=1e-15)
        np.testing.assert_allclose(grad(norm)(numbers * scale), slopes, rtol=1e-14)
    for scale in (1e308, 1e-320, 5e-324):
        with np.errstate(over="ignore"):
            slopes = grad(norm)(np.full(count, scale))
        np.testing.assert_allclose(slopes, 1.0 / math.sqrt(count), rtol=1e-15)
    with np.errstate(all="ignore"):
        slopes = grad(norm)(np.array([math.inf] + [1.0] * (count - 1)))
    assert slopes.tolist() == [1.0] + [0.0] * (count - 1)
    assert grad(norm)(np.zeros(count)).tolist() == [0.0] * count
    assert norm([]) == 0.0


def test_the_distance_of_two_points_that_meet():
    x = values([1.0, 2.0], "x")
    distance = norm(x - np.array([1.0, 2.0]))
    distance.backward()
    assert [y.grad for y in x] == [0.0, 0.0]
    assert np.linalg.norm(x - np.array([1.0, 2.0])).derivative(x[0]).data == 0.0


# --- Cross-entropy --------------------------------------------------------------------------------


SCORES = arrays(np.float64, (3, 4), elements=st.floats(-50.0, 50.0))


@given(SCORES, st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_cross_entropy_is_the_surprise_at_the_right_classes(logits, target):
    with mpmath.workdps(50):
        surprises = [
            mpmath.log(sum(mpmath.exp(mpf(x) - mpf(row[place])) for x in row))
            for row, place in zip(logits.tolist(), target, strict=True)
        ]
        expected = float(sum(surprises) / 3)
    for given_ in (logits, logits.tolist(), values(logits), values(logits).tolist()):
        found = autograd.cross_entropy(given_, target)
        assert data(found) == pytest.approx(expected, rel=1e-13, abs=1e-300)
    assert type(autograd.cross_entropy(logits, target)) is float
    first = float(surprises[0])
    assert autograd.cross_entropy(logits[0], target[0]) == pytest.approx(first, rel=1e-13)
    shares = np.eye(4)[target]
    assert autograd.cross_entropy(logits, shares) == pytest.approx(expected, rel=1e-12, abs=1e-99)
    slope = autograd.grad(autograd.cross_entropy)(logits, target)
    np.testing.assert_allclose(
        slope, (scipy.special.softmax(logits, axis=1) - shares) / 3.0, rtol=1e-11, atol=1e-15
    )


def test_cross_entropy_of_probabilities():
    logits, shares = np.array([0.5, -1.0, 2.0]), np.array([0.2, 0.3, 0.5])
    expected = -shares @ scipy.special.log_softmax(logits)
    assert autograd.cross_entropy(logits, shares) == pytest.approx(expected, rel=1e-14)
    by_shares = autograd.grad(autograd.cross_entropy, 1)(logits, shares)
    np.testing.assert_allclose(by_shares, -scipy.special.log_softmax(logits), rtol=1e-14)


def test_classes_without_a_share_may_be_impossible():
    logits = values([-math.inf, 0.0, 0.0])
    by_share = autograd.cross_entropy(logits, [0.0, 1.0, 0.0])
    assert by_share.data == autograd.cross_entropy(logits, 1).data == pytest.approx(math.log(2.0))


@pytest.mark.parametrize(
    ("logits", "target", "error", "message"),
    [
        ([1.0, 2.0], 2, ValueError, "there are 2 classes, from 0: none is 2"),
        ([1.0, 2.0], -1, ValueError, "a target must be at least 0, not -1"),
        ([1.0, 2.0], 0.5, TypeError, "a target must be a whole number, not 0.5"),
        ([1.0, 2.0], True, TypeError, "a target must be a whole number, not True"),
        ([1.0, 2.0], [0, 1, 1], ValueError, r"target of shape \(3,\) does not fit .* shape \(2,\)"),
        ([[1.0, 2.0]], [0, 1], ValueError, r"target of shape \(2,\) does not fit"),
        ([], 0, ValueError, "one or two dimensions, not the shape"),
        (3.0, 0, ValueError, r"one or two dimensions, not the shape \(\)"),
        (["a", "b"], 0, TypeError, "must be a real number, not the str 'a'"),
    ],
)
def test_cross_entropy_refuses(logits, target, error, message):
    with pytest.raises(error, match=message):
        autograd.cross_entropy(logits, target)
