"""The classic mistakes of derivations by hand, and the search for those that explain the numbers.

Each is made on purpose, and the resulting gradient is compared with the hand-derived one: what
gives the same numbers at every point may be the mistake.

The catalogue is about particular operations, so they are named: nobody forgets the mask of a sine.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from math import isnan, nan
from typing import NamedTuple

import numpy as np

from autograd import ops
from autograd.compare.gradients import MOST_NODES, gradients, replaced
from autograd.compare.judge import Judge, Place
from autograd.compare.rounding import attempt, near
from autograd.edges import Edge, edges, users
from autograd.explain.paths import use
from autograd.graph import arguments, constants
from autograd.notation.labels import Labels
from autograd.notation.numbers import number
from autograd.quiet import quiet, quietly
from autograd.value import Value

MOST_USES = 12
MOST_SWAPPED = 8
MOST_STEPS = 200_000
"""How much work may be done for pairs of mistakes: about a twentieth of a second."""

EVERYWHERE = ", everywhere"
LOCAL = {"a sign is flipped", "the factor 2 is missing", "there is an extra factor 2"}
"""Mistakes that nobody makes everywhere."""

Partials = Mapping[Value, Sequence[float]]
"""The wrong partial derivatives of some nodes."""
Change = Callable[[Sequence[float]], list[float]]
"""Turns a gradient into the one that a mistake gives."""
FACTORS = (
    ("the factor 2 is missing", 0.5),
    ("there is an extra factor 2", 2.0),
    ("a sign is flipped", -1.0),
    ("a gradient is forgotten", 0.0),
)


class Case(NamedTuple):
    """The hand-derived derivatives of a graph's root, at one point."""

    judge: Judge
    wrt: Sequence[Value]
    groups: Sequence[str]
    """Which argument each of them belongs to."""
    yours: Sequence[float]

    @property
    def ours(self) -> list[float]:
        """The right numbers."""
        return [self.judge.derivatives[x].number for x in self.wrt]

    def gradient(self, partials: Mapping[Value, Sequence[float]]) -> list[float]:
        """The numbers that follow from other partial derivatives of some nodes."""
        slopes = gradients(self.judge.order, self.judge.uses, partials)
        return [slopes[x] for x in self.wrt]

    def fits(self, numbers: Sequence[float]) -> bool:
        """Whether numbers are the hand-derived ones, apart from rounding."""
        return self._near(numbers, self.yours)

    def right(self, numbers: Sequence[float]) -> bool:
        """Whether numbers are the right ones, apart from rounding."""
        return self._near(numbers, self.ours)

    def _near(self, numbers: Sequence[float], others: Sequence[float]) -> bool:
        return all(
            near(x, y, self.judge.room(node))
            for x, y, node in zip(numbers, others, self.wrt, strict=True)
        )


class Slope(NamedTuple):
    """The derivative of the node at one place with respect to that at another."""

    of: Place
    wrt: Place


class Mistake(NamedTuple):
    """One way to get a derivation wrong."""

    kind: str
    """The mistake as a clause; places where it gives the same numbers count as one."""
    where: tuple[str | Place | Slope, ...] = ()
    """The words for the place, with the places in them."""

    def words(self, judges: Sequence[Judge]) -> str:
        """The mistake and where it was made, with the labels of the first graph that has the place;
        the symbols of another one than the first are not explained, so it has none.
        """
        places = [x for x in self.where if isinstance(x, Place)]
        places += [x for slope in self.where if isinstance(slope, Slope) for x in slope]
        judge = next(x for x in judges if all(place in x.nodes for place in places))
        labels = judge.labels if judge is judges[0] else Labels(judge.order)
        return self.kind + "".join(
            x if isinstance(x, str) else _label(x, judge.nodes, labels) for x in self.where
        )


def _label(place: Place | Slope, nodes: Mapping[Place, Value], labels: Labels[Value]) -> str:
    if isinstance(place, Place):
        return labels[nodes[place]].text.text
    return labels.derivative(nodes[place.of], nodes[place.wrt]).text


