"""What can be asked of any graph: its order, its gradients, its values anew.

A node knows the operation `op` that made it (None for a leaf), its `operands` and the `partials`,
its derivatives with respect to each of them. An operand is a node, or a float where it is a
constant. Most nodes have one or two operands, `_x` and `_y` with the partials `_dx` and `_dy`, a
missing one being the constant 0.0; where there may be more, `_x` and `_dx` are tuples and `_y` is
None.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.op import is_value, real
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
    if not is_value(root):
        raise TypeError(f"topological_order takes a Value, not a {type(root).__name__}")
    return list(sort(root))


def sort(root: Node) -> dict[Node, Any]:
    """The topological order, as the keys of a dict: for their order, and to ask what is in it."""
    order: dict[Node, Any] = {}
    path: list[Node] = []  # nodes that wait for their operands; below a None, one yet to be visited
    node = root
    while True:
        x, y = node._x, node._y
        if y is None:
            fresh = [z for z in reversed(x) if type(z) is not float and z not in order]
            if fresh:
                path.append(node)
                node = fresh.pop()
                for x in fresh:
                    path += x, None
                continue
        elif type(y) is not float and y not in order:
            path.append(node)
            if type(x) is not float and x not in order:
                path += y, None
                node = x
            else:
                node = y
            continue
        elif type(x) is not float and x not in order:
            path.append(node)
            node = x
            continue
        order[node] = None
        while path:
            node = path.pop()
            if node is None:
                node = path.pop()
                if node not in order:
                    break
            else:
                order[node] = None
        else:
            return order


def backward_sweep(adjoints: dict[Node, float | None], seed: float) -> None:
    """Fill in the adjoint of every node: the derivative of the last one with respect to it.

    The nodes are the keys of `adjoints`, in topological order, each still with the value None.
    Goes from the root to the leaves, pushing adjoint times partial along every edge; when a node
    is reached, everything that uses it has contributed. None remains where nothing flows (into a
    node that was not picked by a maximum, say).
    """
    adjoints[next(reversed(adjoints))] = seed
    for node, adjoint in reversed(adjoints.items()):
        if adjoint is None:
            continue
        x, y, partial = node._x, node._y, node._dx
        if y is None:
            for operand, slope in zip(x, partial, strict=True):
                if type(operand) is not float and (slope or not node.op.selects):
                    before, flow = adjoints[operand], adjoint * slope
                    adjoints[operand] = flow if before is None else before + flow
            continue
        if type(x) is not float and (partial or not node.op.selects):
            before = adjoints[x]
            adjoints[x] = adjoint * partial if before is None else before + adjoint * partial
        if type(y) is not float and ((partial := node._dy) or not node.op.selects):
            before = adjoints[y]
            adjoints[y] = adjoint * partial if before is None else before + adjoint * partial


def recompute(order: Iterable[Node]) -> None:
    """Compute the value and the partials of every node anew from its operands, in place."""
    for node in order:
        op = node.op
        if op is None:
            continue
        kernel = op.binary_kernel
        if kernel is not None:
            a, b = node._x, node._y
            x = a if type(a) is float else a._number
            y = b if type(b) is float else b._number
            fast = kernel(x, y)
            if fast is not None:
                data, (dx, dy) = fast
                if data - data == 0.0:
                    node._number = data
                    node._dx, node._dy = 0.0 if a is x else dx, 0.0 if b is y else dy
                    continue
        operands = node.operands
        arguments = [x if type(x) is float else x._number for x in operands]
        node._number, partials = op.evaluate(arguments, operands)
        if node._y is None:
            node._dx = partials
        else:
            node._dx, node._dy = (*partials, 0.0)[:2]


def derivative_graph(order: dict[Node, None], wrt: Node) -> Node | float:
    """The derivative of the last node in `order` with respect to `wrt`, as a graph or a constant.

    The backward sweep once more, with the partials of each operation applied to the nodes
    themselves. What a selection cuts off must stay cut off when the graph is computed anew from
    other data, so a node below one carries a gate: a node that is 0 while nothing flows into it.
    """
    below = {wrt}
    for node in order:
        if any(type(operand) is not float and operand in below for operand in node.operands):
            below.add(node)
    adjoints: dict[Node, Any] = {next(reversed(order)): 1.0}
    gates: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in reversed(order):
            if node is wrt or node not in adjoints or node not in below:
                continue
            adjoint, gate = adjoints[node], gates.get(node)
            operands = node.operands
            live = [x if type(x) is not float and x in below else 0.0 for x in operands]
            try:
                partials = node.op.differentiate(node, operands, live)
            except (ArithmeticError, ValueError):  # among constants: NumPy's scalars do not raise
                arguments = [np.float64(x) if type(x) is float else x for x in operands]
                partials = node.op.differentiate(node, arguments, live)
            for operand, partial in zip(live, partials, strict=True):
                if type(operand) is float:
                    continue
                if not is_value(partial):
                    partial = real(partial, f"a partial of {node.op.name}")
                opening = gate
                if node.op.selects:
                    if type(partial) is not float:
                        opening = partial if gate is None else where(gate, partial, 0.0)
                    elif partial == 0.0:
                        continue
                flow = _product(adjoint, partial)
                finite = type(partial) is float and math.isfinite(partial)  # 0 times it is 0
                if opening is not None and not finite and flow is not opening:
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
