"""Pickling a graph of any depth.

Pickle descends into what an object refers to, which is too deep a recursion for a long chain. The
first node it meets therefore refers to a list of the whole graph, operands first: every node of the
list finds its operands already written, and is written on its own. That a node is one object,
wherever else it is referred to, remains pickle's own affair.
"""

import threading
from collections.abc import Callable
from typing import Any


class _UnderWay(threading.local):
    """The nodes of the list that is being pickled in this thread and are not yet written."""

    def __init__(self) -> None:
        self.nodes: set[Any] = set()


_under_way = _UnderWay()


class _EndOfList:
    """Pickled after such a list, and so the sign that it is complete."""

    def __reduce__(self) -> tuple[Any, ...]:
        _under_way.nodes.clear()
        return tuple, ()


def reduction(
    node: object,
    order: Callable[[], list[Any]],
    restore: Callable[..., object],
    fields: tuple[Any, ...],
) -> tuple[Any, ...]:
    """What `node.__reduce__()` returns, for a node that `restore(*fields)` makes again.

    For the first node `restore` is given two arguments more, in front: the list and its end.
    `order` gives the nodes that `node` was computed from, operands first and itself last.
    """
    if node in _under_way.nodes:
        _under_way.nodes.remove(node)
        return restore, fields
    *earlier, _ = order()
    _under_way.nodes = set(earlier)
    return restore, (earlier, _EndOfList(), *fields)
