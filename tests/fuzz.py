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
from graphs import arguments, exact, from_kinks, made, run, sizes
from mpmath import mpf

import autograd
from autograd import Value, hessian, hvp

ROUNDING = 64 * 2.0**-52


def finite(op, operands):
    result = exact(op, operands)
    if isinstance(result, mpmath.mpc) or not mpmath.isfinite(result):
        raise ValueError("not a finite real number")
    return result


def bend(number, partial):
    """The rounding error of a partial, beside its own operand's."""
    return ROUNDING * max(1.0, abs(partial)) / min(1.0, abs(number) or 1.0)


def at_kink(node):
    """Whether a node is at a kink, at the cut of atan2 or at the tip of hypot, or close to one."""
    if node.op is autograd.atan2:
        y, x = arguments(node)
        return abs(y) < 1e-6 and x < 1e-6
    if node.op is autograd.hypot:
        return node.data < 1e-6
    return any(distance < 1e-6 for distance in from_kinks(node))


def judged(draw, counts):
    """Make a graph, count what was compared; the numbers that are wrong."""
    steps, point = made(draw)
    with np.errstate(all="ignore"):
        inputs = [Value(x) for x in point]
        nodes = run(steps, inputs)
    root = nodes[-1]
    partials = [p for node in nodes for p in node.partials]
    moderate = all(abs(x) < 1e12 for x in [*(node.data for node in nodes), *partials])
    if not moderate or any(map(at_kink, nodes)):
        counts["apart: not finite, at a kink or beyond 1e12"] += 1
        return []

    def function(*x):
        return run(steps, x, finite)[-1]

    def program(x):
        return run(steps, x)[-1]

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
    scale = sizes(root, bend)
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
