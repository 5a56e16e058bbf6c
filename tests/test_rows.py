"""Many sweeps at once give the numbers of one sweep after the other."""

import math
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
from graphs import EVERYDAY, graphs, leaves_of
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    Op,
    Value,
    hessian,
    hvp,
    jacobian,
    jvp,
    leaky_relu,
    maximum,
    relu,
    rows,
    sqrt,
    topological_order,
    vjp,
    where,
)
from autograd.derivative import recorded_partials, second_sweep
from autograd.graph import backward_sweep, forward_sweep

INFINITE = [math.inf, -math.inf, math.nan]
TAME = leaves_of(st.floats(-2.0, 2.0))
SEEDS = st.floats(-3.0, 3.0) | st.sampled_from([0.0, -0.0, 1.0, 1e300, *INFINITE])


def in_rows(most=rows.MOST):
    """Rows however few seeds there are, and of a length of at most so many."""
    return mock.patch.multiple(rows, FEWEST=1, FEWEST_SECOND=1, MOST=most)


def swept(sweep, order, seed):
    numbers = {**dict.fromkeys(order), **seed}
    sweep(numbers)
    return numbers


def of(numbers, nodes):
    found = [numbers.get(x) if isinstance(x, Value) else None for x in nodes]
    return [0.0 if x is None else x for x in found]


def equal(x, y):
    np.testing.assert_array_equal(x, y, strict=True)


def lists(result, count, width):
    """The result as an array, which must be a list of lists of floats."""
    assert [type(row) for row in result] == [list] * count
    assert all(type(x) is float for row in result for x in row)
    return np.array(result, dtype=float).reshape(count, width)


@st.composite
def cases(draw, roots=graphs() | graphs(EVERYDAY, TAME)):  # noqa: B008
    """An order, seeds at some of its nodes and nodes to ask for, some of them several times."""
    order = topological_order(draw(roots))
    nodes = st.sampled_from(order)
    seed = st.dictionaries(nodes, SEEDS, max_size=3)
    seeds = draw(st.lists(seed | st.just({order[-1]: 1.0}), min_size=1, max_size=6))
    return order, seeds, draw(st.lists(nodes, max_size=6)), draw(st.sampled_from([1, 2, 256]))


@settings(max_examples=300)
@given(cases())
def test_adjoints(case):
    order, seeds, wrt, most = case
    expected = [of(swept(backward_sweep, order, seed), wrt) for seed in seeds]
    with in_rows(most), np.errstate(all="raise"):
        result = rows.adjoint_rows(order, seeds, wrt)
    equal(lists(result, len(seeds), len(wrt)), lists(expected, len(seeds), len(wrt)))


@settings(max_examples=300)
@given(cases())
def test_tangents(case):
    order, seeds, outputs, most = case
    outputs = [*outputs, 2.0]
    expected = [of(swept(forward_sweep, order, seed), outputs) for seed in seeds]
    for least in (1, 100):
        with in_rows(most), mock.patch.object(rows, "FEWEST", least), np.errstate(all="raise"):
            result = rows.tangent_rows(order, seeds, outputs)
        table = lists(result, len(seeds), len(outputs))
        equal(table, lists(expected, len(seeds), len(outputs)))
        assert not np.signbit(table[table == 0.0]).any()


def test_tangents_of_seeded_steps_stay_as_they_are():
    x = Value(2.0)
    step = x * 3.0
    result = step * step
    order = topological_order(result)
    seeds = [{x: 1.0, step: float(place)} if place % 2 else {x: 1.0} for place in range(20)]
    expected = [[12.0 * place if place % 2 else 36.0] for place in range(20)]
    assert rows.tangent_rows(order, seeds, [result]) == expected


