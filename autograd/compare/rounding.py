"""How exact a gradient can be: every derivative with a bound of its rounding error.

First-order error analysis, as in N. J. Higham, Accuracy and Stability of Numerical Algorithms,
2nd edition, 2002, section 3.3: an operation hands on the errors of its operands, multiplied by its
partial derivatives, and adds a rounding of its own. Inputs and constants may be off by a rounding
as well. So the bound is that of the same computation with absolute values and plus signs: large
where the problem is ill-conditioned, by cancellation say, small for a tiny gradient that is not.

Bounds are in units of the rounding error, which is 2**-52 for float64 and 2**-23 for float32.
"""

from collections.abc import Callable, Iterable, Sequence
from math import fabs, isfinite, isnan, sqrt
from typing import Any, NamedTuple

from autograd import ops
from autograd.graph import topological_order
from autograd.op import Op
from autograd.quiet import quiet, quietly
from autograd.value import Value

EPSILON = 2.0**-52
SMALLEST = 2.0**-1022
"""Below this size rounding is no longer relative."""
CANCELLING: dict[Op, float] = {ops.expm1: 1.0, ops.log1p: 1.0}
"""The size of what cancels in the textbook formula of an operation, `exp(x) - 1` for expm1.
This library computes it without cancellation, but a derivation by hand uses the textbook.
"""
CANCELLING_SLOPES: dict[Op, Callable[[float], float]] = {
    ops.tanh: lambda out: 1.0,
    ops.sigmoid: lambda out: out,
}
"""The same for derivatives, `1 - tanh(x) ** 2` and `s * (1 - s)`."""
SUMS = {ops.add, ops.subtract, ops.sum}


class Bounded(NamedTuple):
    """A number and the bound of its rounding error."""

    number: float
    bound: float


ZERO = Bounded(0.0, 0.0)


def derivatives(order: Sequence[Value], absorbed: bool = False) -> dict[Value, Bounded]:
    """The derivative of the last node in topological order with respect to each of them.

    Args:
        order: the nodes.
        absorbed: whether a term may be as far off as a rounding of its sum, as in formulas that
            compute it from the sum: `p - 1` for `-exp(-x)` where `p = 1 / (1 + exp(-x))`.
    """
    data = data_bounds(order, {})
    if absorbed:
        for node in order:
            if node.op in SUMS:
                for x in node.operands:
                    if isinstance(x, Value) and x.op is not None:
                        data[x] = max(data[x], fabs(node.data))
    result = {order[-1]: Bounded(1.0, 0.0)}
    for node in reversed(order):
        if node.op is None or node not in result:
            continue
        adjoint, bound = result[node]
        slopes = partial_bounds(node, data)
        for operand, partial, slope in zip(node.operands, node.partials, slopes, strict=True):
            if isinstance(operand, Value) and (partial or not node.op.selects):
                flow = adjoint * partial
                error = _product(partial, bound) + _product(adjoint, slope) + _rounding(flow)
                before = result.get(operand, ZERO)
                result[operand] = Bounded(before.number + flow, before.bound + error)
    return {node: result.get(node, ZERO) for node in order}


def data_bounds(order: Iterable[Value], given: dict[Value, float]) -> dict[Value, float]:
    """The error of the data of each node in topological order; that of some leaves is given."""
    result: dict[Value, float] = {}
    for node in order:
        if node.op is None:
            result[node] = given.get(node, _rounding(node.data))
            continue
        handed_on = [
            _handed_on(node, index, result[x]) if isinstance(x, Value) else _constant(node, x)
            for index, x in enumerate(node.operands)
        ]
        # In a long sum every step rounds, each of them up or down.
        steps = sqrt(len(handed_on)) if node.op.arity is None else 1.0
        own = max(_rounding(node.data), CANCELLING.get(node.op, 0.0))
        result[node] = own + steps * sum(handed_on)
    return result


@quiet
def partial_bounds(node: Value, data: dict[Value, float]) -> list[float]:
    """The error of each partial derivative of a node, given that of the data of its operands."""
    op = node.op
    assert op is not None
    if op in (ops.add, ops.subtract, ops.negative, ops.relu):
        return [0.0] * len(node.operands)  # what a partial can be is exact
    twins = [Value(x.data) if isinstance(x, Value) else x for x in node.operands]
    out = Value(node.data)
    given = {out: data[node]} | {
        twin: data[x]
        for twin, x in zip(twins, node.operands, strict=True)
        if isinstance(twin, Value) and isinstance(x, Value)
    }
    own = CANCELLING_SLOPES[op](node.data) if op in CANCELLING_SLOPES else 0.0
    try:
        partials = op.differentiate(out, twins, twins)
    except (TypeError, ArithmeticError, ValueError):  # an Op of one's own, for floats only
        return [_rounding(partial) for partial in node.partials]
    return [own + _bound(partial, given) for partial in partials]


def _bound(partial: Any, given: dict[Value, float]) -> float:
    if not isinstance(partial, Value):
        return _rounding(float(partial))
    return data_bounds(topological_order(partial), given)[partial]


def _handed_on(node: Value, index: int, bound: float) -> float:
    """What an error of an operand does to the data.

    Where the partial derivative is not finite, by trial: the square root of a rounding is finite,
    and an operand that cannot be moved, as a whole exponent of a negative number, is exact.
    """
    error = _product(node.partials[index], bound)
    if isfinite(error):
        return error
    assert node.op is not None
    errors = [0.0]
    for step in (-bound * EPSILON, bound * EPSILON):
        operands = [x.data if isinstance(x, Value) else x for x in node.operands]
        operands[index] += step
        try:
            moved = quietly(node.op.value, *operands)
        except (ArithmeticError, ValueError, TypeError):  # it is not defined there
            continue
        errors.append(fabs(moved - node.data) / EPSILON)
    return max(x for x in errors if not isnan(x))


def _constant(node: Value, x: float) -> float:
    """What a rounding of a constant does to the data; its partial is not recorded."""
    if node.op in (ops.add, ops.subtract):
        return _rounding(x)
    return _rounding(node.data)


def _rounding(x: float) -> float:
    return max(fabs(x), SMALLEST)


def _product(a: float, b: float) -> float:
    """`abs(a) * b`, where nothing times infinity is nothing."""
    return fabs(a) * b if a and b else 0.0
