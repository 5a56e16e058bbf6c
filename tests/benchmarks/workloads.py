"""Work that is timed in processes of its own: here, and as the library was before.

Run as a script, this module does the work that it is told to do, line by line, with the `autograd`
that its process imports.
"""

import gc
import json
import math
import random
import sys
import traceback
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

import numpy as np

import autograd
from autograd import Value, dot, hessian, jacobian, tanh

# --- Functions -----------------------------------------------------------------------------------


def chain(y, a, b, length=1_500):
    """Multiply-adds, two nodes each."""
    for _ in range(length):
        y = y * a + b
    return y


def network(*x):
    """20 layers of 16 units: few nodes, with many operands each."""
    for layer in range(20):
        rows = [[0.1 * ((i * j + layer) % 7) - 0.3 for j in range(len(x))] for i in range(16)]
        x = [tanh(dot(row, x)) for row in rows]
    return dot(x, x)


START = 1.5, 0.999, 0.25
FUNCTIONS = {"chain": (chain, START), "network": (network, tuple(0.1 * i for i in range(16)))}


def total(terms):
    """Their sum, term by term."""
    first, *rest = terms
    for term in rest:
        first = first + term
    return first


# --- A transformer -------------------------------------------------------------------------------


class Transformer:
    """A language model of characters, one layer deep, in which every number is a `make(number)`.

    Of a `make`, it needs `+ - * / **`, `exp()`, `log()`, `relu()` and `data`.
    """

    WIDTH, HEADS, HIDDEN = 16, 4, 64
    SYMBOLS = " abcdefghijklmnopqrstuvwxyz"
    TEXT = " gradients "

    def __init__(self, make):
        rng = random.Random(16)

        def matrix(rows, columns):
            return [[make(rng.gauss(0.0, 0.25)) for _ in range(columns)] for _ in range(rows)]

        width = self.WIDTH
        self.symbols = matrix(len(self.SYMBOLS), width)
        self.places = matrix(len(self.TEXT), width)
        self.queries, self.keys, self.values, self.mix = (matrix(width, width) for _ in range(4))
        self.widen, self.narrow = matrix(self.HIDDEN, width), matrix(width, self.HIDDEN)
        self.scores = matrix(len(self.SYMBOLS), width)
        self.parameters = [
            x
            for weights in (
                self.symbols, self.places, self.queries, self.keys, self.values, self.mix,
                self.widen, self.narrow, self.scores,
            )
            for row in weights
            for x in row
        ]  # fmt: skip

    def loss(self):
        """The mean surprise at each character of the text, given those before it."""
        text = [self.SYMBOLS.index(character) for character in self.TEXT]
        keys, values, surprises = [], [], []
        for place, (symbol, following) in enumerate(pairwise(text)):
            x = [a + b for a, b in zip(self.symbols[symbol], self.places[place], strict=True)]
            y = scaled(x)
            keys.append(product(self.keys, y))
            values.append(product(self.values, y))
            found = self.attended(product(self.queries, y), keys, values)
            x = [a + b for a, b in zip(x, product(self.mix, found), strict=True)]
            wide = [a.relu() for a in product(self.widen, scaled(x))]
            x = [a + b for a, b in zip(x, product(self.narrow, wide), strict=True)]
            chances = softmax(product(self.scores, scaled(x)))
            surprises.append(-1.0 * chances[following].log())
        return total(surprises) / len(surprises)

    def attended(self, query, keys, values):
        """The values, weighted by how well their keys fit the query, in each of the heads."""
        size = self.WIDTH // self.HEADS
        result = []
        for start in range(0, self.WIDTH, size):
            part = slice(start, start + size)
            fits = [inner(query[part], key[part]) / size**0.5 for key in keys]
            weights = softmax(fits)
            for column in range(start, start + size):
                result.append(inner(weights, [value[column] for value in values]))
        return result

    def step(self):
        """The loss, after its gradient has come to the parameters."""
        for x in self.parameters:
            x.grad = 0.0
        loss = self.loss()
        loss.backward()
        return loss.data


