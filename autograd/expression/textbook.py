"""Derivatives arranged as a textbook prints them: gathered, without what only rounding needs."""

from collections.abc import Iterator

import numpy as np

from autograd.expression.algebra import Algebra
from autograd.expression.gates import without_gates
from autograd.expression.rationals import ONE
from autograd.expression.simplify import Operand
from autograd.expression.terms import Term
from autograd.graph import constants, number, require_value, topological_order
from autograd.quiet import quiet
from autograd.reals import real
from autograd.value import Value


@quiet
def textbook_derivative(value: Value, wrt: Value) -> Operand:
    """The derivative of a Value with respect to another, arranged as a textbook would print it.

    It is a new graph, of public operations, arithmetic, `sign` and `greater` (1 where an
    inequality holds, otherwise 0), in which the Values of the given graph occur as they are. As a
    function of real numbers it is the derivative, but it is made to be read: its rounding may be
    worse than that of `value.derivative(wrt)`, and it may be undefined where formulas divide 0 by 0
    or multiply it by an infinity. A custom operation whose partials do not accept Values counts
    with the numbers that they have now.

    Returns:
        A Value, or a float if the derivative is constant.

    Raises:
        TypeError: if one of the arguments is not a Value.

    Example:
        >>> from autograd import Value, exp, expression
        >>> from autograd.expression.textbook import textbook_derivative
        >>> x = Value(2.0, name="x")
        >>> expression(textbook_derivative(x ** 2 * exp(-x), x))
        'x * exp(-x) * (2 - x)'
    """
    require_value(value, "textbook_derivative")
    require_value(wrt, "textbook_derivative")
    (open_value,) = without_gates([value])
    order = topological_order(open_value) if isinstance(open_value, Value) else []
    if wrt in set(order):
        value = order[-1]
    else:  # a step that a gate is in
        order = topological_order(value)
    algebra = Algebra(order, wrt)
    dependent = {wrt}
    for node in order:
        if any(x in dependent for x in node.operands if isinstance(x, Value)):
            dependent.add(node)
    arriving: dict[Value, list[Term]] = {value: [Term(ONE)]}
    for node in reversed(order):
        if node in dependent and node in arriving:
            # The last use comes first in the sweep, but a person begins with the first.
            adjoint = algebra.gathered(arriving.pop(node)[::-1])
            if node is wrt:
                result = algebra.product(adjoint)
                return result if _varies(result) else number(result)
            for operand, partial in _partials(node, dependent):
                term = algebra.times(adjoint, algebra.term(partial))
                if term.number:
                    arriving.setdefault(operand, []).append(term)
    return 0.0


def _partials(node: Value, wrt: set[Value]) -> Iterator[tuple[Value, Operand]]:
    """The operands in `wrt`, each with the textbook's partial."""
    op, operands = node.op, node.operands
    assert op is not None
    try:
        try:
            partials = op.taught(node, operands, constants(node))
        except (ArithmeticError, ValueError):  # among constants: NumPy's scalars do not raise
            scalars = [x if isinstance(x, Value) else np.float64(x) for x in operands]
            partials = op.taught(node, scalars, constants(node))
        partials = [x if isinstance(x, Value) else real(x, "a partial") for x in partials]
    except Exception:
        if op.own:
            raise
        _, partials = node._slots()  # made for numbers alone
    if op.selects and op.symmetric and all(x in wrt for x in operands if isinstance(x, Value)):
        partials = [partials[0], 1.0 - partials[0]]  # together 1, even where the operands are equal
    for operand, partial in zip(operands, partials, strict=True):
        if isinstance(operand, Value) and operand in wrt:
            yield operand, partial


def _varies(result: Operand) -> bool:
    """Whether a result depends on any leaf."""
    return isinstance(result, Value) and any(x.op is None for x in topological_order(result))
