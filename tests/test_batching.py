"""A function for a whole batch: against loops written by hand, and sums in plain Python."""

import functools
import inspect
import math
import pickle
import sys
import warnings
from collections import OrderedDict, namedtuple
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autograd
from autograd import (
    Array,
    Value,
    data,
    dot,
    grad,
    grads,
    hessian,
    jacobian,
    jvp,
    relu,
    sin,
    value_and_grad,
    values,
    vmap,
)
from autograd.batching import Sums, Vmap, arranged, gathered, spread
from autograd.trees import Leaf, flatten, mapped

SIZES = [*range(41), 255, 256, 257, 511, 512, 513, 1000]
Pair = namedtuple("Pair", ["first", "second"])

numbers = st.floats(allow_subnormal=True, width=64)
sides = st.integers(0, 4)


def reduced(stacked, how):
    """The sum or the mean of an array over its first axis."""
    sums = Sums(how, "f")
    sums.add(Leaf(0, 1, stacked.shape[1:] or None), [stacked])
    return sums.result()


def bits(tree):
    """What a tree consists of, to the bit."""

    def leaf(item, path):
        if isinstance(item, np.ndarray) and item.dtype == object:
            return type(item), item.shape, *[bits(x) for x in item.ravel().tolist()]
        if isinstance(item, np.ndarray):
            return type(item), item.dtype.str, item.shape, item.tobytes()
        if isinstance(item, Value):
            return Value, item.data.hex()
        return type(item), item.hex() if type(item) is float else item

    return mapped(leaf, tree)


def loss(w, x, target=0.0):
    """The squared error of one neuron."""
    return (relu(dot(x, w)) - target) ** 2


square = vmap(lambda x: x * x)


@vmap
def decorated(x):
    return x + 1.0


class Model:
    def __init__(self, w):
        self.w = w

    @functools.partial(vmap, in_axes=(None, 0))
    def predict(self, x):
        """A prediction."""
        return self.w * x


# --- The meaning ----------------------------------------------------------------------------------


@st.composite
def batches(draw):
    """An array, and one of its axes."""
    shape = draw(st.lists(sides, min_size=1, max_size=3))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    dtype = draw(st.sampled_from([np.float64, np.float32, np.int64, np.int8, np.bool_]))
    return draw(arrays.arrays(dtype, shape)), axis


