"""What can be asked of any graph: its order, its gradients, its values anew.

A node knows the operation `op` that made it (None for a leaf), its `operands` and the `partials`,
its derivatives with respect to each of them. An operand is a node, or a float where it is a
constant. Most nodes have one or two operands, `_x` and `_y` with the partials `_dx` and `_dy`, a
missing one being the constant 0.0; where there may be more, `_x` and `_dx` are tuples and `_y` is
None.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from autograd.op import is_value, real, undefined
from autograd.ops import defined, where
from autograd.quiet import quiet

Node = Any  # a Value; this module is below `autograd.value` and asks only for the attributes above
MOST_NAMED = 4
"""How many operands a message names."""
LONGEST_CALLED = 60
Edges = list[tuple[Node, Node, Any]]  # a node, one of its operands, the partial as a graph
T = TypeVar("T")


class Edge(NamedTuple):
    """One use of an operand by a node, with the partial derivative."""

    node: Node
    place: int
    operand: Node
    partial: float

    @property
    def cut(self) -> bool:
        """Whether the operand was not picked, so that nothing flows, not even 0 * inf."""
        return bool(self.node.op.selects) and self.partial == 0.0


def edges(node: Node) -> list[Edge]:
    """The uses of operands by a node; constants are none."""
    x, y = node._x, node._y
    pairs: Any = zip(x, node._dx, strict=True) if y is None else ((x, node._dx), (y, node._dy))
    return [
        Edge(node, place, operand, partial)
        for place, (operand, partial) in enumerate(pairs)
        if type(operand) is not float
    ]


def uses(order: Sequence[Node]) -> list[Edge]:
    """The edges of all the nodes of a topological order, the last node's first."""
    return [edge for node in reversed(order) for edge in edges(node)]


def users(order: Sequence[Node]) -> dict[Node, list[Edge]]:
    """For each node that others in a topological order use: the edges from these, in order."""
    result: dict[Node, list[Edge]] = {}
    for node in order:
        for edge in edges(node):
            result.setdefault(edge.operand, []).append(edge)
    return result


def flows(along: Iterable[Edge], adjoints: Mapping[Node, T]) -> Iterator[tuple[Edge, T]]:
    """The edges that something flows back along, each with what has come to its node.

    A backward sweep for everything but speed, whatever its adjoints are. They begin with the seeds,
    and whoever sweeps puts into them what the flows along the edges add up to; what nothing has
    come to by the time of its own edges hands nothing on. The edges are `uses(order)`.
    """
    for edge in along:
        adjoint = adjoints.get(edge.node)
        if adjoint is not None and not edge.cut:
            yield edge, adjoint


def number(operand: Any) -> float:
    """The number of an operand, which is a constant or a node."""
    return operand if type(operand) is float else operand._number


def arguments(node: Node) -> list[float]:
    """The numbers that the operands of a node have now."""
    return [x if type(x) is float else x._number for x in node.operands]


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
    require_value(root, "topological_order")
    return list(sort(root))


def require_value(item: object, taker: str) -> None:
    """Raise a TypeError unless what a function was given is a Value."""
    if not is_value(item):
        raise TypeError(f"{taker} takes a Value, not a {type(item).__name__}")


def sort(root: Node, order: dict[Node, Any] | None = None) -> dict[Node, Any]:
    """The topological order, as the keys of a dict: for their order, and to ask what is in it.

    What an `order` that is given holds already is taken as it stands: the rest is added to it, and
    the search goes no further down than to what is there.
    """
    if order is None:
        order = {}
    elif root in order:
        return order
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


def backward_sweep(adjoints: dict[Node, float | None]) -> None:
    """Fill in the adjoint of every node: the derivative of what is seeded with respect to it.

    The nodes are the keys of `adjoints`, in topological order, with the seeds at the roots and
    None everywhere else. Goes from the roots to the leaves, pushing adjoint times partial along
    every edge; when a node is reached, everything that uses it has contributed. None remains where
    nothing flows (into a node that was not picked by a maximum, say).
    """
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


def forward_sweep(tangents: dict[Node, float | None]) -> None:
    """Fill in the tangent of every node: its derivative in the direction that is seeded.

    The nodes are the keys of `tangents`, in topological order, with the seeds at the leaves and
    None everywhere else. Goes from the leaves to the roots, pulling tangent times partial along
    every edge. None remains where nothing flows.
    """
    for node, tangent in tangents.items():
        if tangent is not None:
            continue
        x, y, partial = node._x, node._y, node._dx
        if y is None:
            for operand, slope in zip(x, partial, strict=True):
                if type(operand) is not float and (slope or not node.op.selects):
                    flow = tangents[operand]
                    if flow is not None:
                        tangent = flow * slope if tangent is None else tangent + flow * slope
        else:
            flow = None if type(x) is float else tangents[x]
            if flow is not None and (partial or not node.op.selects):
                tangent = flow * partial
            flow, partial = None if type(y) is float else tangents[y], node._dy
            if flow is not None and (partial or not node.op.selects):
                tangent = flow * partial if tangent is None else tangent + flow * partial
        if tangent is not None:
            tangents[node] = tangent


