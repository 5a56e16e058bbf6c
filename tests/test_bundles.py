"""Paths that are computed together give each lane what its own path gives."""

import itertools
import math
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import compiled, programs
from test_native import bits, leaves

from autograd import Value, dot, exp, jit, log, softmax, value_and_grad, vmap
from autograd.compiler import bundles

both = pytest.mark.parametrize("backend", BACKENDS)
DRAW = np.random.default_rng(5)


def flat(tree):
    if isinstance(tree, dict):  # the first lane decides on the order
        tree = [tree[key] for key in sorted(tree)]
    return [(x.dtype, x.shape, bits(x.astype(float))) for x in leaves(tree)]


def outcome(call, *args):
    """The bits of a result, or the error of lanes whose results are not alike."""
    try:
        return flat(call(*args)), None
    except (TypeError, ValueError) as error:
        return None, error


def bundle(fast):
    """The paths that a compiled function computes together, None if it does not."""
    (family,) = fast._recorder.families.values()
    return next((found for _, found in family._bundles.values() if found), None)


def root(x):
    guess = x
    while abs(guess * guess - x) > 1e-12 * x:
        guess = 0.5 * (guess + x / guess)
    return guess


def sign(x):
    if x > 1.0:
        return x * x, [x, 1.0 + x]
    return (-x, [x, 3.0 * x]) if x < 0.0 else (x, [x, x])


def near(x):
    return exp(x) * 2.0 if exp(x) > 2.0 else log(exp(x)) - 1.0


SPECIAL = [0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 5e-324, math.log(2.0)]
SPECIAL += [math.nextafter(math.log(2.0), x) for x in (0.0, 1.0)]


@both
@pytest.mark.parametrize("f", [root, sign, near, value_and_grad(root), value_and_grad(near)])
def test_a_batch_is_the_same_each_time(f, backend):
    """The first time path by path, then together."""
    x = np.concatenate([DRAW.uniform(-3.0, 9.0, 300), SPECIAL])
    if "root" in str(f):
        x = abs(x[np.isfinite(x)]) + 1e-3
    fast = jit(vmap(f), backend=backend)
    first = flat(fast(x))
    for _ in range(3):
        assert flat(fast(x)) == first
    assert bundle(fast) is not None
    points = sum(path.points for path in fast.paths)
    fast(x)
    assert sum(path.points for path in fast.paths) - points <= len(x)
    assert sum(path.points for path in fast.paths) - points >= 300
    other = np.concatenate([x[::-1], [4.0, 1.0, 77.0]])
    assert flat(fast(other)) == flat(jit(vmap(f), backend=backend)(other))


@given(text=programs(exact=True), data=st.data())
@settings(deadline=None, max_examples=60)
def test_programs_are_the_same_each_time(text, data):
    f = compiled(text)
    numbers = st.lists(st.floats(-4.0, 4.0), min_size=11, max_size=11)
    columns = [np.array(data.draw(numbers)) for _ in range(f.__code__.co_argcount)]
    for backend in BACKENDS:
        fast, found = jit(vmap(f), backend=backend), []
        for _ in range(3):
            result, error = outcome(fast, *columns)
            found.append((result, str(error)))
        assert found[1:] == found[:1] * 2


@both
def test_sums_over_lanes_of_several_paths(backend):
    x = DRAW.uniform(-3.0, 9.0, 1000)
    fast = jit(vmap(sign, reduce="sum"), backend=backend)
    assert len({str(flat(fast(x))) for _ in range(4)}) == 1
    assert flat(fast(x)) == flat(vmap(sign, reduce="sum")(x))


@both
@pytest.mark.parametrize(
    "f",
    [
        lambda x: {"a": x, "b": -x} if x > 0.0 else {"b": x, "a": 2.0 * x},
        lambda x: x if x > 0.0 else 1.0,
        lambda x: x * 2.0 if np.isclose(x, 1.0, atol=0.5) else x,
        lambda x: softmax([x, 2.0 * x, 0.5])[0] if x > 0.0 else softmax([0.5, x, x * x])[1],
    ],
)  # fmt: skip
def test_paths_that_are_left_to_themselves(f, backend):
    x = DRAW.normal(size=100).round(1)
    fast = jit(vmap(f), backend=backend)
    first = flat(fast(x))
    for _ in range(3):
        assert flat(fast(x)) == first
    assert bundle(fast) is None


@both
def test_values_from_around_are_read_each_time(backend):
    w = Value(2.0)
    fast = jit(vmap(lambda x: w * x if x > 0.0 else w - x), backend=backend)
    for data in (2.0, 2.0, 2.0, 3.0, 4.0):
        w.data = data
        assert fast(np.array([1.0, -1.0])).tolist() == [data, data + 1.0]
    assert bundle(fast) is None


