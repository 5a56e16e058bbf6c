"""The structure of a graph: the order of its nodes, and those that are alike."""

from collections.abc import Sequence
from functools import cached_property
from itertools import product

from autograd.edges import edges
from autograd.value import Value

DEPTHS, MOST_OPERANDS = (1, 2, 3, 4, 7), 40
"""How much of its formula may tell the role of a node."""


class Structure:
    """The structure of a graph, given its nodes in topological order."""

    def __init__(self, order: Sequence[Value]) -> None:
        self.order = order

    def take(self, other: "Structure") -> None:
        """Take over which nodes are alike from another graph, if it has the same operations."""
        if [x.op for x in self.order] == [x.op for x in other.order]:
            self.layers, self.roles = (
                [[self.order[other.rows[node]] for node in nodes] for nodes in several]
                for several in (other.layers, other.roles)
            )

    @cached_property
    def rows(self) -> dict[Value, int]:
        """The position of each node."""
        return {node: row for row, node in enumerate(self.order)}

    @cached_property
    def levels(self) -> dict[Value, int]:
        """The length of the longest path from a leaf to each node."""
        result: dict[Value, int] = {}
        for node in self.order:
            result[node] = 1 + max([result[edge.operand] for edge in edges(node)], default=-1)
        return result

    @cached_property
    def layers(self) -> list[list[Value]]:
        """Nodes with the same operation at the same level, such as all neurons of a layer."""
        result: dict[tuple[str, int], list[Value]] = {}
        for node in self.order:
            if node.op is not None:
                result.setdefault((node.op.name, self.levels[node]), []).append(node)
        return [nodes for nodes in result.values() if len(nodes) > 1]

    @cached_property
    def roles(self) -> list[list[Value]]:
        """Nodes that compute the same from the same inputs, such as a gate at all time steps, or
        from the elements of the same arrays.
        """
        known = {tuple(map(id, nodes)) for nodes in self.layers}
        result: list[list[Value]] = []
        for depth, elements in product(DEPTHS, (True, False)):
            alike: dict[str, list[Value]] = {}
            memory: dict[tuple[Value, int], str] = {}
            for node in self.order:
                if node.op is not None:
                    alike.setdefault(_role(node, depth, elements, memory), []).append(node)
            for nodes in alike.values():
                if len(nodes) > 1 and (key := tuple(map(id, nodes))) not in known:
                    known.add(key)
                    result.append(nodes)
        return result

    @property
    def families(self) -> list[list[Value]]:
        """The layers and the roles."""
        return [*self.layers, *self.roles]

    @cached_property
    def arrays(self) -> list[list[Value]]:
        """Leaves with the same name and a number, and the families."""
        leaves: dict[str, list[Value]] = {}
        for node in self.order:
            if node.op is None and node.name:
                leaves.setdefault(array_of(node.name), []).append(node)
        return [*(nodes for nodes in leaves.values() if len(nodes) > 1), *self.families]


def _role(node: Value, depth: int, elements: bool, memory: dict[tuple[Value, int], str]) -> str:
    """The formula of a node down to some depth, with the names of inputs, or of their arrays."""
    if node.op is None and node.name:
        return node.name if elements else array_of(node.name)
    if node.op is None or not depth:
        return "#"
    if (node, depth) not in memory:
        operands = [
            _role(x, depth - 1, elements, memory) if isinstance(x, Value) else "#"
            for x in node.operands[:MOST_OPERANDS]
        ]
        memory[node, depth] = f"{node.op.name}({','.join(operands)})"
    return memory[node, depth]


def array_of(name: str) -> str:
    """The name of the array that the name of an element tells: w for w0 or w0_1."""
    return name.rstrip("0123456789_")
