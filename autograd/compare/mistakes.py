"""The catalogue of mistakes that people make in derivations by hand.

Each entry is a wrong partial derivative of a node, or a change of whole gradients, with its name.
The search makes each of them on purpose: what gives the hand-derived numbers at every point may be
the mistake. The catalogue is about particular operations, so they are named: nobody forgets the
mask of a sine.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from math import isnan, nan
from typing import NamedTuple, TypeAlias

import numpy as np

from autograd import ops
from autograd.compare.case import Array, Case
from autograd.compare.judge import Judge, Place
from autograd.compare.rounding import attempt
from autograd.edges import Edge
from autograd.explain.paths import use
from autograd.graph import arguments, constants, topological_order
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.op import Op
from autograd.value import Value

MOST_SWAPPED = 8
EVERYWHERE = ", everywhere"
LOCAL = {"a sign is flipped", "the factor 2 is missing", "there is an extra factor 2"}
"""Mistakes that nobody makes everywhere."""

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


class Mistake(NamedTuple):
    """One way to get a derivation wrong."""

    kind: str
    """The mistake as a clause; places where it gives the same numbers count as one."""
    where: Words = ()
    """The words for the place, with the places in them."""
    solved: tuple[float, ...] = ()
    """Numbers that belong to it, such as the constant that gives yours."""

    def place(self, judges: Sequence[Judge]) -> str:
        """The place in words, with the labels of the first graph that has it; the symbols of
        another one than the first are not explained, so it has none.
        """
        places = [x for x in self.where if isinstance(x, Place)]
        places += [x for slope in self.where if isinstance(slope, Slope) for x in slope]
        judge = next(x for x in judges if all(place in x.nodes for place in places))
        labels = judge.labels if judge is judges[0] else Labels(judge.order)
        return "".join(
            x if isinstance(x, str) else _label(x, judge.nodes, labels) for x in self.where
        )


def _label(place: Place | Slope, nodes: Mapping[Place, Value], labels: Labels[Value]) -> str:
    if isinstance(place, Place):
        return labels[nodes[place]].text.text
    return labels.derivative(nodes[place.of], nodes[place.wrt]).text


def used(edge: Edge[Value], places: Mapping[Value, Place]) -> Words:
    """The place of a use: `x in x - mean`."""
    which = use(edge)
    return (" (", places[edge.operand], " in ", places[edge.node], f", {which})" if which else ")")


def alike(nodes: Sequence[Value], places: Mapping[Value, Place]) -> Words:
    """The place of nodes that are alike: all the neurons of a layer."""
    others = f" and the {len(nodes) - 1} like it)" if len(nodes) > 1 else ")"
    return (" (at ", places[nodes[0]], others)


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
    elif op is ops.where:
        yield "the selection of where is missing", [0.0, 1.0, 1.0]
        yield "the branches of where are exchanged", [0.0, right[2], right[1]]
    elif op is ops.multiply:
        if all(live):
            yield "the operands of a product are swapped", data
        else:
            factor = data[live.index(False)]
            yield _missing(factor), [1.0, 1.0]
    elif op is ops.dot:
        yield "weights and inputs are exchanged in a dot product", data
        yield "the factors of a dot product are missing", [1.0] * count
    elif op is ops.divide and not live[1]:
        if data[1].is_integer() and data[1] > 2.0:
            yield "a division is forgotten (sum for mean)", [1.0, 0.0]
        else:
            yield "a division is forgotten", [1.0, 0.0]
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
        swapped = attempt(op.differentiate, node.data, [node.data])
        if swapped:
            yield f"the output of {op.name} is used where its input belongs", [float(swapped[0])]
        marked = attempt(op.taught, nan, data)
        wrong = attempt(op.taught, data[0], data)
        if wrong and marked and isnan(marked[0]):  # the formula is written with the output
            yield f"the input of {op.name} is used where its output belongs", [float(wrong[0])]


def _missing(factor: float) -> str:
    if factor == -1.0:
        return "a sign is flipped"
    return f"the factor {factor:g} is missing"


def confused_partials(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """Those with the formula of something else, or with a part of the right formula."""
    op = node.op
    if op is None or op is ops.negative:
        return
    data = arguments(node)
    if len(data) == 1:
        yield f"{op.name} itself is used where its derivative belongs", [node.data]
        again = attempt(op.value, node.data)
        if again is not None:
            kind = f"{op.name} of its output is used where its derivative belongs"
            yield kind, [again]
        twice = node.partials[0] * node.partials[0]
        yield f"the derivative of {op.name} is multiplied twice", [twice]
        for other in others():
            if other is not op:
                slopes = attempt(other.differentiate, *_at(other, data[0]))
                if slopes:
                    kind = f"the derivative of {other.name} is used for that of {op.name}"
                    yield kind, [float(slopes[0])]
    if op in (ops.exp, ops.exp2):
        slope = data[0] * op.value(data[0] - 1.0)
        yield "the power rule is used for an exponential", [slope]
    elif op is ops.power and isinstance(node.operands[1], Value):
        x, y = data
        wrong = attempt(lambda: [node.partials[0], y * x ** (y - 1.0)])
        if wrong and not isinstance(wrong[1], complex):
            yield "the power rule is used for an exponential", wrong
    if op is ops.power:
        x, y = data
        wrong = attempt(lambda: [*ops.power.differentiate(y**x, [y, x])][::-1])
        if wrong and not any(isinstance(x, complex) for x in wrong):
            yield "base and exponent are exchanged", wrong
    if op.arity is None and not op.sums:
        yield f"the operands of {op.name} stand where its partial derivatives belong", data
    elif op is ops.multiply and len([x for x in node.operands if isinstance(x, Value)]) == 1:
        yield "a constant factor is missing", [1.0, 1.0]
    if len(data) <= 2 and not op.sums:
        yield from incomplete(node)


def _at(op: Op, x: float) -> tuple[float, list[float]]:
    return op.value(x), [x]


@cache
def others() -> tuple[Op, ...]:
    """The operations that one may be mistaken for: those of one operand."""
    return tuple([op for op in ops.TABLE.values() if op.arity == 1 and op.public and not op.steps])


def incomplete(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """The partials by the textbook's formulas, with one term, factor or operation left out."""
    op = node.op
    assert op is not None
    twins: list[Value] = [
        Value(x, name) for x, name in zip(arguments(node), ("x", "y"), strict=False)
    ]
    out = Value(node.data, "out")
    formulas = attempt(op.taught, out, twins, constants(node)) or []
    for place, formula in enumerate(formulas):
        if not isinstance(formula, Value) or formula.op is None:
            continue
        order = topological_order(formula)
        labels = Labels(order, longest=60)
        if len(order) > MOST_IN_FORMULA:
            continue
        whole = labels.formula(formula).text.text
        for part, without, missing in _left_out(order):
            changed = _changed(order, part, without)
            if changed is None:
                continue
            wrong = list(node.partials)
            wrong[place] = changed
            left = labels[missing].text.text if isinstance(missing, Value) else missing
            wrt = f" with respect to {'xy'[place]}" if len(twins) > 1 else ""
            what = f"the derivative of {op.name}{wrt}, {legible(whole)}"
            yield f"in {what}, {left} is left out", wrong