@given(batches(), st.data())
def test_arrays_go_in_and_come_out(batch, drawn):
    x, axis = batch
    out = drawn.draw(st.integers(-x.ndim, x.ndim - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = vmap(lambda x: x, in_axes=axis, out_axes=out)(x)
    if x.ndim == 1 and x.dtype.kind in "fi":
        x = x.astype(f"{x.dtype.kind}8")  # they were Python's numbers
    expected = np.moveaxis(x, axis, out)
    assert type(result) is np.ndarray
    assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
    assert result.tobytes() == expected.tobytes()


@given(batches())
def test_a_lane_is_what_indexing_gives(batch):
    x, axis = batch
    seen = []
    vmap(lambda *lane: seen.append(lane), in_axes=(axis, None))(x, "the same")
    lanes = np.moveaxis(x, axis, 0)
    assert len(seen) == max(len(lanes), 1)
    for (lane, other), expected in zip(seen, lanes, strict=False):
        assert other == "the same"
        if x.ndim == 1:
            assert type(lane) is {"f": float, "i": int, "b": bool}[x.dtype.kind]
            assert bits(lane) == bits(expected.item())
        else:
            assert np.shares_memory(lane, x) == (lane.size > 0)
            assert (lane.dtype, lane.tobytes()) == (x.dtype, expected.tobytes())


@pytest.mark.parametrize("n", SIZES)
def test_like_a_loop(n):
    rng = np.random.default_rng(n)
    x, y, w = rng.normal(size=(n, 3)), rng.normal(size=(2, n)), rng.normal(size=3)

    def function(w, parts, scale):
        return {
            "dot": dot(w, parts["x"]),
            "pair": Pair([parts["y"] * scale, scale > 1], np.outer(w, parts["y"])),
            "name": "pair",
        }

    result = vmap(function, in_axes=(None, {"x": 0, "y": 1}, 0))(w, {"x": x, "y": y}, np.arange(n))
    lanes = [function(w, {"x": x[i], "y": y[:, i]}, i) for i in range(n)]

    def stack(items, shape, dtype):
        return np.stack(items) if items else np.zeros((0, *shape), dtype)

    assert bits(result) == bits(
        {
            "dot": stack([lane["dot"] for lane in lanes], (), float),
            "pair": Pair(
                [
                    stack([lane["pair"][0][0] for lane in lanes], (2,), float),
                    stack([lane["pair"][0][1] for lane in lanes], (), bool),
                ],
                stack([lane["pair"][1] for lane in lanes], (3, 2), float),
            ),
            "name": "pair",
        }
    )


@pytest.mark.parametrize("out", [-3, -2, -1, 0, 1, 2])
def test_results_are_stacked_along_an_axis(out):
    x = np.arange(24.0).reshape(4, 3, 2)
    result = vmap(lambda x: 2 * x, out_axes=out)(x)
    expected = np.stack([2 * x[i] for i in range(4)], axis=out)
    assert bits(result) == bits(expected)
    assert result.strides == expected.strides
    assert not np.shares_memory(result, x)


def test_axes_in_the_structure_of_the_result():
    x = np.arange(6.0).reshape(3, 2)
    function = vmap(lambda x: {"a": (x, x[0]), "b": [x, 1.5], "c": None}, 0, {
        "a": (1, 0), "b": [-1, None], "c": 3,
    })  # fmt: skip
    result = function(x)
    assert bits(result) == bits({"a": (x.T.copy(), x[:, 0].copy()), "b": [x.T.copy(), 1.5],
                                 "c": None})  # fmt: skip


def test_axes_in_the_structure_of_the_arguments():
    x, y = np.arange(6.0).reshape(2, 3), np.arange(3)

    def function(pair, parameters, *rest):
        return pair.first.sum() + pair.second * parameters["w"][0] + parameters["b"][1] + rest[0][0]

    axes = (Pair(1, None), {"w": None, "b": (None, 0)}, [0])
    result = vmap(function, in_axes=axes)(
        Pair(x, 10.0), OrderedDict(b=(1, y), w=[2.0]), [np.ones(3)]
    )
    assert bits(result) == bits(np.array([x[:, i].sum() + 20.0 + i + 1.0 for i in range(3)]))


def test_arguments_by_name_are_mapped_over_axis_0():
    function = vmap(lambda x, *, y: x + y[0] * y[1], in_axes=(None,))
    assert function(1.0, y=(np.arange(3), np.arange(3.0))).tolist() == [1.0, 2.0, 5.0]
    assert vmap(lambda *, y: y + 1)(y=np.arange(3)).tolist() == [1, 2, 3]


def test_none_has_no_axis():
    assert vmap(lambda x, y: x if y is None else 0)(np.arange(3), None).tolist() == [0, 1, 2]
    assert vmap(lambda x: x[0])([np.arange(3), None]).tolist() == [0, 1, 2]


def test_what_is_not_mapped_over_is_handed_on_itself():
    shared, seen = {"list": [1, np.ones(2)]}, []
    vmap(lambda *arguments: seen.append(arguments), in_axes=(0, None, 0))(
        np.ones(2), shared, [np.ones(2)]
    )
    assert [arguments[1] is shared for arguments in seen] == [True, True]
    assert seen[0][2] == [1.0]


def test_axes_may_be_lists_and_integers_of_numpy():
    function = vmap(lambda x, y: x * y, [None, np.int64(0)], np.int8(0))
    assert function.in_axes == (None, 0)
    assert type(function.in_axes[1]) is type(function.out_axes) is int
    assert function(2, np.arange(3)).tolist() == [0, 2, 4]
    axes = {"w": 0}
    function = vmap(lambda parameters: parameters["w"], in_axes=(axes,))
    axes["w"] = None
    assert function.in_axes == ({"w": 0},)


def test_views_of_other_arrays():
    x = np.arange(24.0).reshape(4, 6)
    for view in (x[::-1, ::2], x.T, np.asfortranarray(x), np.broadcast_to(x[0], (3, 6))):
        for axis in (0, 1):
            expected = np.stack([np.take(view, i, axis) * 2 for i in range(view.shape[axis])])
            assert bits(vmap(lambda x: x * 2, axis)(view)) == bits(expected)


def test_arrays_of_other_libraries():
    series = pandas.Series([1.0, 2.0], index=["a", "b"])
    assert bits(vmap(lambda x: 2 * x)(series)) == bits(np.array([2.0, 4.0]))
    frame = pandas.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert vmap(lambda row: row.sum())(frame).tolist() == [4, 6]
    seen = []
    vmap(lambda x, whole: seen.append(whole), in_axes=(0, None))(series, frame)
    assert seen == [seen[0]] * 2 and seen[0] is frame  # noqa: PT018
    assert bits(vmap(lambda x: pandas.Series([x, x]))(np.ones(3))) == bits(np.ones((3, 2)))
    matrix = np.ones((1, 2)).view(np.matrix)
    assert bits(vmap(lambda x: x)(matrix)) == bits(np.ones((1, 2)))
    assert vmap(str.upper, reduce=None)(np.array(["a", "a"])) == "A"
    with pytest.raises(TypeError, match=r"argument 0 of sin must not have a mask"):
        vmap(sin)(np.ma.array([1.0], mask=[True]))
    with pytest.raises(TypeError, match=r"the result of <lambda> must not have a mask"):
        vmap(lambda x: np.ma.array([x], mask=[True]))(np.ones(2))


def test_kinds_of_results():
    n = np.arange(3)
    assert bits(vmap(lambda i: i)(n)) == bits(np.array([0, 1, 2]))
    assert bits(vmap(lambda i: i > 1)(n)) == bits(np.array([False, False, True]))
    assert bits(vmap(lambda i: i if i else True)(n)) == bits(np.array([1, 1, 2]))
    assert bits(vmap(lambda i: i if i else 0.5)(n)) == bits(np.array([0.5, 1.0, 2.0]))
    assert bits(vmap(lambda i: np.float32(i))(n)) == bits(np.array([0.0, 1.0, 2.0]))
    assert bits(vmap(lambda i: np.longdouble(i))(n)) == bits(np.array([0.0, 1.0, 2.0]))
    assert bits(vmap(lambda i: np.int8(i))(n)) == bits(np.array([0, 1, 2]))
    assert bits(vmap(lambda i: np.bool_(i))(n)) == bits(np.array([False, True, True]))
    assert bits(vmap(lambda i: np.array(1.0 * i))(n)) == bits(np.array([0.0, 1.0, 2.0]))
    assert bits(vmap(lambda i: Fraction(i, 2))(n)) == bits(np.array([0.0, 0.5, 1.0]))
    assert bits(vmap(lambda i: np.ones(i) if i > 9 else np.ones((), int))(n)) == bits(
        np.ones(3, int)
    )
    assert vmap(lambda i: np.ones(2, np.float32))(n).dtype == np.float32
    assert vmap(lambda i: np.ones(2, int) if i else np.ones(2))(n).dtype == np.float64
    assert vmap(lambda i: (None, "a" + str(9), {1}))(n) == (None, "a9", {1})
    objects = vmap(lambda i: np.array([i, "a"], object))(n)
    assert type(objects) is np.ndarray
    assert objects.tolist() == [[0, "a"], [1, "a"], [2, "a"]]
    assert bits(vmap(lambda i: ([], {}, ()))(n)) == ([], {}, ())


def test_objects_are_lanes():
    seen = []
    vmap(lambda x: seen.append(x))(np.array([1, "a", None], object))
    assert seen == [1, "a", None]


def test_long_numbers_are_python_floats():
    assert [type(x) for x in np.longdouble([1, 2])] == [np.longdouble] * 2
    seen = []
    vmap(lambda x: seen.append(type(x)))(np.longdouble([1, 2]))
    assert seen == [float, float]


# --- One result for all lanes ---------------------------------------------------------------------


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf]), min_size=1, max_size=4))
def test_a_result_that_all_lanes_have(x):
    function = vmap(lambda x: (x, [x, 1]), out_axes=None)
    if len({value.hex() for value in x}) == 1:
        assert bits(function(np.array(x))) == bits((x[0], [x[0], 1]))
    else:
        with pytest.raises(ValueError, match=r"out_axes must not be None for the result\[0\] of"):
            function(np.array(x))
    matrix = np.array(x)[:, None] * np.ones((1, 2))
    rows = vmap(lambda x: x, out_axes=None)
    if len({row.tobytes() for row in matrix}) == 1:
        assert bits(rows(matrix)) == bits(matrix[0])
    else:
        with pytest.raises(ValueError, match="which is not the same in lane 0 and in lane"):
            rows(matrix)


