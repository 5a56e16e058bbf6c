"""The evidence on a wrong gradient: the numbers of each argument, and of the function, at all
points, as arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.compare.case import Array, Axis, Case, Grouping, near
from autograd.compare.findings import Finding
from autograd.compare.judge import Judge
from autograd.compare.recognized import recognized
from autograd.edges import edges
from autograd.notation.numbers import number
from autograd.rounding import RELATIVE

Mask: TypeAlias = NDArray[np.bool_]

FEWEST = 4
"""How many points with different numbers it takes to call a relation with a free number a fact."""
CONDITION = 1e3
"""How much larger than its rounding a number must be to tell the size of a ratio."""
CONSTANT = 1e-6
"""How little numbers vary, relative to their size, that may as well be the same."""
DIGITS, FEW_DIGITS = 12, 3
"""The significant digits of a number in a finding, and of one that is rather written in digits."""
MOST_LISTED = 6
"""How many elements or numbers a sentence lists."""
MOST_NODES = 600
"""How many nodes a graph may have whose numbers are each compared with ratios and differences;
otherwise only those that are not one of many alike.
"""
MOST_CONSTANTS = 200
MOST_ALONE = 20
"""Of how many arguments the difference from 1 is one of the numbers of the function."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number of the function at each point, or one for each element of an argument."""

    name: str
    numbers: Array
    """Of the shape (points,) or (points, elements)."""
    rank: int
    """How simple it is: leaves come first."""
    output: bool = False
    """Whether it is one of several results, which may be a factor, but hardly a term."""

    @property
    def value(self) -> bool:
        """Whether it is that of a Value, not of a derivative."""
        return self.rank <= 1

    def grid(self, shape: tuple[int, ...]) -> Array | None:
        """The numbers for each of so many points and elements; None if they are of others."""
        numbers = self.numbers[:, None] if self.numbers.ndim == 1 else self.numbers
        return np.broadcast_to(numbers, shape) if numbers.shape[1] in (1, shape[1]) else None


@dataclass(frozen=True, eq=False)
class Argument:
    """The numbers of one argument at all points: arrays of the shape (points, elements)."""

    noun: str
    """The kind of the numbers: the gradient of an argument, the row of an output, …"""
    name: str
    shape: tuple[int, ...]
    yours: Array
    ours: Array
    room: Array
    """The differences that rounding explains."""
    data: Array
    place: str = ""
    """The elements or points that these are, in words, if they are not all."""
    rest: str = ""
    """A word on the others."""
    axes: Sequence[Axis] = ()
    """The names of its rows and columns, if they have any."""

    @cached_property
    def bad(self) -> Mask:
        """Which numbers are wrong."""
        return np.logical_not(near(self.yours, self.ours, self.room))

    @cached_property
    def telling(self) -> Mask:
        """Which numbers are wrong, or would be if they were wrong by little."""
        return self.bad | (np.abs(self.ours) > CONDITION * self.room)

    def is_yours(self, numbers: Array, scale: float = 1.0) -> bool:
        """Whether some numbers are yours, apart from rounding, at all points."""
        return bool(near(numbers, self.yours, self.room * max(1.0, abs(scale))).all())

    def finding(self, kind: str, words: str, value: float | None = None) -> Finding:
        """A finding on it."""
        if value is not None:
            value = float(f"{value:.{DIGITS}g}") if isfinite(value) else None
        template = words.replace("{noun}", self.noun) + self.rest
        if not self.noun:
            template = template.replace("the  of {argument}", "{argument}")
        return Finding(kind, self.name, self.place, value, True, template)

    def line(self, axis: int, index: int) -> str:
        """The name of a row or a column."""
        return self.axes[axis].names[index] if self.axes else str(index)

    def element(self, flat: int) -> str:
        """The index of an element, as it is written."""
        index = [
            self.line(axis, int(i)) for axis, i in enumerate(np.unravel_index(flat, self.shape))
        ]
        return index[0] if len(self.axes) == 1 else f"[{', '.join(index)}]"

    def elements(self, chosen: Mask, place: str, rest: str) -> "Argument":
        """Some of the elements."""
        tables = {name: getattr(self, name)[:, chosen] for name in TABLES}
        shape = (int(chosen.sum()),)
        return replace(self, shape=shape, place=place, rest=rest, axes=(), **tables)

    def within(self, mask: Mask, place: str, rest: str) -> "Argument":
        """Some of the elements at some of the points, each as a point of its own."""
        tables = {name: getattr(self, name)[mask][:, None] for name in TABLES}
        return replace(self, shape=(1,), place=place, rest=rest, axes=(), **tables)


