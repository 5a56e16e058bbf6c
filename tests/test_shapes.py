"""Native code in loops: the bits of straight code, few shapes, a time that grows with the steps."""

import math
import random

import numpy as np
import pytest
from backends import NativeColumns
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import programs
from test_native import (
    MACHINES,
    SPECIAL,
    bits,
    leaves,
    loss,
    on,
    require_the_same_from_both,
)  # fmt: skip

from autograd import (
    Value,
    dot,
    exp,
    jit,
    logsumexp,
    relu,
    softmax,
    tanh,
    value_and_grad,
    vmap,
    where,
)  # fmt: skip
from autograd import sum as total
from autograd.compiler import lanes, loops
from autograd.compiler.loops import Loops
from autograd.compiler.lowering import Code, is_reordered
from autograd.compiler.schedule import LaneCheck
from autograd.compiler.shapes import Shapes
from autograd.ops import TABLE

__all__ = ["on"]  # a fixture


@pytest.fixture
def in_loops(monkeypatch):
    """Has code made in loops, and kept so."""

    def change(yes=True):
        monkeypatch.setattr(lanes, "SHORT", -1 if yes else 10**9)
        monkeypatch.setattr(lanes, "LONGEST", 10**9)
        monkeypatch.setattr(lanes, "SECONDS", math.inf)

    return change


def made(code, op, constants):
    """An operation whose operands are inputs, but for constants at some places."""
    inputs = [code.input(uniform=False) for _ in range((op.arity or 4) - len(constants))]
    given = iter(inputs)
    operands = [constants.get(i, None) for i in range(op.arity or 4)]
    return code.lower(op, [next(given) if x is None else x for x in operands])


def computed(code, results, columns):
    ((x,), _) = NativeColumns(code, results)(columns, 91)
    return bits(np.broadcast_to(x, 91).copy())


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_an_operation_has_the_bits_of_straight_code(op, on):
    draw = random.Random(op.name)
    count = op.arity or 4
    choices = [{}] + [{i: x} for i in range(count) for x in (2.0, -0.0, 0.5) if count > 1]
    for constants in choices:
        columns = [
            np.array(
                [
                    draw.choice(SPECIAL) if draw.random() < 0.5 else draw.uniform(-9.0, 9.0)
                    for _ in range(91)
                ]
            )
            for _ in range(count - len(constants))
        ]
        found = []
        for name in MACHINES:
            on(name)
            code = Shapes()
            found.append(computed(code, [made(code, op, constants)], columns))
        code = Code(native=True)
        expected = computed(code, [made(code, op, constants)], columns)
        assert all(x == expected for x in found), constants


def run(f, axes, reduce, *arguments):
    fast = jit(vmap(f, axes, reduce=reduce), backend="llvm")
    return bits(np.concatenate([np.ravel(x) for x in leaves(fast(*arguments))]))


@pytest.mark.parametrize("count", [1, 5, 8, 255, 256, 261, 700])
@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_batches_have_the_bits_of_straight_code(count, reduce, on, in_loops):
    draw = np.random.default_rng(count)
    weights, shift = draw.normal(size=(2, 9)), 0.5
    xs, targets = draw.normal(size=(count, 9)), draw.normal(size=count)
    both = [loss, value_and_grad(lambda *x: loss(*x)["loss"], argnums=(0, 2))]
    for f in both:
        arguments = (f, (None, None, 0, 0), reduce, weights, shift, xs, targets)
        in_loops(False)
        expected = run(*arguments)
        in_loops()
        for name in MACHINES:
            on(name)
            assert run(*arguments) == expected


@given(text=programs(exact=True), data=st.data())
@settings(deadline=None, max_examples=30)
def test_programs_have_the_results_of_numpy(text, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "SHORT", -1)
        patch.setattr(lanes, "LONGEST", -1)
        require_the_same_from_both(text, data)


def recurrence(x, y):
    for k in range(40):
        x, y = where(x > y, x * 0.5, y + 0.25 * k), tanh(x) - exp(-y * y)
    return x, total([x, y, 1.0, x * y])


@pytest.mark.parametrize(("size", "operands", "most"), [(1, 1, 1), (3, 2, 4), (100, 100, 200)])
def test_however_steps_are_joined(size, operands, most, monkeypatch, in_loops):
    draw = np.random.default_rng(0)
    arguments = (recurrence, 0, None, draw.normal(size=77), draw.normal(size=77))
    in_loops(False)
    expected = run(*arguments)
    in_loops()
    monkeypatch.setattr(loops, "LARGEST_SHAPE", size)
    monkeypatch.setattr(loops, "MOST_OPERANDS", operands)
    monkeypatch.setattr(loops, "MOST_SHAPES", most)
    assert run(*arguments) == expected