MOST_IN_FORMULA = 12


def _left_out(order: Sequence[Value]) -> Iterator[tuple[Value, float, Value | str]]:
    """For each node of a formula: its value without one of its operands, or without itself."""
    for node in order:
        op = node.op
        if op is None or op is ops.negative:
            continue
        data = arguments(node)
        if len(data) == 1:
            yield node, data[0], f"{op.write(op.text, ['…'])}"
        elif op is ops.power:
            yield node, data[0], f"** {data[1]:g}"
        elif op is ops.divide:
            yield node, data[0], "the division"
        elif op in (ops.add, ops.subtract, ops.multiply):
            neutral = 1.0 if op is ops.multiply else 0.0
            for place, operand in enumerate(node.operands):
                numbers = list(data)
                numbers[place] = neutral
                named = operand if isinstance(operand, Value) else f"{operand:g}"
                yield node, op.value(*numbers), named


class Part(NamedTuple):
    """A part of a node that may be left out."""

    kind: str
    what: Value | str
    data: float
    """The node without it."""
    partials: Sequence[float]


def parts_left_out(node: Value) -> Iterator[Part]:
    """Each term or factor of a node, or its operation."""
    op, data = node.op, arguments(node)
    if op in (ops.add, ops.subtract, ops.multiply, ops.divide):
        kind = "a term of a sum is left out" if op.sums else "a factor is left out"
        for place, part in enumerate(node.operands):
            numbers = list(data)
            numbers[place] = 0.0 if op.sums else 1.0
            evaluated = attempt(op.evaluate, numbers, constants(node))
            if evaluated:
                name = part if isinstance(part, Value) else number(part)
                yield Part(kind, name, *evaluated)
                if not op.sums:
                    kept = "a factor is left out of a value, not of its derivative"
                    yield Part(kept, name, evaluated[0], node.partials)
    elif op is not None and len(data) == 1:
        function = op.text.startswith(f"{op.name}(")  # otherwise as in "… ** 2 is left out"
        what = op.name if function else op.write(op.text, ["…"])
        yield Part(f"{what} is left out", "", data[0], [1.0])
        slopes = attempt(op.taught, data[0], data)
        if slopes:
            kind = f"the operand of {op.name} stands where its value belongs"
            yield Part(kind, "", data[0], [float(slopes[0])])


def _changed(order: Sequence[Value], part: Value, without: float) -> float | None:
    """The value of a formula, a part of which has another value."""
    data = {part: without}
    for node in order:
        if node.op and node is not part:
            operands = [x if isinstance(x, float) else data.get(x, x.data) for x in node.operands]
            if any(x is not y for x, y in zip(operands, arguments(node), strict=True)):
                value = attempt(node.op.value, *operands)
                if value is None:
                    return None
                data[node] = value
    return data.get(order[-1], order[-1].data)


# --- In whole gradients -------------------------------------------------------------------------


def in_arguments(case: Case) -> Iterator[tuple[Mistake, Change]]:
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