Mistakes = tuple[Mistake, ...]
"""Mistakes that are made at once."""
Found = Mapping[Mistakes, object] | None
"""Those that explain the numbers of all the cases so far; None before the first case."""


def mistaken(case: Case) -> Iterator[tuple[Mistake, list[float]]]:
    """Every single mistake, with the numbers that it gives."""
    for mistake, partials in _at_nodes(case.judge):
        yield mistake, case.gradient(partials)
    for mistake, change in _in_arguments(case):
        yield mistake, change(case.ours)


def _at_nodes(judge: Judge) -> Iterator[tuple[Mistake, Partials]]:
    """Wrong partial derivatives: at one node, or the same mistake wherever it can be made."""
    if len(judge.order) > MOST_NODES:
        return
    everywhere: dict[str, list[Partials]] = {}
    for mistake, partials in _at_each_node(judge):
        yield mistake, partials
        everywhere.setdefault(mistake.kind, []).append(partials)
    for kind, several in everywhere.items():
        if len(several) > 1 and kind not in LOCAL:
            yield (
                Mistake(kind, (EVERYWHERE,)),
                {node: wrong for partials in several for node, wrong in partials.items()},
            )
    yield from _uses(judge)


def _at_each_node(judge: Judge) -> Iterator[tuple[Mistake, Partials]]:
    """Mistakes in the partial derivatives of one node."""
    places = judge.places
    for node in judge.order:
        for kind, wrong in _wrong_partials(node):
            yield Mistake(kind, (" (at ", places[node], ")")), {node: wrong}
    for node in judge.order:
        if len(node.operands) > MOST_USES:
            continue
        for edge in edges(node):
            slope = (" (in ", Slope(places[node], places[edge.operand]), ")")
            for kind, factor in FACTORS[:3]:
                yield Mistake(kind, slope), replaced([edge._replace(partial=factor * edge.partial)])
            if node.op and node.op.sums and edge.operand.op is not None:
                kind = "the derivative of a term is forgotten"
                yield Mistake(kind, _use(edge, places)), _without([edge])


def _uses(judge: Judge) -> Iterator[tuple[Mistake, Partials]]:
    """Uses that are left out: those of one Value, or of all Values that are used as often."""
    alike: dict[int, list[list[Edge[Value]]]] = {}
    for uses in users(judge.order).values():
        if 2 <= len(uses) <= MOST_USES:
            yield from _dropped([uses], [_use(edge, judge.places) for edge in uses])
            alike.setdefault(len(uses), []).append(uses)
    for several in alike.values():
        if len(several) > 1:
            numbered = [(EVERYWHERE, f" (use {index + 1})") for index in range(len(several[0]))]
            yield from _dropped(several, numbered)


def _use(edge: Edge[Value], places: Mapping[Value, Place]) -> tuple[str | Place, ...]:
    """The place of a use: `x in x - mean`."""
    which = use(edge)
    return (" (", places[edge.operand], " in ", places[edge.node], f", {which})" if which else ")")


def _dropped(
    uses: Sequence[Sequence[Edge[Value]]], where: Sequence[tuple[str | Place, ...]]
) -> Iterator[tuple[Mistake, Partials]]:
    """Leave out all uses but one, or that one, of several Values that are used equally often."""
    count = len(uses[0])
    for kept in range(count):
        others = [edge for each in uses for i, edge in enumerate(each) if i != kept]
        kind = f"of the {count} uses of a value only one counts (= for +=)"
        yield Mistake(kind, where[kept]), _without(others)
        if count > 2:
            one = [each[kept] for each in uses]
            yield Mistake("one use of a value is forgotten", where[kept]), _without(one)


def _without(uses: Sequence[Edge[Value]]) -> Partials:
    return replaced(edge._replace(partial=0.0) for edge in uses)


