"""The running example: the squared loss of one neuron with three inputs, and its gradients."""

import micrograd.engine
import torch

from autograd import Value, dot, relu, values

INPUTS, WEIGHTS, BIAS, TARGET = (1.0, -2.0, 3.0), (-3.0, -1.0, 2.0), 1.0, 0.0
STEPS = 200  # in each timed round; one takes only microseconds
ROUNDS = 30


def neuron(w, b):
    return (relu(dot(INPUTS, w) + b) - TARGET) ** 2


def ours():
    w, b = values(WEIGHTS), Value(BIAS)
    for _ in range(STEPS):
        loss = neuron(w, b)
        loss.backward()
    return [loss.data, b.grad]


def in_micrograd():
    w, b = [micrograd.engine.Value(x) for x in WEIGHTS], micrograd.engine.Value(BIAS)
    for _ in range(STEPS):
        z = sum((wi * xi for wi, xi in zip(w, INPUTS, strict=True)), b)
        loss = (z.relu() - TARGET) ** 2
        loss.backward()
    return [loss.data, b.grad]


def in_torch():
    x = torch.tensor(INPUTS, dtype=torch.float64)
    w = torch.tensor(WEIGHTS, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(BIAS, dtype=torch.float64, requires_grad=True)
    for _ in range(STEPS):
        loss = (torch.relu(torch.dot(x, w) + b) - TARGET) ** 2
        loss.backward()
    return [loss.item(), b.grad.item()]


def test_neuron(race):
    race(
        "neuron, forward and backward",
        ours,
        {"micrograd": in_micrograd, "PyTorch": in_torch},
        {},
        rounds=ROUNDS,
        steps=STEPS,
    )


def test_neuron_forward(race):
    w, b = values(WEIGHTS), Value(BIAS)
    recorded = neuron(w, b)

    def recompute():
        for _ in range(STEPS):
            b.data = 2.0
            recorded.forward()
        return recorded.data

    def rebuild():
        for _ in range(STEPS):
            result = neuron(w, Value(2.0)).data
        return result

    race(
        "forward() on the neuron",
        recompute,
        {"building it anew": rebuild},
        {},
        rounds=ROUNDS,
        steps=STEPS,
    )
