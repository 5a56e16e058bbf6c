"""The steps of a computation that a picture shows, copied from the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd import ops
from autograd.graph import topological_order
from autograd.op import Op
from autograd.value import Value


@dataclass(eq=False, slots=True)
class Step:
    """A Value as it was when it was drawn, or a part of one that is drawn as several."""

    op: Op | None
    operands: Sequence[Step | float]
    partials: Sequence[float]
    data: float
    grad: float
    name: str | None = None


def steps(root: Value, *, expand: bool, depth: int | None) -> list[Step]:
    """The steps up to `root`, in topological order, at most `depth` uses away from it.

    With `expand`, dot products and sums become multiplications and additions.
    """
    made: dict[Value, Step] = {}
    result = []
    # One level more than is shown: the arrows that are cut have an operand, too.
    for node in _near(topological_order(root), None if depth is None else depth + 1):
        operands = [x if isinstance(x, float) else made.get(x) or _leaf(x) for x in node.operands]
        step = Step(node.op, operands, node.partials, node.data, node.grad, node.name)
        result += _expansion(step) if expand else [step]
        made[node] = result[-1]
    return _near(result, depth)


def _leaf(node: Value) -> Step:
    return Step(None, (), (), node.data, node.grad, node.name)


def _near(order: list[Any], depth: int | None) -> list[Any]:
    """Those Values or Steps, of some in topological order, that are near the last one."""
    if depth is None:
        return order
    distances = {order[-1]: 0}
    for node in reversed(order):
        distance = distances.get(node, depth) + 1
        if distance <= depth:
            for operand in node.operands:
                if not isinstance(operand, float):
                    distances[operand] = min(distance, distances.get(operand, distance))
    return [node for node in order if node in distances]


def _expansion(step: Step) -> list[Step]:
    """A dot product or a sum as the steps that it stands for, in order; any other step as it is."""
    terms: list[Step | float] = []
    if step.op is ops.sum:
        terms += step.operands
    elif step.op is ops.dot:
        half = len(step.operands) // 2
        for i in range(half):
            x, y = step.operands[i], step.operands[half + i]
            product = _data(x) * _data(y)
            if isinstance(x, float) and isinstance(y, float):
                terms.append(product)
            else:
                slopes = step.partials[i], step.partials[half + i]
                terms.append(Step(ops.multiply, (x, y), slopes, product, step.grad))
    if not terms or terms == list(step.operands[:1]):
        return [step]
    result = [x for x in terms if isinstance(x, Step)] if step.op is ops.dot else []
    total = terms[0]
    for term in terms[1:]:
        if isinstance(total, float) and isinstance(term, float):
            total += term
            continue
        slopes = float(isinstance(total, Step)), float(isinstance(term, Step))
        total = Step(ops.add, (total, term), slopes, _data(total) + _data(term), step.grad)
        result.append(total)
    result[-1].data, result[-1].name = step.data, step.name
    return result


def _data(operand: Step | float) -> float:
    return operand if isinstance(operand, float) else operand.data
