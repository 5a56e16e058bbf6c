"""The hand-derived derivatives of a graph's root at one point, and those that a mistake gives."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.compare.gradients import gradients
from autograd.compare.judge import Judge
from autograd.compare.keys import Pair
from autograd.compare.places import Use
from autograd.edges import Edge, edges
from autograd.graph import constants
from autograd.quiet import quiet
from autograd.rounding import RELATIVE
from autograd.value import Value

Array: TypeAlias = NDArray[np.float64]
Partials: TypeAlias = Mapping[Value, Sequence[float]]
"""The wrong partial derivatives of some nodes."""

MOST_COLUMNS = 48
"""How many derivatives take part in a search; what it finds is then compared with all."""


class Titles(NamedTuple):
    """The names of derivatives: for each, that of what is differentiated, of the Value with respect
    to which, of the argument that this belongs to, and of the derivative itself.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    arguments: Sequence[str]
    derivatives: Sequence[str]


class Axis(NamedTuple):
    """The names of the rows, or of the columns, of a matrix."""

    noun: str
    names: Sequence[str]


class Grouping(NamedTuple):
    """The derivatives of a case in groups that may each have a mistake of their own."""

    noun: str
    """The kind of the groups: the gradient of an argument, the row of an output, …; nothing if
    each is a derivative by itself.
    """
    names: Sequence[str]
    """For each derivative, the group that it is in."""
    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    """The shapes of the groups that are not just vectors."""
    axes: Mapping[str, Sequence[Axis]] = MappingProxyType({})
    """The axes of the groups whose rows and columns have names."""

    def only(self, columns: Sequence[int]) -> "Grouping":
        """The groups of some of the derivatives."""
        return self._replace(names=[self.names[i] for i in columns])

    def of(self, name: str) -> str:
        """A group in words: `the gradient of w`; the name alone if that says it."""
        return f"the {self.noun} of {name}" if self.noun else name

    @property
    def groups(self) -> dict[str, list[int]]:
        """The places of the derivatives in each group."""
        result: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            result.setdefault(name, []).append(place)
        return result


