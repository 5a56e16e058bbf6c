"""Whether a graph follows from the numbers of its leaves, or some have changed since then."""

import math
from collections.abc import Iterable

from autograd.graph import N, Node, anew, arguments
from autograd.quiet import quiet

MOST_NAMED = 4
"""How many operands a message names."""
LONGEST_CALLED = 60


@quiet
def outdated(order: Iterable[N]) -> list[N]:
    """The nodes whose operands have other numbers now than when they were computed, in order.

    A custom operation is not applied again, as it may have side effects. A few units in the last
    place do not count as a change: a pickled graph may come from another machine.
    """
    return [node for node in order if _changed(node)]


def _changed(node: Node) -> bool:
    op, wide = node.op, node._wide
    if op is None:
        return False
    if wide is not None and wide.seen:
        return not all(map(_same, [node._number, *arguments(node)], wide.seen))
    value, partials, _ = anew(node, op)
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
