"""All the numbers that a graph gives, to the bit: `everything`, also as a process of its own.

`python tests/bits.py` reads pickled graphs, writes pickled answers, and runs the form of the core
that AUTOGRAD_CORE names, so that the two forms can be held against each other, and pickles carried
from one to the other.
"""

import operator
import os
import pickle
import subprocess
import sys
import warnings
from contextlib import contextmanager

from autograd import Value, grad, hessian, jacobian, jvp, topological_order

OPERATORS = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "negative": operator.neg,
}


def bits(number):
    """A number as text; all nans are one."""
    return "nan" if number != number else float(number).hex()


def applied(op, operands):
    """The operation as a user writes it."""
    if op.name in OPERATORS:
        return OPERATORS[op.name](*operands)
    if op.name == "round":  # called, it refuses digits that are not whole
        return Value._record(op, operands)
    if op.gather is None:
        return op(*operands)
    half = len(operands) // 2
    return op(operands[:half], operands[half:]) if op.name == "dot" else op(operands)


def program(root):
    """The leaves of a graph, and the function of such leaves that computes it anew."""
    order = topological_order(root)
    leaves = [node for node in order if node.op is None]

    def function(*inputs):
        made = dict(zip(leaves, inputs, strict=True))
        for node in order:
            if node.op is not None:
                operands = [made[x] if isinstance(x, Value) else x for x in node.operands]
                made[node] = applied(node.op, operands)
        return made[root]

    return leaves, function


def shape(root):
    """A graph as a list: where the operands of every node are, and its numbers."""
    if not isinstance(root, Value):
        return bits(root)
    order = topological_order(root)
    places = {node: place for place, node in enumerate(order)}
    return [
        (
            node.op and node.op.name,
            [places[x] if isinstance(x, Value) else bits(x) for x in node.operands],
            bits(node.data),
            list(map(bits, node.partials)),
            bits(node.grad),
            node.name,
        )
        for node in order
    ]


def numbers(result):
    return list(map(bits, result)) if hasattr(result, "__iter__") else bits(result)


def everything(root):
    """What can be computed of a graph, in the order of computing it, with errors and warnings."""
    leaves, function = program(root)
    point = [leaf.data for leaf in leaves]
    every = tuple(range(len(leaves)))
    ones = (1.0,) * len(leaves)

    def anew():
        fresh = [Value(x, leaf.name) for x, leaf in zip(point, leaves, strict=True)]
        result = function(*fresh)
        result.backward()
        result.backward(0.5)
        found = [shape(result)]
        for leaf in fresh:
            leaf.data = 1.0 - 0.75 * leaf.data
        found += [bits(result.forward()), shape(result)]
        result.zero_grad()
        return [*found, shape(result)]

    def derivatives():
        fresh = list(map(Value, point))
        result = function(*fresh)
        slopes = [result.derivative(leaf) for leaf in fresh]
        found = [shape(slope) for slope in slopes]
        for leaf in fresh:
            leaf.data = 0.5 - leaf.data
        return found + [bits(slope.forward()) for slope in slopes]

    def several(*x):
        result = function(*x)
        return [result, result * 2.0, x[0]] * 3  # so many that they are swept in rows

    work = {
        "as it came": lambda: shape(root),
        "anew": anew,
        "derivatives": derivatives,
        "grad": lambda: numbers(grad(function, every)(*point)),
        "jvp": lambda: numbers(jvp(function, tuple(point), ones)[1:]),
        "jacobian": lambda: [numbers(row) for row in jacobian(several, every)(*point)],
        "hessian": lambda: [numbers(row) for row in hessian(function, every)(*point)],
    }
    found = []
    for name, compute in work.items():
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                answer = compute()
            except Exception as error:
                answer = f"{type(error).__name__}: {error}"
        found.append((name, answer, [str(warning.message) for warning in heard]))
    return found


@contextmanager
def other(form):
    """A process that runs one form of the core, as a function from a graph to `everything`."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "AUTOGRAD_CORE": form},
    )

    def ask(root):
        pickle.dump(root, process.stdin)
        process.stdin.flush()
        return pickle.load(process.stdout)

    try:
        yield ask
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


if __name__ == "__main__":
    while True:
        try:
            graph = pickle.load(sys.stdin.buffer)
        except EOFError:
            break
        pickle.dump((everything(graph), pickle.dumps(graph)), sys.stdout.buffer)
        sys.stdout.flush()
