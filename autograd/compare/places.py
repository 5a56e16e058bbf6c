"""Where something is in the graph of a function, whatever the point."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from autograd.value import Value


class Place(NamedTuple):
    """Where a node is in a graph: the same in the graphs of a function at different points, in
    which the numbers differ, and so may the labels.
    """

    kind: str
    """The name of the node, or of its operation."""
    number: int
    """How many nodes of that kind came before."""


Use: TypeAlias = tuple[Place, int]
"""A use of an operand: the place of the node, and that of the operand among its operands."""


def places_of(order: Sequence[Value]) -> dict[Value, Place]:
    """The places of nodes, given in topological order."""
    counts: Counter[str] = Counter()
    result = {}
    for node in order:
        kind = node.name or (node.op.name if node.op else repr(node.data))
        result[node] = Place(kind, counts[kind])
        counts[kind] += 1
    return result
