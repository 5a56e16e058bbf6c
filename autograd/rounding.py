"""How exact a gradient can be: every derivative with a bound on its rounding error.

First-order error analysis, as in N. J. Higham, Accuracy and Stability of Numerical Algorithms,
2nd edition, 2002, section 3.3: an operation hands on the errors of its operands, multiplied by its
partial derivatives, and adds a rounding of its own. Inputs and constants may be off by a rounding
as well. So the bound is that of the same computation with absolute values and plus signs: large
where the problem is ill-conditioned, by cancellation say, small for a tiny gradient that is not.

Bounds are in units of the rounding error, which is 2**-52 for float64 and 2**-23 for float32.
"""

from collections.abc import Callable, Iterable, Sequence
from math import fabs, inf, isfinite, isnan, sqrt
from typing import Any, NamedTuple, TypeVar

from autograd.edges import Edge, edges, flows
from autograd.graph import arguments, constants, sort
from autograd.kernels import SMALLEST_NORMAL
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


class Bounds:
    """The errors of the data and the partial derivatives of nodes, whatever is differentiated.

    Args:
        order: the nodes in topological order.
        forms: whether an operation may be as far off as in the worst of the forms in which people
            write it, not only in the library's: `1 - tanh(x) ** 2` for the derivative of `tanh(x)`.
        absorbed: whether a term may be as far off as a rounding of its sum, as in formulas that
            compute it from the sum: `p - 1` for `-exp(-x)` where `p = 1 / (1 + exp(-x))`.
    """

    def __init__(self, order: Sequence[Value], forms: bool = True, absorbed: bool = False) -> None:
        self.data = data_bounds(order, {}, forms)
        self._forms, self._absorbed = forms, absorbed
        self._slopes: dict[Value, list[float]] = {}
        if absorbed:
            for node in order:
                for term, total in _terms(node):
                    if term.op is not None:
                        self.data[term] = max(self.data[term], fabs(total))

    def of_slope(self, edge: Edge[Value]) -> float:
        """The error of a partial derivative."""
        if edge.node not in self._slopes:
            self._slopes[edge.node] = partial_bounds(
                edge.node, self.data, self._forms, self._absorbed
            )
        return self._slopes[edge.node][edge.place]


def derivatives(
    order: Sequence[Value], uses: Sequence[Edge[Value]], bounds: Bounds
) -> dict[Value, Bounded]:
    """The derivative of the last node in topological order with respect to each of them.

    Args:
        order: the nodes.
        uses: `uses(order)`.
        bounds: of these nodes, at least.
    """
    result = {order[-1]: Bounded(1.0, 0.0)}
    for edge, (adjoint, bound) in flows(uses, result):
        flow, slope = adjoint * edge.partial, bounds.of_slope(edge)
        error = _product(edge.partial, bound) + _product(adjoint, slope) + _rounding(flow)
        error += _product(bound * EPSILON, slope)  # where both factors may be 0
        before = result.get(edge.operand, ZERO)
        result[edge.operand] = Bounded(before.number + flow, before.bound + error)
    return {node: result.get(node, ZERO) for node in order}


@quiet
def _terms(node: Value) -> list[tuple[Value, float]]:
    """The operands that a node adds to something, with the sum, in its forms as well: `log1p(x)` is
    `log(1 + x)`.
    """
    op = node.op
    if op is None:
        return []
    result = [(edge.operand, node.data) for edge in edges(node)] if op.sums else []
    for form in op.forms:
        twins = [Value(x.data) if isinstance(x, Value) else x for x in node.operands]
        originals = {twins[edge.place]: edge.operand for edge in edges(node)}
        formulas = attempt(form, Value(node.data), *twins) or []
        for part in sort(*[x for x in formulas if isinstance(x, Value)]):
            if part.op is not None and part.op.sums:
                added = [edge.operand for edge in edges(part) if edge.operand in originals]
                result += [(originals[x], part.data) for x in added]
    return result


def data_bounds(
    order: Iterable[Value], given: dict[Value, float], forms: bool = True
) -> dict[Value, float]:
    """The error of the data of each node in topological order; that of some leaves is given."""
    result: dict[Value, float] = {}
    for node in order:
        if node.op is None:
            result[node] = given.get(node, _rounding(node.data))
            continue
        result[node] = _data_bound(node, result)
        if forms and node.op.forms:
            others = _form_bounds(node, result, result[node])
            result[node] = _worst(result[node], [x[0] for x in others])
    return result