TABLES = ("yours", "ours", "room", "data")


@dataclass(frozen=True, eq=False)
class Evidence:
    """The numbers of all arguments, and those of the function that a relation may be about."""

    grouping: Grouping
    arguments: Sequence[Argument]
    quantities: Sequence[Quantity]
    constants: Sequence[float]
    """The plain numbers that occur in the function."""
    counts: Sequence[float]
    """How many operands the operations have that take any number."""
    results: Array
    """Those of the function."""
    exact: float = RELATIVE
    """How nearly a number must be met to be recognized, relative to its size."""

    def recognized(self, x: float) -> str:
        """A number as people know it, or nothing."""
        return recognized(x, self.constants, self.exact)

    def spelled(self, x: float) -> str:
        """A number as people know it, otherwise in digits."""
        return self.recognized(x) or number(x)

    def decimal(self, x: float) -> str:
        """A number in digits if these are few, otherwise as people know it."""
        rounded = float(f"{x:.{FEW_DIGITS}g}")
        few = abs(x - rounded) <= self.exact * abs(x)
        return number(rounded) if few else self.spelled(x)

    def occurs(self, x: float) -> bool:
        """Whether a number is one of the function's, apart from its sign."""
        return any(abs(abs(x) - abs(y)) <= self.exact * abs(y) for y in self.constants)

    def at(self, rows: Sequence[int]) -> "Evidence":
        """The quantities at some of the points."""
        quantities = [replace(x, numbers=x.numbers[list(rows)]) for x in self.quantities]
        return replace(self, quantities=quantities, results=self.results[list(rows)])

    def within(self, mask: Mask) -> "Evidence":
        """The quantities of some elements at some points, each of which counts as a point."""
        quantities = [
            replace(x, numbers=grid[mask])
            for x in self.quantities
            if (grid := x.grid(mask.shape)) is not None
        ]
        results = np.broadcast_to(self.results[:, None], mask.shape)[mask]
        return replace(self, quantities=quantities, results=results)


def evidence(cases: Sequence[Case], grouping: Grouping, shown: Judge, exact: float) -> Evidence:
    """The evidence at some points.

    Args:
        cases: the numbers at each point.
        grouping: what is looked at by itself.
        shown: the graph whose labels are used.
        exact: how nearly numbers that are recognized must be met, relative to their size.
    """
    arguments = _arguments(cases, grouping)
    quantities: list[Quantity] = []
    results = np.zeros(len(cases))
    if len(shown.outputs) == 1:  # the numbers of an argument belong to its gradient
        results = np.array([case.judge.root.data for case in cases])
        quantities += [Quantity(x.name, x.data, 0) for x in arguments if x.data.shape[1] > 1]
        quantities += [Quantity(f"1 - {x.name}", 1.0 - x.data, 1) for x in arguments[:MOST_ALONE]]
    quantities += [*_of_nodes(cases, shown), *_of_families(cases, shown, arguments)]
    ranked = sorted(quantities, key=lambda x: x.rank)
    constants, counts = _constants(cases[0])
    return Evidence(grouping, arguments, ranked, constants, counts, results, exact)


