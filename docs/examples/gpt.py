"""A GPT in scalars: it reads the names of villages, letter by letter, and makes up new ones."""

import argparse
import random
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from zipfile import BadZipFile

import numpy as np

from autograd import data, dot, exp, grads, logsumexp, mean, relu, sqrt, values

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
    for head in [slice(i, i + size) for i in range(0, WIDTH, size)]:
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
    """A name, one character after another, drawn with the probabilities of the model."""
    name, keys, values = ".", [], []
    while len(keys) < LENGTH and (name == "." or name[-1] != "."):
        logits = predict(model, CHARACTERS.index(name[-1]), keys, values)
        name += rng.choices(CHARACTERS, softmax([x / temperature for x in logits]))[0]
    return name.strip(".")


# How it learns.


def initial(rng):
    """Small random weights, as Values."""
    return {
        name: values([[rng.gauss(0.0, 0.25) for _ in range(n)] for _ in range(m)], name).tolist()
        for name, (m, n) in SHAPES.items()
    }


class Adam:
    """Gradient descent in which each parameter has a step size of its own (Kingma and Ba, 2015)."""

    def __init__(self, parameters, beta1=0.9, beta2=0.99):
        self.parameters, self.beta1, self.beta2 = parameters, beta1, beta2
        self.steps, self.mean, self.square = 0, 0.0, 0.0

    def step(self, rate):
        gradient = grads(self.parameters)
        self.steps += 1
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * gradient
        self.square = self.beta2 * self.square + (1 - self.beta2) * gradient**2
        mean = self.mean / (1 - self.beta1**self.steps)
        square = self.square / (1 - self.beta2**self.steps)
        change = rate * mean / (np.sqrt(square) + 1e-8)
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
    with open(path, "wb") as file:
        np.savez(file, **{name: data(matrix) for name, matrix in model.items()})


def load(path):
    try:
        with open(path, "rb") as file, np.load(file) as arrays:
            model = {name: values(array, name).tolist() for name, array in arrays.items()}
    except (OSError, TypeError, ValueError, EOFError, BadZipFile) as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be read: {error}") from None
    if {name: data(matrix).shape for name, matrix in model.items()} != SHAPES:
        raise argparse.ArgumentTypeError(f"{path} does not hold the weights of this model")
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000, help="of training")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random")
    parser.add_argument("--load", type=load, metavar="FILE.npz", help="weights to begin with")
    parser.add_argument("--save", metavar="FILE.npz", help="where to leave the weights")
    options = parser.parse_args()
    if options.steps < 0:
        parser.error("argument --steps: a number of steps is 0 or more")
    rng = random.Random(options.seed)
    model = options.load or initial(rng)
    if options.save:
        try:
            save(options.save, model)  # what fails, fails before the training
        except OSError as error:
            parser.error(f"argument --save: {options.save} cannot be written: {error.strerror}")

    losses, start, tenth = [], perf_counter(), max(1, options.steps // 10)
    try:
        for loss in train(model, options.steps, rng):
            losses.append(loss)
            step, rate = len(losses), len(losses) / (perf_counter() - start)
            line = f"step {step:4}  loss {np.mean(losses[-tenth:]):.4f}  {rate:5.1f} steps/s"
            if step % tenth == 0:
                print(line, file=sys.stderr, flush=True)
            elif sys.stderr.isatty():
                print(line, end="\r", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"\nstopped after step {len(losses)}", file=sys.stderr)

    if options.save:
        save(options.save, model)
    plain = {name: data(matrix).tolist() for name, matrix in model.items()}
    names = [sample(plain, rng) for _ in range(12)]
    print("new:", *[name for name in names if name not in NAMES])
    print("in the list:", *[name for name in names if name in NAMES])


if __name__ == "__main__":
    main()