def test_a_result_that_all_lanes_have_is_as_it_is():
    x, w, v = np.arange(3), np.ones(2), Value(2.0)
    function = vmap(lambda x, w: (x, w, 1, True, v, values_, np.zeros((2, 0))), (0, None), (
        0, None, None, None, None, None, None,
    ))  # fmt: skip
    values_ = values([1.0, 2.0])
    _, again, one, true, value, array, empty = function(x, w)
    assert bits(again) == bits(w)
    assert again is not w
    assert again.base is None  # it does not keep the rows of all lanes alive
    assert (type(one), type(true), value) == (int, bool, v)
    assert value is v
    assert type(array) is Array
    assert [a is b for a, b in zip(array, values_, strict=True)] == [True, True]
    assert empty.shape == (2, 0)
    mixed = vmap(lambda x: autograd.array([v, -0.0]), out_axes=None)(x)
    assert mixed[0] is v
    with pytest.raises(ValueError, match="is not the same in lane 0 and in lane 1"):
        vmap(lambda x: v * 1, out_axes=None)(x)  # equal, but not the same
    with pytest.raises(ValueError, match="is not the same in lane 0 and in lane 2"):
        vmap(lambda x: autograd.array([v, -0.0 if x < 2 else 0.0]), out_axes=None)(x)


# --- Empty batches --------------------------------------------------------------------------------


def test_an_empty_batch():
    seen = []

    def function(*lane, w):
        seen.append((*lane, w))
        return {"x": lane[0] / lane[0], "n": [lane[1], lane[2]], "w": w, "text": "a"}

    lanes = np.zeros(0), np.zeros(0, int), np.zeros(0, bool), np.zeros((3, 0, 2), np.float32)
    with pytest.raises(ZeroDivisionError) as info:
        vmap(function, in_axes=(0, 0, 0, 1))(*lanes, w=np.zeros((0, 2)))
    assert info.value.__notes__ == [
        "function was called with zeros, to learn the structure of its result: the batch is empty"
    ]
    assert bits(seen[0]) == bits((0.0, 0, False, np.zeros((3, 2), np.float32), np.zeros(2)))
    result = vmap(lambda x, y: {"x": 1 / x, "n": [True, 3], "text": "a"})(
        np.zeros((0, 2)), np.zeros(0)
    )  # the function divides by zero, and there is no warning
    assert bits(result) == bits(
        {"x": np.zeros((0, 2)), "n": [np.zeros(0, bool), np.zeros(0, int)], "text": "a"}
    )
    assert vmap(lambda x: x, out_axes=1)(np.zeros((0, 3))).shape == (3, 0)


