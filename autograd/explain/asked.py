"""A derivative along every path, line by line, for whoever asks about one node of a graph."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from autograd.edges import Edge
from autograd.explain import chain
from autograd.explain.document import line
from autograd.explain.partials import Partials
from autograd.explain.paths import Paths
from autograd.notation.labels import Labels
from autograd.value import Value


class Answer(NamedTuple):
    """The chain rule from the root to one node."""

    lines: Sequence[tuple[str, int | None]]
    """Texts, each with the number of the path that it is about, None if that is all of them."""
    paths: Sequence[Sequence[Edge[Value]]]


class Answers:
    """Answers about the nodes of a graph.

    Args:
        order: its nodes in topological order, the root last.
        adjoints: their gradients, as far as something reaches them.
        labels: of the nodes.
        limit: how many paths are told one by one.
    """

    def __init__(
        self,
        order: Sequence[Value],
        adjoints: Mapping[Value, float],
        labels: Labels[Value],
        limit: int,
    ) -> None:
        self._order, self._adjoints, self._labels, self._limit = order, adjoints, labels, limit
        self._partials = Partials(labels)

    def about(self, node: Value) -> Answer:
        """The answer about a node other than the root."""
        paths = Paths(self._order, node)
        listed = paths.largest(self._limit)
        total = self._adjoints.get(node, 0.0)
        told = chain.chain_rule(paths, listed, node, total, self._labels, self._partials)
        lines = [
            ("\n".join([line(item).strip() for item, _ in several]), number)
            for number, several in groupby(told, key=lambda pair: pair[1])
        ]
        return Answer(lines, [x.edges for x in listed.paths])
