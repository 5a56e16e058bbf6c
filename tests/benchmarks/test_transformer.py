"""A transformer in scalars, 80,000 nodes in each step of its training."""

import pytest
from workloads import Scalar, Transformer

from autograd import Value

ROUNDS = 10
pytestmark = pytest.mark.usefixtures("deep_recursion")


def test_transformer(race):
    ours, theirs = Transformer(Value), Transformer(Scalar)
    assert ours.step() == theirs.step()
    gradients = [[x.grad for x in model.parameters] for model in (ours, theirs)]
    assert gradients[0] == gradients[1]  # to the bit
    race(
        "transformer of 80,000 nodes, one step",
        ours.step,
        {"a short class": theirs.step},
        {"a short class": (10.0, 1.8)},
        rounds=ROUNDS,
    )


def test_transformer_forward(cost):
    model = Transformer(Value)
    recorded = model.loss()
    weight = model.parameters[0]
    weight.data = 0.5
    assert recorded.forward() == model.loss().data

    def recompute():
        weight.data = 0.5
        recorded.forward()

    cost(
        "forward() on the transformer",
        "building it anew",
        recompute,
        lambda: model.loss().data,
        (0.35, 0.7),
        rounds=ROUNDS,
    )
