"""The classic mistakes of derivations by hand, by name.

Each is made on purpose, and the gradient with it compared with the hand-derived one: what gives the
same numbers at every point may be the mistake.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from autograd import ops
from autograd.compare.judge import Judge
from autograd.compare.sweeps import gradients
from autograd.op import Op
from autograd.value import Value

RELATIVE = 1e-9
"""How nearly a mistake has to give the same numbers, where rounding does not explain more."""
MOST_NODES = 400
"""How large a graph may be for the mistakes to be made at every single node of it."""
MOST_USES = 12

FROM_OUTPUT: dict[Op, Callable[[float], float]] = {
    ops.sigmoid: lambda s: s * (1.0 - s),
    ops.tanh: lambda t: 1.0 - t * t,
    ops.exp: lambda e: e,
    ops.sqrt: lambda r: 0.5 / r if r else np.inf,
    ops.tan: lambda t: 1.0 + t * t,
}
"""Derivatives that the textbook writes in terms of the output."""


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

    def fits(self, numbers: Sequence[float]) -> bool:
        """Whether numbers are the hand-derived ones, but for rounding."""
        return self._near(numbers, self.yours)

    def right(self, numbers: Sequence[float]) -> bool:
        """Whether numbers are the right ones, but for rounding."""
        return self._near(numbers, self.ours)

    def _near(self, numbers: Sequence[float], others: Sequence[float]) -> bool:
        return all(
            abs(x - y) <= max(self.judge.room(node), RELATIVE * max(abs(x), abs(y)))
            for x, y, node in zip(numbers, others, self.wrt, strict=True)
        )


class Mistake(NamedTuple):
    """What is wrong in one way of deriving."""

    kind: str
    """What it is; several places where the same mistake gives the same numbers are one."""
    place: str


def explanations(cases: Sequence[Case]) -> list[str]:
    """The mistakes that reproduce the hand-derived numbers at all points, single ones or pairs.

    They must change the gradient at some point: the right one explains nothing.
    """
    for factors in ((1.0,), (2.0, 0.5, -1.0)):
        found: dict[Mistake, float] | None = None
        changing: set[Mistake] = set()
        for case in cases:
            here = {}
            for mistake, numbers in mistaken(case):
                for factor in factors:
                    if found is not None and found.get(mistake) != factor:
                        continue
                    scaled = [factor * x for x in numbers]
                    if mistake not in here and case.fits(scaled):
                        here[mistake] = factor
                        if not case.right(scaled):
                            changing.add(mistake)
            found = here if found is None else {x: f for x, f in found.items() if x in here}
            if not found:
                break
        if effective := {x: f for x, f in (found or {}).items() if x in changing}:
            return _named(effective)
    return []


def _named(found: Mapping[Mistake, float]) -> list[str]:
    """One sentence for each kind."""
    result: dict[str, str] = {}
    for (kind, place), factor in found.items():
        other = {1.0: "", 2.0: ", and a factor 2 too many", 0.5: ", and a factor 2 missing"}
        words = other.get(factor, ", and the sign flipped")
        result.setdefault(kind, f"{kind}{place}{words}")
    return list(result.values())


def mistaken(case: Case) -> Iterator[tuple[Mistake, list[float]]]:
    """Every mistake with the numbers that it gives."""
    judge = case.judge
    if len(judge.order) <= MOST_NODES:
        with np.errstate(all="ignore"):
            for mistake, partials in _at_nodes(judge):
                slopes = gradients(judge.order, partials)
                yield mistake, [slopes[x] for x in case.wrt]
    yield from _in_arguments(case)


def _at_nodes(judge: Judge) -> Iterator[tuple[Mistake, dict[Value, Sequence[float]]]]:
    """Wrong partial derivatives, one at a time."""
    uses: dict[Value, list[tuple[Value, int]]] = {}
    for node in judge.order:
        for kind, partials in _wrong_partials(node):
            yield Mistake(kind, f" (at {judge.names[node]})"), {node: partials}
        for index, operand in enumerate(node.operands):
            if isinstance(operand, Value):
                uses.setdefault(operand, []).append((node, index))
    for node, several in uses.items():
        if 2 <= len(several) <= MOST_USES:
            for count, kept in enumerate(several):
                dropped = _without(several, several[:count] + several[count + 1 :])
                kind = f"of the {len(several)} uses of a value only one counts (= for +=)"
                place = f" (at {judge.names[node]}, use {count + 1})"
                yield Mistake(kind, place), dropped
                if len(several) > 2:
                    kind = "one use of a value is forgotten"
                    yield Mistake(kind, place), _without(several, [kept])


def _without(
    uses: Sequence[tuple[Value, int]], dropped: Sequence[tuple[Value, int]]
) -> dict[Value, Sequence[float]]:
    gone = {(id(user), index) for user, index in dropped}
    return {
        user: [0.0 if (id(user), i) in gone else x for i, x in enumerate(user.partials)]
        for user, _ in uses
    }


def _wrong_partials(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """What the partial derivatives of a node become by each mistake."""
    op, right = node.op, node.partials
    if op is None:
        return
    data = [x.data if isinstance(x, Value) else x for x in node.operands]
    live = [isinstance(x, Value) for x in node.operands]
    count = len(data)
    if op is ops.relu:
        yield "the mask of relu is missing", [1.0]
        yield "the mask of relu is inverted", [1.0 - right[0]]
        yield "the mask of relu is >= instead of >", [float(data[0] >= 0.0)]
    elif op is ops.abs:
        yield "the sign of the absolute value is missing", [1.0]
    elif op in (ops.maximum, ops.minimum, ops.clip) and count > 1:
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
        yield "a division too many (mean for sum)", [1.0 / count] * count
    elif op is ops.power and not live[1]:
        yield _missing(data[1]), [right[0] / data[1] if data[1] else 0.0, 0.0]
        yield "the derivative of a power is forgotten", [1.0, 0.0]
    elif op is ops.square:
        yield _missing(2.0), [data[0]]
        yield "the derivative of a power is forgotten", [1.0]
    elif count == 1 and op is not ops.negative:
        yield f"the derivative of {op.name} is forgotten", [1.0]
        try:
            swapped = op.differentiate(node.data, [node.data], [None])
            yield f"the output of {op.name} is used where its input belongs", [float(swapped[0])]
            if op in FROM_OUTPUT:
                wrong = FROM_OUTPUT[op](data[0])
                yield f"the input of {op.name} is used where its output belongs", [float(wrong)]
        except (TypeError, ValueError, ArithmeticError):
            pass  # it has no derivative there
    for index in range(count if count <= MOST_USES else 0):
        if live[index]:
            flipped = [-x if i == index else x for i, x in enumerate(right)]
            yield "a sign is flipped", flipped


def _missing(factor: float) -> str:
    if factor == -1.0:
        return "a sign is flipped"
    return f"the factor {factor:g} is missing"


def _in_arguments(case: Case) -> Iterator[tuple[Mistake, list[float]]]:
    """Whole gradients that are scaled, forgotten or put elsewhere."""
    ours = case.ours
    arguments = list(dict.fromkeys(case.groups))
    whole = [
        ("the factor 2 is missing", 0.5),
        ("a factor 2 is too many", 2.0),
        ("a sign is flipped", -1.0),
        ("a gradient is forgotten", 0.0),
    ]
    for kind, factor in whole:
        yield Mistake(kind, ""), [factor * x for x in ours]
    for argument in arguments:
        inside = [group == argument for group in case.groups]
        if len(arguments) > 1:
            for kind, factor in whole:
                place = f" (in the gradient of {argument})"
                numbers = [factor * x if here else x for x, here in zip(ours, inside, strict=True)]
                yield Mistake(kind, place), numbers
        positions = [index for index, here in enumerate(inside) if here]
        yield from _permuted(case, argument, positions)
        for other in arguments:
            places = [index for index, group in enumerate(case.groups) if group == other]
            if other != argument and len(places) == len(positions):
                numbers = list(ours)
                for here, there in zip(positions, places, strict=True):
                    numbers[here] = ours[there]
                kind = "the gradients of two arguments are exchanged"
                yield Mistake(kind, f" ({argument} has that of {other})"), numbers


def _permuted(
    case: Case, argument: str, positions: Sequence[int]
) -> Iterator[tuple[Mistake, list[float]]]:
    """The gradient of an argument with its elements in another order."""
    ours, count = case.ours, len(positions)
    if count < 2:
        return
    orders = {"reversed": list(range(count))[::-1]}
    for rows in range(2, count):
        if count % rows == 0 and count // rows > 1:
            columns = count // rows
            order = [row * columns + column for column in range(columns) for row in range(rows)]
            orders[f"transposed, as if it were {rows} x {columns}"] = order
    for shift in (1, count - 1):
        orders[f"shifted by {shift}"] = [(index - shift) % count for index in range(count)]
    for kind, order in orders.items():
        numbers = list(ours)
        for here, there in zip(positions, order, strict=True):
            numbers[here] = ours[positions[there]]
        yield Mistake(f"a gradient is {kind}", f" (that of {argument})"), numbers
