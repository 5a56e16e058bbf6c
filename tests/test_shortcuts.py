"""Calls that take a shortcut give what those give that go the long way."""

from typing import NamedTuple

import numpy as np
import pytest
from backends import BACKENDS
from bits import bits
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, dot, grad, jit, relu, tanh, value_and_grad, vmap
from autograd.compiler.shortcuts import MISSED, MOST_LANES
from autograd.forms import FORM

DRAW = np.random.default_rng(3)
both = pytest.mark.parametrize("backend", BACKENDS)


class Pair(NamedTuple):
    left: object
    right: object


def numbers(item):
    """All that is in something, with the bits of its numbers."""
    if isinstance(item, dict):
        return [(key, numbers(part)) for key, part in item.items()]
    if isinstance(item, (list, tuple)):
        return [type(item), *map(numbers, item)]
    if isinstance(item, np.ndarray):
        return [item.dtype.str, item.shape, *map(numbers, item.ravel().tolist())]
    return [type(item), bits(item) if isinstance(item, float) else item]


def summary(tree):
    """A function of whatever it is given: the sum of all numbers, each with its own weight, and
    the tree with twice each of them."""
    count = 0.0

    def walk(item):
        nonlocal count
        if isinstance(item, dict):
            return {key: walk(part) for key, part in item.items()}
        if isinstance(item, tuple) and hasattr(item, "_fields"):
            return type(item)(*map(walk, item))
        if isinstance(item, (list, tuple)):
            return type(item)(map(walk, item))
        if item is None or isinstance(item, (str, bool)):
            return item
        count += 1.0
        return item * (2.0 + count)

    return walk(tree)


floats = st.floats(allow_nan=True, allow_infinity=True, width=64)
leaves = st.one_of(
    floats,
    floats.map(np.float64),
    st.integers(-9, 9),
    st.sampled_from(["a", "'", None, True, False]),
    st.sampled_from([(), (2,), (2, 3), (0,)]).map(lambda shape: DRAW.normal(size=shape)),
    st.sampled_from([(2,), (2, 3)]).map(lambda shape: DRAW.normal(size=shape).astype("f4")),
    st.sampled_from([(2,), (2, 3)]).map(lambda shape: np.asfortranarray(DRAW.normal(size=shape))),
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(tuple),
        st.tuples(parts, parts).map(lambda x: Pair(*x)),
        st.dictionaries(st.sampled_from(["x", "y", "a'b"]), parts, max_size=2),
    ),
    max_leaves=6,
)