def test_constants_of_an_operation_are_operands_where_there_are_many(in_loops):
    exponents = [k / 7.0 for k in range(1, 60)]

    def f(x):
        return total([x**k for k in exponents]), total([abs(x) ** k for k in (2.0, 3.0, 0.5)])

    x = np.random.default_rng(0).uniform(0.1, 3.0, size=33)
    in_loops(False)
    expected = run(f, 0, None, x)
    in_loops()
    assert run(f, 0, None, x) == expected


@pytest.mark.parametrize("count", [2, 13, 25, 200])
def test_long_sums_and_the_largest_of_many(count, in_loops):
    def f(x, w):
        numbers = [x * w[i] for i in range(count)]
        products = dot(numbers, [*w[1:], x])
        return (
            total(numbers),
            products,
            max(numbers) - min(numbers),
            np.prod(numbers),
            np.mean(numbers),
        )

    draw = np.random.default_rng(count)
    arguments = (f, (0, None), None, draw.normal(size=19), draw.normal(size=count))
    in_loops(False)
    expected = run(*arguments)
    in_loops()
    assert run(*arguments) == expected


def scores(w, x):
    logits = [dot(row, x) for row in w]
    shares = softmax(logits)
    return logsumexp(logits) - logits[1], shares[0] * shares[1]


def test_operations_that_share_their_steps(monkeypatch, in_loops):
    """The terms of a softmax are computed once for all of its shares."""
    draw = np.random.default_rng(0)
    w, x = draw.normal(size=(12, 3)), draw.normal(size=(40, 3))
    f = value_and_grad(lambda w, x: total(scores(w, x)))
    assert any(is_reordered(op, 6) for op in TABLE.values() if op.arity is None)
    in_loops(False)
    expected = np.array(run(f, (None, 0), None, w, x)).view(np.float64)
    in_loops()
    fast = jit(vmap(f, (None, 0)), backend="llvm")
    fast(w, x)
    (straight,) = fast.paths[0]._many.values()
    assert straight._patience == math.inf
    assert "@steps" not in straight.source  # whose digits might be others
    monkeypatch.setattr(lanes, "LONGEST", -1)
    found = np.array(run(f, (None, 0), None, w, x)).view(np.float64)
    assert np.allclose(found, expected, rtol=1e-13, atol=1e-15)
    code = Shapes()
    terms = [code.input(uniform=False) for _ in range(30)]
    for k in range(30):
        code.lower(TABLE["softmax"], [terms[k], *terms[:k], *terms[k + 1 :]])
    names = [
        code.patterns[item[0]].code.instructions[-1].name for item in code.items if item[0] >= 0
    ]
    assert names.count("exp") <= 31 * 2


def test_checks_in_loops_tell_the_first_that_fails():
    code = Shapes()
    x, u = code.input(False), code.input(True)
    y = code.emit("sin", code.emit("add", x, u))
    checks = [
        LaneCheck(code.emit("less", code.emit("multiply", y, y), 0.9), None, (), True),
        LaneCheck(None, lambda columns: columns[0] > -3.0, (x,), True),
        LaneCheck(code.emit("greater", x, 2.0), None, (), False),
        LaneCheck(code.emit("less", u, 9.0), None, (), True),
        LaneCheck(code.emit("equal", x, x), None, (), True),
    ]
    blocks = NativeColumns(code, [y, u, 3.0], checks)
    columns = [np.array([0.0, 1.0, -4.0, 2.5, math.nan, 4.5] * 3), 0.5]
    (results, failed) = blocks(columns, 18)
    y = np.sin(columns[0] + 0.5)
    conditions = [y * y < 0.9, columns[0] > -3.0, columns[0] <= 2.0, True, columns[0] == columns[0]]
    conditions[2] = ~(columns[0] > 2.0)
    expected = [
        next((i for i, c in enumerate(conditions) if not np.broadcast_to(c, 18)[lane]), -1)
        for lane in range(18)
    ]
    assert failed.tolist() == expected
    assert results[1:] == [0.5, 3.0]
    _, failed = blocks([np.full(18, 0.1), 9.5], 18)
    assert failed.tolist() == [3 if math.sin(9.6) ** 2 < 0.9 else 0] * 18


