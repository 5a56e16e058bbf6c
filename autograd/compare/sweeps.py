"""Backward sweeps that do something other than backpropagation, for comparing."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import fabs, inf, ulp

from autograd.compare.rounding import EPSILON, attempt
from autograd.edges import Edge, edges, flows
from autograd.graph import arguments, constants
from autograd.quiet import quiet
from autograd.value import Value

MOST_KINKS = 10
"""How many Values may be at a kink for all combinations of their sides to be tried."""
MOST_NODES = 400
"""How many nodes a graph may have for a sweep through it for each of them."""


def gradients(
    order: Sequence[Value],
    uses: Sequence[Edge[Value]],
    partials: Mapping[Value, Sequence[float]] = {},
    given: Mapping[Value, float] = {},
) -> dict[Value, float]:
    """The derivative of the last of some nodes in topological order with respect to each of them.

    Args:
        order: the nodes.
        uses: `uses(order)`, or that of a longer order that continues this one.
        partials: numbers that replace the partial derivatives of some nodes.
        given: numbers that some nodes hand on instead of the derivative with respect to them.
    """
    result = dict.fromkeys(order, 0.0)
    result[order[-1]] = 1.0
    if partials:
        uses = [
            Edge(edge.node, edge.place, edge.operand, partials[edge.node][edge.place])
            if edge.node in partials
            else edge
            for edge in uses
        ]
    for edge, adjoint in flows(uses, result):
        if adjoint := given.get(edge.node, adjoint):
            result[edge.operand] += adjoint * edge.partial
    return result


def replaced(uses: Iterable[Edge[Value]]) -> dict[Value, list[float]]:
    """The partial derivatives of the nodes of some edges, with those along the edges replaced."""
    result: dict[Value, list[float]] = {}
    for edge in uses:
        result.setdefault(edge.node, list(edge.node.partials))[edge.place] = edge.partial
    return result


def computed_from(node: Value, uses: Sequence[Edge[Value]]) -> dict[Value, None]:
    """A node and those that were computed from it, operands first; `uses` as for `gradients`."""
    found: dict[Value, None] = {node: None}
    for edge in reversed(uses):
        if edge.operand in found:
            found[edge.node] = None
    return found


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
        kinks = [attempt(kink, *data) for kink in node.op.kinks]
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
