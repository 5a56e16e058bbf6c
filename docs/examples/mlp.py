"""A network of three layers learns to tell two moons apart, and draws what it has learnt."""

import random
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from autograd import Value, data, dot, mean, softplus, tanh


class MLP:
    """Layers of neurons: tanh(w · x + b), the last ones without the tanh."""

    def __init__(self, sizes, rng):
        def neuron(n):
            return [Value(rng.gauss(0.0, n**-0.5)) for _ in range(n)], Value(0.0)

        self.layers = [[neuron(n) for _ in range(m)] for n, m in pairwise(sizes)]

    def __call__(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = [tanh(dot(w, x) + b) for w, b in layer]
        return [dot(w, x) + b for w, b in last]

    def parameters(self):
        return [x for layer in self.layers for w, b in layer for x in (*w, b)]


def two_moons(count, rng):
    """Points of two half circles, one within the bend of the other, and 1 or -1 for either."""
    points, labels = [], []
    for label in (1.0, -1.0) * (count // 2):
        angle = pi * rng.random()
        x, y = (cos(angle), sin(angle)) if label > 0 else (1.0 - cos(angle), 0.5 - sin(angle))
        points.append((x + rng.gauss(0.0, 0.1), y + rng.gauss(0.0, 0.1)))
        labels.append(label)
    return points, labels


def train(model, points, labels, steps, rate=0.5):
    """The logistic loss and the accuracy, before each step of gradient descent."""
    scores = [model(point)[0] for point in points]
    pairs = zip(labels, scores, strict=True)
    loss = mean([softplus(-label * score) for label, score in pairs])
    for _ in range(steps):  # the graph stays; its numbers are computed anew
        yield loss.forward(), np.mean(data(scores) * labels > 0.0)
        loss.backward()
        for parameter in model.parameters():
            parameter.data -= rate * parameter.grad
        loss.zero_grad()


def surface(model, xs, ys):
    """The score at each point of a grid: one graph, two leaves with other data each time."""
    x, y = Value(0.0), Value(0.0)
    (score,) = model([x, y])
    scores = np.empty((len(ys), len(xs)))
    for (i, j), _ in np.ndenumerate(scores):
        x.data, y.data = xs[j], ys[i]
        scores[i, j] = score.forward()
    return scores


def plot(model, points, labels, losses):
    """A figure: the loss, and the points with the line at which the score changes its sign."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(losses)
    left.set(xlabel="step", ylabel="loss", yscale="log")
    xs, ys = np.linspace(-1.6, 2.6, 64), np.linspace(-1.1, 1.6, 48)
    scores = surface(model, xs, ys)
    chances = 1.0 / (1.0 + np.exp(-scores))
    right.contourf(xs, ys, chances, levels=np.linspace(0.0, 1.0, 21), cmap="RdBu", alpha=0.6)
    right.contour(xs, ys, scores, levels=[0.0], colors="black")
    right.scatter(*zip(*points, strict=True), c=labels, cmap="RdBu", edgecolors="black")
    right.set(xlabel="x", ylabel="y", aspect="equal")
    return figure


def main():
    rng = random.Random(0)
    points, labels = two_moons(100, rng)
    model = MLP([2, 16, 16, 1], rng)
    losses = []
    for step, (loss, accuracy) in enumerate(train(model, points, labels, 301)):
        losses.append(loss)
        if step % 50 == 0:
            print(f"step {step:3}  loss {loss:.4f}  accuracy {accuracy:.0%}")
    try:
        plot(model, points, labels, losses).savefig("moons.png", dpi=150)
    except ImportError:
        print("there is no picture, as matplotlib is not installed")
    else:
        print("wrote moons.png")


if __name__ == "__main__":
    main()
