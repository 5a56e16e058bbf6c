"""`jit(vmap(f))`: every lane against the function, called with Values."""

import math
import threading
import warnings
from sys import float_info

import numpy as np
import pytest
from backends import BACKENDS
from graphs import EVERYDAY, LEAVES, OPERATIONS, expressions, run
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from programs import NUMBERS, ORDINARY, compiled, flat, numbers, programs, same

from autograd import (
    Value,
    dot,
    exp,
    floor,
    grad,
    hessian,
    jacobian,
    jit,
    log,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    value_and_grad,
    values,
    vmap,
    where,
)
from autograd import sum as total
from autograd.batching import Sums
from autograd.compiler import backends
from autograd.compiler.lanes import UNDECIDED
from autograd.compiler.margins import with_margins
from autograd.graph import sort
from autograd.rounding import EPSILON, data_bounds
from autograd.trees import Leaf


@pytest.fixture(params=BACKENDS, autouse=True, scope="module")
def backend(request):
    """Whichever runs batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backends, "_better", lambda: request.param)
        yield request.param


MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))


def eager(f, *arguments):
    """The numbers of what a function gives, called with Values, and how far those of another core
    may be from them: both are within a bound of the truth."""
    with np.errstate(all="ignore"):
        found = flat(f(*map(Value, arguments)))
        bounds = data_bounds(sort(*[x for x in found if isinstance(x, Value)]), {}, False)
    room = [2.0 * EPSILON * bounds[x] if isinstance(x, Value) else 0.0 for x in found]
    return numbers(found), room


def lanes_of(result, size):
    """The numbers of each lane of a result of vmap."""
    if isinstance(result, dict):
        result = [*result.values()]
    if isinstance(result, (list, tuple)):
        parts = [lanes_of(x, size) for x in result]
        return [[x for part in parts for x in part[lane]] for lane in range(size)]
    return [[] if result is None else np.ravel(result[lane]).tolist() for lane in range(size)]


def close(x, y, room):
    if not (math.isfinite(x) and math.isfinite(y)):
        return same(x, y)
    return abs(x - y) <= room


def every_lane_agrees(fast, f, points, exact):
    result = fast(*np.array(points, dtype=float).reshape(len(points), -1).T)
    for lane, point in zip(lanes_of(result, len(points)), points, strict=True):
        expected, room = eager(f, *point)
        assert len(lane) == len(expected)
        if exact:
            assert all(map(same, lane, expected)), (point, lane, expected)
        else:
            assert all(map(close, lane, expected, room)), (point, lane, expected, room)


def points_of(count, numbers=NUMBERS, most=40):
    return st.lists(st.tuples(*[numbers] * count), min_size=1, max_size=most)


def reduced(stacked, how):
    sums = Sums(how, "f")
    sums.add(Leaf(0, 1, stacked.shape[1:] or None), [stacked])
    return sums.result()


# --- Random programs ------------------------------------------------------------------------------


@MANY
@given(programs(exact=True), points_of(3))
def test_exact_programs_give_the_bits_of_their_functions(source, points):
    f = compiled(source)
    count = f.__code__.co_argcount
    points = [point[:count] for point in points]
    fast = jit(vmap(f))
    every_lane_agrees(fast, f, points, exact=True)
    every_lane_agrees(fast, f, points[::-1], exact=True)


@MANY
@given(programs(), points_of(3, st.one_of(ORDINARY, NUMBERS)))
def test_programs_agree_up_to_rounding(source, points):
    f = compiled(source)
    count = f.__code__.co_argcount
    every_lane_agrees(jit(vmap(f)), f, [point[:count] for point in points], exact=False)


@MANY
@given(programs(exact=True, scalar=True, parameters=2), points_of(2, most=12), st.integers(1, 3))
@example("def f(x0):\n    return sqrt(x0)\n", [(0.0, 0.0), (-1.0, 0.0), (4.0, 0.0)], 1)
def test_derivatives_of_exact_programs(source, points, order):
    f = compiled(source)
    count = f.__code__.co_argcount
    derived = {
        1: lambda: value_and_grad(f, tuple(range(count))),
        2: lambda: hessian(f, tuple(range(count))),
        3: lambda: grad(grad(grad(f))),
    }[order]()
    points = [point[:count] for point in points]
    every_lane_agrees(jit(vmap(derived)), derived, points, exact=True)


@MANY
@given(programs(scalar=True, parameters=2), points_of(2, ORDINARY, most=12))
def test_gradients_of_programs_agree_up_to_rounding(source, points):
    f = compiled(source)
    count = f.__code__.co_argcount
    derived = value_and_grad(f, tuple(range(count)))
    points = [point[:count] for point in points]
    every_lane_agrees(jit(vmap(derived)), derived, points, exact=False)


def of_steps(steps):
    """A function of as many numbers as random steps have inputs."""

    def f(*inputs):
        return [x for x in run(steps, inputs)[len(inputs) :] if isinstance(x, Value)]

    return f


@MANY
@given(
    expressions([op for op in OPERATIONS if op.own]),
    points_of(LEAVES, st.one_of(NUMBERS, ORDINARY)),
)
def test_random_graphs_of_all_operations(steps, points):
    """At any numbers: one by one with the same bits, and in lanes with the same nans."""
    f = of_steps(steps)
    fast, batch = jit(f), jit(vmap(f))
    columns = np.array(points).reshape(len(points), LEAVES).T
    for lane, point in zip(lanes_of(batch(*columns), len(points)), points, strict=True):
        expected, _ = eager(f, *point)
        found = numbers(fast(*point))
        assert len(lane) == len(found) == len(expected)
        assert all(map(same, found, expected)), (point, found, expected)
        finite = [math.isfinite(x) for x in expected]
        if all(finite) and max(map(abs, [*expected, *point])) < 1e100:
            assert all(map(math.isfinite, lane)), (point, lane, expected)


@MANY
@given(expressions(EVERYDAY), points_of(LEAVES, ORDINARY))
def test_random_graphs_agree_up_to_rounding(steps, points):
    every_lane_agrees(jit(vmap(of_steps(steps))), of_steps(steps), points, exact=False)


# --- Shapes and types -----------------------------------------------------------------------------


def hinge(w, b, x, t):
    return relu(1.0 - t * (dot(w, x) + b))


@pytest.mark.parametrize("size", [*range(41), 255, 256, 257, 1000])
def test_sizes(size):
    draw = np.random.default_rng(size)
    w, b, x, t = draw.normal(size=3), 0.25, draw.normal(size=(size, 3)), draw.choice([-1, 1], size)
    derived = vmap(value_and_grad(hinge, (0, 1)), in_axes=(None, None, 0, 0))
    found, expected = jit(derived)(w, b, x, t), derived(w, b, x, t)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-14, atol=1e-14)
    np.testing.assert_array_equal(found[1][0], expected[1][0])
    assert found[1][0].shape == (size, 3)
    assert found[1][1].shape == (size,)


@pytest.mark.parametrize("how", ["sum", "mean"])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 40, 256, 300, 1025])
def test_sums_over_the_batch_are_those_of_the_loop(size, how):
    draw = np.random.default_rng(size)
    x, t = draw.normal(size=(size, 2)), draw.normal(size=size)

    def loss(w, x, t):
        return (x[0] * w[0] + x[1] * w[1] - t) ** 2

    derived = value_and_grad(loss)
    w = np.array([0.5, -2.0])
    batch = vmap(derived, in_axes=(None, 0, 0), reduce=how)
    found, expected = jit(batch)(w, x, t), batch(w, x, t)
    assert found[0] == expected[0]
    assert found[1].tolist() == expected[1].tolist()
    lanes = jit(vmap(derived, in_axes=(None, 0, 0)))(w, x, t)
    assert found[0] == reduced(lanes[0], how)


def test_the_running_example():
    x = np.array([[1.0, -2.0, 3.0], [1.0, 0.0, 0.0]])
    neuron = value_and_grad(lambda w, b, x, t: (relu(dot(x, w) + b) - t) ** 2, (0, 1))
    batch = jit(vmap(neuron, in_axes=(None, None, 0, 0), reduce="mean"))
    value, (dw, db) = batch(np.array([-3.0, -1.0, 2.0]), 1.0, x, np.zeros(2))
    assert (value, dw.tolist(), db) == (18.0, [6.0, -12.0, 18.0], 6.0)


@pytest.mark.parametrize(
    "x",
    [
        np.arange(12.0).reshape(4, 3)[::-1],
        np.arange(24.0).reshape(4, 6)[:, ::2],
        np.asfortranarray(np.arange(12.0).reshape(4, 3)),
        np.arange(12.0).reshape(4, 3).astype(np.float32) / np.float32(3),
        np.arange(12).reshape(4, 3),
        np.arange(12, dtype=np.uint8).reshape(4, 3),
        np.broadcast_to(np.arange(3.0), (4, 3)),
    ],
)
def test_layouts_and_types(x):
    fast = jit(vmap(lambda x: (x[0] * x[1], x + x[2], x)))
    first, second, third = fast(x)
    x = x.astype(np.float64)
    assert first.tolist() == (x[:, 0] * x[:, 1]).tolist()
    assert second.tolist() == (x + x[:, 2:]).tolist()
    assert third.tolist() == x.tolist()
    assert third.flags.writeable


def test_axes():
    x = np.arange(24.0).reshape(2, 3, 4)
    for axis in (0, 1, 2, -1):
        for out in (0, 1, -1):
            loop = vmap(lambda y: y * y[0, 0], in_axes=axis, out_axes=out)
            assert jit(loop)(x).tolist() == loop(x).tolist()
    named = vmap(lambda p, x: p["w"] * x + p["b"], in_axes=({"w": None, "b": 0}, 1))
    p = {"w": 2.0, "b": np.arange(4.0)}
    assert jit(named)(p, x[0]).tolist() == named(p, x[0]).tolist()
    same_in_all = vmap(lambda w, x: (w * 2.0, x), in_axes=(None, 0), out_axes=(None, 0))
    assert repr(jit(same_in_all)(3.0, np.ones(2))) == repr(same_in_all(3.0, np.ones(2)))
    with pytest.raises(ValueError, match="out_axes"):
        jit(vmap(lambda x: x, out_axes=None))(np.arange(2.0))


def test_results_that_are_not_floats():
    fast = jit(vmap(lambda x, n: (n + 1, True, None, "text", 3, np.array([1, 2]), x > 0.5)))
    x, n = np.array([0.0, 1.0, 2.0]), np.array([4, 5, 6])
    found, expected = fast(x, n), vmap(fast.__wrapped__.fun)(x, n)
    assert repr(found) == repr(expected)
    mixed = jit(vmap(lambda x: 1 if x > 0.5 else x))
    assert repr(mixed(x)) == "array([0., 1., 1.])"


def test_lanes_must_be_alike():
    with pytest.raises(ValueError, match=r"not number in lane 0 and \[number\] in lane 1"):
        jit(vmap(lambda x: [x] if x > 0.5 else x))(np.array([0.0, 1.0]))
    with pytest.raises((TypeError, ValueError), match="lane"):
        jit(vmap(lambda x: "a" if x > 0.5 else "b"))(np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="lane"):
        jit(vmap(lambda x: np.array([x] * (1 + (x > 0.5)))))(np.array([0.0, 1.0]))


def test_errors_of_vmap_are_errors_here():
    with pytest.raises(ValueError, match="same length"):
        jit(vmap(lambda x, y: x * y))(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="axis"):
        jit(vmap(sin, in_axes=1))(np.zeros(2))


def test_values_in_the_arguments():
    w = Value(2.0)
    result = jit(vmap(lambda w, x: w * x, in_axes=(None, 0)))(w, np.arange(3.0))
    result.sum().backward()
    assert w.grad == 3.0


def test_vmap_of_a_compiled_function_and_nested_ones():
    x = np.arange(6.0).reshape(2, 3)
    assert vmap(jit(lambda x: x * 2.0))(x[0]).tolist() == [0.0, 2.0, 4.0]
    nested = vmap(vmap(lambda x: x**2))
    assert jit(nested)(x).tolist() == (x**2).tolist()
    assert jit(vmap(jacobian(lambda x: x**2)))(x).tolist() == vmap(
        jacobian(lambda x: x**2)
    )(x).tolist()  # fmt: skip


# --- Branches, lane by lane -----------------------------------------------------------------------


def newton(x):
    guess = x
    while abs(guess * guess - x) > 1e-12 * x:
        guess = 0.5 * (guess + x / guess)
    return guess


def test_lanes_with_different_numbers_of_rounds():
    x = np.random.default_rng(0).uniform(0.5, 500.0, 2000)
    fast = jit(vmap(newton))
    found = fast(x)
    assert found.tolist() == [newton(y) for y in x.tolist()]
    assert 5 <= len(fast.paths) <= 12
    assert sum(path.points for path in fast.paths) == 2000
    again = [path.points for path in fast.paths]
    assert fast(x).tolist() == found.tolist()
    assert [path.points for path in fast.paths] == [2 * n for n in again]


def test_labels_of_classes():
    draw = np.random.default_rng(1)
    logits, labels = draw.normal(size=(50, 3)), draw.integers(0, 3, 50)

    def loss(z, label):
        return np.log(np.exp(z).sum()) - z[label]

    fast = jit(vmap(value_and_grad(loss)))
    value, slopes = fast(logits, labels)
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(value, -np.log(share[np.arange(50), labels]), rtol=1e-13)
    np.testing.assert_allclose(slopes, share - np.eye(3)[labels], rtol=1e-12, atol=1e-15)
    assert len(fast.paths) == 3


def test_fixed_arguments_in_lanes():
    flags = np.array([True, False, True, True])
    fast = jit(vmap(lambda x, flag: x if flag else -x))
    assert fast(np.arange(4.0), flags).tolist() == [0.0, -1.0, 2.0, 3.0]
    words = jit(vmap(lambda x, word: x * len(word)))
    assert words(np.ones(3), np.array(["a", "bb", "a"])).tolist() == [1.0, 2.0, 1.0]
    digits = jit(vmap(lambda x, n: x * math.factorial(n)))
    assert digits(np.ones(4), np.arange(4)).tolist() == [1.0, 1.0, 2.0, 6.0]


def test_too_many_paths():
    fast = jit(vmap(lambda x: x * int(floor(x))), max_paths=5)
    x = np.arange(20.0)
    with pytest.warns(RuntimeWarning, match=r"has taken 5 paths.*test_jit_batches.py"):
        assert fast(x).tolist() == (x * x).tolist()
    assert len(fast.paths) == 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fast(x[::-1]).tolist() == (x * x)[::-1].tolist()


def test_a_lane_never_fails_the_guards_of_its_own_recording():
    """The numbers asked for are sums and exponentials, which differ elsewhere in the last digit."""
    draw = np.random.default_rng(2)

    def f(w, x):
        total = dot(w, x) * exp(tanh(x[0]))
        count = 0
        while total > 0.25:
            total = total - sigmoid(total)
            count += 1
        return total * count

    w, x = draw.normal(size=5), draw.normal(size=(500, 5))
    x[100:200] = x[100]
    fast = jit(vmap(f, in_axes=(None, 0)))
    found = fast(w, x)
    for lane, y in enumerate(x):
        expected, room = eager(lambda *a: f(w, np.array(a)), *y)
        assert close(found[lane], expected[0], room[0])
    assert len(fast.paths) < 30


@pytest.mark.parametrize(
    ("f", "threshold"),
    [
        (lambda x: x * 2.0 if exp(x) > 3.0 else -x, math.log(3.0)),
        (lambda x: x * 2.0 if dot([x, 1.0, 0.3], [0.1, 0.2, 0.7]) > 0.5 else -x, 0.9),
        (lambda x: x * 2.0 if floor(tanh(x) * 10.0) == 3.0 else -x, math.atanh(0.3)),
        (lambda x: x * 2.0 if relu(sin(x) - 0.5) > 0.0 else -x, math.asin(0.5)),
        (lambda x: x * 2.0 if np.argmax(np.array([sin(x), 0.5])) == 0 else -x, math.asin(0.5)),
    ],
)
def test_no_last_digit_takes_another_branch(f, threshold):
    """Points within a few units in the last place of the threshold: each as the function has it."""
    x = threshold + np.arange(-200, 201) * np.spacing(threshold)
    fast = jit(vmap(f))
    for points in (x, x[::-1], np.concatenate([[0.0, 1.5], x])):
        found = fast(points)
        with np.errstate(all="ignore"):
            assert found.tolist() == [f(Value(y)).data for y in points.tolist()]
    assert len(fast.paths) <= 4


def test_nan_and_infinite_lanes():
    f = value_and_grad(lambda x: x.log() * x if isinstance(x, Value) else x)
    x = np.array([1.0, 0.0, -1.0, math.nan, math.inf, -math.inf, 2.0, 5e-324, 1e308])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slope = jit(vmap(f))(x)
    for lane, point in enumerate(x.tolist()):
        expected, room = eager(f, point)
        assert close(value[lane], expected[0], room[0])
        assert close(slope[lane], expected[1], room[1])


def test_errors_name_the_lane():
    def f(x):
        if x > 2.0:
            raise ArithmeticError("too large")
        return x

    with pytest.raises(ArithmeticError, match="too large") as raised:
        jit(vmap(f))(np.arange(5.0))
    assert any("lane 3" in note for note in raised.value.__notes__)


def test_threads():
    fast = jit(vmap(value_and_grad(lambda x: newton(x) * sin(x))))
    x = np.random.default_rng(3).uniform(1.0, 100.0, (8, 300))
    expected = [vmap(value_and_grad(lambda x: newton(x) * sin(x)))(y) for y in x]
    found = [None] * 8

    def work(k):
        for _ in range(3):
            found[k] = fast(x[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one[0], other[0], rtol=1e-13)
        np.testing.assert_allclose(one[1], other[1], rtol=1e-11, atol=1e-11)


def test_sums_that_overflow_on_the_way():
    big = 1.5e308
    points = [[1.0, 2.0, 3.0], [big, big, -big], [big, -big, big], [math.inf, 1.0, 1.0]]
    for f in (
        lambda x: dot(x, [1.0, 1.0, 1.0]),
        lambda x: exp(-np.sum(x)) if isinstance(x, np.ndarray) else x,
        lambda x: np.linalg.norm(x * 1e-308),
    ):
        found = jit(vmap(f))(np.array(points))
        for lane, point in zip(found.tolist(), points, strict=True):
            expected, room = eager(lambda *x, f=f: f(np.array(x)), *point)
            assert close(lane, expected[0], room[0])


# --- Found by others ------------------------------------------------------------------------------


def test_keys_in_another_order():
    def f(x):
        return {"loss": x, "acc": 1.0} if x > 0.0 else {"acc": 0.0, "loss": x}

    x = np.array([5.0, -1.0, 3.0])
    found = jit(vmap(f))(x)
    assert {key: item.tolist() for key, item in found.items()} == {
        "loss": [5.0, -1.0, 3.0],
        "acc": [1.0, 0.0, 1.0],
    }
    x = np.concatenate([np.full(5000, 2.0), np.full(5000, -1.0)])
    assert jit(vmap(f, reduce="sum"))(x) == {"loss": 5000.0, "acc": 5000.0}
    with pytest.raises(ValueError, match="the same structure"):
        jit(vmap(lambda x: (x, x) if x > 0.0 else [x, x]))(np.array([1.0, -1.0]))


def angle(u):
    cosine = np.arccos((u @ (3.0 * u)) / np.sqrt((u @ u) * ((3.0 * u) @ (3.0 * u))))
    return 0.0 if np.isnan(cosine) else 1.0


TENTHS = np.random.default_rng(1).integers(0, 10, (2000, 10)) * 0.1


@pytest.mark.parametrize(
    ("f", "points"),
    [
        (angle, np.random.default_rng(0).normal(size=(500, 3))),
        (lambda x: floor(x.sum()), TENTHS),
        (lambda x: x.sum() // 1.0, TENTHS),
        (lambda x: np.round(x.sum() * 10.0 + 0.5), TENTHS[:500]),
        (lambda x: floor(exp(x) * 100.0), np.log(np.arange(1, 3000) / 100.0)),
        (lambda x: np.sign(exp(x) - 2.0), np.full(50, math.log(2.0)) + np.arange(50) * 2e-17),
    ],
)
def test_nans_and_steps_at_the_last_digit(f, points):
    with np.errstate(all="ignore"):
        expected = [numbers(f(values(x)[()]))[0] for x in points]
    assert jit(vmap(f))(points).tolist() == expected


@pytest.mark.parametrize(
    "question",
    [
        lambda z: z**2 > 1e-40,
        lambda z: z * z > 1e-40,
        lambda z: z**3 > 1e-60,
        lambda z: np.cosh(z * 1e16) > 1.01,
        lambda z: exp(-((z * 1e16) ** 2)) > 0.99,
        lambda z: tanh(z * 1e20) ** 2 > 0.5,
        lambda z: 1.0 / z > 1e17,
        lambda z: np.argmax(np.array([1e-40, z**2])) == 1,
    ],
)
def test_questions_where_the_slope_is_nothing(question):
    """The exponential of a lane, less the same of a batch: 0, or a rounding error."""
    x = np.linspace(-3.0, 3.0, 3000)
    c = jit(vmap(exp))(x)
    fast = jit(vmap(lambda x, c: 1.0 if question(exp(x) - c) else 0.0))
    fast(np.array([0.0]), np.array([1.0]))
    with np.errstate(all="ignore"):
        expected = [1.0 if question(exp(Value(x)) - c) else 0.0 for x, c in zip(x, c, strict=True)]
    assert fast(x, c).tolist() == expected


LARGEST_POWER = math.log(float_info.max)
OVERFLOWING = [LARGEST_POWER + k * 2.0**-43 for k in range(-20, 21)]
VANISHING = [1e-162 * (1.0 + k / 8.0) for k in range(40)]
LARGEST = [float_info.max * (1.0 - k * 2.0**-53) for k in range(40)]
SPECIAL = [0.0, 1.0, math.nan, math.inf, -math.inf]
POWERS = [x - 700.0 for x in OVERFLOWING]


@pytest.mark.parametrize(
    ("question", "points"),
    [
        (lambda x: dot([x, x], [x, x]) > 0.0, VANISHING),
        (lambda x: dot([x, x], [x, -x / 2.0]) == 0.0, VANISHING),
        (lambda x: exp(x) * 1e-300 * 1e-20 > 0.0, [-9.0, *np.linspace(-5.0, -3.0, 40)]),
        (lambda x: np.isfinite(dot([x, x, x], [0.1, 0.2, 0.7])), LARGEST),
        (lambda x: dot([x, x, x], [0.1, 0.2, 0.7]) < math.inf, LARGEST),
        (lambda x: np.isinf(dot([x, x, x], [0.1, 0.2, 0.6]) * (10.0 / 9.0)), LARGEST),
        (lambda x: np.isfinite(exp(x)), OVERFLOWING),
        (lambda x: np.isinf(exp(x)), OVERFLOWING),
        (lambda x: np.isnan(exp(x) - exp(x + 0.0)), OVERFLOWING),
        (lambda x: exp(x) < math.inf, OVERFLOWING),
        (lambda x: exp(-exp(x)) * exp(x) != exp(x), OVERFLOWING),
        (lambda x: 1.0 / exp(x) > 1e-320, OVERFLOWING),
        (lambda x: exp(x) * math.exp(700.0) > 1e308, POWERS),
        (lambda x: np.isfinite(exp(x) * math.exp(700.0)), POWERS),
        (lambda x: np.isnan((sin(x) - math.sin(3.0)) * math.inf), [3.0, math.pi - 3.0]),
        (lambda x: np.isnan((sin(x) - math.sin(3.0)) / 0.0), [3.0, math.pi - 3.0]),
    ],
)
def test_decisions_at_the_ends_of_the_range_of_floats(question, points):
    def f(x):
        return x if question(x) else -x

    points = [*points, *SPECIAL] * 2
    fast = jit(vmap(f))
    with np.errstate(all="ignore"):
        expected = [numbers(f(Value(x)))[0] for x in points]
    for first in (1.0, points[0], points[-6]):
        fast(np.array([first]))
        assert all(map(same, fast(np.array(points)).tolist(), expected))


def test_lanes_too_close_to_call_are_computed_by_the_program_of_one_point():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return (exp(x), {"one": 1}) if exp(x) >= 2.0 else (-exp(x), {"one": 1})

    x = np.full(1000, math.log(2.0)) + np.arange(-500, 500) * 2.0**-53
    fast = jit(vmap(f))
    found = fast(x)
    assert calls < 40
    with np.errstate(all="ignore"):
        assert found[0].tolist() == [f(Value(item))[0].data for item in x]
    assert sum(path.points for path in fast.paths) > 960
    few = jit(vmap(f))
    assert few(x[490:510])[0].tolist() == found[0][490:510].tolist()
    assert sum(path.points for path in few.paths) < 20


@pytest.mark.parametrize("reduce", [None, "sum"])
def test_lanes_too_close_to_call_on_several_paths_stay_in_order(reduce):
    def f(x, y):
        if y > 0.0:
            return x if exp(x) * 3.0 >= exp(x) + 2.0 * exp(x) else x * 2.0
        return -x if exp(x) * 3.0 >= exp(x) + 2.0 * exp(x) else -x * 2.0

    x, y = np.linspace(0.1, 3.0, 640), np.where(np.arange(640) % 3 == 0, 1.0, -1.0)
    fast = jit(vmap(f, reduce=reduce))
    with np.errstate(all="ignore"):
        points = zip(x, y, strict=True)
        expected = np.array([numbers(f(Value(a), Value(b)))[0] for a, b in points])
    for _ in range(3):
        if reduce is None:
            assert fast(x, y).tolist() == expected.tolist()
        else:
            assert fast(x, y) == vmap(lambda z: z, reduce=reduce)(expected)


def test_a_condition_that_is_a_number():
    points = np.linspace(0.1, 0.5, 40)
    for function in (tanh, exp, np.arcsinh):
        fast = jit(vmap(lambda x, c, function=function: where(function(x) - c, 1.0, 2.0)))
        exact = np.array([function(Value(x)).data for x in points])
        assert fast(points, exact).tolist() == [2.0] * 40
        assert fast(points, exact + 1.0).tolist() == [1.0] * 40


def test_a_search_that_converges_is_not_doubtful():
    def kepler(mean, eccentricity=0.3):
        angle = mean
        for _ in range(50):
            step = (angle - eccentricity * sin(angle) - mean) / (1.0 - eccentricity * np.cos(angle))
            angle = angle - step
            if abs(step) < 1e-12:
                break
        return angle

    fast = jit(vmap(kepler))
    x = np.random.default_rng(0).uniform(0.0, 6.0, 3000)
    found = fast(x)
    np.testing.assert_allclose(found - 0.3 * np.sin(found), x, atol=1e-14)
    assert sum(path.points for path in fast.paths) > 0.98 * 3000


def test_the_same_bits_from_the_first_call_on():
    x = np.random.default_rng(2).normal(size=(3, 9))
    fast = jit(vmap(lambda x: (x.sum(), exp(x[0]))))
    first, second = fast(x), fast(x)
    assert first[0].tolist() == second[0].tolist()
    assert first[1].tolist() == second[1].tolist()


def test_strings_and_large_integers_in_results():
    words = np.array(["a", "b"])
    fast = jit(vmap(lambda x: (x, words)))
    for _ in range(2):
        found = fast(np.ones(2))
        assert found[1].tolist() == [["a", "b"], ["a", "b"]]
        found[1][0] = "z"
    assert jit(vmap(lambda x: 2**53 + 1))(np.ones(2)).tolist() == [2**53 + 1] * 2
    assert jit(vmap(lambda k: k * k))(np.array([3, 10**6])).tolist() == [9, 10**12]
    assert jit(vmap(lambda k: k * k))(np.array([3, 10**8 + 1])).tolist() == [9, (10**8 + 1) ** 2]


def test_the_cut_of_an_angle():
    x = np.array([[1.0, 1.0, 1.0], [-0.9, 0.2, 0.7]])
    question = jit(vmap(lambda v: 1.0 if np.arctan2(v.sum(), -1.0) > 0.0 else 0.0))
    assert question(x).tolist() == [1.0, 0.0]
    assert jit(vmap(lambda v: np.arctan2(v.sum(), -1.0)))(x)[1] == -math.pi


def test_sums_that_overflow_where_one_was_recorded_that_is_infinite():
    x = np.array([[math.inf, 1.0, 1.0], [1e308, 1e308, -1e308]])
    assert jit(vmap(lambda x: x.sum()))(x).tolist() == [math.inf, 1e308]
    assert jit(vmap(lambda x: x.mean()))(x)[1] == pytest.approx(1e308 / 3.0)
    x = np.array([[math.inf, 1.0, 1.0, 1.0], [1e308, 1e308, -1.7e308, -1e308]])
    assert jit(vmap(lambda x: 1.0 if x.sum() > 0.0 else 0.0))(x).tolist() == [1.0, 0.0]


def test_kinds_of_numbers_that_differ_over_the_lanes():
    assert (
        repr(jit(vmap(lambda x: True if x > 0.0 else 3))(np.array([1.0, -1.0]))) == "array([1, 3])"
    )
    assert repr(jit(vmap(lambda k: True if k > 1 else k))(np.array([1, 2]))) == "array([1, 1])"


def test_guards_of_the_derivative_have_no_bounds():
    """They would be four fifths of the program of a network."""
    weights = np.linspace(-1.0, 1.0, 12).reshape(4, 3)

    def loss(weights, x):
        return total([relu(dot(row, x)) for row in weights]) / (1.0 + exp(dot(x, x)))

    fast = jit(vmap(value_and_grad(loss), in_axes=(None, 0)))
    fast(weights, np.ones((2, 3)))
    (path,) = fast.paths
    assert path.guards
    longer, margins = with_margins(path.program, path._recorded_at)
    assert longer is path.program
    assert not any(margins)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: tanh(np.max(x)),
        lambda x: (np.max(x) - 1.0) ** 2,
        lambda x: np.max(x) * x[0],
        lambda x: log(total([exp(v - np.max(x)) for v in x])),
    ],
)
def test_derivatives_of_the_largest_are_in_no_doubt(f, backend):
    """What is kept of a number that is 0 is 0."""
    x = np.random.default_rng(0).normal(size=(200, 4))
    fast = jit(vmap(grad(f)))
    fast(x)
    for path in fast.paths:
        _, failed = path.lanes([x], 200, backend == "llvm")
        assert not (failed == UNDECIDED).any()


def test_a_condition_next_to_zero_is_in_doubt_unless_it_is_a_factor(backend):
    x = np.full(40, math.log(2.0))
    c = jit(vmap(lambda x: where(exp(x) - 2.0, 1.0, 0.0)))
    expected = [float(math.exp(v) - 2.0 != 0.0) for v in x.tolist()]
    assert c(x).tolist() == expected
    gates = []
    for f in (
        lambda x: where(exp(x) - 2.0, (exp(x) - 2.0) * x, 0.0),
        lambda x: where(exp(x) - 2.0, (exp(x) - 2.0) * x, 1.0),
        lambda x: where(exp(x) - 2.0, (exp(x) - 2.0) + x, 0.0),
        lambda x: where(exp(x) - 2.0, x / (exp(x) - 2.0), 0.0),
        lambda x: where(exp(x) - 2.0, np.minimum(exp(x) - 2.0, x), 0.0),
        lambda x: where(exp(x) - 2.0, (exp(x) - 2.0) // 3.0, 0.0),
        lambda x: where(exp(x) - 2.0, sqrt(exp(x) - 2.0), 0.0),
        lambda x: where(exp(x) - 2.0, (exp(x) - 2.0) / x, 0.0),
        lambda x: where(exp(x) - 2.0, x * (exp(x) - 2.0), 0.0),
    ):
        fast = jit(vmap(f))
        fast(x)
        (path,) = fast.paths
        _, failed = path.lanes([x[:, None]], 40, backend == "llvm")
        longer, _ = with_margins(path.program, path._recorded_at)
        gates.append(longer is path.program)
        assert gates[-1] == (not (failed == UNDECIDED).any())
    assert gates == [True, *[False] * 6, True, True]


def test_sums_that_are_infinite_where_they_were_recorded(backend):
    """They are in no doubt where one of their terms is."""
    x = np.array([math.inf, 1.0, -math.inf, 5.0, math.inf])
    fast = jit(vmap(lambda x: total([x, 2.0 * x, 1.0]) * 2.0))
    expected = [math.inf, 8.0, -math.inf, 32.0, math.inf]
    assert fast(x).tolist() == expected
    (path,) = fast.paths
    _, failed = path.lanes([x[:, None]], 5, backend == "llvm")
    assert failed.tolist() == [-1] * 5
