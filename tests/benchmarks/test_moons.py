"""micrograd's own demo: two moons, 100 points, a network 2-16-16-1, a max-margin loss."""

import random
from itertools import pairwise

import micrograd.engine
import micrograd.nn
import numpy as np
import torch

from autograd import Value, dot, mean, relu

ALPHA = 1e-4
LEARNING_RATE = 0.1
SIZES = (2, 16, 16, 1)
STEPS = 3  # in each timed round
ROUNDS = 6


def two_moons(count=100, noise=0.1):
    """Two half circles that reach into each other, labelled -1 and 1, as plain floats."""
    rng = np.random.default_rng(1337)
    angles = np.linspace(0, np.pi, count // 2)
    upper = np.column_stack([np.cos(angles), np.sin(angles)])
    lower = np.column_stack([1 - np.cos(angles), 0.5 - np.sin(angles)])
    points = np.concatenate([upper, lower]) + rng.normal(scale=noise, size=(count, 2))
    return points.tolist(), [-1.0] * (count // 2) + [1.0] * (count // 2)


POINTS, LABELS = two_moons()


def initial_weights():
    """A matrix for every layer, one row per neuron; the biases start at 0."""
    rng = np.random.default_rng(1337)
    return [rng.uniform(-1, 1, (n, m)) for m, n in pairwise(SIZES)]


def ours():
    """Returns a function that takes one step and returns the loss before it."""
    layers = [
        [([Value(x) for x in row], Value(0.0)) for row in matrix] for matrix in initial_weights()
    ]
    parameters = [x for layer in layers for weights, bias in layer for x in (*weights, bias)]

    def score(x):
        *hidden, [(weights, bias)] = layers
        for layer in hidden:
            x = [relu(dot(x, weights) + bias) for weights, bias in layer]
        return dot(x, weights) + bias

    def step():
        margins = [relu(1 - y * score(x)) for x, y in zip(POINTS, LABELS, strict=True)]
        loss = mean(margins) + ALPHA * dot(parameters, parameters)
        loss.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= LEARNING_RATE * p.grad
        return loss.data

    return step


def in_micrograd():
    random.seed(0)
    model = micrograd.nn.MLP(SIZES[0], list(SIZES[1:]))
    for layer, matrix in zip(model.layers, initial_weights(), strict=True):
        for neuron, row in zip(layer.neurons, matrix.tolist(), strict=True):
            for weight, x in zip(neuron.w, row, strict=True):
                weight.data = x

    def step():
        # The demo's own lines, except that it passes NumPy's scalars, with which micrograd is
        # slower than with these floats.
        inputs = [list(map(micrograd.engine.Value, point)) for point in POINTS]
        scores = list(map(model, inputs))
        losses = [(1 + -y * score).relu() for y, score in zip(LABELS, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + ALPHA * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= LEARNING_RATE * p.grad
        return total.data

    return step


def in_torch():
    """As PyTorch is used: all points at once."""
    x = torch.tensor(POINTS, dtype=torch.float64)
    y = torch.tensor(LABELS, dtype=torch.float64)
    weights = [torch.tensor(matrix, requires_grad=True) for matrix in initial_weights()]
    biases = [torch.zeros(len(w), dtype=torch.float64, requires_grad=True) for w in weights]
    parameters = [*weights, *biases]

    def step():
        out = x
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            out = torch.relu(out @ w.T + b)
        scores = (out @ weights[-1].T + biases[-1])[:, 0]
        squares = sum((p * p).sum() for p in parameters)
        loss = torch.relu(1 - y * scores).mean() + ALPHA * squares
        for p in parameters:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= LEARNING_RATE * p.grad
        return loss.item()

    return step


def test_moons(race):
    def training(step):
        return lambda: [step() for _ in range(STEPS)]  # goes on where the last round ended

    race(
        "two moons, one step on 100 points",
        training(ours()),
        {"micrograd": training(in_micrograd()), "PyTorch, vectorised": training(in_torch())},
        {"micrograd": (60.0, 18.0)},
        rounds=ROUNDS,
        steps=STEPS,
    )
