"""What can be asked of any graph: its order, its gradients, its values anew.

A node knows the operation `op` that made it (None for a leaf) and its `edges`: the operands,
followed by the partial derivative of the node with respect to each of them. An operand is a node,
or a float where it is a constant.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.op import real
from autograd.ops import where

Node = Any  # a Value; this module is below `autograd.value` and asks only for the attributes above


def topological_order(root: Node) -> list[Node]:
    """Every node that `root` was computed from, operands before the nodes that use them.

    A depth-first search with a stack of its own, so that the depth of a graph is no limit. The
    order depends on nothing but the graph: constants are left out, `root` is last.

    Raises:
        TypeError: if `root` is not a Value.

    Example:
        >>> from autograd import Value, topological_order
        >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
        >>> [node.name for node in topological_order((a * b).named("product"))]
        ['a', 'b', 'product']
    """
    if not hasattr(root, "edges"):
        raise TypeError(f"topological_order takes a Value, not a {type(root).__name__}")
    order: dict[Node, None] = {}  # for its order, and for asking what is in it
    path: list[Node] = []  # from the root down, the nodes that wait for an operand
    unread: dict[Node, Iterator[Any]] = {}  # of the nodes with many operands: what is left of them
    node = root
    while True:
        edges = node.edges
        if len(edges) == 4:  # two operands, unrolled because most nodes have them
            a, b, _, _ = edges
            fresh = None
            if type(a) is not float and a not in order:
                fresh = a
            elif type(b) is not float and b not in order:
                fresh = b
        else:
            if len(edges) > 4:
                edges = unread.get(node) or unread.setdefault(node, iter(edges[: len(edges) // 2]))
            fresh = next((x for x in edges if type(x) is not float and x not in order), None)
        if fresh is not None:
            path.append(node)
            node = fresh
        else:
            order[node] = None
            if not path:
                return list(order)
            node = path.pop()


def backward_sweep(order: Sequence[Node], seed: float) -> Iterator[tuple[Node, float]]:
    """Each node with its adjoint, the derivative of the last node in `order` with respect to it.

    Goes from the root to the leaves, pushing adjoint times partial along every edge; when a node
    is reached, everything that uses it has contributed. A node that nothing flows into (it was not
    picked by a maximum, say) is passed over.
    """
    adjoints = {order[-1]: seed}
    for node in reversed(order):
        adjoint = adjoints.pop(node, None)
        if adjoint is None:
            continue
        yield node, adjoint
        edges = node.edges
        if len(edges) == 4:  # two operands, unrolled because most nodes have them
            a, b, p, q = edges
            if type(a) is not float and (p or not node.op.selects):
                adjoints[a] = adjoints[a] + adjoint * p if a in adjoints else adjoint * p
            if type(b) is not float and (q or not node.op.selects):
                adjoints[b] = adjoints[b] + adjoint * q if b in adjoints else adjoint * q
        elif edges:
            for operand, partial in zip(edges, edges[len(edges) // 2 :], strict=False):
                if type(operand) is not float and (partial or not node.op.selects):
                    flow = adjoint * partial
                    adjoints[operand] = adjoints[operand] + flow if operand in adjoints else flow


def recompute(order: Sequence[Node]) -> None:
    """Compute the value and the partials of every node anew from its operands, in place."""
    for node in order:
        edges = node.edges
        if not edges:
            continue
        op = node.op
        if op.kernel is not None and len(edges) == 4 and op.arity == 2:
            a, b, _, _ = edges
            x = a if type(a) is float else a._data
            y = b if type(b) is float else b._data
            data, (p, q) = op.kernel(x, y)
            if data - data == 0.0:
                node._data = data
                node.edges = (a, b, 0.0 if a is x else p, 0.0 if b is y else q)
                continue
        operands = edges[: len(edges) // 2]
        arguments = [x if type(x) is float else x._data for x in operands]
        node._data, partials = op.evaluate(arguments, operands)
        node.edges = operands + partials


def derivative_graph(order: Sequence[Node], wrt: Node) -> Node | float:
    """The derivative of the last node in `order` with respect to `wrt`, as a graph or a constant.

    The backward sweep once more, with the partials of each operation applied to the nodes
    themselves. What a selection cuts off must stay cut off when the graph is computed anew from
    other data, so a node below one carries a gate: a node that is 0 while nothing flows into it.
    """
    below = {wrt}
    for node in order:
        if any(type(operand) is not float and operand in below for operand in node.edges):
            below.add(node)
    adjoints: dict[Node, Any] = {order[-1]: 1.0}
    gates: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in reversed(order):
            if node is wrt or node not in adjoints or node not in below:
                continue
            adjoint, gate = adjoints[node], gates.get(node)
            operands = node.edges[: len(node.edges) // 2]
            live = [x if type(x) is not float and x in below else 0.0 for x in operands]
            partials = node.op.differentiate(node, operands, live)
            for operand, partial in zip(live, partials, strict=True):
                if type(operand) is float:
                    continue
                if not hasattr(partial, "edges"):
                    partial = real(partial, f"a partial of {node.op.name}")
                opening = gate
                if node.op.selects:
                    if type(partial) is not float:
                        opening = partial if gate is None else where(gate, partial, 0.0)
                    elif partial == 0.0:
                        continue
                flow = _product(adjoint, partial)
                if opening is not None and type(partial) is not float and flow is not opening:
                    flow = where(opening, flow, 0.0)
                if operand not in adjoints:
                    adjoints[operand] = flow
                    if opening is not None:
                        gates[operand] = opening
                else:
                    adjoints[operand] = adjoints[operand] + flow
                    other = gates.pop(operand, None)
                    if opening is not None and other is not None:
                        gates[operand] = where(other, 1.0, opening)
    return adjoints.get(wrt, 0.0)


def _product(adjoint: Any, partial: Any) -> Any:
    """`adjoint * partial` without the multiplications by 1 that a person would not write."""
    if type(partial) is float and partial == 1.0:
        return adjoint
    if type(adjoint) is float and adjoint == 1.0:
        return partial
    if type(partial) is float and partial == -1.0:
        return -adjoint
    return adjoint * partial
