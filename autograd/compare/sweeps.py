"""Backward sweeps that do something else than backpropagation does, for the sake of comparison."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import fabs

from autograd.value import Value

MOST_KINKS = 10
"""How many Values may be at a kink for all the combinations of their sides to be gone through."""


def gradients(
    order: Sequence[Value],
    partials: Mapping[Value, Sequence[float]] = {},
    given: Mapping[Value, float] = {},
) -> dict[Value, float]:
    """The derivative of the last of some nodes in topological order with respect to each of them.

    Args:
        order: the nodes.
        partials: what takes the place of the partial derivatives of some nodes.
        given: what is handed on by some nodes instead of the derivative with respect to them.
    """
    result = dict.fromkeys(order, 0.0)
    result[order[-1]] = 1.0
    for node in reversed(order):
        adjoint = given.get(node, result[node])
        if node.op is None or adjoint == 0.0:
            continue
        slopes = partials.get(node, node.partials)
        for operand, slope in zip(node.operands, slopes, strict=True):
            if isinstance(operand, Value) and (slope or not node.op.selects):
                result[operand] += adjoint * slope
    return result


def at_kinks(order: Sequence[Value], bounds: Mapping[Value, float]) -> list[Value]:
    """The nodes whose operands are, but for rounding, where a derivative jumps."""
    result = []
    for node in order:
        if node.op is None or not node.op.kinks:
            continue
        data = [x.data if isinstance(x, Value) else x for x in node.operands]
        room = sum(bounds[x] for x in node.operands if isinstance(x, Value)) * 2.0**-52
        if any(fabs(float(kink(*data))) <= room for kink in node.op.kinks):
            result.append(node)
    return result


def sides(node: Value) -> list[tuple[float, ...]]:
    """The partial derivatives of a node to all sides of a kink."""
    assert node.op is not None
    data = [x.data if isinstance(x, Value) else x for x in node.operands]
    found: dict[tuple[float, ...], None] = {}
    for index, operand in enumerate(node.operands):
        if isinstance(operand, Value):
            for step in (-1e-6, 1e-6):
                moved = list(data)
                moved[index] += step * max(1e-3, fabs(data[index]))
                found[node.op.evaluate(moved, node.operands)[1]] = None
    return list(found)


def corners(order: Sequence[Value], kinks: Sequence[Value]) -> list[dict[Value, float]]:
    """The gradients for each choice of a side at every kink; none if there are too many kinks."""
    if not 0 < len(kinks) <= MOST_KINKS:
        return []
    return [
        gradients(order, dict(zip(kinks, choice, strict=True)))
        for choice in product(*map(sides, kinks))
    ]


def intervals(order: Sequence[Value], kinks: Sequence[Value]) -> dict[Value, tuple[float, float]]:
    """The interval of the valid derivatives with respect to each node, by interval arithmetic.

    For where there are many kinks; the intervals may be too wide.
    """
    result = dict.fromkeys(order, (0.0, 0.0))
    result[order[-1]] = (1.0, 1.0)
    turning = set(kinks)
    for node in reversed(order):
        choices = list(zip(*sides(node), strict=True)) if node in turning else None
        for index, operand in enumerate(node.operands):
            if isinstance(operand, Value):
                slopes = choices[index] if choices else (node.partials[index],)
                # Nothing times infinity is nothing.
                flows = [x * y if x and y else 0.0 for x in result[node] for y in slopes]
                low, high = result[operand]
                result[operand] = (low + min(flows), high + max(flows))
    return result
