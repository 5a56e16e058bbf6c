"""What derivatives as functions cost, on a function of 3,000 nodes: a chain of multiply-adds."""

import gc
from statistics import median
from time import perf_counter

import pytest

from autograd import Value, dot, grad, hvp, jvp, tanh

POINT = 1.5, 0.999, 0.25
ROUNDS = 40


def chain(y, a, b):
    for _ in range(1_500):
        y = y * a + b
    return y


def network(*x):
    """20 layers of 16 units: few nodes, with many operands each."""
    for layer in range(20):
        rows = [[0.1 * ((i * j + layer) % 7) - 0.3 for j in range(len(x))] for i in range(16)]
        x = [tanh(dot(row, x)) for row in rows]
    return dot(x, x)


def forward(function, point):
    return function(*map(Value, point)).data


def backward(function, point):
    leaves = [Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


@pytest.fixture
def cost(benchmark, report):
    """Reports how many times as long `ours` takes as `theirs`: the median of ratios in turn."""

    def run(work, against, ours, theirs, target):
        mine, others = [], []

        def timed():
            start = perf_counter()
            ours()
            mine.append(perf_counter() - start)

        def other():
            start = perf_counter()
            theirs()
            others.append(perf_counter() - start)

        gc.collect()
        benchmark.pedantic(timed, setup=other, rounds=ROUNDS, warmup_rounds=2)
        ratio = median(x / y for x, y in zip(mine, others, strict=True))
        report(
            work,
            against,
            f"{ratio:.3g} times",
            f"<= {target:g} times",
            ratio <= target,
            f"{median(mine) * 1e3:.3g} ms",
            f"{median(others) * 1e3:.3g} ms",
        )

    return run


functions = pytest.mark.parametrize(
    ("name", "function", "point"),
    [("chain", chain, POINT), ("network", network, tuple(0.1 * i for i in range(16)))],
    ids=["chain", "network"],
)


@functions
def test_grad(cost, name, function, point):
    gradient = grad(function, range(len(point)))
    assert list(gradient(*point)) == backward(function, point)
    cost(
        f"time of grad, {name}",
        "backward() on a new graph",
        lambda: gradient(*point),
        lambda: backward(function, point),
        1.3,
    )


@functions
def test_jvp(cost, name, function, point):
    ones = (1.0,) * len(point)
    slopes = backward(function, point)
    assert jvp(function, point, ones)[1] == pytest.approx(sum(slopes), rel=1e-9)
    cost(
        f"time of jvp, {name}",
        "the function of Values",
        lambda: jvp(function, point, ones),
        lambda: forward(function, point),
        3.0,
    )


@functions
def test_hvp(cost, name, function, point):
    ones = (1.0,) * len(point)
    gradient = grad(function, range(len(point)))
    cost(
        f"time of hvp, {name}",
        "grad",
        lambda: hvp(function, point, ones),
        lambda: gradient(*point),
        6.0,
    )
