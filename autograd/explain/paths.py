"""The paths from a node back to another: counted, and those that contribute most.

There may be more paths than could ever be listed, so everything is computed node by node.
"""

import heapq
import itertools
from collections.abc import Iterable, Sequence
from math import isfinite, log
from typing import NamedTuple

from autograd.edges import Edge, edges
from autograd.value import Value

MOST = 10**30
"""Paths are counted up to this number."""
CUT, EXTREME = -1e12, 1e6
"""Stand for the logarithm of a local derivative that cuts, and of one that is 0 or not finite."""


def use(edge: Edge[Value]) -> str:
    """A word that tells a use from other uses of the operand by the node; often empty."""
    operands = edge.node.operands
    if len([x for x in operands if x is edge.operand]) == 1:
        return ""
    return ("left", "right")[edge.place] if len(operands) == 2 else str(edge.place + 1)


def size(edge: Edge[Value]) -> float:
    """The logarithm of a local derivative, always finite; it is large for a nan."""
    if edge.cut:
        return CUT
    if edge.partial == 0.0:
        return -EXTREME
    return log(abs(edge.partial)) if isfinite(edge.partial) else EXTREME


class Path(NamedTuple):
    """The uses along a path, and the product of their local derivatives."""

    edges: Sequence[Edge[Value]]
    contribution: float


class Listed(NamedTuple):
    """Some of the paths, how many others there are, and what the others contribute together."""

    paths: Sequence[Path]
    more: int
    rest: float


class _Branch(NamedTuple):
    """All the paths that begin like another path and leave it at one place by an edge."""

    loss: float
    number: int
    path: Sequence[Edge[Value]]
    place: int
    edge: Edge[Value]
    contribution: float


class Paths:
    """All paths from the last node of a graph to the node `wrt`, which is a different one.

    Attributes:
        edges: of each node on the way, its uses of operands on the way.
        counts: how many paths lead from each node on the way to `wrt`.
    """

    def __init__(self, order: Iterable[Value], wrt: Value) -> None:
        self.edges: dict[Value, Sequence[Edge[Value]]] = {}
        self.counts = {wrt: 1}
        self._onward: dict[Value, float | None] = {wrt: 1.0}
        self._largest = {wrt: 0.0}
        self._best: dict[Value, Edge[Value]] = {}
        for node in order:
            if node is wrt:
                continue
            if onward := [edge for edge in edges(node) if edge.operand in self.counts]:
                self._add(node, onward)
            self.root = node

    def _add(self, node: Value, edges: Sequence[Edge[Value]]) -> None:
        self.edges[node] = edges
        self.counts[node] = min(sum([self.counts[x.operand] for x in edges]), MOST + 1)
        best = max(edges, key=lambda x: (size(x) + self._largest[x.operand], -x.place))
        self._largest[node] = size(best) + self._largest[best.operand]
        self._best[node] = best
        flows = [
            x.partial * onward
            for x in edges
            if not x.cut and (onward := self._onward[x.operand]) is not None
        ]
        self._onward[node] = sum(flows[1:], flows[0]) if flows else None

    @property
    def count(self) -> int:
        """How many paths there are; MOST + 1 means more than MOST."""
        return self.counts[self.root]

    def largest(self, limit: int) -> Listed:
        """The paths that contribute most, in this order, and all the others together."""
        paths: list[Path] = []
        numbers = itertools.count()
        rest = 0.0
        branches: list[_Branch] = []
        path, free = self._completed([], self.root), 0
        while True:
            contribution, left = self._branches(path, free, numbers)
            paths.append(Path(path, contribution))
            left.sort()
            for branch in left[:limit]:
                heapq.heappush(branches, branch)
            rest += sum([branch.contribution for branch in left[limit:]])
            if not branches or len(paths) == limit:
                break
            best = heapq.heappop(branches)
            path = self._completed([*best.path[: best.place], best.edge], best.edge.operand)
            free = best.place + 1
        rest += sum([branch.contribution for branch in branches])
        more = self.count if self.count > MOST else self.count - len(paths)
        return Listed(paths, more, rest)

    def _completed(self, path: list[Edge[Value]], node: Value) -> Sequence[Edge[Value]]:
        """A path from the root to a node, continued by the edges that contribute most."""
        while node in self.edges:
            edge = self._best[node]
            path.append(edge)
            node = edge.operand
        return path

    def _branches(
        self, path: Sequence[Edge[Value]], free: int, numbers: Iterable[int]
    ) -> tuple[float, list[_Branch]]:
        """The contribution of a path, and the branches that leave it from the place `free` on."""
        result = []
        number = iter(numbers)
        flow: float | None = 1.0
        total = 0.0
        for place, edge in enumerate(path):
            for other in self.edges[edge.node] if place >= free else ():
                if other is not edge:
                    onward = self._onward[other.operand]
                    contribution = 0.0
                    if flow is not None and onward is not None and not other.cut:
                        contribution = flow * other.partial * onward
                    loss = -(total + size(other) + self._largest[other.operand])
                    result.append(_Branch(loss, next(number), path, place, other, contribution))
            flow = None if edge.cut or flow is None else flow * edge.partial
            total += size(edge)
        return (0.0 if flow is None else flow), result
