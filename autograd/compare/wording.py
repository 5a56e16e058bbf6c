"""How a report speaks of a graph: what its nodes are called, where a nan began."""

from collections.abc import Mapping, Sequence
from math import isfinite

from autograd.explain.reasons import first_not_finite, kind
from autograd.graph import arguments
from autograd.value import Value


def titles(order: Sequence[Value]) -> dict[Value, str]:
    """A title for each node: its name or its operation, numbered where there are several."""
    result: dict[Value, str] = {}
    counts: dict[str, int] = {}
    for node in order:
        title = node.name or (node.op.name if node.op else repr(node.data))
        count = counts[title] = counts.get(title, 0) + 1
        result[node] = title if count == 1 else f"{title}#{count}"
    return result


def call(node: Value) -> str:
    """The operation of a node with the numbers that it was applied to."""
    assert node.op is not None
    numbers = [f"{x:.9g}" for x in arguments(node)]
    if node.op.text.startswith(("#", "-")):
        numbers = [f"({x})" if x.startswith("-") else x for x in numbers]
    return node.op.write(node.op.text, numbers)


def should_be(yours: float, ours: float) -> str:
    """A wrong number beside the right one."""
    return f"yours {yours:.9g}, should be {ours:.9g}{apart(yours, ours)}"


def apart(yours: float, ours: float) -> str:
    """How far apart two numbers are if they print alike; otherwise nothing."""
    if f"{yours:.9g}" != f"{ours:.9g}" or not ours or not isfinite(ours):
        return ""
    return f" (relative error {abs(yours - ours) / abs(ours):.2g})"


def origin(order: Sequence[Value], names: Mapping[Value, str]) -> str:
    """Where the first infinity or nan comes from; nothing if there is none."""
    if not (found := first_not_finite(order)):
        return ""
    node, edge = found
    if edge is None:
        what = f"the first {kind(node.data)} is {names[node]}"
        return f"{what} = {call(node)}" if node.op else f"{what}, an input"
    return (
        f"the first {kind(edge.partial)} is d {names[node]}/d {names[edge.operand]} of "
        f"{names[node]} = {call(node)}"
    )
