"""Whether a gradient that agrees was put to the test: on all sides, and where it is not 0."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import fabs
from typing import Any

from autograd.compare.checked import Check
from autograd.compare.conditions import Condition
from autograd.compare.judge import SINGLE, Judge
from autograd.compare.points import Fork, Sample, Unseen
from autograd.compare.report import PASSING, Row
from autograd.edges import Edge, edges, flows
from autograd.graph import constants, topological_order
from autograd.quiet import quiet
from autograd.rounding import attempt
from autograd.value import Value

MOST_SIDES = 3
"""How many of the unseen sides of kinks are named."""
ZERO_EVERYWHERE = "it is 0 at every point tried, so a factor of it would not be noticed"


def exercised(
    checks: Sequence[Check],
    rows: Sequence[Row],
    unseen: Mapping[Fork, Unseen],
    every_branch: bool,
) -> Iterator[Row]:
    """The rows; one that agrees, but was not put to the test, says so.

    Args:
        checks: at all points.
        rows: one for each derivative.
        unseen: the sides that no point was on.
        every_branch: whether that is a verdict of its own, or only noted.
    """
    reach = {fork: _reach(fork, found) for fork, found in unseen.items()}
    for index, row in enumerate(rows):
        if row.verdict not in PASSING:
            yield row
            continue
        wrt = _position(checks[0], index)
        missed = [
            fork
            for fork, places in reach.items()
            if (places is None or wrt in places) and _above(checks[0], index, unseen[fork], fork)
        ]
        notes = [
            unseen[fork].sample.described(fork, unseen[fork].side) for fork in missed[:MOST_SIDES]
        ]
        if len(missed) > MOST_SIDES:
            notes.append(f"likewise for {len(missed) - MOST_SIDES} more sides of kinks")
        if not missed and _zero_everywhere(checks, index):
            notes.append(ZERO_EVERYWHERE)
        if notes:
            verdict = "not exercised" if every_branch else row.verdict
            row = replace(row, verdict=verdict, note="; ".join(filter(None, [row.note, *notes])))
        yield row


def _reach(fork: Fork, unseen: Unseen) -> set[Any] | None:
    """The places of what comes before a kink; None for a condition in the code, after which all
    may be different.
    """
    if isinstance(fork, Condition):
        return None
    sample = unseen.sample
    positions = _positions(sample)
    order = topological_order(sample.judge.nodes[fork.place])
    return {positions.get(node, node.name or sample.judge.places[node]) for node in order}


def _above(check: Check, index: int, unseen: Unseen, fork: Fork) -> bool:
    """Whether what is differentiated was computed from what is at a kink; of a condition in the
    code, that is not known.
    """
    (of, _), _ = check.comparison.pairs[index]
    places = [place for place, x in enumerate(check.sample.judge.outputs) if x is of]
    if isinstance(fork, Condition) or not places:
        return True
    judge = unseen.sample.judge
    return judge.nodes[fork.place] in judge.of(judge.outputs[places[0]]).derivatives


def _position(check: Check, index: int) -> Any:
    """The place of what a row is the derivative with respect to: the same at all points."""
    (_, wrt), _ = check.comparison.pairs[index]
    return _positions(check.sample).get(wrt, wrt.name or check.sample.judge.places.get(wrt))


def _positions(sample: Sample) -> dict[Any, int]:
    return {x: place for place, x in enumerate(sample.arguments)}


def _zero_everywhere(checks: Sequence[Check], index: int) -> bool:
    """Whether a derivative was 0, apart from rounding, at all points, though another is possible.

    Because of saturation, say. Terms that cancel are no reason: a mistake in one of them shows. Nor
    is a structure in which it is always 0: an argument that does not occur, a factor 0 that depends
    on no argument, or an operation such as sign, whose derivative is 0.
    """
    possible = False
    for check in checks:
        (of, wrt), _ = check.comparison.pairs[index]
        if not any(of is output for output in check.sample.judge.outputs):
            return False
        judge = check.sample.judge.of(of)
        # A tolerance that lets anything pass says nothing about what is 0.
        room = judge.room(wrt) * min(1.0, SINGLE / judge.tolerance if judge.tolerance else 1.0)
        if fabs(judge.number(wrt)) > room:
            return False
        if wrt in judge.derivatives:
            if not _sum_of_sizes(judge, wrt) <= room:
                return False
            possible = possible or _variable(check.sample, judge, wrt)
    return possible


def _sum_of_sizes(judge: Judge, wrt: Value) -> float:
    """The derivative with all the terms of the chain rule taken as positive."""
    sizes = {judge.root: 1.0}
    for edge, size in flows(judge.uses, sizes):
        flow = size * fabs(edge.partial) if size and edge.partial else 0.0
        sizes[edge.operand] = sizes.get(edge.operand, 0.0) + flow
    return sizes.get(wrt, 0.0)


def _variable(sample: Sample, judge: Judge, wrt: Value) -> bool:
    """Whether there is a path along which no factor of the chain rule is always 0."""
    varying = {*sample.arguments}
    open_edges = set()
    for node in judge.order:
        for edge in edges(node):
            if edge.operand in varying and node.op and (node.op.steps or node.op.blocks):
                varying.add(node)
            elif _varies(edge, varying):
                open_edges.add((edge.node, edge.place))
                if edge.operand in varying:
                    varying.add(node)
    reached = {judge.root}
    for edge in judge.uses:
        if edge.node in reached and (edge.node, edge.place) in open_edges:
            reached.add(edge.operand)
    return wrt in reached


@quiet
def _varies(edge: Edge[Value], varying: Collection[Value]) -> bool:
    """Whether a partial derivative is not 0, or may be another number at other points.

    Args:
        edge: the use that it belongs to.
        varying: the operands that may be other numbers.
    """
    node, op = edge.node, edge.node.op
    if edge.partial or op is None:
        return True
    if edge.cut and len(edges(node)) > 1:
        return False  # of several, the one that is picked is told by the sides of the kinks
    twins = [Value(x.data) if isinstance(x, Value) else x for x in node.operands]
    out = Value(node.data)
    slopes = attempt(op.differentiate, out, twins, constants(node))
    if slopes is None:
        return True
    moving = {out, *(twins[x.place] for x in edges(node) if x.operand in varying)}
    slope = slopes[edge.place]
    return isinstance(slope, Value) and not moving.isdisjoint(topological_order(slope))