def test_an_empty_batch_of_values():
    x = values(np.ones((0, 2)))
    result = vmap(lambda x: x[0] * x[1])(x)
    assert (type(result), result.shape, result.dtype) == (Array, (0,), object)
    assert type(vmap(lambda x: x)(x[:, 0])) is Array
    assert vmap(lambda x: x)(np.zeros(0, object)).dtype == np.float64
    assert vmap(lambda x: x)(np.zeros((0, 2), object)).dtype == object


def test_an_empty_batch_has_nothing_in_common():
    with pytest.raises(
        ValueError, match=r"None for the result\[1\] of <lambda> where the batch is"
    ):
        vmap(lambda x: (x, 1.0), out_axes=(0, None))(np.zeros(0))


# --- Values and derivatives -----------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=5))
def test_gradients_of_values(points):
    x, w = values(points), values([0.5, -2.0])
    result = vmap(lambda w, x: {"loss": loss(w, x), "x": x * 2}, (None, 0))(w, x)
    assert type(result["loss"]) is type(result["x"]) is Array
    assert result["x"].shape == x.shape
    (result["loss"].sum() + result["x"].sum()).backward()
    y, v = values(points), values([0.5, -2.0])
    total = sum(loss(v, row) for row in y) + (y * 2).sum()
    total.backward()
    assert data(result["loss"]).tolist() == [loss([0.5, -2.0], row) for row in points]
    np.testing.assert_allclose(grads(w), grads(v))
    np.testing.assert_allclose(grads(x), grads(y))


def test_values_and_numbers_in_one_result():
    x = values([-1.0, 2.0])
    result = vmap(lambda x: x if x > 0 else 0)(x)
    assert type(result) is Array
    assert (type(result[0]), result[1]) == (float, x[1])
    rows = vmap(lambda x: autograd.array([x, 1]) if x > 0 else np.zeros(2))(x)
    assert type(rows) is Array
    assert bits(data(rows)) == bits(np.array([[0.0, 0.0], [2.0, 1.0]]))
    plain = vmap(lambda x: np.array([x, 1.0], object))(x)
    assert type(plain) is Array
    column = vmap(lambda x: x, in_axes=1, out_axes=-1)(values(np.ones((2, 3))))
    assert type(column) is Array
    assert column.shape == (2, 3)


def test_derivatives_for_a_batch():
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=3), rng.normal(size=(5, 3))

    def function(w, x):
        return sin(dot(w, x)) * dot(x, x)

    for derivative in (grad, value_and_grad, hessian):
        result = vmap(derivative(function), in_axes=(None, 0))(w, x)
        lanes = [derivative(function)(w, row) for row in x]
        if derivative is value_and_grad:
            assert bits(result) == bits(tuple([np.stack(x) for x in zip(*lanes, strict=True)]))
        else:
            assert bits(result) == bits(np.stack(lanes))
    cubes = vmap(jacobian(lambda x: x**3), out_axes=-1)(x)
    assert bits(cubes) == bits(np.stack([np.diag(3 * row**2) for row in x], axis=-1))
    directions = vmap(lambda x, v: jvp(lambda x: x**2, (x,), (v,)))(x, x)
    assert bits(directions) == bits((x**2, 2 * x * x))


def test_a_batch_is_differentiated():
    rng = np.random.default_rng(0)
    w, x, y = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)

    def total(w):
        return vmap(loss, in_axes=(None, 0, 0))(w, x, y).mean()

    def by_hand(w):
        return sum(loss(w, row, target) for row, target in zip(x, y, strict=True)) / 5

    np.testing.assert_allclose(grad(total)(w), grad(by_hand)(w), rtol=1e-14)
    np.testing.assert_allclose(hessian(total)(w), hessian(by_hand)(w), rtol=1e-14)
    reduced_ = vmap(loss, in_axes=(None, 0, 0), reduce="mean")
    assert type(reduced_(w, x, y)) is float
    np.testing.assert_allclose(grad(reduced_)(w, x, y), grad(by_hand)(w), rtol=1e-14)
    squares = jacobian(square)(np.array([1.0, 2.0]))
    assert squares.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    slope = vmap(grad(lambda x, y: x * vmap(grad(lambda z: x * z * z))(y).sum()), (0, None))
    assert slope(np.array([1.0, 2.0]), np.array([1.0, 2.0])).tolist() == [12.0, 24.0]


def test_batches_of_batches():
    x, y = np.arange(6.0).reshape(2, 3), np.arange(4.0)
    outer = vmap(vmap(lambda a, b: a * b, in_axes=(None, 0)), in_axes=(0, None))
    assert bits(outer(y, y)) == bits(np.outer(y, y))
    matrices = vmap(vmap(vmap(lambda x, y: x + y, (None, 0)), (0, None)), (1, None), 1)
    expected = np.stack([[[x[i, j] + z for z in y] for i in range(2)] for j in range(3)], axis=1)
    assert bits(matrices(x, y)) == bits(expected)


# --- Sums and means -------------------------------------------------------------------------------


