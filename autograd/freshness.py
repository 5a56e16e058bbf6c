"""Whether a graph follows from the numbers of its leaves, or some have changed since then."""

import math
from collections.abc import Collection, Iterable

from autograd.graph import N, Node, anew, arguments, doubtful
from autograd.notation.labels import Labels
from autograd.notation.numbers import number
from autograd.quiet import quiet

MOST_NAMED = 4
"""How many operands a message names."""


@quiet
def outdated(order: Iterable[N]) -> list[N]:
    """The nodes whose operands have other numbers now than when they were computed, in order.

    A custom operation is not applied again, as it may have side effects. A few units in the last
    place do not count as a change: a pickled graph may come from another machine.
    """
    return [node for node in doubtful(order) if _changed(node)]


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


def require_fresh(order: Collection[Node]) -> None:
    """Raise a RuntimeError if a node does not follow from its operands any more."""
    for node in outdated(order):
        labels: Labels[Node] = Labels([], order)
        operands = list(dict.fromkeys(x for x in node.operands if isinstance(x, Node)))
        shown = [_equation(x, labels) for x in operands[:MOST_NAMED]]
        shown += ["…"] * (len(operands) > MOST_NAMED)
        raise RuntimeError(
            f"{_equation(node, labels)} was computed from other numbers than its operands have "
            f"now, {', '.join(shown)}: call forward() on the result, or build the graph anew"
        )


def _equation(node: Node, labels: Labels[Node]) -> str:
    """A node with all the digits of its number: how much has changed may be little."""
    return f"{labels[node].text.text} = {number(node._number, digits=None)}"