def _arguments(cases: Sequence[Case], grouping: Grouping) -> list[Argument]:
    result = []
    for name, columns in grouping.groups.items():
        shape, axes = grouping.shapes.get(name, (len(columns),)), grouping.axes.get(name, ())
        if int(np.prod(shape)) != len(columns):
            shape, axes = (len(columns),), ()
        yours, ours, room, data = (
            np.array([getattr(case, table)[columns] for case in cases]) for table in TABLES
        )
        result.append(Argument(grouping.noun, name, shape, yours, ours, room, data, axes=axes))
    return result


def _constants(case: Case) -> tuple[list[float], list[float]]:
    """The plain numbers among the operands of short operations, and the lengths of the others."""
    constants: dict[float, None] = {}
    counts: dict[float, None] = {}
    for node in case.judge.order:
        if node.op is not None and node.op.arity is None:
            counts[float(len(node.operands))] = None
        elif node.op is not None:
            constants |= dict.fromkeys(x for x in node.operands if isinstance(x, float))
    return list(constants)[:MOST_CONSTANTS], list(counts)


def _of_nodes(cases: Sequence[Case], shown: Judge) -> list[Quantity]:
    """The numbers of nodes that are in all graphs, their local derivatives, and the derivatives of
    the root with respect to them.
    """
    order = [x for x in shown.order if len(shown.outputs) == 1 or x is not shown.root]
    if len(order) > MOST_NODES:
        alike = {node for nodes in shown.structure.families for node in nodes}
        order = [x for x in order if x.op is not None and x not in alike][:MOST_NODES]
    graphs, labels = [case.judge for case in cases], shown.formulas
    result = []
    for node in order:
        place = shown.places[node]
        if not all(place in judge.nodes for judge in graphs):
            continue
        nodes = [judge.nodes[place] for judge in graphs]
        data = np.array([x.data for x in nodes])
        label = labels[node].text.text
        output = len(shown.outputs) > 1 and any(node is x for x in shown.outputs)
        result.append(Quantity(label, data, int(node.op is not None), output))
        if node.op is not None and ((data > 0.0) & (data < 1.0)).all():  # a probability
            result.append(Quantity(f"(1 - {label})", 1.0 - data, 2))
        if len({len(x.operands) for x in [node, *nodes]}) == 1:
            for edge in edges(node):
                slope = labels.derivative(node, edge.operand).text
                numbers = np.array([x.partials[edge.place] for x in nodes])
                result.append(Quantity(slope, numbers, 2))
        if len(shown.outputs) == 1 and node is not shown.root:
            slope = labels.derivative(shown.root, node).text
            adjoints = [judge.number(x) for judge, x in zip(graphs, nodes, strict=True)]
            result.append(Quantity(slope, np.array(adjoints), 3))
    return result


def _of_families(
    cases: Sequence[Case], shown: Judge, arguments: Sequence[Argument]
) -> list[Quantity]:
    """The numbers of arrays: one for each element of an argument, for each row or each column."""
    shapes = {x.shape for x in arguments if x.data.shape[1] > 1}
    graphs, result = [case.judge for case in cases], []
    for nodes in shown.structure.families if shapes else ():
        places = [shown.places[node] for node in nodes]
        if not all(place in judge.nodes for judge in graphs for place in places):
            continue
        data = np.array([[judge.nodes[place].data for place in places] for judge in graphs])
        first, count = shown.formulas[nodes[0]].text.text, len(nodes)
        for shape in shapes:
            if int(np.prod(shape)) == count:
                result.append(Quantity(f"{first}, … (element by element)", data, 1))
            elif len(shape) == 2 and count == shape[0]:
                rows = np.repeat(data, shape[1], axis=1)
                result.append(Quantity(f"{first}, … (row by row)", rows, 1))
            elif len(shape) == 2 and count == shape[1]:
                columns = np.tile(data, (1, shape[0]))
                result.append(Quantity(f"{first}, … (column by column)", columns, 1))
    return result