def slow_sum(lanes, zero=0.0):
    """The sum in the order that is promised, in plain Python."""

    def tree(items):
        while len(items) > 1:
            pairs = [items[i] + items[i + 1] for i in range(0, len(items) - 1, 2)]
            items = pairs + ([items[-1]] if len(items) % 2 else [])
        return items[0]

    sums = []
    for start in range(0, len(lanes), 256):
        block = lanes[start : start + 256]
        partial = []
        for first in range(min(8, len(block))):
            total = block[first]
            for lane in block[first + 8 :: 8]:
                total = total + lane
            partial.append(total)
        sums.append(tree(partial))
    return tree(sums) if sums else zero


@pytest.mark.parametrize("n", [*SIZES, 2047, 2048, 2049, 2816])
def test_the_order_of_the_sums(n):
    rng = np.random.default_rng(n)
    table = rng.normal(size=(n, 3)) * 10.0 ** rng.integers(-12, 12, size=(n, 3))
    expected = [slow_sum(column) for column in table.T.tolist()]
    mean = [total / n if n else math.nan for total in expected]
    for x in (table, np.asfortranarray(table), np.repeat(table, 2, axis=0)[::2]):
        assert bits(reduced(x, "sum")) == bits(np.array(expected))
        assert bits(reduced(x, "mean")) == bits(np.array(mean))
    for column, total, average in zip(table.T, expected, mean, strict=True):
        assert bits(reduced(column, "sum")) == bits(total)
        assert bits(vmap(lambda x: x, reduce="sum")(column)) == bits(total)
        assert bits(vmap(lambda x: x, reduce="mean")(column)) == bits(average)
    cube = vmap(lambda x: {"x": np.outer(x, x)}, reduce="sum")(table)["x"]
    assert bits(cube) == bits(
        np.array([[slow_sum((table[:, i] * table[:, j]).tolist()) for j in range(3)]
                  for i in range(3)])
    )  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 15, 40, 255, 256, 257, 513])
def test_the_same_additions_of_values(n):
    rng = np.random.default_rng(n)
    numbers = rng.normal(size=n) * 10.0 ** rng.integers(-9, 9, size=n)
    total = reduced(values(numbers), "sum")
    assert bits(total.data) == bits(slow_sum(numbers.tolist()))
    x = values(numbers)
    mean = vmap(lambda x: x, reduce="mean")(x)
    assert bits(mean.data) == bits(slow_sum(numbers.tolist()) / n)
    mean.backward()
    assert grads(x).tolist() == [1 / n] * n
    additions = [node for node in autograd.topological_order(mean) if len(node.operands) == 2]
    assert len(additions) == n  # and a division
    rows = values(rng.normal(size=(n, 2)))
    result = reduced(rows, "sum")
    assert type(result) is Array
    assert bits(data(result)) == bits(reduced(data(rows), "sum"))