class Case:
    """Some hand-derived derivatives at one point: of the root of a graph, or of several Values.

    The effect of a wrong partial derivative on all of them follows from two sweeps: from what is
    differentiated back to every node (the adjoints), and from the Values forward to every node (the
    rows of `onward`). So a mistake costs a product of two numbers for each derivative, not a sweep.
    """

    def __init__(
        self,
        judge: Judge,
        pairs: Sequence[Pair],
        groupings: Sequence[Grouping],
        yours: Sequence[float] | Array,
    ) -> None:
        self.judge, self.structure = judge, judge.structure
        self.pairs, self.groupings = list(pairs), list(groupings)
        self.yours = np.array(yours, dtype=float)

    def only(self, columns: Sequence[int]) -> "Case":
        """The same point with some of the derivatives."""
        return Case(
            self.judge,
            [self.pairs[i] for i in columns],
            [grouping.only(columns) for grouping in self.groupings],
            self.yours[list(columns)],
        )

    @cached_property
    def ours(self) -> Array:
        """The right numbers."""
        return np.array([self.judge.of(of).number(wrt) for of, wrt in self.pairs])

    @cached_property
    def room(self) -> Array:
        """The differences that rounding explains."""
        room = np.array([self.judge.of(of).room(wrt) for of, wrt in self.pairs])
        if len(self.roots) > 1:  # beside the other numbers of a matrix, 0 may be off by rounding
            beside = self.judge.tolerance * np.max(np.abs(self.ours), initial=0.0)
            room = np.where(self.ours == 0.0, np.maximum(room, beside), room)
        return room

    @cached_property
    def data(self) -> Array:
        """The numbers of the Values with respect to which they are."""
        return np.array([wrt.data for _, wrt in self.pairs])

    @cached_property
    def off(self) -> NDArray[np.bool_]:
        """Which of the derivatives are wrong."""
        return np.asarray(~self.near(self.yours, self.ours))

    def near(self, numbers: Array, others: Array) -> NDArray[np.bool_]:
        """Whether numbers are the same, apart from rounding."""
        return near(numbers, others, self.room)

    def fits(self, numbers: Sequence[float] | Array) -> bool:
        """Whether numbers are the hand-derived ones, apart from rounding."""
        return bool(self.near(np.asarray(numbers), self.yours).all())

    def right(self, numbers: Sequence[float] | Array) -> bool:
        """Whether numbers are the right ones, apart from rounding."""
        return bool(self.near(np.asarray(numbers), self.ours).all())

    @cached_property
    def roots(self) -> list[Value]:
        """The Values that are differentiated."""
        return list(dict.fromkeys(of for of, _ in self.pairs))

    @cached_property
    def adjoints(self) -> Array:
        """For each node, the derivatives of what is differentiated with respect to it: one for each
        of the pairs, or a single one if that is the same in all of them.
        """
        columns = np.array(
            [[self.judge.of(root).number(x) for root in self.roots] for x in self.judge.order]
        )
        if len(self.roots) == 1:
            return columns
        places = {root: place for place, root in enumerate(self.roots)}
        return columns[:, [places[of] for of, _ in self.pairs]]

    @cached_property
    def onward(self) -> Array:
        """For each node, its derivative with respect to the Value of each pair."""
        places = {x: place for place, x in enumerate(dict.fromkeys(wrt for _, wrt in self.pairs))}
        return self.forward(places)[:, [places[wrt] for _, wrt in self.pairs]]

    def forward(self, seeds: Mapping[Value, int]) -> Array:
        """The derivative of each node with respect to some of them, each of which has a column."""
        return forward(self.judge.order, seeds)

    @quiet
    def gradient(self, partials: Partials) -> Array:
        """The numbers that follow from other partial derivatives of some nodes."""
        structure = self.structure
        if len({structure.levels[node] for node in partials}) > 1:  # one may depend on another
            return self.swept(partials)
        result = self.ours.copy()
        for node, wrong in partials.items():
            adjoints = self.adjoints[structure.rows[node]]
            for edge in edges(node) if adjoints.any() else ():
                change = wrong[edge.place] - edge.partial
                if change:
                    result += adjoints * change * self.onward[structure.rows[edge.operand]]
        return result

    def swept(
        self, partials: Partials, given: Mapping[Value, float] = MappingProxyType({})
    ) -> Array:
        """The numbers that backward sweeps give, with other partial derivatives of some nodes, or
        with numbers that some hand on instead of the derivative with respect to them.
        """
        judges = {root: self.judge.of(root) for root in self.roots}
        slopes = {
            root: gradients(judge.order, judge.uses, partials, given)
            for root, judge in judges.items()
        }
        return np.array([slopes[of].get(wrt, 0.0) for of, wrt in self.pairs])

    @cached_property
    def edges(self) -> dict[Use, Edge[Value]]:
        """All the uses of operands."""
        places = self.judge.places
        return {(places[edge.node], edge.place): edge for edge in self.judge.uses}

    @quiet
    def factors(self) -> dict[Use, float]:
        """The partial derivatives that, each in the place of the right one, explain the numbers.

        A derivative is linear in each of them: the change follows from one number, and the others
        confirm it or do not. It is nan where nothing depends on it.
        """
        uses = self.edges
        nodes = [self.structure.rows[edge.node] for edge in uses.values()]
        operands = [self.structure.rows[edge.operand] for edge in uses.values()]
        effects = self.adjoints[nodes] * self.onward[operands]
        off: Array = np.where(self.off, self.yours - self.ours, 0.0)
        strongest = np.abs(effects).argmax(axis=1, keepdims=True)
        change = np.take(off, strongest) / np.take_along_axis(effects, strongest, axis=1)
        room = np.maximum(self.room, RELATIVE * np.maximum(np.abs(self.yours), np.abs(self.ours)))
        confirmed = np.asarray(near(change * effects, off, room).all(axis=1))
        idle = (effects == 0.0).all(axis=1)
        unmoved = not self.off.any()
        return {
            use: np.nan if idle[row] else edge.partial + float(change[row, 0])
            for row, (use, edge) in enumerate(uses.items())
            if (unmoved if idle[row] else confirmed[row])
        }

    def replayed(
        self, data: Mapping[Value, float], partials: Partials, constant: Mapping[float, float] = {}
    ) -> Partials:
        """The partial derivatives if some nodes had other data and some constants other values, and
        the nodes that use them followed; nan where an operation is not defined there.

        `partials` are those of the nodes whose data is given.
        """
        return self._again(dict(data), dict(partials), constant, following=True)

    def nearby(self, data: Mapping[Value, float]) -> Partials:
        """The partial derivatives if some nodes had other data, but only sums followed: those of
        what is computed from them and from such sums.
        """
        return self._again(dict(data), {}, {}, following=False)

    @quiet
    def _again(
        self,
        data: dict[Value, float],
        partials: dict[Value, Sequence[float]],
        constant: Mapping[float, float],
        following: bool,
    ) -> Partials:
        given = set(data)
        for node in self.judge.order:
            if node.op is None or node in given:
                continue
            operands = node.operands
            if not any(x in (constant if isinstance(x, float) else data) for x in operands):
                continue
            numbers = [
                constant.get(x, x) if isinstance(x, float) else data.get(x, x.data)
                for x in operands
            ]
            try:
                value, slopes = node.op.evaluate(numbers, constants(node))
            except Exception:  # a custom operation may raise anything
                return {node: [np.nan] * len(numbers)}
            partials[node] = slopes
            if following or node.op.sums:
                data[node] = value
        return partials


@quiet
def forward(order: Sequence[Value], seeds: Mapping[Value, int]) -> Array:
    """The derivative of each of some nodes, in topological order, with respect to some of them,
    each of which has a column. Nothing flows from nodes that are not among them.
    """
    rows = {node: row for row, node in enumerate(order)}
    result = np.zeros((len(rows), len(seeds)))
    for row, node in enumerate(order):
        for edge in edges(node):
            if edge.partial and edge.operand in rows:
                result[row] += edge.partial * result[rows[edge.operand]]
        if node in seeds:
            result[row, seeds[node]] += 1.0
    return result


def telling(cases: Sequence[Case]) -> list[int]:
    """Some of the derivatives, wrong and right ones, if there are very many."""
    count = len(cases[0].pairs)
    if count <= MOST_COLUMNS:
        return list(range(count))
    wrong = np.any([case.off for case in cases], axis=0)
    parts = [np.flatnonzero(x) for x in (wrong, ~wrong)]
    chosen = [part[:: 1 + 2 * len(part) // MOST_COLUMNS] for part in parts]
    return sorted(int(i) for part in chosen for i in part)


def near(numbers: Array, others: Array, room: Array) -> NDArray[np.bool_]:
    """Whether numbers are no further apart than the room for rounding, or nearly the same."""
    size = np.maximum(np.abs(numbers), np.abs(others))
    with_room = np.abs(numbers - others) <= np.maximum(room, RELATIVE * size)
    finite = np.isfinite(size) & np.isfinite(room)
    return np.asarray((numbers == others) | (with_room & finite))