def recompute(order: Iterable[Node]) -> None:
    """Compute the value and the partials of every node anew from its operands, in place."""
    for node in order:
        op = node.op
        if op is None:
            continue
        fused = op.fused_binary
        if fused is not None and op.own:
            a, b = node._x, node._y
            x = a if type(a) is float else a._number
            y = b if type(b) is float else b._number
            fast = fused(x, y)
            if fast is not None:
                data, (dx, dy) = fast
                if data - data == 0.0:
                    node._number = data
                    node._dx, node._dy = 0.0 if a is x else dx, 0.0 if b is y else dy
                    continue
        operands = node.operands
        arguments = [x if type(x) is float else x._number for x in operands]
        node._number, partials = op.evaluate(arguments, operands)
        if not op.own:
            node._seen = [node._number, *arguments]
        if node._y is None:
            node._dx = partials
        else:
            node._dx, node._dy = (*partials, 0.0)[:2]


@quiet
def outdated(order: Iterable[Node]) -> list[Node]:
    """The nodes whose operands have other numbers now than when they were computed, in order.

    An operation of one's own is not applied again, as it may do other things besides. A few units
    in the last place are no change: a graph may have been computed on another machine, and pickled.
    """
    return [node for node in order if node.op is not None and _changed(node)]


def _changed(node: Node) -> bool:
    operands = node.operands
    numbers = [x if type(x) is float else x._number for x in operands]
    if not node.op.own:
        return not all(map(_same, [node._number, *numbers], node._seen))
    now, then = node.op.evaluate(numbers, operands), (node._number, node.partials)
    return now != then and not all(map(_same, (now[0], *now[1]), (then[0], *then[1])))


def _same(x: float, y: float) -> bool:
    return x == y or math.isclose(x, y, rel_tol=1e-14, abs_tol=1e-322) or (x != x and y != y)


def require_fresh(order: Iterable[Node]) -> None:
    """Raise a RuntimeError if a node does not follow from its operands any more."""
    for node in outdated(order):
        operands = dict.fromkeys(x for x in node.operands if type(x) is not float)
        shown = [
            f"{_called(x)} = {x._number!r}" if x.name or x.op else f"a Value of {x._number!r}"
            for x in list(operands)[:MOST_NAMED]
        ]
        shown += ["…"] * (len(operands) > MOST_NAMED)
        raise RuntimeError(
            f"{_called(node)} = {node._number!r} was computed from other numbers than its operands "
            f"have now, {', '.join(shown)}: call forward() on the result, or build the graph anew"
        )


def _called(node: Node) -> Any:
    """The name of a node, or its operation with the names of its operands."""
    if node.name:
        return node.name
    parts = [f"{x!r}" if type(x) is float else x.name or "…" for x in node.operands]
    written: str = node.op.write(node.op.text, parts)
    return written if len(written) <= LONGEST_CALLED else node.op.name


@quiet
def derivative_graphs(
    order: Iterable[Node], seeds: Mapping[Node, Any], wrt: Sequence[Node]
) -> list[Any]:
    """The adjoints of the nodes `wrt`, each as a graph or as a constant.

    The backward sweep once more, with the partials of each operation applied to the nodes
    themselves. What a selection cuts off must stay cut off when the graph is computed anew from
    other data, so a node below one carries a gate: a node that is 0 while nothing flows into it.
    """
    adjoints = dict(seeds)
    gates: dict[Node, Any] = {}
    for node, operands in reversed(_dependent(order, wrt)):
        if node not in adjoints:
            continue
        adjoint, gate = adjoints[node], gates.get(node)
        for operand, partial in _partials(node, operands):
            if node.op.selects and type(partial) is float and partial == 0.0:
                continue
            flow, opening = _gated(node, adjoint, partial, gate)
            _add(adjoints, gates, operand, flow, opening)
    return [adjoints.get(node, 0.0) for node in wrt]


@quiet
def tangent_graphs(order: Iterable[Node], seeds: Mapping[Node, Any]) -> dict[Node, Any]:
    """The tangent of every node that depends on the seeded ones, as a graph or as a constant.

    The forward sweep once more, with the partials of each operation applied to the nodes
    themselves, and with gates as in `derivative_graphs`.
    """
    tangents = dict(seeds)
    gates: dict[Node, Any] = {}
    for node, operands in _dependent(order, seeds):
        for operand, partial in _partials(node, operands):
            if operand not in tangents:
                continue
            if node.op.selects and type(partial) is float and partial == 0.0:
                continue
            flow, opening = _gated(node, tangents[operand], partial, gates.get(operand))
            _add(tangents, gates, node, flow, opening)
    return tangents


