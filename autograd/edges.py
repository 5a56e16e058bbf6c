"""The edges of a graph: every use of an operand, and the walk back along them.

What a selection cuts off is decided here, and where speed asks for a sweep that is written out: in
the two of `autograd.graph`, and for derivatives as graphs in `autograd.derivative`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

from autograd.graph import N

T = TypeVar("T")


class Edge(NamedTuple, Generic[N]):
    """One use of an operand by a node, with the partial derivative."""

    node: N
    place: int
    operand: N
    partial: float

    @property
    def cut(self) -> bool:
        """Whether the operand was not picked, so that nothing flows, not even 0 * inf."""
        return self.partial == 0.0 and self.node.op is not None and self.node.op.selects


def edges(node: N) -> list[Edge[N]]:
    """The uses of operands by a node; constants do not count."""
    nodes, partials = node._slots()
    return [
        Edge(node, place, cast(N, operand), partials[place])
        for place, operand in enumerate(nodes)
        if operand is not None
    ]


def uses(order: Sequence[N]) -> list[Edge[N]]:
    """The edges of all the nodes of a topological order, the last node's first."""
    return [edge for node in reversed(order) for edge in edges(node)]


def users(order: Sequence[N]) -> dict[N, list[Edge[N]]]:
    """For each node that others in a topological order use, the edges from those, in order."""
    result: dict[N, list[Edge[N]]] = {}
    for node in order:
        for edge in edges(node):
            result.setdefault(edge.operand, []).append(edge)
    return result


def flows(along: Iterable[Edge[N]], adjoints: Mapping[N, T]) -> Iterator[tuple[Edge[N], T]]:
    """The edges that something flows back along, each with the adjoint of its node.

    A backward sweep where speed does not matter, for adjoints of any kind. They begin with the
    seeds, and the caller adds the flows along the edges to them; a node that nothing has reached by
    the time of its own edges hands nothing on. The edges are `uses(order)`.
    """
    for edge in along:
        adjoint = adjoints.get(edge.node)
        if adjoint is not None and not edge.cut:
            yield edge, adjoint
