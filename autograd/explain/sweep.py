"""The backward pass, use by use in the order in which it happens."""

from collections.abc import Sequence
from typing import NamedTuple

from autograd.explain.paths import Edge
from autograd.value import Value


class Step(NamedTuple):
    """What the backward pass does at one use of an operand."""

    edge: Edge
    upstream: float
    before: float | None
    """What had been accumulated for the operand; None if nothing had."""
    total: float | None
    """What has then; None if nothing flows and nothing had before."""


def sweep(order: Sequence[Value]) -> tuple[dict[Value, float], list[Step]]:
    """The gradients, those of `Value.backward()` to the last bit, and the steps to them.

    Nodes that nothing flows into have none.
    """
    adjoints: dict[Value, float] = {order[-1]: 1.0}
    steps = []
    for node in reversed(order):
        adjoint = adjoints.get(node)
        if adjoint is None or node.op is None:
            continue
        for index, (x, partial) in enumerate(zip(node.operands, node.partials, strict=True)):
            if not isinstance(x, Value):
                continue
            edge = Edge(node, index, x, partial)
            before = adjoints.get(x)
            if not edge.cut:
                flow = adjoint * partial
                adjoints[x] = flow if before is None else before + flow
            steps.append(Step(edge, adjoint, before, adjoints.get(x)))
    return adjoints, steps