@settings(max_examples=300)
@given(cases(), SEEDS)
def test_second_derivatives(case, adjoint):
    order, directions, wrt, most = case
    leaves = [x for x in order if x.op is None]
    edges, whole = recorded_partials(order, leaves)
    seed = {order[-1]: adjoint}
    expected = [
        of(second_sweep(edges, seed, swept(forward_sweep, whole, direction)), wrt)
        for direction in directions
    ]
    with in_rows(most), np.errstate(all="raise"):
        result = rows.second_rows(whole, edges, seed, directions, wrt)
    equal(lists(result, len(directions), len(wrt)), lists(expected, len(directions), len(wrt)))


def kinky(x):
    """Ties, what selections cut off, infinite slopes, a slope that is 0 but bends."""
    with np.errstate(all="ignore"):
        return [
            maximum(x[0], x[0]) * x[1],
            maximum(x[0], 0.0) + sqrt(x[0]),
            relu(autograd.log(x[0])) * sqrt(x[0]),
            where(x[0] > 0.0, autograd.log(x[0]), x[2] ** 2),
            leaky_relu(x[1] - 2.0, x[0]) * x[2],
            x[2] * 1e200 * (x[2] * 1e200),
            x[0] / x[0] + x[1],
            x[1] ** 2,
            7.0,
        ]


def cost(x):
    return x[0] ** 3 * x[1] + leaky_relu(x[1] - 2.0, x[0]) * x[2] + relu(x[2]) ** 2


@pytest.mark.parametrize("x", [[0.0, 1.0, 3.0], [1.0, 2.0, 0.0], [-1.0, 2.0, 0.0]])
def test_awkward_functions(x):
    pullback = vjp(kinky, x)[1]
    backward = [pullback([float(row == i) for i in range(9)])[0] for row in range(9)]
    forward = [jvp(kinky, (x,), (np.eye(3)[i].tolist(),))[1] for i in range(3)]
    products = [hvp(cost, (x,), (np.eye(3)[i].tolist(),)) for i in range(3)]
    with in_rows():
        equal(np.array(jacobian(kinky)(x)), np.array(forward).T)
        wide = jacobian(lambda x, *others: kinky(x), (0, 1, 2))(x, x, x)
        equal(np.array([row[0] for row in wide]), np.array(backward))
        result = np.array(hessian(cost)(x))
    equal(result, np.array([[products[min(i, j)][max(i, j)] for j in range(3)] for i in range(3)]))


def test_what_one_seed_reaches_is_nothing_to_another():
    """0 * inf is nan, but nothing flows into the square root from the other output."""
    x = Value(0.0)
    y, z = sqrt(x), 2.0 * x
    with in_rows():
        assert rows.adjoint_rows(topological_order(y + z), [{y: 1.0}, {z: 1.0}], [x]) == [
            [math.inf],
            [2.0],
        ]


def test_what_a_selection_cuts_off_need_not_be_swept_again():
    x = Value(0.0)
    y = where(x, sqrt(x), 2.0 * x)
    order = topological_order(y)
    edges, whole = recorded_partials(order, [x])
    sweeps = ("backward_sweep", "forward_sweep")  # no sweep of the second order goes without one
    with in_rows(), mock.patch.multiple(rows, **dict.fromkeys(sweeps)):
        assert rows.adjoint_rows(order, [{y: 1.0}, {y: 3.0}], [x]) == [[2.0], [6.0]]
        assert rows.tangent_rows(order, [{x: 1.0}, {x: 3.0}], [y]) == [[2.0], [6.0]]
        assert rows.second_rows(whole, edges, {y: 1.0}, [{x: 1.0}] * 2, [x]) == [[0.0], [0.0]]


def test_an_operand_twice_is_added_in_the_order_of_the_sweep():
    """The rounding shows it: -1e16 + 1.0 + 1e16 is 0.0, -1e16 + 1e16 + 1.0 is not."""
    step = Op("step", lambda x, y: x, [lambda out, x, y: 1.0, lambda out, x, y: 1e16])
    x = Value(1.0)
    root = step(x, x) - x * 1e16
    order = topological_order(root)
    with in_rows():
        assert rows.adjoint_rows(order, [{root: 1.0}, {root: -1.0}], [x]) == [[0.0], [0.0]]


