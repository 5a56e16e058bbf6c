"""The running example: one neuron trained twice, by hand-derived gradients and by the engine."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.ops import dot, relu  # a program that uses the library
from autograd.value import Value
from autograd.values import data, grads, values

Floats = NDArray[np.float64]


class Neuron(NamedTuple):
    """`loss = (relu(dot(inputs, weights) + bias) - target) ** 2`, the numbers of the example."""

    inputs: Sequence[float] = (1.0, -2.0, 3.0)
    weights: Sequence[float] | Floats = (-3.0, -1.0, 2.0)
    bias: float = 1.0
    target: float = 0.0

    def record(self) -> tuple[Value, NDArray[Any], Value, Value]:
        """The loss as a graph, its parameters, the weights and the bias, and the input of ReLU."""
        x, w, b = values(self.inputs, "x"), values(self.weights, "w"), Value(self.bias, "b")
        z = dot(x, w) + b
        return ((relu(z).named("output") - self.target) ** 2).named("loss"), w, b, z


class TrainingStep(NamedTuple):
    """One step of training: the loss before it and the parameters after it."""

    loss: float
    """The loss by the engine."""
    difference: float
    """The largest difference between its gradients and the hand-derived ones; nan if any is."""
    weights: Floats
    bias: float


def by_hand(z: float, inputs: Floats, target: float) -> tuple[Floats, float]:
    """The gradients of the neuron's loss with respect to weights and bias, derived on paper.

    With y = relu(z), where z = dot(inputs, weights) + bias:

        dloss/dy = 2 (y - target)
        dy/dz = 1 where z > 0, otherwise 0
        dz/dweights = inputs,  dz/dbias = 1
    """
    y = np.maximum(0.0, z)
    dloss_dz = 2.0 * (y - target) * float(z > 0.0)
    return dloss_dz * inputs, dloss_dz


def train(neuron: Neuron, steps: int, learning_rate: float) -> Iterator[TrainingStep]:
    """Train by gradient descent, the gradients computed by the engine and compared at each step."""
    inputs = np.array(neuron.inputs, dtype=np.float64)
    for _ in range(steps):
        loss, w, b, z = neuron.record()
        loss.backward()
        by_engine = np.append(grads(w), b.grad)
        dweights, dbias = by_hand(z.data, inputs, neuron.target)
        difference = np.max(np.abs(by_engine - np.append(dweights, dbias)))
        weights, bias = data(w) - learning_rate * grads(w), b.data - learning_rate * b.grad
        neuron = neuron._replace(weights=weights, bias=bias)
        yield TrainingStep(loss.data, float(difference), weights, bias)