def other_numbers(tree):
    """The same structure with other numbers."""
    if isinstance(tree, dict):
        return {key: other_numbers(part) for key, part in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*map(other_numbers, tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(other_numbers, tree))
    if isinstance(tree, np.ndarray) or type(tree) in (float, np.float64):
        return tree * 0.5
    return tree + 1 if type(tree) is int else tree


@given(st.lists(trees, min_size=1, max_size=4))
def test_a_shortcut_is_taken_by_calls_of_its_structure_alone(several):
    fast = jit(summary)
    for tree in [x for x in several for _ in range(3)] + [*map(other_numbers, several)] * 2:
        found, expected = fast(tree), jit(summary)(tree)
        assert numbers(found) == numbers(expected), fast._shortcuts


@pytest.mark.parametrize(
    "other",
    [1, True, "a", "b", None, np.float64(2.0), np.float32(2.0), [2.0], (2.0,), np.array(2.0),
     np.array([2.0]), np.array([2]), np.array([2.0], "f4"), np.array([2.0], ">f8"), 2**53 + 1],
    ids=repr,
)  # fmt: skip
def test_other_kinds_of_arguments_go_the_long_way(other):
    """What has not been seen yet is found out by type, not by what it is equal to."""
    for usual in (2.0, 1, True, "a", [2.0], np.array([2.0])):
        fast = jit(lambda x: [x, x])
        for _ in range(3):
            fast(usual)
        assert numbers(fast(other)) == numbers(jit(fast.fun)(other))


def shortcuts(fast):
    """How many calls of those that follow take a shortcut, in a list."""
    taken = []

    def counting(made):
        def call(args, kwargs):
            found = made(args, kwargs)
            taken.append(found is not MISSED)
            return found

        return call

    for shortcut in fast._shortcuts:
        shortcut.call = counting(shortcut.call)
    return taken


def test_named_arguments_may_come_in_any_order():
    fast = jit(lambda x, *, y, z: x + 2.0 * y + 3.0 * z)
    for _ in range(3):
        assert fast(1.0, y=2.0, z=3.0) == 14.0
    taken = shortcuts(fast)
    assert fast(1.0, y=3.0, z=2.0) == 13.0
    assert fast(1.0, z=2.0, y=3.0) == 13.0
    assert taken == [True, False]


def test_what_is_around_the_function_is_looked_at():
    scale = 2.0
    fast = jit(lambda x: scale * x)
    assert [fast(1.0) for _ in range(4)] == [2.0] * 4
    scale = 3.0
    assert [fast(1.0) for _ in range(4)] == [3.0] * 4
    assert len(fast._shortcuts) == 1
    scale = 2.0
    assert fast(1.0) == 2.0
    batch = jit(vmap(lambda x: scale * x))
    x = np.array([1.0, 2.0])
    assert [batch(x).tolist() for _ in range(4)] == [[2.0, 4.0]] * 4
    scale = 5.0
    assert [batch(x).tolist() for _ in range(4)] == [[5.0, 10.0]] * 4


def test_other_paths_are_found_and_taken():
    fast = jit(lambda x: x if x > 0.0 else -2.0 * x)
    assert [fast(x) for x in (1.0, 2.0, 3.0, -1.0, -2.0, 4.0)] == [1.0, 2.0, 3.0, 2.0, 4.0, 4.0]
    taken = shortcuts(fast)
    assert [fast(x) for x in (1.0, -1.0)] == [1.0, 2.0]
    assert taken == [True, True]


def test_integers_that_turn_out_to_be_indices():
    """From the second path on they are fixed."""
    items = [10.0, 20.0]

    def pick(x, n):
        return x * n if x > 0.0 else x * items[[0, 1][n] * n]

    fast = jit(pick)
    for _ in range(3):
        assert fast(2.0, 1) == 2.0
        assert fast(2.0, 0) == 0.0
    for _ in range(3):
        assert fast(-1.0, 1) == -20.0
        assert fast(-1.0, 0) == -10.0
    assert fast(2.0, 1) == 2.0


def test_values_around_it_are_read_and_differentiated():
    w = Value(2.0)
    fast = jit(lambda x: w * x)
    assert [fast(3.0) for _ in range(3)] == [6.0] * 3
    w.data = 5.0
    assert fast(3.0) == 15.0
    assert grad(lambda v: fast(v) * 2.0)(3.0) == 10.0

    batch = jit(vmap(lambda x: w * x))
    x = np.array([1.0, 2.0])
    assert [batch(x).tolist() for _ in range(3)] == [[5.0, 10.0]] * 3
    found = []
    for shortcut_of in (lambda: fast(3.0), lambda: batch(x)[0]):
        grad(lambda v, shortcut_of=shortcut_of: (found.append(shortcut_of()), v * 1.0)[1])(2.0)
    assert [type(y) for y in found] == [Value, Value]  # for all that is known, w is asked for


def neuron(w, b, x, target):
    return (relu(dot(x, w) + b) - target) ** 2


def neurons(size):
    return np.array([-3.0, -1.0, 2.0]), 1.0, DRAW.normal(size=(size, 3)), DRAW.normal(size=size)


@both
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_batches(backend, reduce):
    batch = vmap(value_and_grad(neuron, (0, 1)), (None, None, 0, 0), reduce=reduce)
    fast = jit(batch, backend=backend)
    for _ in range(3):
        fast(*neurons(10))
    taken = shortcuts(fast)
    for size in (1, 7, 8, 256, 257, 300, MOST_LANES, MOST_LANES + 1):
        arguments = neurons(size)
        expected = jit(batch, backend=backend)(*arguments)
        assert numbers(fast(*arguments)) == numbers(expected)
    if reduce is None:
        assert taken == [True] * 8
    elif backend == "llvm":
        assert taken == [True] * 7 + [False]
    assert numbers(fast(*neurons(0))) == numbers(batch(*neurons(0)))


@both
def test_numbers_of_other_kinds_in_a_batch(backend):
    batch = vmap(lambda x, u: x * u, in_axes=(0, None))
    fast = jit(batch, backend=backend)
    usual = np.array([1.0, 2.0, 3.0])
    for _ in range(3):
        fast(usual, 2.0)
    for x in (usual.astype("f4"), usual.astype(">f8"), usual.astype(int), usual > 1.5, [1, 2]):
        for u in (2.0, 2, np.float32(2.0), True, np.array(2.0)):
            found = []
            for function in (fast, jit(batch, backend=backend)):
                try:
                    found.append(numbers(function(x, u)))
                except (TypeError, ValueError) as error:
                    found.append(str(error))
            assert found[0] == found[1]


@both
@pytest.mark.parametrize("axes", [1, -1, [0, 1], None])
def test_results_along_other_axes(axes, backend):
    def f(x):
        return [x, 2.0 * x] if isinstance(axes, list) else (x if axes else x[0] - x[0])

    batch = vmap(f, in_axes=0, out_axes=axes)
    fast = jit(batch, backend=backend)
    x = DRAW.normal(size=(4, 3))
    for _ in range(4):
        assert numbers(fast(x)) == numbers(jit(batch, backend=backend)(x))


@both
@pytest.mark.parametrize("reduce", [None, "sum"])
def test_arrays_of_every_layout(backend, reduce):
    def f(shared, row, x):
        return {"a": dot(row[0], shared["w"][1]) * x, "b": [row * x, shared["k"] + 0.0 * x], "c": x}

    batch = vmap(f, in_axes=(None, 0, 0), reduce=reduce)
    fast = jit(batch, backend=backend)
    big = DRAW.normal(size=(40, 4, 6))
    rows = [big[:20, :2, :3], np.ascontiguousarray(big[::2, :2, :3]), big[::-2, 1:3, ::2]]
    shared = {"w": big[0, :2, :3], "k": 3.0}
    several = [(shared, row, big[:20, 0, i]) for i, row in enumerate(rows)]
    for arguments in several * 3:
        expected = jit(batch, backend=backend)(*arguments)
        assert numbers(fast(*arguments)) == numbers(expected)
    if backend == "llvm" or not reduce:
        assert len(fast._shortcuts) == 1


@both
def test_results_are_the_callers_own(backend):
    fast = jit(vmap(lambda x, w: [x, w, w], in_axes=(0, None)), backend=backend)
    x, w = np.array([1.0, 2.0]), np.array([3.0])
    for _ in range(4):
        found = fast(x, w)
        for array in found:
            array += 1.0
        assert x.tolist() == [1.0, 2.0]
        assert w.tolist() == [3.0]
        assert [array.tolist() for array in found] == [[2.0, 3.0], [[4.0], [4.0]], [[4.0], [4.0]]]


@both
@pytest.mark.parametrize("reduce", [None, "mean"])
def test_lanes_that_leave_the_path(backend, reduce):
    batch = vmap(lambda x: x if x > 0.0 else -2.0 * x, reduce=reduce)
    fast = jit(batch, backend=backend)
    there = 1 if reduce is None or backend == "llvm" else 0
    for x in [np.array([1.0, 2.0])] * 3:
        assert np.array_equal(fast(x), batch(x))
    taken = shortcuts(fast)
    fast(np.array([1.0, 2.0]))
    assert taken == [True] * there
    for x in [np.array([1.0, -2.0])] * 3:
        assert np.array_equal(fast(x), batch(x))
    taken.clear()
    fast(np.array([1.0, 2.0]))
    assert taken == [False] * there  # with two paths, it would be for nothing most of the time


@both
def test_errors_are_those_of_the_long_way(backend):
    fast = jit(vmap(lambda x, y: x * y), backend=backend)
    for _ in range(3):
        fast(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="same length"):
        fast(np.ones(3), np.ones(4))
    with pytest.raises(TypeError, match="must be an array"):
        fast(np.ones(3), "x")


def test_a_check_is_made_at_each_call():
    class Settings:
        rate = 2.0

    fast = jit(lambda x: Settings.rate * x, check=True)
    assert [fast(1.0) for _ in range(3)] == [2.0] * 3
    batch = jit(vmap(fast.fun), check=True)
    assert [batch(np.ones(2)).tolist() for _ in range(3)] == [[2.0, 2.0]] * 3
    Settings.rate = 3.0
    with pytest.raises(RuntimeError, match="itself returns"):
        fast(1.0)
    with pytest.raises(RuntimeError, match="itself returns"):
        batch(np.ones(2))


def test_there_are_not_too_many():
    fast = jit(lambda *xs: sum(xs))
    for count in [*range(1, 20)] * 3:
        assert fast(*[1.0] * count) == count
    assert len(fast._shortcuts) == 8


def test_there_is_one_for_each_structure():
    """However often it is missed."""

    def steps(x):
        while x > 1.0:
            x = x / 2.0
        return x

    fast = jit(steps)
    for k in range(20):
        fast(2.0**k)
        fast(2.0**k)
    assert len(fast._shortcuts) == 1
    batch = jit(vmap(lambda w, x: tanh(dot(w, x)), in_axes=(None, 0)))
    clean = DRAW.normal(size=(100, 5))
    spoilt = clean.copy()
    spoilt[5, 3] = np.nan
    for x in [clean] * 3 + [spoilt] * 12:
        batch(clean[0], x)
        assert len(batch._shortcuts) <= 1
    taken = shortcuts(batch)
    batch(clean[0], spoilt)
    assert taken == [False]
    assert batch._shortcuts[0].given_up  # the batch is not computed twice any more


def test_a_shortcut_that_is_given_up_makes_room():
    fast = jit(vmap(lambda *xs: sum(xs) if xs[0] > 0.0 else xs[0]))
    for count in range(1, 14):
        for _ in range(3):
            fast(*[np.ones(2)] * count)
        fast(*[np.array([1.0, -1.0])] * count)
    for _ in range(3):
        fast(*[np.ones(2)] * 20)
    taken = shortcuts(fast)
    fast(*[np.ones(2)] * 20)
    assert taken == [True]


def test_integers_that_no_float_can_be_are_looked_at():
    fast = jit(lambda n, x: x * 2.0)
    for _ in range(5):
        assert fast(2**60, 1.0) == 2.0
    assert not fast._shortcuts


def test_long_lists_are_looked_at_item_by_item():
    fast = jit(lambda xs: xs[0] * xs[-1])
    for _ in range(4):
        assert fast([2.0] * 5000) == 4.0
    assert len(fast._shortcuts) == (FORM == "native")  # Python would have to write a long function
