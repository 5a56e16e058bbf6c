"""Random graphs against mpmath at orders 1 and 2: `python tests/fuzz.py [GRAPHS] [SEED]`.

Graphs of one to eight of all the public operations, of two inputs; inputs of everyday size, tiny,
huge and special ones. The value, the gradient by the backward sweep and the second derivatives by
`hessian` and by `hvp` are compared with 60-digit numerical derivatives. A number counts as wrong if
it is further off than a rounding error of every step, handed on with absolute values and plus
signs, explains; graphs that are at a kink, not finite or beyond 1e12 are counted apart.
"""

import collections
import random
import sys

import mpmath
import numpy as np
import oracle
from mpmath import mpf

import autograd
from autograd import Value, hessian, hvp, topological_order
from autograd.ops import TABLE

OPERATIONS = [
    op for op in TABLE.values()
    if (op.public and not op.condition and not op.blocks) or (op.operator and op.operator != ">")
    if op.name in oracle.KNOWN
]  # fmt: skip
SPECIAL = [0.0, 1.0, -1.0, 0.5, 2.0, 1e-8, 1e8, 3.0, 1e-3]
ROUNDING = 64 * 2.0**-52


def made(draw, operations=OPERATIONS, special=SPECIAL):
    """Steps, each an operation with the places of its operands or constants, and a point."""
    steps = []
    for count in range(draw.randint(1, 8)):
        op = draw.choice(operations)
        places = [*range(2 + count), *range(2 + count)]
        operands = [draw.choice([*places, -1.5, 0.25, 2.0]) for _ in range(op.arity or 4)]
        steps.append((op, operands))
    point = [
        draw.choice([draw.uniform(-3, 3), draw.gauss(0, 1), draw.choice(special)]) for _ in "xy"
    ]
    return steps, point


def run(steps, inputs, apply):
    results = list(inputs)
    for op, operands in steps:
        results.append(apply(op, [results[x] if isinstance(x, int) else x for x in operands]))
    return results


def exactly(op, operands):
    result = oracle.value(op.name, tuple(map(mpf, operands)))
    if isinstance(result, mpmath.mpc) or not mpmath.isfinite(result):
        raise ValueError("not a finite real number")
    return result


def sizes(root):
    """The adjoints with absolute values and plus signs, and those of the partials' derivatives."""
    adjoint = collections.defaultdict(float, {root: 1.0})
    for node in reversed(topological_order(root)):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if isinstance(operand, Value):
                data = abs(operand.data)
                bend = max(1.0, abs(partial)) / min(1.0, data or 1.0)
                adjoint[operand] += adjoint[node] * (abs(partial) + ROUNDING * bend)
    return adjoint


def at_kink(node):
    """Whether a node is at a kink, at the cut of atan2 or at the tip of hypot, or close to one."""
    operands = [x.data if isinstance(x, Value) else x for x in node.operands]
    if node.op is autograd.atan2:
        return abs(operands[0]) < 1e-6 and operands[1] < 1e-6
    if node.op is autograd.hypot:
        return node.data < 1e-6
    return node.op is not None and any(abs(kink(*operands)) < 1e-6 for kink in node.op.kinks)


def judged(draw, counts):
    """Make a graph, count what was compared; the numbers that are wrong."""
    steps, point = made(draw)
    with np.errstate(all="ignore"):
        inputs = [Value(x) for x in point]
        nodes = run(steps, inputs, Value._record)
    root = nodes[-1]
    partials = [p for node in nodes for p in node.partials]
    moderate = all(abs(x) < 1e12 for x in [*(node.data for node in nodes), *partials])
    if not moderate or any(map(at_kink, nodes)):
        counts["apart: not finite, at a kink or beyond 1e12"] += 1
        return []

    def function(*x):
        return run(steps, x, exactly)[-1]

    def program(x):
        return run(steps, x, Value._record)[-1]

    with mpmath.workdps(60):
        try:
            exact = list(map(mpf, point))
            value = function(*exact)
            first = [mpmath.diff(function, exact, n, h=mpf(10) ** -20) for n in ((1, 0), (0, 1))]
            second = [
                mpmath.diff(function, exact, n, h=mpf(10) ** -15) for n in ((2, 0), (1, 1), (0, 2))
            ]
        except (ValueError, ZeroDivisionError, TypeError):
            counts["apart: at the end of a domain"] += 1
            return []
    with np.errstate(all="ignore"):
        root.backward()
        matrix = np.asarray(hessian(program)(np.array(point)), float)
        rows = [hvp(program, (np.array(point),), (unit,)) for unit in np.eye(2)]
    counts["graphs"] += 1
    scale = sizes(root)
    largest = max(1.0, *(abs(node.data) for node in nodes))
    steepest = max(1.0, *(abs(p) for p in partials), *scale.values())
    found = [("value", root.data, value, ROUNDING * len(steps) * largest * steepest)]
    found += [
        ("first", node.grad, exact, ROUNDING * len(steps) * (steepest * largest) ** 2)
        for node, exact in zip(inputs, first, strict=True)
    ]
    for numbers in (matrix, np.array(rows)):
        got = (numbers[0, 0], numbers[0, 1], numbers[1, 1])
        room = ROUNDING * len(steps) * (steepest * largest) ** 3
        found += [("second", x, exact, room) for x, exact in zip(got, second, strict=True)]
    wrong = []
    for kind, got, truth, room in found:
        counts[kind] += 1
        counts[f"{kind} to 9 digits"] += bool(abs(mpf(float(got)) - truth) <= 1e-9 * abs(truth))
        if not abs(mpf(float(got)) - truth) <= room + 1e-9 * abs(truth):
            counts[f"{kind} wrong"] += 1
            shown = [(op.name, operands) for op, operands in steps]
            wrong.append((kind, shown, point, float(got), mpmath.nstr(truth, 17)))
    return wrong


def main(graphs=10_000, seed=0):
    draw, counts = random.Random(seed), collections.Counter()
    while counts["graphs"] < graphs:
        for case in judged(draw, counts):
            print(*case)
    for name, count in sorted(counts.items()):
        print(f"{count:8,}  {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
