"""The catalogue of mistakes that people make in derivations by hand.

Each entry is a wrong partial derivative of a node, or a change of whole gradients, with its name.
The search makes each of them on purpose: what gives the hand-derived numbers at every point may be
the mistake. The catalogue is about particular operations, so they are named: nobody forgets the
mask of a sine.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import isnan, nan
from typing import NamedTuple, TypeAlias

import numpy as np

from autograd import ops
from autograd.compare.case import Array, Case, Grouping
from autograd.compare.judge import Judge
from autograd.compare.patterns import terms_of
from autograd.compare.places import Place, Use
from autograd.compare.rounding import attempt
from autograd.edges import Edge
from autograd.explain.paths import use
from autograd.graph import arguments
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
FACTORS = (
    ("the factor 2 is missing", 0.5),
    ("there is an extra factor 2", 2.0),
    ("a sign is flipped", -1.0),
    ("a gradient is forgotten", 0.0),
)


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


# --- At a node ----------------------------------------------------------------------------------


def wrong_partials(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """The partial derivatives of a node with each of the classic mistakes."""
    op, right = node.op, node.partials
    if op is None:
        return
    data = arguments(node)
    live = [isinstance(x, Value) for x in node.operands]
    count = len(data)
    if op is ops.relu:
        yield "the mask of relu is missing", [1.0]
        yield "the mask of relu is inverted", [1.0 - right[0]]
        yield "the mask of relu is >= instead of >", [float(data[0] >= 0.0)]
    elif op is ops.abs:
        yield "the sign of the absolute value is missing", [1.0]
    elif op in (ops.maximum, ops.minimum, ops.max, ops.min, ops.clip) and count > 1:
        yield f"the selection of {op.name} is missing", [float(x) for x in live]
        inverted = [float(x) - slope for x, slope in zip(live, right, strict=True)]
        yield f"the selection of {op.name} is inverted", inverted
    elif op is ops.where:
        yield "the selection of where is missing", [0.0, 1.0, 1.0]
        yield "the branches of where are exchanged", [0.0, right[2], right[1]]
    elif op is ops.multiply:
        if all(live):
            yield "the operands of a product are swapped", data
            yield from _one_sided(node)
        else:
            factor = data[live.index(False)]
            yield _missing(factor), [1.0, 1.0]
    elif op is ops.dot:
        yield "weights and inputs are exchanged in a dot product", data
        yield "the factors of a dot product are missing", [1.0] * count
        yield from _one_sided(node)
    elif op is ops.divide and not live[1]:
        what = f"the division by {data[1]:g} is forgotten"
        if _count(node.operands[0]) == data[1]:
            what = "a division is forgotten (sum for mean)"
        yield what, [1.0, 0.0]
    elif op is ops.mean:
        yield "a division is forgotten (sum for mean)", [1.0] * count
    elif op is ops.sum:
        yield "there is an extra division (mean for sum)", [1.0 / count] * count
    elif op is ops.power and not live[1]:
        yield _missing(data[1]), [right[0] / data[1] if data[1] else 0.0, 0.0]
        yield "the derivative of a power is forgotten", [1.0, 0.0]
    elif op is ops.square:
        yield _missing(2.0), [data[0]]
        yield "the derivative of a power is forgotten", [1.0]
    elif count == 1 and op is not ops.negative and op.spoken:
        yield f"the derivative of {op.name} is forgotten", [1.0]
        swapped = attempt(op.differentiate, node.data, [node.data])
        if swapped:
            yield f"the output of {op.name} is used where its input belongs", [float(swapped[0])]
        marked = attempt(op.taught, nan, data)
        wrong = attempt(op.taught, data[0], data)
        if wrong and marked and isnan(marked[0]):  # the formula is written with the output
            yield f"the input of {op.name} is used where its output belongs", [float(wrong[0])]


def _one_sided(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """A product of which one side counts twice, as for a quadratic form of a symmetric matrix: one
    side of the product is computed from the other.
    """
    middle = len(node.operands) // 2
    sides = node.operands[:middle], node.operands[middle:]
    within = [{id(y) for x in side if isinstance(x, Value) for y in x.operands} for side in sides]
    if not any(id(x) in within[1 - i] for i, side in enumerate(sides) for x in side):
        return
    nothing, twice = [0.0] * middle, [2.0 * x for x in node.partials]
    for side, partials in (
        ("first", [*twice[:middle], *nothing]),
        ("second", [*nothing, *twice[middle:]]),
    ):
        kind = f"the derivative of a product is twice that of its {side} factor"
        yield f"{kind} (as if a matrix were symmetric)", partials


def wrong_slopes(edge: Edge[Value]) -> Iterator[tuple[str, float]]:
    """Wrong partial derivatives of a node with respect to one of its operands."""
    op, operands = edge.node.op, edge.node.operands
    if op is ops.multiply and isinstance(operands[1 - edge.place], Value):
        yield "the other factor of a product is missing", 1.0
    elif op is ops.divide and edge.place == 0 and isinstance(operands[1], Value):
        yield "the division is missing", 1.0


def _count(node: Value | float) -> int:
    """How many terms a sum has, of numbers or of products; 1 if it is none."""
    dots = [x for x in terms_of(node) if isinstance(x, Value) and x.op is ops.dot]
    others = [x for x in terms_of(node) if isinstance(x, Value) and x.op is not ops.dot]
    return sum([len(x.operands) // 2 for x in dots]) + len(others)


def _missing(factor: float) -> str:
    if factor == -1.0:
        return "a sign is flipped"
    if factor == 0.0:
        return "a factor 0, a mask, is missing"
    return f"the factor {factor:g} is missing"


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
