"""The backward sweep with other factors than those of the graph, and the nodes that it passes."""

from collections.abc import Iterable, Mapping, Sequence

from autograd.edges import Edge, flows
from autograd.value import Value


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
