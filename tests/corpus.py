"""Functions written with the library's operations, each with its gradient derived by hand."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
from autograd import abs, dot, exp, log, logsumexp, maximum, mean, relu, sin, softplus, tanh

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(4, 3))
TARGETS = np.array([0.5, -0.3, 1.2, 0.1])
CLASSES = np.array([1.0, 0.0, 1.0, 0.0])
DATA = np.array([0.3, 1.2, -0.4, 2.0])


class Example(NamedTuple):
    function: Callable[..., Any]
    manual: Callable[..., Any]
    arguments: tuple[Any, ...]
    scales: bool = True
    """Whether it makes sense for arguments a million times as large."""


def neuron(count: int) -> Example:
    x = RANDOM.normal(size=count)

    def loss(w, b):
        return (relu(dot(x, w) + b) - 0.5) ** 2

    def by_hand(w, b):
        z = np.dot(x, w) + b
        upstream = 2.0 * (np.maximum(z, 0.0) - 0.5) * (z > 0.0)
        return upstream * x, upstream

    return Example(loss, by_hand, (RANDOM.normal(size=count), 0.3))


def batch(w, b):
    return mean([(relu(dot(x, w) + b) - t) ** 2 for x, t in zip(X, TARGETS, strict=True)])


def batch_by_hand(w, b):
    z = X @ w + b
    upstream = 2.0 * (np.maximum(z, 0.0) - TARGETS) * (z > 0.0) / len(TARGETS)
    return X.T @ upstream, upstream.sum()


def two_layers(v, w):
    hidden = [relu(dot(X[0], row)) for row in v]
    return (dot(hidden, w) - 1.5) ** 2


def two_layers_by_hand(v, w):
    z = v @ X[0]
    hidden = np.maximum(z, 0.0)
    upstream = 2.0 * (hidden @ w - 1.5)
    return np.outer(upstream * w * (z > 0.0), X[0]), upstream * hidden


def cross_entropy(z):
    return logsumexp(z) - z[1]


def cross_entropy_by_hand(z):
    p = np.exp(z - z.max())
    p /= p.sum()
    p[1] -= 1.0
    return p


def logistic(w, b):
    z = [dot(x, w) + b for x in X]
    return ag.sum([softplus(a) - y * a for a, y in zip(z, CLASSES, strict=True)])


def logistic_by_hand(w, b):
    error = 1.0 / (1.0 + np.exp(-(X @ w + b))) - CLASSES
    return X.T @ error, error.sum()


def gaussian(mu, sigma):
    return ag.sum([(d - mu) ** 2 / (2.0 * sigma**2) + log(sigma) for d in DATA])


def gaussian_by_hand(mu, sigma):
    off = DATA - mu
    return -(off / sigma**2).sum(), (1.0 / sigma - off**2 / sigma**3).sum()


def tanh_neuron(w, b):
    return (tanh(dot(X[1], w) + b) - 0.2) ** 2


def tanh_neuron_by_hand(w, b):
    t = np.tanh(X[1] @ w + b)
    upstream = 2.0 * (t - 0.2) * (1.0 - t**2)
    return upstream * X[1], upstream


def least_deviations(w):
    return ag.sum([abs(dot(x, w) - t) for x, t in zip(X, TARGETS, strict=True)])


def hinge(w):
    signs = 2.0 * CLASSES - 1.0
    return ag.sum([maximum(0.0, 1.0 - s * dot(x, w)) for x, s in zip(X, signs, strict=True)])


def hinge_by_hand(w):
    signs = 2.0 * CLASSES - 1.0
    return -(signs * (1.0 - signs * (X @ w) > 0.0)) @ X


EXAMPLES = {
    "neuron, 1 input": neuron(1),
    "neuron, 3 inputs": neuron(3),
    "neuron, 20 inputs": neuron(20),
    "batch of neurons": Example(batch, batch_by_hand, (RANDOM.normal(size=3), 0.2)),
    "two layers": Example(
        two_layers, two_layers_by_hand, (RANDOM.normal(size=(2, 3)), RANDOM.normal(size=2))
    ),
    "softmax cross-entropy": Example(
        cross_entropy, cross_entropy_by_hand, (RANDOM.normal(size=4),), False
    ),
    "logistic regression": Example(logistic, logistic_by_hand, (RANDOM.normal(size=3), 0.1), False),
    "product with a shared factor": Example(
        lambda a, b, c: a * b * (a + c),
        lambda a, b, c: (b * (a + c) + a * b, a * (a + c), a * b),
        (1.3, -0.7, 2.1),
    ),
    "polynomial": Example(
        lambda x: 3.0 * x**4 - 2.0 * x**2 + 5.0 * x - 1.0,
        lambda x: 12.0 * x**3 - 4.0 * x + 5.0,
        (1.7,),
    ),
    "Gaussian log-likelihood": Example(gaussian, gaussian_by_hand, (0.5, 1.3)),
    "tanh neuron": Example(tanh_neuron, tanh_neuron_by_hand, (RANDOM.normal(size=3), 0.1), False),
    "least absolute deviations": Example(
        least_deviations, lambda w: X.T @ np.sign(X @ w - TARGETS), (RANDOM.normal(size=3),)
    ),
    "hinge loss": Example(hinge, hinge_by_hand, (RANDOM.normal(size=3),)),
    "exponential of a ratio": Example(
        lambda a, b: exp(a / b) * sin(a),
        lambda a, b: (
            np.exp(a / b) * (np.sin(a) / b + np.cos(a)),
            -a / b**2 * np.exp(a / b) * np.sin(a),
        ),
        (0.8, 1.9),
        False,
    ),
}
