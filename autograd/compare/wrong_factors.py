"""The wrong factors of a derivation by hand: the first one, or one that explains all numbers."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, isnan

from autograd.compare.case import Case, telling
from autograd.compare.gradients import gradients, replaced
from autograd.compare.judge import Judge
from autograd.compare.report import apart, should_be
from autograd.edges import Edge, edges, users
from autograd.notation.numbers import number
from autograd.rounding import RELATIVE, near
from autograd.value import Value


def first_wrong(
    judge: Judge,
    manual: Mapping[Value, float],
    local: Mapping[tuple[Value, Value], float],
) -> tuple[dict[Value, str], dict[Value, str]]:
    """The derivatives that are wrong in their own right, from the root down, and the others.

    A number that follows by the chain rule from those given for other Values, right or wrong, only
    inherits their errors.

    Args:
        judge: of the root.
        manual: the hand-derived derivatives of the root.
        local: hand-derived factors of the chain rule: derivatives of a Value with respect to one
            of its operands.

    Returns:
        A sentence on each that is wrong in its own right, and a note on each of the others that
        disagree.
    """
    manual = {node: number for node, number in manual.items() if isfinite(number)}
    expected = gradients(judge.order, judge.uses, replaced(_given(local)), manual)
    uses = users(judge.order)
    symbol, names = judge.labels.derivative, judge.names
    wrong, inherited = {}, {}
    for node in reversed(judge.order):
        if node not in manual or judge.verdict(node, manual[node])[0] != "disagree":
            continue
        top = _above(node, uses, manual, judge.root)
        upstream = manual.get(top, judge.derivatives[top].number)
        right = judge.derivatives[node].number
        follows = near(manual[node], expected[node], judge.room(node))
        if follows and abs(expected[node] - right) > judge.room(node):
            inherited[node] = "this only follows from what is wrong above it"
            continue
        if top is node or not upstream:
            top, upstream = judge.root, 1.0
        wrong[node] = (
            f"{symbol(top, node).text}: "
            f"{should_be(manual[node] / upstream, expected[node] / upstream)} "
            f"at {names[node]} = {number(node.data)}"
        )
    return wrong, inherited


def _given(local: Mapping[tuple[Value, Value], float]) -> Iterator[Edge[Value]]:
    """The uses whose factors are given; several uses of one operand share its factor."""
    for (of, wrt), factor in local.items():
        uses = [edge for edge in edges(of) if edge.operand is wrt]
        yield from (edge._replace(partial=factor / len(uses)) for edge in uses)


def _above(
    node: Value,
    uses: Mapping[Value, Sequence[Edge[Value]]],
    manual: Mapping[Value, float],
    root: Value,
) -> Value:
    """The nearest Value above, with a number of its own, that carries all of a node's effect."""
    top = node
    above: set[Value]
    while len(above := {edge.node for edge in uses.get(top, ())}) == 1:
        (top,) = above
        if top in manual or top is root:
            return top
    return root


def explaining_factors(case: Case, others: Sequence[Case] = ()) -> list[str]:
    """The local derivatives that each, if changed alone, make all the numbers right, at one point
    and at all others where they are wrong.
    """
    columns = telling([case, *others])
    factors = case.only(columns).factors()
    for other in others:
        if other.off.any():
            possible = other.only(columns).factors()
            factors = {use: x for use, x in factors.items() if use in possible}
    result, labels = [], case.judge.labels
    for use, yours in factors.items():
        node, _, operand, local = case.edges[use]
        if isnan(yours) or near(yours, local, 0.0):
            continue
        yours = yours if abs(yours) > RELATIVE * abs(local) else 0.0
        result.append(
            f"{labels.derivative(node, operand).text}: {number(yours)} instead of "
            f"{number(local + 0.0)}{apart(yours, local)} "
            f"at {labels[operand].text.text} = {number(operand.data)}"
        )
    return list(dict.fromkeys(result))
