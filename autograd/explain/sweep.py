"""The backward pass, use by use in the order in which it happens."""

from collections.abc import Sequence
from typing import NamedTuple

from autograd.edges import Edge, uses
from autograd.value import Value


class Accumulation(NamedTuple):
    """One step of the backward pass: the addition at one use of an operand."""

    edge: Edge[Value]
    upstream: float
    before: float | None
    """The gradient of the operand before the step; None if there was none."""
    total: float | None
    """The gradient after it; None if nothing flows and there was none before."""


def sweep(order: Sequence[Value]) -> tuple[dict[Value, float], list[Accumulation]]:
    """The gradients, those of `Value.backward()` to the last bit, and the steps to them.

    Nodes that nothing flows into have no gradient. An edge that is cut is a step, too, if its node
    has a gradient: the explanation says why nothing flows there.
    """
    adjoints: dict[Value, float] = {order[-1]: 1.0}
    steps = []
    for edge in uses(order):
        if (adjoint := adjoints.get(edge.node)) is None:
            continue
        before = adjoints.get(edge.operand)
        if not edge.cut:
            flow = adjoint * edge.partial
            adjoints[edge.operand] = flow if before is None else before + flow
        steps.append(Accumulation(edge, adjoint, before, adjoints.get(edge.operand)))
    return adjoints, steps