@given(st.lists(numbers, max_size=20))
def test_sums_are_quiet(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        total, mean = reduced(np.array(x), "sum"), reduced(np.array(x), "mean")
    expected = slow_sum(x)
    assert repr(total) == repr(expected)
    assert repr(mean) == repr(expected / len(x) if x else math.nan)
    assert np.isnan(reduced(values([math.inf, -math.inf]), "sum").data)


def test_zeros_keep_their_sign():
    for n in (1, 3, 9, 300):
        assert bits(reduced(np.full(n, -0.0), "sum")) == bits(-0.0)
        assert bits(reduced(values(np.full(n, -0.0)), "sum").data) == bits(-0.0)
    assert bits(reduced(np.zeros(0), "sum")) == bits(0.0)


def test_what_is_summed():
    assert bits(reduced(np.array([True, False, True]), "sum")) == bits(2.0)
    assert bits(reduced(np.array([[1, 2], [3, 5]]), "mean")) == bits(np.array([2.0, 3.5]))
    single = np.full(3, 2**24 + 1.0, np.float32)
    assert bits(reduced(single, "sum")) == bits(3.0 * 2**24)
    assert bits(reduced(np.array([1.0, 2], object), "sum")) == bits(3.0)
    assert bits(reduced(np.array([[1.0, True]], object), "sum")) == bits(np.array([1.0, 1.0]))
    assert bits(reduced(values(np.zeros((0, 2))), "sum")) == bits(np.zeros(2))
    assert bits(reduced(np.zeros((3, 0)), "sum")) == bits(np.zeros(0))
    assert bits(reduced(np.zeros((0, 2, 0)), "mean")) == bits(np.zeros((2, 0)))
    assert bits(vmap(lambda x: (x, [x > 1]), reduce="sum")(np.arange(4))) == (
        (float, (6.0).hex()), [(float, (2.0).hex())],
    )  # fmt: skip
    x = values([1.0, 2.0])
    assert reduced(np.array([x[0], 1], object), "sum").data == 2.0
    numbers = np.arange(3.0)
    reduced(numbers, "sum")
    assert numbers.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("wrong", [None, "a", 1j, {1}])
def test_only_numbers_are_summed(wrong):
    kind = {None: "None", "a": "a str", 1j: "a complex"}.get(wrong if wrong != {1} else 0, "a set")
    message = rf"the result\['x'\] of <lambda> must be numbers for their mean, not {kind}"
    with pytest.raises(TypeError, match=message):
        vmap(lambda x: {"x": wrong}, reduce="mean")(np.ones(2))
    with pytest.raises(TypeError, match=r"must be numbers for their sum, not of type <U1"):
        vmap(lambda x: np.array(["a"]), reduce="sum")(np.ones(2))
    with pytest.raises(TypeError, match=r"an element of the result of <lambda> must be a real"):
        vmap(lambda x: np.array([wrong], object), reduce="sum")(np.ones(2))


# --- The parts ------------------------------------------------------------------------------------


def test_lanes_of_a_batch():
    x, y, z = np.arange(6.0).reshape(2, 3), np.arange(3), values([1.0, 2.0, 3.0])
    batch = vmap(loss, in_axes=(-1, None, [0, None])).lanes((x, {"a": 1.5}, [y, None]), {"z": z})
    assert batch.size == 3
    assert batch.axes == [1, None, 0, None, 0]
    leaves = []
    mapped(lambda item, path: leaves.append(item), ((x, {"a": 1.5}, [y, None]), {"z": z}))
    for column, axis, leaf in zip(batch.columns, batch.axes, leaves, strict=True):
        if axis is None:
            assert column is leaf
        else:
            assert bits(column) == bits(np.moveaxis(leaf, axis, 0))
    args, kwargs = batch.lane(1)
    assert bits(args) == bits((np.array([1.0, 4.0]), {"a": 1.5}, [1, None]))
    assert kwargs["z"] is z[1]
    assert bits(batch.zeros()) == bits(((np.zeros(2), {"a": 1.5}, [0, None]), {"z": Value(0.0)}))


def test_results_of_lanes():
    results = [{"b": (float(i), "text"), "a": np.full((2, 3), i)} for i in range(4)]
    results[2] = dict(reversed(results[2].items()))
    structure, stacked = gathered(results, "f")
    assert structure == {"b": (Leaf(0, 1, None), "text"), "a": Leaf(1, 7, (2, 3))}
    assert (structure["a"].start, structure["a"].stop) == (1, 7)
    expected = [np.arange(4.0), np.arange(4)[:, None, None] * np.ones((1, 2, 3), int)]
    assert bits(stacked) == bits(expected)
    result = arranged(structure, stacked, {"a": -1, "b": 0}, "f")
    assert list(result) == ["b", "a"]
    assert result["b"][1] == "text"
    assert bits(result["a"]) == bits(np.stack([r["a"] for r in results], axis=-1))
    tree = flatten((1.0, np.ones((2, 2))), str)
    both = vmap(loss, reduce="sum").assembled(tree.structure, [np.ones(3), np.ones((3, 2, 2))])
    assert bits(both) == bits((3.0, np.full((2, 2), 3.0)))


def test_spread():
    tree = {"a": [1, 2], "b": (3, {"c": 4})}
    assert spread({"b": (None, 1), "a": 0}, tree, "axes", str) == [0, 0, None, 1]
    assert spread(None, tree, "axes", str) == [None] * 4
    assert spread((), (), "axes", str) == []


# --- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (TypeError, {"in_axes": "0"}, "in_axes must be an integer, None, or tuples, .* not '0'"),
        (TypeError, {"in_axes": True}, "in_axes must be an integer, None, or .* not True"),
        (TypeError, {"in_axes": 0.0}, "in_axes must be an integer, None, or .* not 0.0"),
        (TypeError, {"in_axes": (0, "a")}, r"in_axes\[1\] must be an integer, .* not 'a'"),
        (TypeError, {"in_axes": ({"w": False},)}, r"in_axes\[0\]\['w'\] must be .* not False"),
        (TypeError, {"in_axes": {"w": 0}}, r"not a dict: for one argument, in_axes=\({'w': 0},\)"),
        (TypeError, {"in_axes": Pair(0, 0)}, r"not a Pair: for one argument, in_axes=\(Pair"),
        (TypeError, {"out_axes": 0.5}, "out_axes must be an integer, None, or .* not 0.5"),
        (TypeError, {"out_axes": {"a": [True]}}, r"out_axes\['a'\]\[0\] must be .* not True"),
        (ValueError, {"reduce": "max"}, "reduce must be 'sum', 'mean' or None, not 'max'"),
        (ValueError, {"reduce": ["sum"]}, r"reduce must be .*, not \['sum'\]"),
        (ValueError, {"reduce": True}, "reduce must be 'sum', 'mean' or None, not True"),
        (
            ValueError,
            {"reduce": "sum", "out_axes": 1},
            "out_axes must be left out .*, not 1: after",
        ),
        (ValueError, {"reduce": "sum", "out_axes": None}, "out_axes must be left out .*, not None"),
        (ValueError, {"reduce": "mean", "out_axes": (0,)}, "out_axes must be left out .* the mean"),
    ],
)
def test_options_that_are_refused(kind, options, message):
    with pytest.raises(kind, match=message):
        vmap(loss, **options)


def test_something_that_is_not_a_function():
    with pytest.raises(TypeError, match=r"must be a function, not a float: vmap\(f\)\(x\), not"):
        vmap(1.0)
    with pytest.raises(TypeError, match="takes from 1 to 3 positional arguments"):
        vmap(loss, 0, 0, "sum")


TABLE, ROW = np.ones((3, 4)), np.ones(4)