def partial_bounds(
    node: Value, data: dict[Value, float], forms: bool = True, absorbed: bool = False
) -> list[float]:
    """The error of each partial derivative of a node, given that of the data of its operands."""
    op = node.op
    assert op is not None
    if op.sums or (op.selects and all(partial in (0.0, 1.0) for partial in node.partials)):
        return [0.0] * len(node.operands)  # these are exact
    own = _data_bound(node, data) if forms and op.forms and not absorbed else data[node]
    bounds = _own_bounds(node, data, own)
    if forms and (op.textbook or op.forms):
        others = _form_bounds(node, data, own)
        for place, bound in enumerate(bounds):
            found = [x[place + 1] for x in others if len(x) > place + 1]
            bounds[place] = _worst(bound, found)
    return bounds


def _data_bound(node: Value, data: dict[Value, float]) -> float:
    """The error of the data of a node as the library computes it, given that of its operands."""
    assert node.op is not None
    total = 0.0
    for index, (x, partial) in enumerate(zip(node.operands, node.partials, strict=True)):
        if not isinstance(x, Value):
            total += _constant(node, x)
            continue
        bound = data[x]
        error = fabs(partial * bound)  # to first order, where that says enough
        if not (error < inf and fabs(x.data) > 2.0 * EPSILON * bound):
            error = _handed_on(node, index, bound)
        total += error
    # In a long sum every step rounds, some up and some down.
    steps = sqrt(len(node.operands)) if node.op.arity is None else 1.0
    return _rounding(node.data) + steps * total


def attempt(function: Callable[..., T], *arguments: Any) -> T | None:
    """The result of a part of an operation, or None where it fails: in a custom operation it may be
    undefined, not written for Values, or raise anything at all.
    """
    try:
        return function(*arguments)
    except Exception:
        return None


@quiet
def _own_bounds(node: Value, data: dict[Value, float], own: float) -> list[float]:
    """The error of each partial derivative by the formula of the library."""
    assert node.op is not None
    slopes, fixed = node.op.differentiate, constants(node)
    form = lambda out, *operands: [out, *slopes(out, operands, fixed)]  # noqa: E731
    bounds = attempt(_bounds, form, node, data, own)
    return bounds[1:] if bounds else [_rounding(partial) for partial in node.partials]


@quiet
def _form_bounds(node: Value, data: dict[Value, float], own: float) -> list[list[float]]:
    """The error of the data and, as far as they are written differently, of the partial derivatives
    in each of the other forms of the operation, the textbook's among them.
    """
    op = node.op
    assert op is not None
    forms = list(op.forms)
    if op.textbook:
        forms.append(lambda out, *operands: [out, *op.taught(out, operands)])
    found = [attempt(_bounds, form, node, data, own) for form in forms]
    return [bounds for bounds in found if bounds]


def _bounds(
    form: Callable[..., Sequence[Any]], node: Value, data: dict[Value, float], own: float
) -> list[float]:
    """The errors of a value and its partial derivatives in a form, computed step by step.

    The partial derivatives may be made of the value as that form has it: none are judged by it
    where it is 0 because all its digits are lost. If it does not have one, the error is `own`.
    """
    operands: list[Any] = [Value(x.data) if isinstance(x, Value) else x for x in node.operands]
    out = Value(node.data)
    given = {out: own} | {operands[x.place]: data[x.operand] for x in edges(node)}
    formulas = form(out, *operands)
    value = formulas[0]
    if value is not out:
        bound = data_bounds(sort(value), given, forms=False)[value]
        if value.data == 0.0 != node.data:
            return [bound]
        given[out] = _worst(own, [bound])
    found = data_bounds(sort(*[x for x in formulas if isinstance(x, Value)]), given, forms=False)
    return [found[x] if isinstance(x, Value) else _exact_or_rounded(x) for x in formulas]


def _exact_or_rounded(constant: float) -> float:
    return 0.0 if constant in (-1.0, 0.0, 1.0) else _rounding(float(constant))


def _worst(bound: float, others: Iterable[float]) -> float:
    """The largest bound; where a form overflows, or is not defined, it says nothing."""
    return max(bound, *[x for x in others if isfinite(x)], 0.0)


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
