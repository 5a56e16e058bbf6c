"""Copying and pickling a graph of any depth.

Pickle descends into what an object refers to, which is too deep a recursion for a long chain. The
first node it meets therefore refers to a list of the whole graph, operands first: every node of the
list finds its operands already written, and is written on its own. That a node is one object,
wherever else it is referred to, remains pickle's own affair.
"""

import threading
from collections.abc import Callable
from typing import TypeAlias

from autograd.graph import N, Node, Wide
from autograd.op import Op
from autograd.sealing import refuse, seals

_Fields: TypeAlias = tuple[
    Node | None, float, Node | None, float, Wide | None, Op | None, float, float, str | None
]


class _UnderWay(threading.local):
    """The nodes of the list that is being pickled in this thread and are not yet written."""

    def __init__(self) -> None:
        self.nodes: set[Node] = set()


_under_way = _UnderWay()


class _EndOfList:
    """Pickled after such a list, as a sign that it is complete."""

    def __reduce__(self) -> tuple[object, ...]:
        _under_way.nodes.clear()
        return tuple, ()


def copied(node: Node, kind: type[N], twin: Callable[[Node], Node] = lambda x: x) -> N:
    """A copy of a node, with the twins of its operands in place of the operands."""
    x, dx, y, dy, wide, op, number, grad, name = _fields(node)
    if wide is not None:
        twins = tuple([None if x is None else twin(x) for x in wide.operands])
        wide = wide._replace(operands=twins)
    x, y = x if x is None else twin(x), y if y is None else twin(y)
    return restored(None, kind, x, dx, y, dy, wide, op, number, grad, name)


def reduction(node: Node, kind: type[Node], order: Callable[[], list[Node]]) -> tuple[object, ...]:
    """The result of `node.__reduce__()`.

    The first node is preceded by the list of the graph and its end. `order` gives the nodes that
    `node` was computed from, operands first and `node` itself last.
    """
    graph = None
    if node in _under_way.nodes:
        _under_way.nodes.remove(node)
    else:
        *earlier, _ = order()
        _under_way.nodes = set(earlier)
        graph = earlier, _EndOfList()
    return restored, (graph, kind, *_fields(node))


def _fields(node: Node) -> _Fields:
    x, dx, y, dy, wide = node._x, node._dx, node._y, node._dy, node._wide
    return x, dx, y, dy, wide, node.op, node._number, node._grad, node.name


def restored(
    graph: object,
    kind: type[N],
    x: Node | None,
    dx: float,
    y: Node | None,
    dy: float,
    wide: Wide | None,
    op: Op | None,
    number: float,
    grad: float,
    name: str | None,
) -> N:
    """The node that has these fields; the `graph` only had to be there before them."""
    if seals:
        refuse("unpickling", "a Value")
    node = kind.__new__(kind)
    node._x, node._dx, node._y, node._dy, node._wide = x, dx, y, dy, wide
    node.op, node._grad, node.name = op, grad, name
    node.data = number  # an assignment: it may not follow from the operands any more
    node._born()
    return node
