"""Mistakes that people make in derivations by hand, and those that are in whole gradients.

Each is a wrong partial derivative of a node, as the catalogue has them, or a change of whole
gradients, with its name. The search makes each of them on purpose: what gives the hand-derived
numbers at every point may be the mistake.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple, TypeAlias

import numpy as np

from autograd.catalogue.slopes import FACTORS
from autograd.compare.case import Array, Case, Grouping
from autograd.compare.judge import Judge
from autograd.compare.places import Place, Use
from autograd.edges import Edge
from autograd.explain.paths import use
from autograd.value import Value

MOST_SWAPPED = 8
EVERYWHERE = ", everywhere"
LIKE_IT = " and all like it)"
"""Where a mistake is made in a family of nodes."""
LOCAL = {"a sign is flipped", "the factor 2 is missing", "there is an extra factor 2"}
"""Mistakes that nobody makes everywhere."""

OWNERS = {"gradient": "an argument", "row": "an output", "column": "a variable"}
"""The owner of a gradient, a row of a Jacobian, a column of it."""

Change = Callable[[Array], Array]
"""Turns a gradient into the one that a mistake gives."""


class Slope(NamedTuple):
    """The derivative of the node at one place with respect to that at another."""

    of: Place
    wrt: Place


Words: TypeAlias = tuple[str | Place | Slope, ...]
"""Words with places in them."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to get a derivation wrong."""

    kind: str
    """The mistake as a clause; places where it gives the same numbers count as one."""
    where: Words = ()
    """The words for the place, with the places in them."""
    solved: tuple[float, ...] = ()
    """Numbers that belong to it, such as the constant that gives yours."""
    made: Sequence[Place | Use] = field(default=(), compare=False)
    """All the nodes, or the uses of operands, at which it is made; none if in whole gradients."""
    stops: bool = field(default=False, compare=False)
    """Whether it lets nothing through where it is made."""
    argument: str = field(default="", compare=False)
    """The argument whose gradient alone it is about."""

    @property
    def extent(self) -> int:
        """In how many places it is made."""
        return max(1, len(self.made))

    def place(self, judges: Sequence[Judge]) -> str:
        """The place in words, with the formulas of the first graph that has it."""
        places = [x for x in self.where if isinstance(x, Place)]
        places += [x for slope in self.where if isinstance(slope, Slope) for x in slope]
        judge = next(x for x in judges if all(place in x.nodes for place in places))
        return "".join(x if isinstance(x, str) else _label(x, judge) for x in self.where)


def _label(place: Place | Slope, judge: Judge) -> str:
    nodes, labels = judge.nodes, judge.formulas
    if isinstance(place, Place):
        return labels[nodes[place]].text.text
    return labels.derivative(nodes[place.of], nodes[place.wrt]).text


def used(edge: Edge[Value], places: Mapping[Value, Place]) -> Words:
    """The place of a use: `x in x - mean`."""
    which = use(edge)
    return (" (", places[edge.operand], " in ", places[edge.node], f", {which})" if which else ")")


def use_of(edge: Edge[Value], places: Mapping[Value, Place]) -> Use:
    """The use of an operand, by the place of the node."""
    return places[edge.node], edge.place


def at(kind: str, nodes: Sequence[Value], places: Mapping[Value, Place]) -> Mistake:
    """A mistake that is made at a node, or at several that are alike."""
    return Mistake(kind, alike(nodes, places), made=[places[node] for node in nodes])


def everywhere(kind: str, nodes: Iterable[Value], places: Mapping[Value, Place]) -> Mistake:
    """A mistake that is made at all the nodes where it can be."""
    return Mistake(kind, (EVERYWHERE,), made=[places[node] for node in nodes])


def alike(nodes: Sequence[Value], places: Mapping[Value, Place]) -> Words:
    """The place of nodes that are alike: all the neurons of a layer."""
    return (" (at ", places[nodes[0]], LIKE_IT if len(nodes) > 1 else ")")


# --- In whole gradients -------------------------------------------------------------------------


def in_arguments(case: Case) -> Iterator[tuple[Mistake, Change]]:
    """Whole gradients that are scaled, forgotten or put elsewhere."""
    for kind, factor in FACTORS:
        kind = kind.replace("a gradient", f"a {case.groupings[0].noun}")
        yield Mistake(kind, stops=not factor), _times(factor, range(len(case.pairs)))
    for grouping in case.groupings:
        for name, positions in grouping.groups.items():
            yield from _in_group(grouping, name, positions)


def _in_group(
    grouping: Grouping, name: str, positions: list[int]
) -> Iterator[tuple[Mistake, Change]]:
    """A part of the derivatives that is scaled, forgotten, or in the wrong order or place."""
    noun, groups = grouping.noun, grouping.groups
    if noun not in OWNERS:
        return
    if len(groups) > 1:
        for kind, factor in FACTORS:
            kind = kind.replace("a gradient", f"a {noun}")
            where = (f" (in the {noun} of {name})",)
            yield Mistake(kind, where, stops=not factor, argument=name), _times(factor, positions)
    elements: Sequence[str] = [*map(str, range(len(positions)))]
    axes = grouping.axes.get(name, ())
    if len(axes) == 1 and len(axes[0].names) == len(positions):
        elements = axes[0].names
    for how, order in _orders(elements):
        moved = _moved(positions, [positions[index] for index in order])
        yield Mistake(f"a {noun} is {how}", (f" (that of {name})",), argument=name), moved
    for other, places in groups.items():
        if other != name and len(places) == len(positions):
            kind = f"{OWNERS[noun]} has the {noun} of another one"
            where = (f" ({name} has that of {other})",)
            yield Mistake(kind, where, argument=name), _moved(positions, places)
            if places > positions:
                kind = f"the {noun}s of two {OWNERS[noun].split()[1]}s are exchanged"
                exchanged = _moved([*positions, *places], [*places, *positions])
                yield Mistake(kind, (f" ({name} and {other})",)), exchanged


def _times(factor: float, positions: Collection[int]) -> Change:
    def change(numbers: Array) -> Array:
        result = np.array(numbers)
        result[list(positions)] *= factor
        return result

    return change


def _moved(positions: Sequence[int], sources: Sequence[int]) -> Change:
    def change(numbers: Array) -> Array:
        result = np.array(numbers)
        result[list(positions)] = np.asarray(numbers)[list(sources)]
        return result

    return change


def _orders(elements: Sequence[str]) -> Iterator[tuple[str, Sequence[int]]]:
    """Other orders of the elements of an argument, each with the first of its names."""
    known = {tuple(range(len(elements)))}
    for name, order in _named_orders(elements):
        if tuple(order) not in known:
            known.add(tuple(order))
            yield name, order


def _named_orders(elements: Sequence[str]) -> Iterator[tuple[str, Sequence[int]]]:
    count = len(elements)
    yield "reversed", list(range(count))[::-1]
    for rows in range(2, count):
        if count % rows == 0 and count // rows > 1:
            columns = count // rows
            order = [row * columns + column for column in range(columns) for row in range(rows)]
            yield f"transposed, as {rows} x {columns}", order
    for a, b in combinations(range(count), 2) if count <= MOST_SWAPPED else ():
        swapped = [{a: b, b: a}.get(index, index) for index in range(count)]
        pair = f"{elements[a]} and {elements[b]}"
        yield f"wrong in two elements, which are exchanged: {pair}", swapped
    for shift in (1, count - 1):
        yield f"shifted by {shift}", [(index - shift) % count for index in range(count)]
