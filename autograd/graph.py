"""What can be asked of any graph: its order, its gradients, its values anew."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

from autograd.node import Node, Wide, arguments
from autograd.op import Op
from autograd.quiet import quiet

MOST_NAMED = 4
"""How many operands a message names."""
LONGEST_CALLED = 60


N = TypeVar("N", bound=Node)
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
    """The uses of operands by a node; constants are none."""
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
    """For each node that others in a topological order use: the edges from these, in order."""
    result: dict[N, list[Edge[N]]] = {}
    for node in order:
        for edge in edges(node):
            result.setdefault(edge.operand, []).append(edge)
    return result


def flows(along: Iterable[Edge[N]], adjoints: Mapping[N, T]) -> Iterator[tuple[Edge[N], T]]:
    """The edges that something flows back along, each with what has come to its node.

    A backward sweep for everything but speed, whatever its adjoints are. They begin with the seeds,
    and whoever sweeps puts into them what the flows along the edges add up to; what nothing has
    come to by the time of its own edges hands nothing on. The edges are `uses(order)`.
    """
    for edge in along:
        adjoint = adjoints.get(edge.node)
        if adjoint is not None and not edge.cut:
            yield edge, adjoint


def topological_order(root: N) -> list[N]:
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
    if not isinstance(item, Node):
        raise TypeError(f"{taker} takes a Value, not a {type(item).__name__}")


def sort(root: N, order: dict[N, None] | None = None) -> dict[N, None]:
    """The topological order, as the keys of a dict: for their order, and to ask what is in it.

    What an `order` that is given holds already is taken as it stands: the rest is added to it, and
    the search goes no further down than to what is there.
    """
    if order is None:
        order = {}
    elif root in order:
        return order
    done = cast(dict[Node, None], order)
    path: list[Node | None] = []  # what waits for its operands; below a None, one yet to be visited
    node: Node | None = root
    while node is not None:
        x, y = node._x, node._y
        if y is not None and y not in done:
            path.append(node)
            if x is not None and x not in done:
                path += y, None
                node = x
            else:
                node = y
            continue
        if x is not None:
            if x not in done:
                path.append(node)
                node = x
                continue
        elif y is None and node._wide is not None:
            operands = reversed(node._wide.operands)
            fresh = [z for z in operands if z is not None and z not in done]
            if fresh:
                path.append(node)
                node = fresh.pop()
                for z in fresh:
                    path += z, None
                continue
        done[node] = None
        while path:
            node = path.pop()
            if node is None:
                node = path.pop()
                if node not in done:
                    break
            else:
                done[node] = None
        else:
            node = None
    return order


def backward_sweep(adjoints: dict[Node, float | None]) -> None:
    """Fill in the adjoint of every node: the derivative of what is seeded with respect to it.

    The nodes are the keys of `adjoints`, in topological order, with the seeds at the roots and
    None everywhere else. Goes from the roots to the leaves, pushing adjoint times partial along
    every edge; when a node is reached, everything that uses it has contributed. None remains where
    nothing flows (into a node that was not picked by a maximum, say).
    """
    for node, adjoint in reversed(adjoints.items()):
        if adjoint is None or (op := node.op) is None:
            continue
        x, y = node._x, node._y
        if x is not None:
            partial = node._dx
            if partial or not op.selects:
                before = adjoints[x]
                adjoints[x] = adjoint * partial if before is None else before + adjoint * partial
        elif y is None and node._wide is not None:
            operands, partials, _ = node._wide
            for operand, partial in zip(operands, partials, strict=True):
                if operand is not None and (partial or not op.selects):
                    before, flow = adjoints[operand], adjoint * partial
                    adjoints[operand] = flow if before is None else before + flow
            continue
        if y is not None:
            partial = node._dy
            if partial or not op.selects:
                before = adjoints[y]
                adjoints[y] = adjoint * partial if before is None else before + adjoint * partial


def forward_sweep(tangents: dict[Node, float | None]) -> None:
    """Fill in the tangent of every node: its derivative in the direction that is seeded.

    The nodes are the keys of `tangents`, in topological order, with the seeds at the leaves and
    None everywhere else. Goes from the leaves to the roots, pulling tangent times partial along
    every edge. None remains where nothing flows.
    """
    for node, tangent in tangents.items():
        if tangent is not None or (op := node.op) is None:
            continue
        x, y = node._x, node._y
        if x is not None:
            flow, partial = tangents[x], node._dx
            if flow is not None and (partial or not op.selects):
                tangent = flow * partial
        elif y is None and node._wide is not None:
            operands, partials, _ = node._wide
            for operand, partial in zip(operands, partials, strict=True):
                if operand is not None and (partial or not op.selects):
                    flow = tangents[operand]
                    if flow is not None:
                        tangent = flow * partial if tangent is None else tangent + flow * partial
        if y is not None:
            flow, partial = tangents[y], node._dy
            if flow is not None and (partial or not op.selects):
                tangent = flow * partial if tangent is None else tangent + flow * partial
        if tangent is not None:
            tangents[node] = tangent


def recompute(order: Iterable[Node]) -> None:
    """Compute the value and the partials of every node anew from its operands, in place."""
    for node in order:
        op = node.op
        if op is None:
            continue
        if op.binary is not None:  # where all is finite, which is nearly everywhere
            forward, dx_of, dy_of = op.binary
            left, right = node._x, node._y
            x = node._dx if left is None else left._number
            y = node._dy if right is None else right._number
            try:
                number = forward(x, y)
                dx = x if left is None else dx_of(number, x, y)
                dy = y if right is None else dy_of(number, x, y)
                if number - number == dx - dx == dy - dy == 0.0:
                    node._number, node._dx, node._dy = number, dx, dy
                    continue
            except (ArithmeticError, ValueError):
                pass
        node._number, numbers, seen = _anew(node, op)
        if node._wide is None:
            node._dx, node._dy = (*numbers, 0.0)[:2]
        else:
            node._wide = Wide(node._wide.operands, numbers, seen)


def _anew(node: Node, op: Op) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    """The value of a node at the numbers that its operands have now, and its slots."""
    nodes, numbers = node._slots()
    data = [numbers[place] if x is None else x._number for place, x in enumerate(nodes)]
    fixed = [place for place, x in enumerate(nodes) if x is None]
    value, partials = op.evaluate(data, fixed if op.arity else ())  # as in Value._record
    slots = list(partials)
    for place in fixed:
        slots[place] = data[place]
    return value, tuple(slots), () if op.own else (value, *data)


@quiet
def outdated(order: Iterable[N]) -> list[N]:
    """The nodes whose operands have other numbers now than when they were computed, in order.

    An operation of one's own is not applied again, as it may do other things besides. A few units
    in the last place are no change: a graph may have been computed on another machine, and pickled.
    """
    return [node for node in order if _changed(node)]


def _changed(node: Node) -> bool:
    op, wide = node.op, node._wide
    if op is None:
        return False
    if wide is not None and wide.seen:
        return not all(map(_same, [node._number, *arguments(node)], wide.seen))
    value, partials, _ = _anew(node, op)
    now, then = (value, *partials), (node._number, *node._slots()[1])
    return now != then and not all(map(_same, now, then))


def _same(x: float, y: float) -> bool:
    return x == y or math.isclose(x, y, rel_tol=1e-14, abs_tol=1e-322) or (x != x and y != y)


def require_fresh(order: Iterable[Node]) -> None:
    """Raise a RuntimeError if a node does not follow from its operands any more."""
    for node in outdated(order):
        operands = dict.fromkeys(x for x in node.operands if isinstance(x, Node))
        shown = [
            f"{_called(x)} = {x._number!r}" if x.name or x.op else f"a Value of {x._number!r}"
            for x in list(operands)[:MOST_NAMED]
        ]
        shown += ["…"] * (len(operands) > MOST_NAMED)
        raise RuntimeError(
            f"{_called(node)} = {node._number!r} was computed from other numbers than its operands "
            f"have now, {', '.join(shown)}: call forward() on the result, or build the graph anew"
        )


def _called(node: Node) -> str:
    """The name of a node, or its operation with the names of its operands."""
    if node.name or node.op is None:
        return node.name or "…"
    parts = [(x.name or "…") if isinstance(x, Node) else repr(x) for x in node.operands]
    written = node.op.write(node.op.text, parts)
    return written if len(written) <= LONGEST_CALLED else node.op.name
