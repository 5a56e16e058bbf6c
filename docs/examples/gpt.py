"""A GPT in scalars: it reads the names of villages, letter by letter, and makes up new ones."""

import argparse
import os
import random
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np

import autograd
from autograd import data, dot, exp, grads, logsumexp, mean, relu, sqrt

NAMES = Path(__file__).with_name("villages.txt").read_text(encoding="utf-8").split()
CHARACTERS = "." + "".join(sorted(set("".join(NAMES))))  # the dot begins and ends a name
WIDTH, HEADS, HIDDEN, LENGTH = 16, 4, 64, 1 + max(map(len, NAMES))
SHAPES = {
    "embedding.character": (len(CHARACTERS), WIDTH),
    "embedding.position": (LENGTH, WIDTH),
    **{f"attention.{name}": (WIDTH, WIDTH) for name in ("query", "key", "value", "output")},
    "mlp.up": (HIDDEN, WIDTH),
    "mlp.down": (WIDTH, HIDDEN),
    "unembedding": (len(CHARACTERS), WIDTH),
}


# The model. Of Values it records a graph; of plain numbers it computes plain numbers.


def add(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]


def linear(matrix, x):
    return [dot(row, x) for row in matrix]


def rmsnorm(x):
    size = sqrt(dot(x, x) / len(x) + 1e-5)
    return [a / size for a in x]


def softmax(logits):
    total = logsumexp(logits)
    return [exp(logit - total) for logit in logits]


def attention(query, keys, values):
    """The values, weighted by how well their keys fit the query."""
    weights = softmax([dot(query, key) / len(query) ** 0.5 for key in keys])
    return [dot(weights, column) for column in zip(*values, strict=True)]


def predict(model, character, keys, values):
    """Logits of the characters that may come next; keys and values are those so far."""
    x = add(model["embedding.character"][character], model["embedding.position"][len(keys)])
    y = rmsnorm(x)
    query = linear(model["attention.query"], y)
    keys.append(linear(model["attention.key"], y))
    values.append(linear(model["attention.value"], y))
    found, size = [], WIDTH // HEADS
    for start in range(0, WIDTH, size):
        head = slice(start, start + size)
        found += attention(query[head], [k[head] for k in keys], [v[head] for v in values])
    x = add(x, linear(model["attention.output"], found))
    hidden = [relu(a) for a in linear(model["mlp.up"], rmsnorm(x))]
    x = add(x, linear(model["mlp.down"], hidden))
    return linear(model["unembedding"], rmsnorm(x))


def cross_entropy(model, name):
    """How surprising each character is after those before it, on average, in nats."""
    keys, values, surprises = [], [], []
    for character, following in pairwise([CHARACTERS.index(c) for c in f".{name}."]):
        logits = predict(model, character, keys, values)
        surprises.append(logsumexp(logits) - logits[following])
    return mean(surprises)


def sample(model, rng, temperature=0.7):
    """A name, drawn character by character; below a temperature of 1, likely ones more often."""
    name, keys, values = ".", [], []
    while len(keys) < LENGTH and (name == "." or name[-1] != "."):
        logits = predict(model, CHARACTERS.index(name[-1]), keys, values)
        name += rng.choices(CHARACTERS, softmax([x / temperature for x in logits]))[0]
    return name.strip(".")


# How it learns.


def initial(rng):
    """Small random weights, as Values."""
    numbers = {
        name: [[rng.gauss(0.0, 0.25) for _ in range(n)] for _ in range(m)]
        for name, (m, n) in SHAPES.items()
    }
    return recording(numbers)


def recording(numbers):
    """Matrices as Values, called by their names."""
    return {name: autograd.values(matrix, name).tolist() for name, matrix in numbers.items()}


def plain(model):
    """Matrices as plain numbers."""
    return {name: data(matrix).tolist() for name, matrix in model.items()}


class Adam:
    """Gradient descent in which each parameter has a step size of its own (Kingma and Ba, 2015)."""

    def __init__(self, parameters, beta1=0.9, beta2=0.99):
        self.parameters, self.beta1, self.beta2 = parameters, beta1, beta2
        self.steps, self.first, self.second = 0, 0.0, 0.0  # moments: of gradients and squares

    def step(self, rate):
        gradient = grads(self.parameters)
        self.steps += 1
        self.first = self.beta1 * self.first + (1 - self.beta1) * gradient
        self.second = self.beta2 * self.second + (1 - self.beta2) * gradient**2
        first = self.first / (1 - self.beta1**self.steps)
        second = self.second / (1 - self.beta2**self.steps)
        change = rate * first / (np.sqrt(second) + 1e-8)
        for parameter, x in zip(self.parameters, change.tolist(), strict=True):
            parameter.data -= x


def train(model, steps, rng, batch=4, rate=0.02):
    """The loss of each step, on a few names, as the parameters change."""
    adam = Adam([x for matrix in model.values() for row in matrix for x in row])
    for step in range(steps):
        loss = mean([cross_entropy(model, name) for name in rng.sample(NAMES, batch)])
        loss.backward()
        adam.step(rate * (1 - step / steps))
        loss.zero_grad()
        yield loss.data


# The program.


def save(path, model):
    """Weights as a file of arrays; it takes the place of another only once it is complete."""
    with open(f"{path}.part", "wb") as file:
        np.savez(file, **plain(model))
    os.replace(f"{path}.part", path)


def load(path):
    try:
        with open(path, "rb") as file, np.load(file) as arrays:
            found = dict(arrays)
        fits = {name: array.shape for name, array in found.items()} == SHAPES
        fits = fits and all(np.isfinite(x).all() and np.isrealobj(x) for x in found.values())
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from None
    except Exception:  # there are many ways not to be such a file
        fits = False
    if not fits:
        raise argparse.ArgumentTypeError(f"{path} does not hold the weights of this model")
    return recording(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000, help="steps of training (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default: 0)")
    parser.add_argument("--load", type=load, metavar="FILE", help="begin with these weights (.npz)")
    parser.add_argument("--save", metavar="FILE", help="leave the weights in this file (.npz)")
    options = parser.parse_args()
    if options.steps < 0:
        parser.error("argument --steps: a number of steps is 0 or more")
    rng = random.Random(options.seed)
    model = options.load or initial(rng)
    if options.save is not None:
        try:
            open(f"{options.save}.part", "wb").close()  # what fails, fails before the training
        except OSError as error:
            parser.error(f"argument --save: {options.save}: {error.strerror}")

    losses, start, tenth = [], perf_counter(), max(1, options.steps // 10)
    live = sys.stderr.isatty()
    try:
        for step, loss in enumerate(train(model, options.steps, rng), 1):
            losses.append(loss)
            lasting = step % tenth == 0 or step == options.steps
            if lasting or live:
                recent, rate = np.mean(losses[-tenth:]), step / (perf_counter() - start)
                line = f"step {step:4}  loss {recent:.4f}  {rate:5.1f} steps/s"
                print(line, end="\n" if lasting else "\r", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\n" * live + f"stopped after step {len(losses)}", file=sys.stderr)

    if options.save is not None:
        save(options.save, model)
    names = [sample(plain(model), rng) for _ in range(12)]
    print("new:", *[name for name in names if name not in NAMES])
    print("in the list:", *[name for name in names if name in NAMES])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # the second one
        sys.exit(130)