@both
def test_lanes_that_are_not_close_to_a_decision_are_not_computed_by_themselves(backend):
    calls = itertools.count()

    def f(x):
        next(calls)
        if exp(x) > 2.0:
            return exp(x) if exp(2.0 * x) > 50.0 else x
        return log(exp(x) + 1.0) if log(exp(3.0 * x)) > -3.0 else -x

    x = np.linspace(-3.003, 3.0, 301)
    fast = jit(vmap(f), backend=backend)
    first = flat(fast(x))
    fast(x)
    fast(x)
    assert bundle(fast) is not None
    before = next(calls)
    assert flat(fast(x)) == first
    assert next(calls) == before + 1


@both
def test_long_paths_with_little_in_common_are_left_to_themselves(backend):
    def f(x):
        for k in range(60):
            x = x * 1.5 - 0.1 * k if x * x < 0.3 * (k % 5) else 0.7 - x
        return x

    x = DRAW.normal(size=40)
    fast = jit(vmap(f), backend=backend)
    first = flat(fast(x))
    for _ in range(2):
        assert flat(fast(x)) == first
    assert len(fast.paths) > 10
    assert bundle(fast) is None


@both
def test_results_are_integers_where_they_are(backend):
    fast = jit(vmap(lambda n, x: n + 1 if x > 0.0 else n * 2), backend=backend)
    for _ in range(3):
        found = fast(np.array([1, 2, 3]), np.array([1.0, -1.0, 2.0]))
        assert found.tolist() == [2, 4, 4]
        assert found.dtype == np.int64
    assert bundle(fast) is not None


@both
def test_new_paths_join(backend):
    fast = jit(vmap(root), backend=backend)
    sizes = []
    for high in (2.0, 100.0, 100.0, 100.0, 1e6, 1e6, 1e6):
        x = np.geomspace(1.0, high, 50)
        assert fast(x).tolist() == [root(a) for a in x.tolist()]
        sizes.append(len(bundle(fast).paths) if bundle(fast) else 0)
    assert sizes == sorted(sizes)
    assert sizes[-1] == len(fast.paths)


@both
def test_a_condition_that_is_the_same_in_all_lanes(backend):
    fast = jit(vmap(lambda x, u: x * u if u > 0.0 else x - u, in_axes=(0, None)), backend=backend)
    x = np.array([1.0, 2.0])
    for _ in range(3):
        assert fast(x, 3.0).tolist() == [3.0, 6.0]
        assert fast(x, -3.0).tolist() == [4.0, 5.0]
    assert bundle(fast) is not None


def test_a_program_too_long(monkeypatch):
    monkeypatch.setattr(bundles, "MOST", 5)
    fast = jit(vmap(root))
    x = np.geomspace(1.0, 100.0, 50)
    for _ in range(3):
        assert fast(x).tolist() == [root(a) for a in x.tolist()]
    assert bundle(fast) is None


Low, High = namedtuple("Low", "x y"), namedtuple("High", "lo hi")


@both
@pytest.mark.parametrize(
    "f",
    [
        lambda x: High(x, 2 * x) if x > 0.5 else Low(x, 3 * x),
        lambda x: {"a": x} if x > 0.5 else OrderedDict(a=3 * x),
    ],
)
def test_containers_of_different_kinds_are_an_error_each_time(f, backend):
    fast = jit(vmap(f), backend=backend)
    for _ in range(4):
        with pytest.raises(ValueError, match="the same structure"):
            fast(np.array([0.9, 0.1, 0.2]))


@both
def test_keys_are_in_the_order_of_the_first_lane(backend):
    def f(x):
        return {"a": x, "b": 2 * x} if x > 0.5 else {"b": x, "a": 3 * x}

    fast = jit(vmap(f), backend=backend)
    x = np.array([0.9, 0.1, 0.2, 0.3])
    for batch in (x, x, x[::-1], x, x[::-1]):
        found, expected = fast(batch), vmap(f)(batch)
        assert [*found] == [*expected]
        assert flat(found) == flat(expected)
    assert bundle(fast) is None


@both
def test_the_digits_of_a_lane_are_those_of_its_path_whatever_others_there_are(backend):
    """A sum that only another path needs may overflow in it."""

    def f(x):
        if x[0] > 0:
            return exp(x[1]) + dot(x, x) * 0
        return exp(x[1])

    big, other = DRAW.normal(size=(2000, 3)), DRAW.normal(size=(6000, 3))
    big[:, 0], other[:, 0] = -1e200, abs(other[:, 0])
    fast = jit(vmap(f), backend=backend)
    first = fast(big)
    for _ in range(2):
        fast(other)
        fast(other)
        assert np.array_equal(fast(big), first)
        assert np.array_equal(fast(np.concatenate([big, other]))[:2000], first)


@both
def test_points_and_seconds_are_counted(backend):
    fast = jit(vmap(sign), backend=backend)
    x = np.linspace(-1.0, 3.0, 10_000)
    for _ in range(3):
        fast(x)
    before = {path: (path.points, path.seconds) for path in fast.paths}
    fast(x)
    for path, (points, seconds) in before.items():
        assert path.points > points
        assert path.seconds > seconds
