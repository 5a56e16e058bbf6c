"""A chain of multiply-adds, `y = y * a + b`, 2,000 nodes long: nothing but overhead per node."""

import micrograd.engine
import pytest
import torch

from autograd import Value

LENGTH = 1_000  # multiply-adds, two nodes each
STEPS = 10  # graphs in each timed round
ROUNDS = 20
pytestmark = pytest.mark.usefixtures("deep_recursion")


def chain(y, a, b):
    for _ in range(LENGTH):
        y = y * a + b
    return y


def tensor(number):
    return torch.tensor(number, dtype=torch.float64, requires_grad=True)


def test_chain_of_values(race):
    def gradients(make):
        for _ in range(STEPS):
            leaves = make(1.5), make(0.999), make(0.25)
            chain(*leaves).backward()
        return [float(leaf.grad) for leaf in leaves]

    race(
        "chain of 2,000 nodes, a and b Values",
        lambda: gradients(Value),
        {
            "micrograd": lambda: gradients(micrograd.engine.Value),
            "PyTorch": lambda: gradients(tensor),
        },
        {"micrograd": (15.0, 2.4)},
        rounds=ROUNDS,
        steps=STEPS,
    )


def test_chain_of_numbers(race):
    def gradient(make):
        for _ in range(STEPS):
            start = make(1.5)
            chain(start, 0.999, 0.25).backward()
        return float(start.grad)

    race(
        "chain of 2,000 nodes, a and b floats",
        lambda: gradient(Value),
        {
            "micrograd": lambda: gradient(micrograd.engine.Value),
            "PyTorch": lambda: gradient(tensor),
        },
        {},
        rounds=ROUNDS,
        steps=STEPS,
    )


def test_chain_forward(cost):
    start, a, b = Value(1.5), Value(0.999), Value(0.25)
    recorded = chain(start, a, b)

    def recompute():
        for _ in range(STEPS):
            start.data = 2.0
            recorded.forward()
        return recorded.data

    def rebuild():
        for _ in range(STEPS):
            result = chain(Value(2.0), a, b).data
        return result

    assert recompute() == rebuild()
    cost(
        "forward() on the chain",
        "building it anew",
        recompute,
        rebuild,
        (0.35, 0.7),
        rounds=ROUNDS,
        steps=STEPS,
    )