def inner(left, right):
    return total(a * b for a, b in zip(left, right, strict=True))


def product(matrix, vector):
    return [inner(row, vector) for row in matrix]


def scaled(vector):
    """With a mean square of 1."""
    scale = (inner(vector, vector) / len(vector) + 1e-5) ** -0.5
    return [x * scale for x in vector]


def softmax(scores):
    highest = max(x.data for x in scores)
    powers = [(x - highest).exp() for x in scores]
    whole = total(powers)
    return [x / whole for x in powers]


class Scalar:
    """The class that a program in scalars brings along."""

    __slots__ = ("children", "data", "grad", "slopes")

    def __init__(self, data, children=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.children, self.slopes = children, slopes

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        data = self.data / other.data
        return Scalar(data, (self, other), (1.0 / other.data, -data / other.data))

    def __pow__(self, exponent):
        return Scalar(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        data = math.exp(self.data)
        return Scalar(data, (self,), (data,))

    def log(self):
        return Scalar(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self):
        return Scalar(max(0.0, self.data), (self,), (float(self.data > 0.0),))

    def sort(self, order, seen):
        """By a method of its own: a function within `backward` would be a cycle, holding all."""
        if self not in seen:
            seen.add(self)
            for child in self.children:
                child.sort(order, seen)
            order.append(self)

    def backward(self):
        order = []
        self.sort(order, set())
        self.grad = 1.0
        for node in reversed(order):
            for child, slope in zip(node.children, node.slopes, strict=True):
                child.grad += slope * node.grad


# --- An LSTM -------------------------------------------------------------------------------------


class Lstm:
    """A recurrent network of memory cells: some 570,000 nodes over 100 steps."""

    INPUTS, CELLS, STEPS = 12, 21, 100

    def __init__(self):
        rng = random.Random(16)
        count = self.INPUTS + self.CELLS
        self.gates = [
            [
                ([Value(rng.gauss(0.0, 0.3)) for _ in range(count)], Value(0.0))
                for _ in range(self.CELLS)
            ]
            for _ in range(4)
        ]
        self.series = [[rng.gauss(0.0, 1.0) for _ in range(self.INPUTS)] for _ in range(self.STEPS)]

    def loss(self):
        output, memory = [Value(0.0)] * self.CELLS, [Value(0.0)] * self.CELLS
        for inputs in self.series:
            known = [*inputs, *output]
            entry, kept, shown, news = (
                [
                    total(w * x for w, x in zip(weights, known, strict=True)) + bias
                    for weights, bias in gate
                ]
                for gate in self.gates
            )
            memory = [
                f.sigmoid() * c + i.sigmoid() * g.tanh()
                for f, c, i, g in zip(kept, memory, entry, news, strict=True)
            ]
            output = [o.sigmoid() * c.tanh() for o, c in zip(shown, memory, strict=True)]
        return total(x * x for x in output)


# --- Bundle adjustment ---------------------------------------------------------------------------

CAMERAS, POINTS = 2, 22
VIEWS = [(camera, point) for camera in range(CAMERAS) for point in range(POINTS)][:40]
"""Which camera sees which point: two coordinates each."""


def scene():
    """Seven numbers for each camera, three for each point: 80."""
    rng = random.Random(16)
    cameras = [[rng.gauss(0.0, spread) + mean for mean, spread in CAMERA] for _ in range(CAMERAS)]
    points = [[rng.gauss(0.0, 1.0) for _ in range(3)] for _ in range(POINTS)]
    return np.array([x for part in (*cameras, *points) for x in part])


CAMERA = (*[(0.0, 0.3)] * 3, (0.0, 0.2), (0.0, 0.2), (6.0, 0.2), (1.5, 0.1))
"""The mean and the spread of a rotation vector, a translation, and a focal length."""


def images(numbers):
    """Where the points appear in the pictures of the cameras."""
    numbers = list(numbers)
    cameras = [numbers[7 * i : 7 * i + 7] for i in range(CAMERAS)]
    rest = numbers[7 * CAMERAS :]
    points = [rest[3 * i : 3 * i + 3] for i in range(POINTS)]
    return [x for camera, point in VIEWS for x in image(cameras[camera], points[point])]


def centred_images(numbers):
    """Around their centre, in units of their spread (Hartley 1997): each depends on all."""
    numbers = images(numbers)
    result = []
    for axis in numbers[::2], numbers[1::2]:
        centre = total(axis) / len(axis)
        result.append([x - centre for x in axis])
    spread = (total(x * x for axis in result for x in axis) / len(VIEWS)).sqrt()
    return [x / spread for axis in result for x in axis]


def image(camera, point):
    """A point, turned about the rotation vector by its length (Rodrigues), moved, projected."""
    rx, ry, rz, tx, ty, tz, focal = camera
    x, y, z = point
    angle = (rx * rx + ry * ry + rz * rz).sqrt()
    ux, uy, uz = rx / angle, ry / angle, rz / angle
    sine, cosine = angle.sin(), angle.cos()
    along = (ux * x + uy * y + uz * z) * (1.0 - cosine)
    px = x * cosine + (uy * z - uz * y) * sine + ux * along + tx
    py = y * cosine + (uz * x - ux * z) * sine + uy * along + ty
    pz = z * cosine + (ux * y - uy * x) * sine + uz * along + tz
    return focal * px / pz, focal * py / pz


# --- What is timed -------------------------------------------------------------------------------


class Work(NamedTuple):
    """Something to be timed, and what it needs, which is made anew each time off the clock.

    What `run` returns are the numbers that must be the same everywhere. The clock runs until what
    it made is freed.
    """

    prepare: Callable[[], list]
    run: Callable[..., list[float]]


def long_chain():
    leaves = [Value(x) for x in START]
    chain(*leaves, 500_000).backward()
    return [x.grad for x in leaves]


def recorded(name):
    function, point = FUNCTIONS[name]
    leaves = [Value(x) for x in point]
    return [function(*leaves), leaves[1]]


def derivative(root, leaf):
    return [root.derivative(leaf).data]


def second_derivatives(name):
    function, point = FUNCTIONS[name]
    rows = hessian(function, range(len(point)))(*point)
    return [x for row in rows for x in row]


def slopes(function, at):
    """The whole Jacobian."""
    return np.array(jacobian(function)(at)).ravel().tolist()


def lstm(model, kept):
    """The graph is kept, and freed off the clock."""
    kept.append(model.loss())
    kept[0].backward()
    return [kept[0].data, model.gates[0][0][1].grad]


WORK = {
    "long chain": Work(list, long_chain),
    "derivative, chain": Work(lambda: recorded("chain"), derivative),
    "derivative, network": Work(lambda: recorded("network"), derivative),
    "hessian, chain": Work(list, lambda: second_derivatives("chain")),
    "hessian, network": Work(list, lambda: second_derivatives("network")),
    "bundle adjustment": Work(lambda: [images, scene()], slopes),
    "bundle adjustment, centred": Work(lambda: [centred_images, scene()], slopes),
    "lstm": Work(lambda: [Lstm(), []], lstm),
}


def timed(name: str, collector: bool) -> tuple[float, list[float]]:
    """How long the work takes, with or without the garbage collector, and its result."""
    prepare, run = WORK[name]
    prepared = prepare()
    gc.collect()
    if not collector:
        gc.disable()
    try:
        start = perf_counter()
        result = run(*prepared)
        return perf_counter() - start, result
    finally:
        gc.enable()


def serve() -> None:
    """Answer requests until there are none: each a line with the arguments of `timed`."""
    requests, answers = sys.stdin, sys.stdout
    print(json.dumps([autograd.__file__, getattr(autograd, "core", "pure")]), flush=True)
    for line in requests:
        try:
            answer = [*timed(*json.loads(line)), None]
        except Exception:
            answer = [0.0, [], traceback.format_exc()]
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
