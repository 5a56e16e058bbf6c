"""Graphs for the tests: random ones, the neuron, a chain, and how far a graph's numbers may be off.

What is random is a list of steps. A step is an operation and its operands, each the place of an
earlier result, an int, or a constant, a float. The inputs have the first places. Hypothesis draws
steps as `expressions` and Values as `graphs`; `random` draws steps and a point as `made`.
"""

import collections
import math

import numpy as np
import oracle
from hypothesis import strategies as st
from mpmath import mpf

from autograd import Value, topological_order
from autograd.neuron import Neuron
from autograd.ops import TABLE

# Operations that map everyday numbers to everyday numbers, so that no random expression is
# ill-conditioned beyond what the bound of a test allows for.
SMOOTH = "add subtract multiply negative sin cos tanh atan sigmoid erf softplus asinh square hypot"
SMOOTH = [TABLE[name] for name in f"{SMOOTH} logaddexp sum mean prod dot".split()]
PIECEWISE = [TABLE[name] for name in "relu leaky_relu maximum minimum abs clip".split()]
EVERYDAY = [*SMOOTH, *PIECEWISE, TABLE["logsumexp"]]

OPERATIONS = tuple(TABLE.values())

# Those that a user computes with, of which mpmath knows the derivatives.
KNOWN = [
    op for op in TABLE.values()
    if (op.public and not op.condition and not op.blocks) or (op.operator and op.operator != ">")
    if op.name in oracle.KNOWN
]  # fmt: skip

LEAVES = 4
CONSTANTS = (-1.5, 0.25, 2.0)
AWKWARD = (1.0, -1.0, 0.0, -0.0, 2.0, 3.0, 0.5, -1.5, 1e-30, 1e22, math.inf)
SPECIAL = [0.0, 1.0, -1.0, 0.5, 2.0, 1e-8, 1e8, 3.0, 1e-3]
NUMBERS = st.floats(-3.0, 3.0) | st.floats() | st.sampled_from([0.0, -0.0, 1.0, -1.0])


# --- Steps --------------------------------------------------------------------------------------


def grown(
    choose, operations, count, inputs, *, constants=CONSTANTS, uses=1, sizes=(2, 4), bare=True
):
    """Steps that are random if `choose`, which takes one item of a sequence, is.

    Args:
        choose: takes one item.
        operations: the operations that there may be.
        count: how many steps.
        inputs: how many inputs they have.
        constants: the numbers that there may be among the operands.
        uses: how many times likelier an operand is an earlier result than a constant.
        sizes: how many operands an operation on a sequence may have.
        bare: whether the operands of a step may be constants alone.
    """
    steps = []
    for place in range(inputs, inputs + count):
        op = choose(operations)
        # The latest first, as Hypothesis prefers the first: what nothing uses is drawn in vain.
        kinds = [range(place - 1, -1, -1)] * uses + [constants]
        operands = [choose(choose(kinds)) for _ in range(op.arity or choose(sizes))]
        if not bare and not any(isinstance(x, int) for x in operands):
            operands[0] = place - 1
        steps.append((op, operands))
    return steps


@st.composite
def expressions(draw, operations=EVERYDAY, *, inputs=LEAVES, most=12, **options):
    """Steps, by Hypothesis: from one to `most` of them."""

    def choose(items):
        return draw(st.sampled_from(items))

    return grown(choose, operations, choose(range(1, most + 1)), inputs, **options)


points = st.lists(st.floats(-2, 2), min_size=LEAVES, max_size=LEAVES)


def made(draw, operations=KNOWN, special=SPECIAL):
    """One to eight steps of two inputs, and a point; `draw` is a `random.Random`."""
    steps = grown(draw.choice, operations, draw.randint(1, 8), 2, uses=3, sizes=(4,))
    point = [
        draw.choice([draw.uniform(-3, 3), draw.gauss(0, 1), draw.choice(special)]) for _ in "xy"
    ]
    return steps, point


def run(steps, inputs, apply=Value._record):
    """The inputs and the results of all steps; `apply` takes an operation and its operands."""
    results = list(inputs)
    for op, operands in steps:
        results.append(apply(op, [results[x] if isinstance(x, int) else x for x in operands]))
    return results


def exact(op, operands):
    """For `run`: the value as mpmath computes it."""
    return oracle.value(op.name, tuple(map(mpf, operands)))


# --- Values -------------------------------------------------------------------------------------


def leaves_of(data=NUMBERS):
    """Leaves, by Hypothesis, some of them with names, which may be the same."""
    names = st.sampled_from([None, "x", "w0", "target", "x"])
    return st.lists(st.builds(Value, data, names), min_size=LEAVES, max_size=LEAVES)


NAMED = leaves_of()


@st.composite
def graphs(
    draw,
    operations=OPERATIONS,
    leaves=NAMED,
    constants=AWKWARD,
    *,
    names=(None, None, None, "z"),
    most=12,
    **options,
):
    """A Value computed from leaves, by Hypothesis.

    Args:
        draw: from Hypothesis.
        operations: the operations that there may be.
        leaves: a strategy for a list of Values.
        constants: the numbers that there may be among the operands.
        names: those of the results, in which "{}" becomes the place.
        most: the largest number of steps.
        options: those of `grown`.
    """
    nodes = draw(leaves)
    inputs = len(nodes)
    options |= {"constants": constants, "bare": False}
    steps = draw(expressions(operations, inputs=inputs, most=most, **options))
    with np.errstate(all="ignore"):
        nodes = run(steps, nodes)
    for place, node in enumerate(nodes[inputs:], inputs):
        name = draw(st.sampled_from(names))
        node.named(name and name.format(place))
    return nodes[-1]


def neuron():
    """The loss of the running example, after `backward()`."""
    loss, *_ = Neuron().record()
    loss.backward()
    return loss


def chain(length, link=lambda node: node + 1.0, start=None):
    """What `length` links make of a Value, one after the other."""
    node = Value(1.0, "x") if start is None else start
    for _ in range(length):
        node = link(node)
    return node


# --- Bounds -------------------------------------------------------------------------------------


def sizes(root, further):
    """The adjoints with absolute values and plus signs, each partial taken to be larger.

    Args:
        root: of the graph.
        further: by how much, a function of the operand's number and the partial.
    """
    adjoint = collections.defaultdict(float, {root: 1.0})
    for node in reversed(topological_order(root)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if isinstance(operand, Value):
                more = further(operand.data, partial)
                adjoint[operand] += adjoint[node] * (abs(partial) + more)
    return adjoint


def arguments(node):
    """The operands of a Value as floats."""
    return [x.data if isinstance(x, Value) else x for x in node.operands]


def from_kinks(node):
    """How far a Value is from each of the kinks of its operation."""
    found = arguments(node)
    return [abs(kink(*found)) for kink in node.op.kinks_of(len(found))] if node.op else []
