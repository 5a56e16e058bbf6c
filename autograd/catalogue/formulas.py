"""The catalogue, continued: formulas that are confused with others, and formulas without a part.

They are about particular operations, so these are named.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from autograd import ops
from autograd.catalogue.patterns import matches
from autograd.edges import edges
from autograd.graph import arguments, constants, topological_order
from autograd.notation.labels import Labels
from autograd.notation.names import legible
from autograd.notation.numbers import number
from autograd.op import Op
from autograd.rounding import attempt
from autograd.value import Value

MOST_IN_FORMULA = 12
"""How many operations a formula may have for each of its parts to be left out."""


# --- The formula of something else ----------------------------------------------------------------


def confused_partials(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """The partial derivatives of a node with the formula of something else, or with a part of the
    right formula.
    """
    op = node.op
    if op is None or op is ops.negative:
        return
    data, right = arguments(node), node.partials
    live = [isinstance(x, Value) for x in node.operands]
    if len(data) == 1:
        for kind, slope in _confused(op, data[0], node.data, right[0]):
            yield kind, [slope]
    elif (composed := composition(node)) is not None:
        function, x = composed
        slopes = attempt(function.differentiate, node.data, [x])
        for kind, slope in _confused(function, x, node.data, slopes[0]) if slopes else ():
            if slopes and slopes[0]:
                yield kind, [partial * (slope / slopes[0]) for partial in right]
    if op is ops.power:
        yield from _of_power(node)
    if op is ops.logsumexp:
        yield "sigmoid stands where softmax belongs", [ops.sigmoid.value(x) for x in data]
    if op.arity is None and not op.sums:
        yield f"the operands of {op.name} stand where its partial derivatives belong", data
    elif op is ops.multiply and sum(live) == 1:
        yield "a constant factor is missing", [1.0, 1.0]
    if len(data) == 2 and all(0.0 <= x <= 1.0 for x in right):  # shares, as of logaddexp
        yield f"1 minus each partial derivative of {op.name} is used", [1.0 - x for x in right]
    if len(data) == 2 and not op.sums:
        for place, kind, slope in _incomplete(op, data, node.data, constants(node)):
            yield kind, [*right[:place], slope, *right[place + 1 :]]


def own_confusions(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """Those among them that have to do with no other operation: mistakes of one who works through
    the numbers of a single node.
    """
    op = node.op
    if op is None or not op.spoken or op is ops.negative:
        return
    data = arguments(node)
    if len(data) == 1:
        own = [*_of_itself(op, data[0], node.data, node.partials[0]), *_power_rule(op, data[0])]
        for kind, slope in own:
            yield kind, [slope]
    if op is ops.power:
        yield from _of_power(node)


def _of_power(node: Value) -> Iterator[tuple[str, Sequence[float]]]:
    """The partial derivatives of a power by another rule."""
    base, exponent = arguments(node)
    if isinstance(node.operands[1], Value):
        ruled = attempt(lambda: exponent * ops.power.value(base, exponent - 1.0))
        if ruled is not None:
            yield "the power rule is used for an exponential", [node.partials[0], ruled]
    exchanged = attempt(ops.power.evaluate, [exponent, base])
    if exchanged:
        yield "base and exponent are exchanged", exchanged[1][::-1]


def _confused(op: Op, x: float, out: float, right: float) -> Iterator[tuple[str, float]]:
    """Wrong derivatives of a function of one operand."""
    if not op.spoken:
        return
    yield from _of_itself(op, x, out, right)
    for other in _others():
        value = attempt(other.value, x)
        slopes = None if value is None else attempt(other.differentiate, value, [x])
        if slopes and value is not None and other is not op:
            yield f"the derivative of {other.name} is used for that of {op.name}", float(slopes[0])
            yield f"{other.name} is used where the derivative of {op.name} belongs", value
    yield from _power_rule(op, x)
    if op is ops.sinc and x:
        slope = math.cos(x) / x - math.sin(x) / (x * x)
        yield "the derivative of sin(x) / x is used for that of sin(pi * x) / (pi * x)", slope
    for _, kind, slope in _incomplete(op, [x], out, []):
        yield kind, slope


def _of_itself(op: Op, x: float, out: float, right: float) -> Iterator[tuple[str, float]]:
    """Its value, its operand or a number made of its derivative, in place of that."""
    yield f"{op.name} itself is used where its derivative belongs", out
    yield f"the operand of {op.name} is used where its derivative belongs", x
    again = attempt(op.value, out)
    if again is not None:
        yield f"{op.name} of its output is used where its derivative belongs", again
    yield f"the derivative of {op.name} is multiplied twice", right * right
    yield f"1 minus the derivative of {op.name} is used", 1.0 - right


def _power_rule(op: Op, x: float) -> Iterator[tuple[str, float]]:
    """The derivative of an exponential as if the exponent were constant."""
    if op in (ops.exp, ops.exp2):
        slope = attempt(lambda: x * op.value(x - 1.0))
        if slope is not None:
            yield "the power rule is used for an exponential", slope


@cache
def _others() -> tuple[Op, ...]:
    """The operations that one may be mistaken for: those of one operand."""
    return tuple(
        [
            op
            for op in ops.TABLE.values()
            if op.arity == 1 and op.public and not op.steps and not op.blocks
        ]
    )


COMPOSITIONS: tuple[tuple[Op, Callable[[Value], Value]], ...] = (
    (ops.sigmoid, lambda x: 1.0 / (1.0 + ops.exp(-x))),
    (ops.sigmoid, lambda x: ops.exp(x) / (1.0 + ops.exp(x))),
    (ops.tanh, lambda x: (ops.exp(x) - ops.exp(-x)) / (ops.exp(x) + ops.exp(-x))),
    (ops.tanh, lambda x: ops.sinh(x) / ops.cosh(x)),
    (ops.ndtr, lambda x: 0.5 * (1.0 + ops.erf(x / math.sqrt(2.0)))),
)
"""Functions as people write them in several operations."""


def composition(node: Value) -> tuple[Op, float] | None:
    """The function that a node is written as, and the number that it is applied to."""
    for op, hole, pattern in _patterns():
        if pattern.op is node.op:
            for bound in matches(pattern, node, {hole}, {}):
                x = bound[hole]
                return op, x.data if isinstance(x, Value) else x
    return None


@cache
def _patterns() -> tuple[tuple[Op, Value, Value], ...]:
    holes = [Value(0.5) for _ in COMPOSITIONS]
    return tuple([(op, x, f(x)) for (op, f), x in zip(COMPOSITIONS, holes, strict=True)])


# --- A formula without a part ---------------------------------------------------------------------


def _incomplete(
    op: Op, data: Sequence[float], value: float, fixed: Sequence[int]
) -> Iterator[tuple[int, str, float]]:
    """The partials by the textbook's formulas, with one term, factor or operation left out: for
    which operand, in words, and the number.
    """
    twins = [Value(x, name) for x, name in zip(data, ("x", "y"), strict=False)]
    formulas = attempt(op.taught, Value(value, "out"), twins, fixed) or []
    for place, formula in enumerate(formulas):
        if not isinstance(formula, Value) or formula.op is None:
            continue
        order = topological_order(formula)
        if len(order) > MOST_IN_FORMULA:
            continue
        labels = Labels(order, longest=60, distinct=False)
        wrt = f" with respect to {'xy'[place]}" if len(twins) > 1 else ""
        whole = f"the derivative of {op.name}{wrt}, {legible(labels.formula(formula).text.text)}"
        for part, without, missing in _left_out(order):
            changed = _changed(order, part, without)
            if changed is not None:
                left = labels[missing].text.text if isinstance(missing, Value) else missing
                yield place, f"in {whole}, {left} is left out", changed


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
                if op.sums:
                    kind_of_sign = "the sign of a term is flipped in a value, not in its derivative"
                    turned = node.data - 2.0 * (node.data - evaluated[0])
                    yield Part(kind_of_sign, name, turned, node.partials)
                if not op.sums:
                    kept = "a factor is left out of a value, not of its derivative"
                    yield Part(kept, name, evaluated[0], node.partials)
    elif op is not None and op.selects and len(edges(node)) == 1:
        (edge,) = edges(node)  # the one that may be picked: x in clip(x, 0, 1)
        partials = [float(place == edge.place) for place in range(len(data))]
        yield Part(f"{op.name} is left out", "", data[edge.place], partials)
    elif op is not None and len(data) == 1 and op.spoken:
        function = op.text.startswith(f"{op.name}(")  # otherwise as in "… ** 2 is left out"
        what = op.name if function else op.write(op.text, ["…"])
        yield Part(f"{what} is left out", "", data[0], [1.0])
        slopes = attempt(op.taught, data[0], data)
        if slopes:
            kind = f"the operand of {op.name} stands where its value belongs"
            yield Part(kind, "", data[0], [float(slopes[0])])
