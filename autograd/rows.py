"""Many sweeps at once: a row of numbers for every node, one for each of the seeds.

In a sweep from one seed, a node that nothing reaches has no number. In a row it has 0.0, which is
the same unless it meets an infinity or nan: 0 * inf is nan, nothing times inf is nothing. That nan
is handed on to the results; so where all the results for a seed are finite, they are those of a
sweep from this seed alone. Otherwise that sweep is made.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.derivative import Partials, second_sweep
from autograd.forms import native, take_functions
from autograd.graph import Node, Operand, backward_sweep, forward_sweep
from autograd.quiet import quietly

Seed: TypeAlias = Mapping[Node, float]
Rows: TypeAlias = dict[Node, NDArray[np.float64]]

FEWEST, FEWEST_SECOND = 12, 6
"""So many seeds take longer one by one than in rows: of the first order, and of the second."""
MOST = 256
"""Longer rows than this take more memory, but not less time for each seed."""
NUMBERS = 2**23
"""Rows are shorter where the nodes are so many that this would not be enough for all of them."""

_add, _multiply = np.add, np.multiply


def adjoint_rows(
    order: Collection[Node], seeds: Sequence[Seed], wrt: Sequence[Node]
) -> list[list[float]]:
    """The adjoints of the nodes `wrt`, a list for each of the seeds: backward sweeps.

    Args:
        order: nodes in topological order, with all the operands of each.
        seeds: mappings, each from some of these nodes to the adjoints that they begin with.
        wrt: nodes, in any order; where nothing reaches one, its adjoint is 0.0.
    """

    def one(seed: Seed) -> list[float]:
        adjoints = {**dict.fromkeys(order), **seed}
        backward_sweep(adjoints)
        return _numbers(adjoints, wrt)

    if len(seeds) < FEWEST:
        return _singly(one, seeds)

    def many(some: Sequence[Seed]) -> Rows:
        adjoints, kept = _started(some), set(wrt)
        factor, flow = np.empty(()), np.empty(len(some))
        for node in reversed(list(order)):
            adjoint = adjoints.get(node)
            if adjoint is None or (op := node.op) is None:
                continue
            for operand, partial in _uses(node):
                if operand is not None and (partial or not op.selects):
                    factor[()] = partial  # NumPy multiplies by this faster than by a float
                    before = adjoints.get(operand)
                    if before is None:
                        adjoints[operand] = _multiply(adjoint, factor)
                    else:
                        _add(before, _multiply(adjoint, factor, flow), before)
            if node not in kept:
                del adjoints[node]  # the next rows take its place, in the processor's cache
        return adjoints

    return _swept(len(order), seeds, wrt, one, many)


def tangent_rows(
    order: Collection[Node], seeds: Sequence[Seed], outputs: Sequence[Operand]
) -> list[list[float]]:
    """The tangents of the `outputs`, a list for each of the seeds: forward sweeps.

    Args:
        order: nodes in topological order, with all the operands of each.
        seeds: mappings, each from some of these nodes to their tangents, which stay as they are.
        outputs: nodes, and constants, whose tangent is 0.0, as where nothing reaches a node. None
            of the tangents is -0.0.
    """

    def one(seed: Seed) -> list[float]:
        tangents = {**dict.fromkeys(order), **seed}
        forward_sweep(tangents)
        return [tangent + 0.0 for tangent in _numbers(tangents, outputs)]

    if len(seeds) < FEWEST:
        return _singly(one, seeds)

    def many(some: Sequence[Seed]) -> Rows:
        return _pushed(order, some)

    return _swept(len(order), seeds, outputs, one, many)


def second_rows(
    order: Collection[Node],
    edges: Partials,
    seed: Seed,
    directions: Sequence[Seed],
    wrt: Sequence[Node],
) -> list[list[float]]:
    """The tangents of the adjoints of the nodes `wrt`, a list for each of the directions.

    Args:
        order: nodes in topological order, with all the operands of each.
        edges: those to sweep back along, as `recorded_partials` has them, the graphs of the
            partials being in the `order`.
        seed: a mapping from some of the nodes to the adjoints that they begin with.
        directions: mappings, each from some of the nodes to their tangents, which stay as they are.
        wrt: nodes, in any order; where nothing reaches one, it is 0.0.
    """

    def one(direction: Seed) -> list[float]:
        tangents = {**dict.fromkeys(order), **direction}
        forward_sweep(tangents)
        return _numbers(second_sweep(edges, seed, tangents), wrt)

    if len(directions) < FEWEST_SECOND:
        return _singly(one, directions)

    def many(some: Sequence[Seed]) -> Rows:
        return second_sweep(edges, seed, _pushed(order, some))

    return _swept(len(order), directions, wrt, one, many)


def _singly(one: Callable[[Seed], list[float]], seeds: Sequence[Seed]) -> list[list[float]]:
    """A sweep for each of the seeds. Of several, no number is -0.0, as none is in rows."""
    if len(seeds) == 1:
        return [one(seeds[0])]
    return [[number + 0.0 for number in one(seed)] for seed in seeds]


def _swept(
    size: int,
    seeds: Sequence[Seed],
    nodes: Sequence[Operand],
    one: Callable[[Seed], list[float]],
    many: Callable[[Sequence[Seed]], Rows],
) -> list[list[float]]:
    """The numbers that sweeps through a graph of some size give some nodes."""
    most = max(FEWEST, min(MOST, NUMBERS // (size + 1)))
    result: list[list[float]] = []
    for start in range(0, len(seeds), most):
        some = seeds[start : start + most]
        rows = quietly(many, some)
        nothing = np.zeros(len(some))
        columns = [rows.get(x, nothing) if isinstance(x, Node) else nothing for x in nodes]
        table = np.array(columns).reshape(len(nodes), len(some)).T + 0.0
        finite = np.logical_and.reduce(np.isfinite(table), axis=1)
        for seed, numbers, all_finite in zip(some, table.tolist(), finite, strict=True):
            result.append(numbers if all_finite else [x + 0.0 for x in one(seed)])
    return result


def _pushed(order: Iterable[Node], seeds: Sequence[Seed]) -> Rows:
    """The tangents of all nodes that something reaches."""
    tangents = _started(seeds)
    factor, flow = np.empty(()), np.empty(len(seeds))
    for node in order:
        op, total = node.op, None
        if op is None:
            continue
        for operand, partial in _uses(node):
            if operand is not None and (partial or not op.selects):
                tangent = tangents.get(operand)
                if tangent is not None:
                    factor[()] = partial
                    if total is None:
                        total = _multiply(tangent, factor)
                    else:
                        _add(total, _multiply(tangent, factor, flow), total)
        if total is not None:
            if node in tangents:
                for place, seed in enumerate(seeds):
                    total[place] = seed.get(node, total[place])
            tangents[node] = total
    return tangents


def _started(seeds: Sequence[Seed]) -> Rows:
    """The rows that the seeds are in."""
    rows: Rows = {}
    for place, seed in enumerate(seeds):
        for node, number in seed.items():
            if node not in rows:
                rows[node] = np.zeros(len(seeds))
            rows[node][place] = number
    return rows


def _uses(node: Node) -> Iterable[tuple[Node | None, float]]:
    """The operands, None for a constant and for one that is missing, and the partials."""
    wide = node._wide
    if wide is None or not wide.operands:
        return (node._x, node._dx), (node._y, node._dy)
    return zip(wide.operands, wide.partials, strict=True)


def _numbers(found: Mapping[Node, float | None], nodes: Sequence[Operand]) -> list[float]:
    """The number found for each node, or 0.0 if there is none, as for constants."""
    numbers = [found.get(node) if isinstance(node, Node) else None for node in nodes]
    return [0.0 if number is None else number for number in numbers]


if native is not None:
    take_functions(globals(), "adjoint_rows second_rows tangent_rows")
