"""How exact a gradient can be: every derivative with a bound on its rounding error.

First-order error analysis, as in N. J. Higham, Accuracy and Stability of Numerical Algorithms,
2nd edition, 2002, section 3.3: an operation hands on the errors of its operands, multiplied by its
partial derivatives, and adds a rounding of its own. Inputs and constants may be off by a rounding
as well. So the bound is that of the same computation with absolute values and plus signs: large
where the problem is ill-conditioned, by cancellation say, small for a tiny gradient that is not.

Bounds are in units of the rounding error, which is 2**-52 for float64 and 2**-23 for float32.
"""

from collections.abc import Callable, Iterable, Sequence
from math import fabs, isfinite, isnan, sqrt
from typing import Any, NamedTuple, TypeVar

from autograd.edges import Edge, edges, flows
from autograd.graph import (
    Node,
    arguments,
    backward_sweep,
    constants,
    number,
    sort,
    topological_order,
)
from autograd.kernels import SMALLEST_NORMAL
from autograd.op import Op
from autograd.quiet import quiet, quietly
from autograd.value import Value

T = TypeVar("T")
EPSILON = 2.0**-52
RELATIVE = 1e-9
"""How nearly numbers must agree, relative to their size, unless rounding explains more."""


class Bounded(NamedTuple):
    """A number and the bound on its rounding error."""

    number: float
    bound: float


ZERO = Bounded(0.0, 0.0)


def derivatives(
    order: Sequence[Value], uses: Sequence[Edge[Value]], absorbed: bool = False
) -> dict[Value, Bounded]:
    """The derivative of the last node in topological order with respect to each of them.

    Args:
        order: the nodes.
        uses: `uses(order)`.
        absorbed: whether a term may be as far off as a rounding of its sum, as in formulas that
            compute it from the sum: `p - 1` for `-exp(-x)` where `p = 1 / (1 + exp(-x))`.
    """
    data = data_bounds(order, {})
    if absorbed:
        for node in order:
            if node.op is not None and node.op.sums:
                for edge in edges(node):
                    if edge.operand.op is not None:
                        data[edge.operand] = max(data[edge.operand], fabs(node.data))
    result = {order[-1]: Bounded(1.0, 0.0)}
    slopes: dict[Value, list[float]] = {}
    for edge, (adjoint, bound) in flows(uses, result):
        if edge.node not in slopes:
            slopes[edge.node] = partial_bounds(edge.node, data)
        flow, slope = adjoint * edge.partial, slopes[edge.node][edge.place]
        error = _product(edge.partial, bound) + _product(adjoint, slope) + _rounding(flow)
        error += _product(bound * EPSILON, slope)  # where both factors may be 0
        before = result.get(edge.operand, ZERO)
        result[edge.operand] = Bounded(before.number + flow, before.bound + error)
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
        # In a long sum every step rounds, some up and some down.
        steps = sqrt(len(handed_on)) if node.op.arity is None else 1.0
        own = max(_rounding(node.data), node.op.cancels)
        result[node] = own + steps * sum(handed_on)
    return result


def partial_bounds(node: Value, data: dict[Value, float]) -> list[float]:
    """The error of each partial derivative of a node, given that of the data of its operands."""
    op = node.op
    assert op is not None
    if op.sums or (op.selects and all(partial in (0.0, 1.0) for partial in node.partials)):
        return [0.0] * len(node.operands)  # these are exact
    return _formula_bounds(op, node, data)


def attempt(function: Callable[..., T], *arguments: Any) -> T | None:
    """The result of a part of an operation, or None where it fails: in a custom operation it may be
    undefined, not written for Values, or raise anything at all.
    """
    try:
        return function(*arguments)
    except Exception:
        return None


@quiet
def _formula_bounds(op: Op, node: Value, data: dict[Value, float]) -> list[float]:
    """The same from the formulas, including the textbook's if that is a different one: a derivation
    by hand may use it, and its terms may cancel, as in `1 - tanh(x) ** 2`.
    """
    twins: list[Any] = [Value(x.data) if isinstance(x, Value) else x for x in node.operands]
    out = Value(node.data)
    given = {out: data[node]} | {twins[x.place]: data[x.operand] for x in edges(node)}

    def bounds() -> list[float]:
        fixed = constants(node)
        result = [_bound(x, given) for x in op.differentiate(out, twins, fixed)]
        taught = op.taught(out, twins, fixed) if op.textbook else [0.0] * len(result)
        return [max(bound, _largest_term(x)) for bound, x in zip(result, taught, strict=True)]

    return attempt(bounds) or [_rounding(partial) for partial in node.partials]


def _bound(partial: Any, given: dict[Value, float]) -> float:
    if not isinstance(partial, Value):
        return 0.0 if partial in (-1.0, 0.0, 1.0) else _rounding(float(partial))
    return data_bounds(topological_order(partial), given)[partial]


def _largest_term(formula: Any) -> float:
    """How much the largest term of any sum in a formula contributes to its result."""
    if not isinstance(formula, Value):
        return 0.0
    adjoints: dict[Node, float | None] = dict.fromkeys(sort(formula))
    adjoints[formula] = 1.0
    backward_sweep(adjoints)
    return max(
        _product(adjoint or 0.0, fabs(number(x)))
        for node, adjoint in adjoints.items()
        for x in (node.operands if node.op and node.op.sums else (0.0,))
    )


def _handed_on(node: Value, index: int, bound: float) -> float:
    """The effect of an error of an operand on the data.

    To first order, and by trial where that says little: where the partial derivative is not finite
    (but the square root of a rounding is), and where the operand may as well be 0 (then its cube
    may, too). Where the operation is not defined, the trial step is halved, again and again; an
    operand that cannot be moved at all, such as a whole exponent of a negative number, is exact.
    """
    op, operands = node.op, arguments(node)
    assert op is not None
    x, step = operands[index], bound * EPSILON
    error = _product(node.partials[index], bound)
    known = fabs(x) > 2.0 * step or step < SMALLEST_NORMAL
    if not isfinite(bound) or (isfinite(error) and known):
        return error
    first = error if isfinite(error) else 0.0
    while x + step != x:
        errors = []
        for moved in (x - step, x + step):
            operands[index] = moved
            value = attempt(quietly, op.value, *operands)
            if value is not None and not isnan(value):
                errors.append(fabs(value - node.data) / EPSILON)
        if errors:
            return max(first, *errors)
        step /= 2.0
    return first


def _constant(node: Value, x: float) -> float:
    """The effect of a rounding of a constant on the data; its partial is not recorded."""
    return _rounding(x if node.op is not None and node.op.sums else node.data)


def near(x: float, y: float, room: float) -> bool:
    """Whether two numbers are no further apart than the room for rounding, or nearly the same."""
    if x == y or not (isfinite(x) and isfinite(y) and isfinite(room)):
        return x == y
    return fabs(x - y) <= max(room, RELATIVE * max(fabs(x), fabs(y)))


def _rounding(x: float) -> float:
    return max(fabs(x), SMALLEST_NORMAL)  # below that rounding is no longer relative


def _product(a: float, b: float) -> float:
    """`abs(a) * b`, where 0 times infinity is 0."""
    return fabs(a) * b if a and b else 0.0