def test_what_is_the_same_in_all_lanes_is_computed_before():
    code = Shapes()
    x, u = code.input(False), code.input(True)
    y = code.emit("multiply", code.emit("exp", code.emit("add", u, 1.0)), x)
    loops = Loops(code, [y], [])
    assert [loop.times for loop in loops.before] == [1]  # exp(u + 1), joined
    assert [loop.times for loop in loops.within] == [1]


def test_code_without_any_step():
    code = Shapes()
    x, u = code.input(False), code.input(True)
    results, failed = NativeColumns(code, [x, u, 2.0])([np.arange(11.0), 5.0], 11)
    assert results[0].tolist() == [*range(11)]
    assert results[1:] == [5.0, 2.0]
    assert failed.tolist() == [-1] * 11


def series(count):
    """A sum with a different constant in each term, and its derivative."""
    constants = np.random.default_rng(count).normal(size=count).tolist()
    return value_and_grad(
        lambda x, y: total([tanh(k * x + y) * exp(-(x**2)) for k in constants]), (0, 1)
    )


def test_equal_terms_are_one_loop(in_loops):
    in_loops()
    x, y = np.random.default_rng(0).normal(size=(2, 16))
    written = []
    for count in (200, 400):
        fast = jit(vmap(series(count)), backend="llvm")
        fast(x, y)
        (code,) = fast.paths[0]._many.values()
        written.append(code.source.count("\n"))
    assert max(written) < 2000


def test_loops_that_ran_long_become_straight(monkeypatch):
    """With the same bits, in the middle of calls."""
    monkeypatch.setattr(lanes, "SHORT", -1)
    monkeypatch.setattr(lanes, "SECONDS", 0.0)
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    fast = jit(vmap(series(9)), backend="llvm")
    summed = jit(vmap(series(9), reduce="sum"), backend="llvm")
    for g in (fast, summed):
        results = [bits(np.ravel(leaves(g(x, y)))) for _ in range(4)]
        assert all(r == results[0] for r in results)
        (code,) = g.paths[0]._many.values()
        assert code._patience == math.inf
    assert "@steps" not in code.source


def test_lanes_that_part_in_loops(in_loops):
    in_loops()

    def root(x):
        guess = x
        while abs(guess * guess - x) > 1e-12 * x:
            guess = 0.5 * (guess + x / guess)
        return guess

    x = np.geomspace(0.5, 1e6, 300)
    fast = jit(vmap(root), backend="llvm")
    assert fast(x).tolist() == [root(a) for a in x.tolist()]
    assert len(fast.paths) > 5


def test_values_from_around_in_loops(in_loops):
    in_loops()
    w = Value(2.0)
    fast = jit(vmap(lambda x: relu(w * x) * w), backend="llvm")
    for data in (2.0, -3.0):
        w.data = data
        assert fast(np.array([1.0, -1.0, 2.0])).tolist() == [
            max(data * x, 0.0) * data for x in (1.0, -1.0, 2.0)
        ]


@pytest.mark.skipif(loops.native is None, reason="there is no native core")
@pytest.mark.parametrize("seed", range(300))
def test_the_native_core_joins_the_same_items(seed):
    """Items of random patterns and operands, among them inputs, constants and what is uniform."""
    draw = random.Random(seed)
    arities = [draw.randrange(5) for _ in range(6)]
    sizes, constants, items = [draw.randrange(4) for _ in arities], draw.randrange(4), []
    for i in range(draw.choice([1, 5, 60, 400])):
        pattern = -1 if i < 3 else draw.choice([-1, *range(6)] if i % 7 else range(6))
        recent = range(max(-constants, i - draw.choice([3, 40])), i) or [0]
        count = 0 if pattern < 0 else arities[pattern]
        items.append((pattern, *[draw.choice(recent) for _ in range(count)]))
    uses = [sum(item[1:].count(x) for item in items) for x in range(len(items))] + [2] * constants
    known = [item[0] < 0 and draw.random() < 0.5 for item in items] + [True] * constants
    common = None if draw.random() < 0.5 else {draw.randrange(12) for _ in range(4)}
    largest, most, found = draw.choice([2, 5, 32]), draw.choice([2, 5, 16]), []
    for join in (loops.native.join, loops._join):
        indices = {}
        uniform = True in known[: len(items)]
        parts = join(items, uses, sizes, [*known], uniform, indices, common, largest, most)
        found.append(([[*part] for part in parts], [*indices.items()]))
    assert found[0] == found[1]