def _gated(node: Node, upstream: Any, partial: Any, gate: Any) -> tuple[Any, Any]:
    """What flows along an edge of a node, and the gate that it flows through, None if open."""
    opening = gate
    if node.op.selects and type(partial) is not float:
        opening = partial if gate is None else where(gate, partial, 0.0)
    flow = _product(upstream, partial)
    finite = type(partial) is float and math.isfinite(partial)  # 0 times it is 0
    if opening is not None and not finite and flow is not opening:
        flow = where(opening, flow, 0.0)
    return flow, opening


def _add(flows: dict[Node, Any], gates: dict[Node, Any], node: Node, flow: Any, gate: Any) -> None:
    """Add to what has come to a node; its gate is open if one of the flows' gates is."""
    if node not in flows:
        flows[node] = flow
        if gate is not None:
            gates[node] = gate
    else:
        flows[node] = flows[node] + flow
        other = gates.pop(node, None)
        if gate is not None and other is not None:
            gates[node] = where(other, 1.0, gate)


@quiet
def recorded_partials(order: Iterable[Node], wrt: Iterable[Node]) -> tuple[Edges, dict[Node, Any]]:
    """The edges that lead to the nodes `wrt`, with their partials as graphs.

    Also the topological order that has, after the nodes of `order`, those of the partials: when
    tangents have been swept forward through it, it is known how every partial changes.
    """
    edges: Edges = []
    whole: dict[Node, Any] = dict.fromkeys(order)
    for node, operands in _dependent(order, wrt):
        for operand, partial in _partials(node, operands):
            edges.append((node, operand, partial))
            if type(partial) is not float and partial not in whole:
                sort(partial, whole)
    return edges, whole


def second_sweep(
    edges: Edges, seeds: Mapping[Node, float], tangents: Mapping[Node, Any]
) -> dict[Node, float]:
    """The tangents of the adjoints: how the gradient changes in a direction.

    The backward sweep once more, each number together with its derivative in the direction of the
    `tangents`, which are those of a forward sweep through the partials. The seeds are adjoints.
    """
    adjoints = dict(seeds)
    changes: dict[Node, float] = {}
    for node, operand, partial in reversed(edges):
        adjoint = adjoints.get(node)
        if adjoint is None:
            continue
        slope, bend = partial, None
        if type(partial) is not float:
            slope, bend = partial._number, tangents[partial]
        if not slope and not bend and node.op.selects:
            continue
        before = adjoints.get(operand)
        adjoints[operand] = adjoint * slope if before is None else before + adjoint * slope
        change = changes.get(node)
        if change is not None:
            change = change * slope if bend is None else change * slope + adjoint * bend
        elif bend is not None:
            change = adjoint * bend
        else:
            continue
        before = changes.get(operand)
        changes[operand] = change if before is None else before + change
    return changes


def _dependent(order: Iterable[Node], sources: Iterable[Node]) -> list[tuple[Node, Sequence[Any]]]:
    """The nodes that were computed from the sources, in order.

    Each with its operands, 0.0 standing for those that were not.
    """
    below = set(sources)
    found: list[tuple[Node, Sequence[Any]]] = []
    for node in order:
        x, y = node._x, node._y
        if y is None:
            operands = tuple([z if type(z) is not float and z in below else 0.0 for z in x])
            if all(type(z) is float for z in operands):
                continue
        else:
            x = x if type(x) is not float and x in below else 0.0
            y = y if type(y) is not float and y in below else 0.0
            if type(x) is type(y) is float:
                continue
            operands = (x, y)[: node.op.arity]
        below.add(node)
        found.append((node, operands))
    return found


def _partials(node: Node, wrt: Sequence[Any]) -> list[tuple[Node, Any]]:
    """The operands that are not 0.0 in `wrt`, each with its partial as a graph or a constant."""
    try:
        pairs = _evaluated(node, node.operands, wrt)
    except (ArithmeticError, ValueError):  # among constants: NumPy's scalars do not raise
        arguments = [np.float64(x) if type(x) is float else x for x in node.operands]
        pairs = _evaluated(node, arguments, wrt)
    if node._number == node._number:
        return pairs
    if undefined(node._number, [x if type(x) is float else x._number for x in node.operands]):
        return [(operand, defined(partial, node)) for operand, partial in pairs]
    return pairs


def _evaluated(node: Node, arguments: Sequence[Any], wrt: Sequence[Any]) -> list[tuple[Node, Any]]:
    op, kind = node.op, type(node)
    pairs = []
    rules = op.partials if op.arity else op.differentiate(node, arguments, wrt)
    for operand, rule in zip(wrt, rules, strict=True):
        if type(operand) is not float:
            partial = rule(node, *arguments) if op.arity else rule
            if type(partial) is not float and type(partial) is not kind:
                partial = real(partial, f"a partial of {op.name}")
            pairs.append((operand, partial))
    return pairs


def _product(adjoint: Any, partial: Any) -> Any:
    """`adjoint * partial` without the multiplications by 1 that a person would not write."""
    if type(partial) is float and partial == 1.0:
        return adjoint
    if type(adjoint) is float and adjoint == 1.0:
        return partial
    if type(partial) is float and partial == -1.0:
        return -adjoint
    return adjoint * partial
