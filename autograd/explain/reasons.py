"""Remarks in words: why nothing flows somewhere, what is at a kink, where a nan comes from."""

import re
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

from autograd import freshness
from autograd.edges import Edge, edges, users
from autograd.explain.document import Words
from autograd.explain.paths import use
from autograd.graph import arguments
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.writing import Math
from autograd.op import Op
from autograd.quiet import quietly
from autograd.value import Value

MOST_SAID = 3
"""How many things of a kind are mentioned before the others are only counted."""


def operation(node: Value, labels: Labels[Value]) -> str | Math:
    """The name of an operation; the formula of one that nobody calls by a name, `(x > 0)`."""
    assert node.op is not None
    return legible(node.op.name) if node.op.public else labels.formula(node).math()


def reason(op: Op, place: int) -> Sequence[Any]:
    """Why nothing flows into an operand where nothing does: pairs of a function that is zero where
    a clause holds, and the clause, and last the clause where none of them does.
    """
    return op.reasons[place] if op.reasons else (f"#0 does not pick #{place + 1}",)


def cut(edge: Edge[Value], labels: Labels[Value]) -> Words:
    """Why nothing flows from a selection into an operand of it, as a clause."""
    op, operands = edge.node.op, edge.node.operands
    assert op is not None
    numbers = arguments(edge.node)
    *cases, clause = reason(op, edge.place)
    clause = next((x for zero, x in cases if quietly(zero, *numbers) == 0.0), clause)
    words: list[str | Math] = [*re.split(r"#(\d+)", clause)]  # every other one is a place
    words[1::2] = [
        operation(edge.node, labels) if place == "0" else labels.equation(operands[int(place) - 1])
        for place in re.findall(r"#(\d+)", clause)
    ]
    return words


def kinks(edges: Sequence[Edge[Value]], labels: Labels[Value]) -> list[Words]:
    """Sentences on the derivatives that are a convention because the operation is at a kink."""
    result: list[Words] = []
    for edge in edges:
        op = edge.node.op
        if op is None or not op.kinks or edge.cut:
            continue
        operands = edge.node.operands
        numbers = arguments(edge.node)
        if len(operands) == 2 and operands[0] is operands[1]:
            continue  # a Value that ties with itself is not at a kink
        if 0.0 not in [quietly(kink, *numbers) for kink in op.kinks_of(len(operands))]:
            continue
        inputs = [labels.equation(x) for x in edge.node.operands]
        listed: list[str | Math] = [part for x in inputs for part in (x, ", ")][:-1]
        slope = labels.derivative(edge.node, edge.operand, len(inputs) > 1, use(edge))
        number = labels.number(edge.partial).math()
        slope = Math(f"{slope.text} = {number.text}", f"{slope.latex} = {number.latex}")
        result.append(
            [
                operation(edge.node, labels),
                " is at a kink (",
                *listed,
                "), where the derivative is a convention: ",
                slope,
                ".",
            ]
        )
    return several(result, lambda more: [f"… and {more} more such kinks."])


def origin(order: Sequence[Value], adjoints: dict[Value, float], labels: Labels[Value]) -> Words:
    """Where the first nan or infinity comes from; nothing if there is none."""
    if found := first_not_finite(order):
        node, edge = found
        if edge is None:
            made = labels.with_numbers(node).math() if node.op else None
            what = [
                f"The first {kind(node.data)}: ",
                *((made, ", ") if made else ()),
                "node " if node.op else "the input ",
                labels[node].math(),
            ]
        else:
            slope = labels.derivative(node, edge.operand)
            what = [
                f"The first {kind(edge.partial)}: the slope ",
                slope,
                " of ",
                labels.with_numbers(node).math(),
                ", node ",
                labels[node].math(),
            ]
        using = dict.fromkeys(x.node for x in users(order).get(node, ()))
        return [*what, *_used_by(list(using), labels), "."]
    for node in reversed(order):
        if not isfinite(adjoints.get(node, 0.0)):
            slope = labels.derivative(order[-1], node)
            return [
                "All values and local derivatives are finite, but their products overflow: the "
                "first is ",
                slope,
                ".",
            ]
    return []


def first_not_finite(order: Sequence[Value]) -> tuple[Value, Edge[Value] | None] | None:
    """The first node that is nan or infinite, or has such a slope along an edge; None if none."""
    for node in order:
        if not isfinite(node.data):
            return node, None
        if not all(map(isfinite, node.partials)):
            return node, next(edge for edge in edges(node) if not isfinite(edge.partial))
    return None


def kind(number: float) -> str:
    """The word for a number that is not finite."""
    return "nan" if number != number else "infinity"


def _used_by(users: Sequence[Value], labels: Labels[Value]) -> Iterator[str | Math]:
    for index, user in enumerate(users[:MOST_SAID]):
        yield ", " if index else ", used by "
        yield labels[user].math()
    if len(users) > MOST_SAID:
        yield f" and {len(users) - MOST_SAID:,} more"


def outdated(shown: Sequence[Value], labels: Labels[Value]) -> list[Words]:
    """The nodes whose operands have other data than when they were computed."""
    result: list[Words] = [
        [
            labels.equation(node),
            " was computed from other data than its operands "
            "have now, and so were its derivatives; forward() computes them anew.",
        ]
        for node in freshness.outdated(shown)
    ]
    return several(result, lambda more: [f"… and so were {more} more."])


def several(said: list[Words], more: Callable[[int], Words]) -> list[Words]:
    """The first of several sentences, and how many more there are."""
    if len(said) <= MOST_SAID:
        return said
    return [*said[:MOST_SAID], more(len(said) - MOST_SAID)]
