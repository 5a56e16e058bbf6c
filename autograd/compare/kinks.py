"""The derivatives that are valid at kinks: those of each side, and everything between them."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import fabs, inf, ulp

import numpy as np
from numpy.typing import NDArray

from autograd.compare.gradients import gradients
from autograd.edges import Edge, edges
from autograd.graph import arguments, constants
from autograd.quiet import quiet
from autograd.rounding import EPSILON, RELATIVE, attempt
from autograd.value import Value

MOST_KINKS = 10
"""How many Values may be at a kink for all combinations of their sides to be tried."""
NEGLIGIBLE = RELATIVE**1.5
"""How small a remainder in the search for a solution may be and still count as 0."""

Array = NDArray[np.float64]
Sides = Mapping[Value, Sequence[tuple[float, ...]]]
"""The partial derivatives on all sides of the kinks that some nodes are at."""


@quiet
def at_kinks(order: Sequence[Value], bounds: Mapping[Value, float]) -> Sides:
    """The nodes whose operands are, apart from rounding, where a derivative jumps."""
    result = {}
    for node in order:
        if node.op is None or not node.op.kinks:
            continue
        data = arguments(node)
        room = sum(bounds[edge.operand] for edge in edges(node)) * EPSILON
        kinks = [attempt(kink, *data) for kink in node.op.kinks_of(len(data))]
        if any(isinstance(x, float) and (x == 0.0 or fabs(x) <= room < inf) for x in kinks):
            result[node] = _sides(node, data, room)
    return result


def _sides(node: Value, data: Sequence[float], room: float) -> list[tuple[float, ...]]:
    """The partial derivatives on all sides of a kink that is within the room for rounding.

    There may be another kink close by, so the step to a side is only as long as it has to be.
    """
    assert node.op is not None
    found: dict[tuple[float, ...], None] = {}
    for short in (True, False):
        for edge in edges(node):
            x = data[edge.place]
            step = 1e-6 * max(1e-3, fabs(x))
            if short:
                step = min(step, max(2.0 * room, 4.0 * ulp(x)))
            for moved in (x - step, x + step):
                point = [*data[: edge.place], moved, *data[edge.place + 1 :]]
                if evaluated := attempt(node.op.evaluate, point, constants(node)):
                    found[evaluated[1]] = None
        if len(found) > 1:
            break
    return list(found) or [node.partials]


def corners(
    order: Sequence[Value], uses: Sequence[Edge[Value]], kinks: Sides
) -> list[dict[Value, float]]:
    """The gradients for each choice of a side at every kink; none if there are too many kinks."""
    if not 0 < len(kinks) <= MOST_KINKS:
        return []
    return [
        gradients(order, uses, dict(zip(kinks, choice, strict=True)))
        for choice in product(*kinks.values())
    ]


def intervals(order: Sequence[Value], kinks: Sides) -> dict[Value, tuple[float, float]]:
    """The interval of the valid derivatives with respect to each node, by interval arithmetic.

    This is for many kinks; the intervals may be too wide.
    """
    result = dict.fromkeys(order, (0.0, 0.0))
    result[order[-1]] = (1.0, 1.0)
    for node in reversed(order):
        choices = list(zip(*kinks[node], strict=True)) if node in kinks else None
        for edge in edges(node):
            slopes = choices[edge.place] if choices else (edge.partial,)
            # 0 times infinity is 0 here.
            products = [x * y if x and y else 0.0 for x in result[node] for y in slopes]
            low, high = result[edge.operand]
            result[edge.operand] = (low + min(products), high + max(products))
    return result


def in_hull(point: Array, others: Array, room: Array) -> bool:
    """Whether a point is a weighted mean of some others, with weights of at least 0.

    Args:
        point: of shape (n,).
        others: of shape (m, n).
        room: how far each coordinate may be off, of shape (n,).
    """
    others = np.unique(others, axis=0)
    scale = np.maximum(np.abs(others).max(axis=0), np.abs(point))
    scale[scale == 0.0] = 1.0
    matrix = np.vstack([(others / scale).T, np.ones(len(others))])
    target = np.append(point / scale, 1.0)
    off = np.abs(matrix @ _nonnegative(matrix, target) - target)
    return bool(np.all(off <= np.append(room / scale, 0.0) + RELATIVE))


def _nonnegative(matrix: Array, target: Array) -> Array:
    """The least-squares solution without negative elements.

    C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23.
    """
    solution = np.zeros(matrix.shape[1])
    free = np.zeros(matrix.shape[1], dtype=bool)
    for _ in range(3 * matrix.shape[1]):
        slope = np.where(free, -np.inf, matrix.T @ (target - matrix @ solution))
        if slope.max() <= NEGLIGIBLE:
            break
        free[slope.argmax()] = True
        while True:
            trial = np.zeros_like(solution)
            trial[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            leaving = free & (trial <= 0.0)
            if not leaving.any():
                break
            share = np.min(solution[leaving] / (solution[leaving] - trial[leaving]))
            solution += share * (trial - solution)
            free &= solution > NEGLIGIBLE
        solution = trial
    return solution