def _wrong_partials(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """The partial derivatives of a node with each mistake."""
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
    elif op is ops.multiply:
        if all(live):
            yield "the operands of a product are swapped", data
        else:
            factor = data[live.index(False)]
            yield _missing(factor), [1.0, 1.0]
    elif op is ops.dot:
        yield "weights and inputs are exchanged in a dot product", data
    elif op is ops.divide and not live[1]:
        yield "a division is forgotten (sum for mean)", [1.0, 0.0]
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
    elif count == 1 and op is not ops.negative:
        yield f"the derivative of {op.name} is forgotten", [1.0]
        swapped = attempt(quietly, op.differentiate, node.data, [node.data])
        if swapped:
            yield f"the output of {op.name} is used where its input belongs", [float(swapped[0])]
        marked = attempt(quietly, op.taught, nan, data)
        wrong = attempt(quietly, op.taught, data[0], data)
        if wrong and marked and isnan(marked[0]):  # the formula is written with the output
            yield f"the input of {op.name} is used where its output belongs", [float(wrong[0])]


def _missing(factor: float) -> str:
    if factor == -1.0:
        return "a sign is flipped"
    return f"the factor {factor:g} is missing"


def _in_arguments(case: Case) -> Iterator[tuple[Mistake, Change]]:
    """Whole gradients that are scaled, forgotten or put elsewhere."""
    everywhere = list(range(len(case.groups)))
    arguments = list(dict.fromkeys(case.groups))
    for kind, factor in FACTORS:
        yield Mistake(kind), _times(factor, everywhere)
    for argument in arguments:
        positions = [index for index in everywhere if case.groups[index] == argument]
        if len(arguments) > 1:
            for kind, factor in FACTORS:
                where = (f" (in the gradient of {argument})",)
                yield Mistake(kind, where), _times(factor, positions)
        for kind, order in _orders(len(positions)):
            moved = _moved(positions, [positions[index] for index in order])
            yield Mistake(f"a gradient is {kind}", (f" (that of {argument})",)), moved
        for other in arguments:
            places = [index for index in everywhere if case.groups[index] == other]
            if other != argument and len(places) == len(positions):
                kind = "an argument has the gradient of another one"
                where = (f" ({argument} has that of {other})",)
                yield Mistake(kind, where), _moved(positions, places)
                if places > positions:
                    kind = "the gradients of two arguments are exchanged"
                    exchanged = _moved([*positions, *places], [*places, *positions])
                    yield Mistake(kind, (f" ({argument} and {other})",)), exchanged


def _times(factor: float, positions: Collection[int]) -> Change:
    inside = set(positions)
    return lambda numbers: [factor * x if i in inside else x for i, x in enumerate(numbers)]


def _moved(positions: Sequence[int], sources: Sequence[int]) -> Change:
    source = dict(zip(positions, sources, strict=True))
    return lambda numbers: [numbers[source.get(i, i)] for i in range(len(numbers))]


def _orders(count: int) -> Iterator[tuple[str, Sequence[int]]]:
    """Other orders of the elements of an argument."""
    if count < 2:
        return
    backward = list(range(count))[::-1]
    yield "reversed", backward
    for rows in range(2, count):
        if count % rows == 0 and count // rows > 1:
            columns = count // rows
            order = [row * columns + column for column in range(columns) for row in range(rows)]
            yield f"transposed, as if it were {rows} x {columns}", order
    if 2 < count <= MOST_SWAPPED:
        for a, b in combinations(range(count), 2):
            swapped = [{a: b, b: a}.get(index, index) for index in range(count)]
            if swapped != backward:
                yield f"wrong in two elements, which are exchanged: {a} and {b}", swapped
    for shift in (1, count - 1):
        yield f"shifted by {shift}", [(index - shift) % count for index in range(count)]


def explanations(cases: Sequence[Case], shown: Judge) -> list[str]:
    """The mistakes that reproduce the hand-derived numbers at all points, the simplest ones.

    They must change the gradient at some point: the right gradient explains nothing. Places are
    called as they are in the graph that is shown.
    """
    judges = [shown, *(case.judge for case in cases)]
    for tier in (_single, _scaled, _left_out, _paired):
        if found := _fitting(cases, tier):
            sentences: dict[tuple[str, ...], str] = {}
            for several in found:
                kinds = tuple(mistake.kind for mistake in several)
                words = "; and ".join(mistake.words(judges) for mistake in several)
                sentences.setdefault(kinds, words)
            return list(sentences.values())
    return []


def _fitting(
    cases: Sequence[Case],
    tier: Callable[[Case, Found], Iterator[tuple[Mistakes, Sequence[float]]]],
) -> list[Mistakes]:
    """The mistakes of a tier that fit all cases, and change something in one of them."""
    found: dict[Mistakes, bool] | None = None
    for case in cases:
        here: dict[Mistakes, bool] = {}
        for mistakes, numbers in tier(case, found):
            if (found is None or mistakes in found) and case.fits(numbers):
                before = found is not None and found[mistakes]
                here[mistakes] = before or not case.right(numbers)
        found = here
        if not found:
            break
    return [mistakes for mistakes, changing in (found or {}).items() if changing]


def _single(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    for mistake, numbers in mistaken(case):
        yield (mistake,), numbers


def _scaled(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    """Each of them together with a wrong factor of all the numbers."""
    for mistake, numbers in mistaken(case):
        if mistake.kind in LOCAL or mistake.kind == FACTORS[3][0]:
            continue  # two factors that undo each other somewhere would explain too much
        for kind, factor in FACTORS[:3]:
            yield (mistake, Mistake(kind)), [factor * x for x in numbers]


def _left_out(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    """A term or an operation that is missing when the derivatives above it are computed."""
    order, places = case.judge.order, case.judge.places
    if len(order) > MOST_NODES:
        return
    for position, node in enumerate(order):
        data = arguments(node)
        if node.op and node.op.sums and node.op.arity == 2:
            rest = (node.op.value(0.0, data[1]), data[0])
            for term, kept in zip(node.operands, rest, strict=True):
                what = places[term] if isinstance(term, Value) else number(term)
                mistake = Mistake(
                    "a term of a sum is left out", (" (", what, " at ", places[node], ")")
                )
                yield (mistake,), case.gradient(_with_data(order, position, kept, node.partials))
        elif len(data) == 1 and node.op:
            op = node.op
            function = op.text.startswith(f"{op.name}(")  # otherwise as in "… ** 2 is left out"
            what = op.name if function else op.write(op.text, ["…"])
            mistake = Mistake(f"{what} is left out", (" (at ", places[node], ")"))
            yield (mistake,), case.gradient(_with_data(order, position, data[0], [1.0]))


def _paired(case: Case, found: Found) -> Iterator[tuple[Mistakes, Sequence[float]]]:
    """Two mistakes at once, where the graph is small."""
    nodes = dict(_at_nodes(case.judge))
    arguments = {mistake: x for mistake, x in _in_arguments(case) if mistake.where}
    size = len(case.judge.order)
    if len(nodes) ** 2 * size > MOST_STEPS:  # only what is wrong everywhere, or in the one place
        kinds = Counter(mistake.kind for mistake in nodes)
        nodes = {x: y for x, y in nodes.items() if EVERYWHERE in x.where or kinds[x.kind] == 1}
    if len(nodes) ** 2 * size > MOST_STEPS:
        return
    pairs: Iterable[Mistakes] = found or chain(
        product(nodes, arguments), combinations(nodes, 2), product(arguments, repeat=2)
    )
    for pair in pairs:
        a, b = pair
        if b in nodes and a in nodes and nodes[a].keys().isdisjoint(nodes[b]):
            yield pair, case.gradient({**nodes[a], **nodes[b]})
        elif b in arguments and (a in nodes or a in arguments):
            first = case.gradient(nodes[a]) if a in nodes else arguments[a](case.ours)
            yield pair, arguments[b](first)


@quiet
def _with_data(
    order: Sequence[Value], position: int, number: float, partials: Sequence[float]
) -> dict[Value, Sequence[float]]:
    """The partial derivatives if one node had other data, and the nodes that use it followed."""
    data = {order[position]: number}
    result = {order[position]: partials}
    for user in order[position + 1 :]:
        if user.op and any(edge.operand in data for edge in edges(user)):
            operands = [x if isinstance(x, float) else data.get(x, x.data) for x in user.operands]
            evaluated = attempt(user.op.evaluate, operands, constants(user))
            if evaluated is None:
                return {order[position]: [np.nan] * len(partials)}
            data[user], result[user] = evaluated
    return result