@pytest.mark.parametrize(
    ("kind", "in_axes", "args", "message"),
    [
        (ValueError, (0, 0), (ROW,), "argument of loss, but it has 2 for 1 "),
        (ValueError, (0,), (ROW, ROW), "argument of loss, but it has 1 for 2 "),
        (ValueError, (0, None), ((ROW, 1.0),),
         r"for the parts of one argument, in_axes=\(\(0, None\),\)$"),
        (ValueError, (0, {"w": 2}), (ROW, {"w": TABLE}),
         r"argument 1\['w'\] of loss cannot be mapped over axis 2: its shape is \(3, 4\), with "
         "axes from -2 to 1"),
        (ValueError, -2, (ROW,), "argument 0 of loss cannot be mapped over axis -2: .* -1 to 0"),
        (ValueError, 0, (ROW, 1.0), "argument 1 of loss is a number, which has no axis .*"
         r"np.array\(...\) or, if it is the same in all lanes, give None for it in in_axes"),
        (ValueError, 0, ([1.0, 2.0],), r"argument 0\[0\] of loss is a number, which has no axis"),
        (ValueError, 0, (Value(1.0),), "argument 0 of loss is a number"),
        (ValueError, 0, (np.float64(1.0),), "argument 0 of loss is a number"),
        (ValueError, 0, (True,), "argument 0 of loss is a number"),
        (ValueError, 0, (np.array(1.0),), "argument 0 of loss is an array without dimensions"),
        (TypeError, 0, ("text",), "argument 0 of loss must be an array .*, not a str: make one"),
        (TypeError, 0, ({1},), "argument 0 of loss must be an array to be mapped over, not a set"),
        (ValueError, (0, 1), (ROW, TABLE.T),
         r"but it is 4 for argument 0 of loss \(axis 0 of shape \(4,\)\), and 3 for argument 1 of "
         r"loss \(axis 1 of shape \(4, 3\)\): give None in in_axes"),
        (ValueError, 0, ({f"w{i}": ROW for i in range(9)}, TABLE),
         r"argument 0\['w4'\] of loss \(axis 0 of shape \(4,\)\) and 4 more, and 3 for argument 1"),
        (ValueError, 0, (ROW, [TABLE, ROW]),
         r"4 for argument 0 of loss \(.*\) and argument 1\[1\] of loss \(.*\), and 3 for arg"),
        (ValueError, None, (ROW,), "in_axes must not be None for all arguments of loss"),
        (ValueError, (None, {"a": None}), (ROW, {"a": 1}), "must not be None for all arguments"),
        (ValueError, 0, (), "loss must be called with at least one array, to be mapped over"),
        (ValueError, 0, ([], {}, None), "loss must be called with at least one array"),
        (ValueError, (), (), "loss must be called with at least one array"),
        (ValueError, ((0, 0),), ([ROW, ROW],),
         r"in_axes\[0\] must be an axis, None or of the structure of argument 0 of loss, which is "
         r"\[array of shape \(4,\), array of shape \(4,\)\], not \(0, 0\)"),
        (ValueError, ({"a": [0]},), ({"a": [ROW, 2.0]},),
         r"in_axes\[0\]\['a'\] must be .* of argument 0\['a'\] of loss, which is \[array of shape "
         r"\(4,\), number\], not \[0\]"),
        (ValueError, ({"b": 0},), ({"a": ROW},), r"in_axes\[0\] must be .* not {'b': 0}"),
        (ValueError, ((0, 0),), (Pair(ROW, ROW),), r"which is Pair\(first=array .*, not \(0, 0\)"),
        (ValueError, ([0],), (TABLE,), r"which is array of shape \(3, 4\), not \[0\]"),
        (ValueError, ({"a": 0},), (None,), r"which is None, not {'a': 0}"),
    ],
)  # fmt: skip
def test_arguments_that_are_refused(kind, in_axes, args, message):
    with pytest.raises(kind, match=message):
        vmap(loss, in_axes)(*args)


def test_arguments_by_name_that_are_refused():
    message = (
        r"argument target\['a'\] of loss is a number, .* pass it by position, with None for it"
    )
    with pytest.raises(ValueError, match=message):
        vmap(loss)(ROW, x=ROW, target={"a": 0.0})
    with pytest.raises(
        ValueError, match=r"4 for argument 0 of loss .* and 3 for argument x of loss"
    ):
        vmap(loss)(ROW, x=TABLE)
    with pytest.raises(
        TypeError, match=r"argument x of loss must be an array .* pass it by position"
    ):
        vmap(loss)(ROW, x="text")


