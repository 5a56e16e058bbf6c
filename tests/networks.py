"""Networks in scalars, as people write them, with and without names; all have been swept."""

from itertools import pairwise

import numpy as np

import autograd
from autograd import Value, dot, relu, tanh, values

SIZES = (3, 11, 11, 1)


def of_units(sizes=SIZES, seed=0):
    """Layers of neurons, each with weights, a bias and an output that are named."""
    random = np.random.default_rng(seed)
    outputs = list(values(random.normal(size=sizes[0]), "x"))
    for layer, (width, count) in enumerate(pairwise(sizes), 1):
        inputs, outputs = outputs, []
        for unit in range(count):
            name = f"layer{layer}.neuron{unit}"
            w = values(random.normal(size=width) / width**0.5, f"{name}.w")
            b = Value(0.1, f"{name}.b")
            outputs.append(relu(dot(inputs, w) + b).named(f"{name}.out"))
    return _loss(outputs)


def of_arrays(name="layer{}.", sizes=SIZES, seed=0):
    """Layers whose weights are matrices, with names for them and nothing else."""
    random = np.random.default_rng(seed)
    outputs = list(values(random.normal(size=sizes[0]), "x"))
    for layer, (width, count) in enumerate(pairwise(sizes), 1):
        prefix = name.format(layer)
        w = values(random.normal(size=(count, width)) / width**0.5, f"{prefix}w")
        b = values(np.full(count, 0.1), f"{prefix}b")
        outputs = [relu(dot(outputs, row) + x) for row, x in zip(w, b, strict=True)]
    return _loss(outputs)


def without_names(sizes=SIZES, samples=1, seed=0):
    """As in micrograd: sums by Python's `sum`, inputs that are numbers, and no names at all."""
    random = np.random.default_rng(seed)
    layers = [
        [([Value(x) for x in random.uniform(-1, 1, width)], Value(0.0)) for _ in range(count)]
        for width, count in pairwise(sizes)
    ]
    losses = []
    for _ in range(samples):
        outputs = [float(x) for x in random.uniform(-1, 1, sizes[0])]
        for layer in layers:
            outputs = [
                tanh(sum((w * x for w, x in zip(weights, outputs, strict=True)), bias))
                for weights, bias in layer
            ]
        losses.append((outputs[0] - 1.0) ** 2)
    loss = losses[0] if samples == 1 else sum(losses)
    loss.backward()
    return loss


def transformer(length=8, width=16, heads=4, layers=1, vocabulary=27, named=True, seed=0):
    """A GPT that predicts each of some tokens from those before it, in scalars."""
    random = np.random.default_rng(seed)

    def matrix(name, rows, columns):
        numbers = random.normal(size=(rows, columns)) * 0.08
        return [list(row) for row in values(numbers, name if named else None)]

    def linear(x, weights):
        return [sum(w * y for w, y in zip(row, x, strict=True)) for row in weights]

    def softmax(logits):
        largest = max(x.data for x in logits)
        powers = [(x - largest).exp() for x in logits]
        total = sum(powers)
        return [x / total for x in powers]

    def normalised(x):
        scale = (sum(y * y for y in x) / len(x) + 1e-5) ** -0.5
        return [y * scale for y in x]

    embedding, positions = matrix("wte", vocabulary, width), matrix("wpe", length, width)
    head = matrix("lm_head", vocabulary, width)
    shapes = {f"attn_w{x}": (width, width) for x in "qkvo"}
    shapes |= {"mlp_fc1": (4 * width, width), "mlp_fc2": (width, 4 * width)}
    weights = [
        {name: matrix(f"layer{i}.{name}", *shape) for name, shape in shapes.items()}
        for i in range(layers)
    ]
    keys, queried = [[] for _ in weights], [[] for _ in weights]
    tokens = random.integers(0, vocabulary, length + 1)
    losses = []
    for place in range(length):
        x = [a + b for a, b in zip(embedding[tokens[place]], positions[place], strict=True)]
        x = normalised(x)
        for i, layer in enumerate(weights):
            residual, x = x, normalised(x)
            q, k, v = (linear(x, layer[f"attn_w{letter}"]) for letter in "qkv")
            keys[i].append(k)
            queried[i].append(v)
            x = []
            size = width // heads
            for start in range(0, width, size):
                part = range(start, start + size)
                logits = [sum(q[j] * k[j] for j in part) / size**0.5 for k in keys[i]]
                shares = softmax(logits)
                x += [sum(a * v[j] for a, v in zip(shares, queried[i], strict=True)) for j in part]
            x = [a + b for a, b in zip(linear(x, layer["attn_wo"]), residual, strict=True)]
            residual, x = x, normalised(x)
            x = linear([relu(y) for y in linear(x, layer["mlp_fc1"])], layer["mlp_fc2"])
            x = [a + b for a, b in zip(x, residual, strict=True)]
        losses.append(-softmax(linear(x, head))[tokens[place + 1]].log())
    loss = ((1 / length) * sum(losses)).named("loss")
    loss.backward()
    return loss


def recurrent(steps=20, width=4, seed=0):
    """A recurrent network, unrolled."""
    random = np.random.default_rng(seed)
    w, u = values(random.normal(size=(width, width)) * 0.5, "W"), values(np.ones(width), "U")
    state = list(values(np.zeros(width), "h"))
    for x in random.normal(size=steps):
        state = [tanh(dot(row, state) + v * float(x)) for row, v in zip(w, u, strict=True)]
    loss = (autograd.sum(state) ** 2).named("loss")
    loss.backward()
    return loss


def tangle(size, seed=1):
    """Without names, and without any structure to be found."""
    random = np.random.default_rng(seed)
    nodes = [Value(1.0)]
    for count in range(1, size):
        i, j = random.integers(0, count, 2)
        nodes.append(nodes[i] * 0.5 + nodes[j])
    loss = autograd.sum(nodes)
    loss.backward()
    return loss


def _loss(outputs):
    loss = autograd.sum([(y - 1.0) ** 2 for y in outputs]).named("loss")
    loss.backward()
    return loss
