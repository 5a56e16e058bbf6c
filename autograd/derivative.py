"""Derivatives as graphs of their own, which can be differentiated again and computed anew.

These are the sweeps of `autograd.graph`, with the partials of each operation applied to the nodes
themselves instead of numbers. What a selection cuts off must stay cut off when such a graph is
computed anew from other data, so what flows below one is given a gate: a node that is 0 while
nothing flows. Gates are made with `where`, and `defined` makes nan of what has no value: that is
why these two operations are named here.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from autograd.forms import native
from autograd.graph import N, Node, Operand, arguments, sort
from autograd.op import Op, undefined
from autograd.ops import defined, where
from autograd.questions import ask, listeners
from autograd.quiet import quiet
from autograd.reals import real

T = TypeVar("T", float, NDArray[np.float64])
Partials: TypeAlias = list[tuple[Node, Node, Operand]]
"""A node, one of its operands, the partial as a graph or a constant."""


def has_values(numbers: Sequence[float]) -> tuple[bool, ...]:
    """For each number, whether it is one, not nan.

    This is asked of all the nodes that are differentiated: the graph of a derivative depends on
    their numbers in nothing else.
    """
    return tuple([x == x for x in numbers])


def _tell(order: Collection[Node]) -> None:
    if listeners:
        ask(has_values, tuple(order))


@quiet
def derivative_graphs(
    order: Collection[Node], seeds: Mapping[N, Operand], wrt: Sequence[N]
) -> list[N | float]:
    """The adjoints of the nodes `wrt`, each as a graph or as a constant: the backward sweep."""
    _tell(order)
    if native is not None:
        found = native.adjoint_graphs(order, dict(seeds), wrt, operand_partials, _gated, _either)
        return cast(list[N | float], found)
    adjoints = cast(dict[Node, Operand], dict(seeds))
    gates: dict[Node, Node] = {}
    for node, operands in reversed(_dependent(order, wrt)):
        if node in adjoints:
            adjoint, gate = adjoints[node], gates.get(node)
            for operand, partial in operand_partials(node, operands):
                _add(adjoints, gates, operand, *_gated(node, adjoint, partial, gate))
    return cast(list[N | float], [adjoints.get(node, 0.0) for node in wrt])


@quiet
def tangent_graphs(order: Collection[Node], seeds: Mapping[Node, Operand]) -> dict[Node, Operand]:
    """The tangent of every node that depends on the seeded ones, as a graph or as a constant: the
    forward sweep.
    """
    _tell(order)
    tangents = dict(seeds)
    gates: dict[Node, Node] = {}
    for node, operands in _dependent(order, seeds):
        for operand, partial in operand_partials(node, operands):
            if operand in tangents:
                tangent, gate = tangents[operand], gates.get(operand)
                _add(tangents, gates, node, *_gated(node, tangent, partial, gate))
    return tangents


def _gated(
    node: Node, upstream: Operand, partial: Operand, gate: Node | None
) -> tuple[Operand, Node | None]:
    """The flow along an edge of a node, and the gate that it goes through, None if open."""
    assert node.op is not None
    if node.op.selects and isinstance(partial, Node):
        gate = partial if gate is None else where(gate, partial, 0.0)
    flow = _product(upstream, partial)
    finite = gate is not None and isinstance(partial, float) and math.isfinite(partial)
    if gate is not None and flow is not gate and not finite:  # 0 times what is finite is 0
        flow = where(gate, flow, 0.0)
    return flow, gate


def _product(adjoint: Operand, partial: Operand) -> Operand:
    """`adjoint * partial` without the multiplications by 1 that a person would not write."""
    if type(partial) is float and partial == 1.0:
        return adjoint
    if type(adjoint) is float and adjoint == 1.0:
        return partial
    if type(partial) is float and partial == -1.0:
        return -adjoint
    return adjoint * partial


def _add(
    flows: dict[Node, Operand],
    gates: dict[Node, Node],
    node: Node,
    flow: Operand,
    gate: Node | None,
) -> None:
    """Add a flow to those that have reached a node; its gate is open if one of theirs is."""
    if node not in flows:
        flows[node] = flow
        if gate is not None:
            gates[node] = gate
    else:
        flows[node] = flows[node] + flow
        other = gates.pop(node, None)
        if gate is not None and other is not None:
            gates[node] = _either(other, gate)


def _either(gate: Node, other: Node) -> Node:
    """The gate that is open where one of two is."""
    return cast(Node, where(gate, 1.0, other))


@quiet
def recorded_partials(order: Collection[Node], wrt: Iterable[Node]) -> tuple[Partials, list[Node]]:
    """The edges that lead to the nodes `wrt`, with their partials as graphs.

    Also the topological order with the nodes of the partials after those of `order`: sweeping
    tangents forward through it tells how every partial changes.
    """
    _tell(order)
    edges = _edges(order, wrt)
    graphs = [partial for _, _, partial in edges if isinstance(partial, Node)]
    return edges, sort(*graphs, first=order)


def _edges(order: Iterable[Node], wrt: Iterable[Node]) -> Partials:
    if native is not None:
        return cast(Partials, native.partial_graphs(order, wrt, operand_partials))
    return [
        (node, operand, partial)
        for node, operands in _dependent(order, wrt)
        for operand, partial in operand_partials(node, operands)
    ]


def second_sweep(
    edges: Partials, seeds: Mapping[Node, float], tangents: Mapping[Node, T | None]
) -> dict[Node, T]:
    """The tangents of the adjoints: how the gradient changes in a direction.

    A backward sweep that carries, with each number, its derivative in the direction of the
    `tangents`, which are those of a forward sweep through the partials: numbers, or arrays of one
    number for each of several directions. The seeds are adjoints.
    """
    adjoints = dict(seeds)
    changes: dict[Node, T] = {}
    for node, operand, partial in reversed(edges):
        adjoint = adjoints.get(node)
        if adjoint is None:
            continue
        if isinstance(partial, Node):
            slope, bend = partial._number, tangents.get(partial)
            if not slope and node.op is not None and node.op.selects and not np.any(bend):
                continue
        else:
            slope, bend = partial, None
        before = adjoints.get(operand)
        adjoints[operand] = adjoint * slope if before is None else before + adjoint * slope
        change = changes.get(node)
        if change is not None:
            change = change * slope if bend is None else change * slope + adjoint * bend
        elif bend is not None:
            change = adjoint * bend
        else:
            continue
        earlier = changes.get(operand)
        changes[operand] = change if earlier is None else earlier + change
    return changes


def _dependent(
    order: Iterable[Node], sources: Iterable[Node]
) -> list[tuple[Node, Sequence[Node | None]]]:
    """The nodes that were computed from the sources, in order.

    Each comes with its operands; None stands for those that were not computed from them.
    """
    below = set(sources)
    found: list[tuple[Node, Sequence[Node | None]]] = []
    for node in order:
        if node._wide is None or not node._wide.operands:
            x, y = node._x, node._y
            x, y = x if x in below else None, y if y in below else None
            if x is None and y is None:
                continue
            operands: Sequence[Node | None] = (x, y)
        else:
            operands = [x if x in below else None for x in node._wide.operands]
            if all(x is None for x in operands):
                continue
        found.append((node, operands))
        below.add(node)
    return found


def operand_partials(node: Node, wrt: Sequence[Node | None]) -> list[tuple[Node, Operand]]:
    """The operands in `wrt`, each with its partial as a graph or a constant, without those that a
    selection cuts off for good.
    """
    op, operands = node.op, node.operands
    assert op is not None
    try:
        pairs = _evaluated(op, node, operands, wrt)
    except (ArithmeticError, ValueError):  # among constants: NumPy's scalars do not raise
        scalars = [x if isinstance(x, Node) else np.float64(x) for x in operands]
        pairs = _evaluated(op, node, scalars, wrt)
    if node._number != node._number and undefined(node._number, arguments(node)):
        pairs = [(operand, defined(partial, node)) for operand, partial in pairs]
    if op.selects:
        pairs = [pair for pair in pairs if isinstance(pair[1], Node) or pair[1] != 0.0]
    return pairs


def _evaluated(
    op: Op, node: Node, operands: Sequence[Operand], wrt: Sequence[Node | None]
) -> list[tuple[Node, Operand]]:
    rules = op.partials if op.arity else op.differentiate(node, operands)
    pairs = []
    for operand, rule in zip(wrt, rules, strict=False):  # of one operand, the second is None
        if operand is not None:
            partial = rule(node, *operands) if op.arity else rule
            if type(partial) is not float and not isinstance(partial, Node):
                partial = real(partial, f"a partial of {op.name}")
            pairs.append((operand, partial))
    return pairs
