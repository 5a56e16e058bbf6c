"""What derivatives as functions cost, on a function of 3,000 nodes: a chain of multiply-adds."""

import pytest
from workloads import FUNCTIONS

from autograd import Value, grad, hvp, jvp

ROUNDS = 40


def forward(function, point):
    return function(*map(Value, point)).data


def backward(function, point):
    leaves = [Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


functions = pytest.mark.parametrize(
    ("name", "function", "point"),
    [(name, *of_name) for name, of_name in FUNCTIONS.items()],
    ids=list(FUNCTIONS),
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
        (2.0, 1.3),
        rounds=ROUNDS,
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
        rounds=ROUNDS,
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
        (8.0, 6.0),
        rounds=ROUNDS,
    )