def projected(parameters):
    """Five cameras that see fifteen points: 80 numbers in, 80 out."""
    cameras = [parameters[7 * i : 7 * i + 7] for i in range(5)]
    points = [parameters[35 + 3 * i : 38 + 3 * i] for i in range(15)]
    for n in range(40):
        (a, b, c, *shift, focus), (x, y, z) = cameras[n % 5], points[n * 7 % 15]
        angle = sqrt(a * a + b * b + c * c)
        a, b, c = a / angle, b / angle, c / angle
        s, k = autograd.sin(angle), autograd.cos(angle)
        d = (a * x + b * y + c * z) * (1.0 - k)
        depth = z * k + (a * y - b * x) * s + c * d + shift[2]
        yield focus * (x * k + (b * z - c * y) * s + a * d + shift[0]) / depth
        yield focus * (y * k + (c * x - a * z) * s + b * d + shift[1]) / depth


@pytest.fixture
def parameters():
    random = np.random.default_rng(0)
    cameras = random.normal([0, 0, 0, 0, 0, 9, 2], 1.0, (5, 7))
    return [*cameras.ravel().tolist(), *random.normal(size=45).tolist()]


def test_bundle_adjustment(parameters):
    result = np.array(jacobian(lambda x: list(projected(x)))(parameters))
    pullback = vjp(lambda x: list(projected(x)), parameters)[1]
    equal(result, np.array([pullback(row.tolist())[0] for row in np.eye(80)]))
    assert 0.05 < np.count_nonzero(result) / result.size < 0.2
    some = slice(0, 20)
    columns = jacobian(lambda x: list(projected([*x, *parameters[20:]])))(parameters[some])
    np.testing.assert_allclose(columns, result[:, some], rtol=1e-11, atol=1e-13)


def test_a_hessian_of_many_numbers(parameters):
    def total(x):
        return autograd.sum([y * y for y in projected(x)])

    result = hessian(total)(np.array(parameters))
    columns = [hvp(total, (np.array(parameters),), (row,)) for row in np.eye(80)]
    lower = np.tril(np.array(columns).T)
    equal(result, lower + np.tril(lower, -1).T)


def test_a_structure_of_numbers_and_arrays():
    def f(x, more):
        return {"a": [x[0] * more[1][0], x[1]], "b": np.array([x[0] * x[1], more[0]])}

    x, more = [2.0, 3.0], (5.0, np.array([7.0, 11.0]))
    result = jacobian(f, (0, 1))(x, more)
    first, second = result["a"]
    assert first[0] == [7.0, 0.0]
    assert (first[1][0], first[1][1].tolist()) == (0.0, [2.0, 0.0])
    assert (second[0], second[1][0]) == ([0.0, 1.0], 0.0)
    assert [part.tolist() for part in result["b"][0]] == [[3.0, 0.0], [2.0, 0.0]]
    assert (result["b"][1][0].tolist(), result["b"][1][1].shape) == ([0.0, 1.0], (2, 2))


@pytest.mark.parametrize(
    "code",
    [
        "grad(lambda x: x * x)(3.0)",
        "grad(lambda x: exp(np.sin(x)) / x)(3.0)",
        "grad(lambda w: dot(w, [1.0, 2.0]))(np.ones(2))",
        "grad(lambda w: np.ones(2) @ np.tanh(w))(np.ones(2))",
        "grads(values([1.0, 2.0]))",
        "hessian(lambda x: np.sum(x**3))(np.ones(20))",
    ],
)
def test_the_first_derivative_does_not_wait_for_masked_arrays(code):
    program = f"import sys; from autograd import *; import numpy as np; {code}"
    program += "; assert 'numpy.ma' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