@pytest.mark.parametrize(
    ("kind", "function", "message"),
    [
        (ValueError, lambda x: [x] * int(x),
         r"the result of f must have the same structure and shapes in all lanes, but it is "
         r"\[\] in lane 0 and \[number\] in lane 1"),
        (ValueError, lambda x: {"a": x} if x < 2 else {"b": x},
         "it is {'a': number} in lane 0 and {'b': number} in lane 2"),
        (ValueError, lambda x: {"a": [1]} if x < 2 else {"a": (1,)},
         r"it is {'a': \[number\]} in lane 0 and {'a': \(number,\)} in lane 2"),
        (ValueError, lambda x: [np.ones(1 + int(x))],
         r"it is \[array of shape \(1,\)\] in lane 0 and \[array of shape \(2,\)\] in lane 1"),
        (ValueError, lambda x: x if x < 2 else np.ones(1),
         r"it is number in lane 0 and array of shape \(1,\) in lane 2"),
        (ValueError, lambda x: x if x < 2 else None, "it is number in lane 0 and None in lane 2"),
        (ValueError, lambda x: (x, None) if x < 2 else (x, 1),
         r"it is \(number, None\) in lane 0 and \(number, number\) in lane 2"),
        (ValueError, lambda x: x if x < 2 else [x], r"number in lane 0 and \[number\] in lane 2"),
        (ValueError, lambda x: Pair(1, 2) if x < 2 else (1, 2), r"Pair\(first=number, second=num"),
        (TypeError, lambda x: {"a": "ab"[x > 1]}, r"the result\['a'\] of f must be numbers, "
         "arrays or the same in all lanes, but it is 'a' in lane 0 and 'b' in lane 2"),
        (TypeError, lambda x: 1j * x, "it is 0j in lane 0 and 1j in lane 1"),
        (TypeError, lambda x: object(), "it is <object object at .* in lane 0 and <object object"),
    ],
)  # fmt: skip
def test_results_that_are_refused(kind, function, message):
    def f(x):
        return function(x)

    with pytest.raises(kind, match=message):
        vmap(f)(np.arange(3.0))


def test_axes_of_the_result_that_are_refused():
    message = (
        r"out_axes cannot put the lanes of the result\['a'\] of <lambda> along axis 2: with the "
        "lanes it has axes from -2 to 1"
    )
    with pytest.raises(ValueError, match=message):
        vmap(lambda x: {"a": np.ones(3)}, out_axes=2)(ROW)
    with pytest.raises(ValueError, match="along axis -2: with the lanes it has axes from -1 to 0"):
        vmap(lambda x: x, out_axes=-2)(ROW)
    message = (
        r"out_axes\[0\] must be an axis, None or of the structure of the result\[0\] of <lambda>, "
        r"which is \[number, array of shape \(2,\)\], not \(0, 1\)"
    )
    with pytest.raises(ValueError, match=message):
        vmap(lambda x: ([x, np.ones(2)], "text"), out_axes=((0, 1), 0))(ROW)


def test_an_error_names_the_lane():
    def f(x):
        return 1 / x

    with pytest.raises(ZeroDivisionError) as info:
        vmap(f)(np.array([2.0, 1.0, 0.0, 3.0]))
    assert info.value.__notes__ == ["f was called in lane 2 of a batch of 4"]
    with pytest.raises(OverflowError):
        vmap(lambda x: 2**64)(ROW)


# --- As an object ---------------------------------------------------------------------------------


def test_pickles():
    for function in (
        vmap(loss, (None, 0), reduce="sum"),
        vmap(vmap(grad(loss), ({"a": [0]}, 0)), out_axes=[None, -1]),
        decorated,
        vmap(sin),
    ):
        again = pickle.loads(pickle.dumps(function))
        assert again == function
        assert hash(again) == hash(function)
        assert repr(again) == repr(function)
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(square)


@pytest.mark.skipif(sys.platform == "emscripten", reason="there are no processes")
def test_in_other_processes():
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(vmap(sin), np.zeros(2)).result().tolist() == [0.0, 0.0]


def test_methods():
    model = Model(2.0)
    assert model.predict(np.arange(3.0)).tolist() == [0.0, 2.0, 4.0]
    assert type(Model.predict) is Vmap
    assert Model.predict(model, np.arange(2.0)).tolist() == [0.0, 2.0]


def test_names_and_documents():
    function = vmap(loss, in_axes=(None, 0))
    assert function.__name__ == "loss"
    assert function.__wrapped__ is loss
    assert inspect.signature(function) == inspect.signature(loss)
    assert function.__doc__ == (
        "loss for a batch, whose lanes lie along one more axis.\n\nThe squared error of one neuron."
    )
    assert vmap(functools.partial(loss, 1.0)).__doc__.startswith("functools.partial(")
    assert vmap(sin).__name__ == "sin"
    assert (function.fun, function.in_axes) == (loss, (None, 0))
    assert (function.out_axes, function.reduce) == (0, None)


def test_prints_as_the_call():
    assert repr(vmap(loss)) == "vmap(loss)"
    assert repr(vmap(loss, in_axes=[None, 0])) == "vmap(loss, in_axes=(None, 0))"
    assert repr(vmap(loss, None, None)) == "vmap(loss, in_axes=None, out_axes=None)"
    function = vmap(vmap(grad(loss, 1)), 1, reduce="mean")
    assert repr(function) == "vmap(vmap(grad(loss, argnums=1)), in_axes=1, reduce='mean')"


def test_equality():
    assert vmap(loss) == vmap(loss, 0, 0)
    different = [vmap(loss), vmap(loss, 1), vmap(loss, 0, 1), vmap(loss, reduce="sum"), vmap(sin)]
    for i, one in enumerate(different):
        assert [one == other for other in different] == [i == j for j in range(len(different))]
    assert len({*different, vmap(loss)}) == len(different)
    assert vmap(loss, ({"w": 0},)) == vmap(loss, [{"w": 0}])
    assert hash(vmap(loss, ({"w": 0},))) == hash(vmap(loss, [{"w": 0}]))
    assert vmap(loss) != loss
    assert vmap(grad(loss)) != grad(vmap(loss))
